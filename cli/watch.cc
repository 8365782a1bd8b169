#include "cli/watch.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <ostream>

#include "cli/progress.h"

namespace farthing::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
constexpr milliseconds kPatience{1000};     // short questions show nothing
constexpr milliseconds kLineEvery{10'000};  // away from a terminal

// Signal handlers can reach nothing else.
std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);
char last_words[256];
std::size_t last_words_size = 0;

void NoteInterrupt(int) { interrupted = true; }

void EndProcess(int) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, last_words, last_words_size);
  _exit(128 + SIGINT);
}

// A second Ctrl-C finds the default, which ends the process.  Where it is ignored, as in the
// background of a script, it stays ignored.
struct sigaction Handle(void (*handler)(int)) {
  struct sigaction before = {};
  sigaction(SIGINT, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return before;
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  return before;
}

}  // namespace

bool Interrupted() { return interrupted; }

void ForgetInterrupt() { interrupted = false; }

EndAtInterrupt::EndAtInterrupt(const std::string& text) {
  last_words_size = text.copy(last_words, sizeof last_words);
  before_ = Handle(EndProcess);
}

EndAtInterrupt::~EndAtInterrupt() { sigaction(SIGINT, &before_, nullptr); }

Watch::Watch(CliContext& context, std::string what)
    : context_(context), what_(std::move(what)), before_(Handle(NoteInterrupt)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Watch::~Watch() {
  thread_.request_stop();
  thread_.join();
  Hide();
  sigaction(SIGINT, &before_, nullptr);
}

void Watch::Follow(engine::Monitor monitor) {
  const std::lock_guard lock(mutex_);
  followed_.push_back(std::move(monitor));
}

void Watch::Name(std::string what) {
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
}

void Watch::Hide() {
  const std::lock_guard lock(mutex_);
  hidden_ = true;
  if (!drawn_.empty()) context_.err << "\r\033[K" << std::flush;
  drawn_.clear();
}

void Watch::Run(const std::stop_token& stop) {
  const Clock::time_point start = Clock::now();
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex_);
  while (!stopped.wait_for(lock, stop, kTick, [&] { return stop.stop_requested(); })) {
    if (Interrupted()) {
      for (const engine::Monitor& monitor : followed_) monitor.Interrupt();
    } else if (!hidden_) {
      Show(std::chrono::duration_cast<milliseconds>(Clock::now() - start));
    }
  }
}

// Requires: the lock.
void Watch::Show(milliseconds elapsed) {
  if (elapsed < kPatience) return;
  double done = -1;
  for (const engine::Monitor& monitor : followed_) done = std::max(done, monitor.Progress());
  std::string text = what_;
  if (done >= 1) {  // what the engine cannot foresee stays at nothing
    const auto percent = static_cast<std::uint64_t>(done);
    text += " " + ProgressBar(percent);
    if (percent < percent_) begun_ = elapsed;  // the next statement
    percent_ = percent;
    if (const auto left = SecondsLeft(elapsed - begun_, percent))
      text += "  " + std::to_string(*left) + " s left";
  }
  text += "  " + std::to_string(elapsed.count() / 1000) + " s";
  if (context_.err_is_terminal) {
    if (text != drawn_) context_.err << "\r\033[K" << text << std::flush;
    drawn_ = text;
  } else if (context_.format != "json" && elapsed / kLineEvery > lines_) {
    lines_ = elapsed / kLineEvery;
    context_.err << text << '\n' << std::flush;
  }
}

}  // namespace farthing::cli
