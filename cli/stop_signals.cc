#include "cli/stop_signals.h"

#include <unistd.h>

namespace farthing::cli {

StopSignals::StopSignals(std::ostream& err) : err_(err) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::jthread([this](const std::stop_token& end) { Listen(end); });
}

StopSignals::~StopSignals() {
  thread_.request_stop();
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignals::WaitFor(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [&] { return stopped(); });
}

void StopSignals::Listen(const std::stop_token& end) {
  constexpr timespec kTick{0, 200'000'000};
  while (!end.stop_requested()) {
    const int signal = sigtimedwait(&signals_, nullptr, &kTick);
    if (signal <= 0) continue;
    if (stopped()) _exit(128 + signal);
    err_ << "\nstopping: what was begun is finished or resumes next time; again ends at once\n"
         << std::flush;
    const std::lock_guard lock(mutex_);
    cancellation_.Cancel();
    wake_.notify_all();
  }
}

}  // namespace farthing::cli
