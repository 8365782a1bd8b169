#pragma once

// SIGINT and SIGTERM for a verb that runs until it is told to stop.  Made before anything starts threads, which inherit
// that the signals are blocked.  The first signal asks to stop; a second ends the process at once, which is safe too.
// One at a time.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <ostream>
#include <thread>

#include <signal.h>

#include "http/client.h"

namespace farthing::cli {

class StopSignals {
 public:
  explicit StopSignals(std::ostream& err);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool stopped() const { return cancellation_.cancelled(); }
  /// Ends requests that are on their way.
  const http::Cancellation* cancellation() const { return &cancellation_; }
  /// Waits that long, or until it is told to stop.
  void WaitFor(std::chrono::milliseconds time);

 private:
  void Listen(const std::stop_token& end);
  std::ostream& err_;
  sigset_t signals_ = {}, before_ = {};
  http::Cancellation cancellation_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::jthread thread_;
};

}  // namespace farthing::cli
