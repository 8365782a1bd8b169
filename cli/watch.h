#pragma once

// What goes on while a question is being answered: progress after a second, and Ctrl-C, which ends the
// statement instead of the process, so that files and memory are given back and the shell goes on.
// One Watch at a time; made and ended by the thread that asks.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>

#include "cli/verb.h"
#include "engine/duckdb.h"

namespace farthing::cli {

/// True when Ctrl-C was pressed during a Watch of the command at hand.
bool Interrupted();
/// A new command begins.
void ForgetInterrupt();

/// While it lives, Ctrl-C ends the process at once with exit code 130 and a text on the error stream: for
/// work that may be killed at any point.
class EndAtInterrupt {
 public:
  explicit EndAtInterrupt(const std::string& text);
  ~EndAtInterrupt();
  EndAtInterrupt(const EndAtInterrupt&) = delete;
  EndAtInterrupt& operator=(const EndAtInterrupt&) = delete;

 private:
  struct sigaction before_ = {};
};

class Watch {
 public:
  /// `what` stands before the bar: "answering".
  Watch(CliContext& context, std::string what);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Looks at the statements of this connection from now on.
  void Follow(engine::Monitor monitor);
  /// Names what is done now.
  void Name(std::string what);
  /// The answer is being printed: shows nothing more.
  void Hide();

 private:
  void Run(const std::stop_token& stop);
  void Show(std::chrono::milliseconds elapsed);

  CliContext& context_;
  std::mutex mutex_;
  std::string what_;
  std::vector<engine::Monitor> followed_;
  bool hidden_ = false;
  std::uint64_t percent_ = 0;           ///< last shown
  std::chrono::milliseconds begun_{0};  ///< when the statement at hand began
  std::string drawn_;                   ///< what stands on the terminal
  std::int64_t lines_ = 0;              ///< printed where there is no terminal
  struct sigaction before_ = {};
  std::jthread thread_;
};

}  // namespace farthing::cli
