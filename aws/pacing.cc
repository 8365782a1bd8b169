#include "aws/pacing.h"

#include <algorithm>
#include <random>
#include <thread>

namespace farthing::aws {
namespace {

using std::chrono::milliseconds;

/// How soon a wait notices that it was cancelled.
constexpr milliseconds kSlice{20};
constexpr milliseconds kBackoffCap{20'000};

}  // namespace

std::optional<milliseconds> CallLimits::Left() const {
  if (!deadline) return std::nullopt;
  return milliseconds((deadline->micros - now().micros) / 1000);
}

Result<void> CallLimits::Check() const {
  if (cancellation != nullptr && cancellation->cancelled()) return http::CancelledError();
  const auto left = Left();
  if (left && left->count() <= 0) return Error(Errc::kDeadline, "the time for the call is over");
  return {};
}

Result<void> CallLimits::Wait(milliseconds duration) const {
  TRY(Check());
  const auto left = Left();
  if (left && *left < duration) {
    return Error(Errc::kDeadline,
                 "the time for the call would be over before it may be tried again");
  }
  if (sleep) {
    sleep(duration);
    return Check();
  }
  for (milliseconds waited{0}; waited < duration; waited += kSlice) {
    std::this_thread::sleep_for(std::min(kSlice, duration - waited));
    TRY(Check());
  }
  return {};
}

bool RetryQuota::Take(int cost) {
  const std::lock_guard lock(mutex_);
  if (left_ < cost) return false;
  left_ -= cost;
  return true;
}

void RetryQuota::GiveBack(int taken) {
  const std::lock_guard lock(mutex_);
  // A success at first go mends the budget slowly.
  left_ = std::min(kCapacity, left_ + std::max(taken, 1));
}

bool Gate::TryEnter() {
  const std::lock_guard lock(mutex_);
  if (busy_) return false;
  busy_ = true;
  return true;
}

Result<void> Gate::Enter(const CallLimits& limits) {
  while (!TryEnter()) TRY(limits.Wait(kSlice));
  // Only the one who is inside reads and sets the time.
  const Instant now = limits.now();
  const milliseconds early((next_start_.micros - now.micros) / 1000);
  // A clock that was set back must not close the gate for longer than it ever is.
  if (early.count() > 0 && early <= spacing_) {
    if (Result<void> waited = limits.Wait(early); !waited.ok()) {
      Leave();
      return waited;
    }
  }
  next_start_.micros = limits.now().micros + spacing_.count() * 1000;
  return {};
}

void Gate::Leave() {
  const std::lock_guard lock(mutex_);
  busy_ = false;
}

Gate* Pacing::Of(Service service) {
  if (service == Service::kCostExplorer) return &cost_explorer_;
  return service == Service::kOrganizations ? &organizations_ : nullptr;
}

milliseconds Backoff(int retry, milliseconds base) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int doublings = std::clamp(retry - 1, 0, 20);
  const milliseconds ceiling = std::min(kBackoffCap, base * (std::int64_t{1} << doublings));
  return milliseconds(std::uniform_int_distribution<milliseconds::rep>(0, ceiling.count())(random));
}

}  // namespace farthing::aws
