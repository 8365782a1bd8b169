#pragma once

// How often and how fast we ask: waiting that can be cut short, the shared budget of retries, and
// one-at-a-time gates for services with low limits.  Thread-safe.  For aws/client only.

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "aws/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "http/client.h"

namespace farthing::aws {

/// When a call must be over.
struct CallLimits {
  std::function<Instant()> now = Now;
  std::function<void(std::chrono::milliseconds)> sleep = {};  ///< empty: really sleeps
  std::optional<Instant> deadline = {};
  const http::Cancellation* cancellation = nullptr;

  /// Time left, or nothing without a deadline.
  std::optional<std::chrono::milliseconds> Left() const;
  /// Errors: kDeadline (also when cancelled).
  Result<void> Check() const;
  /// Waits; ends early when cancelled.  Errors: as Check, at once when the deadline comes before.
  Result<void> Wait(std::chrono::milliseconds duration) const;
};

/// The budget that keeps a fleet of failing calls from multiplying itself: botocore's "standard" mode
/// (1.43, retries/quota.py).
class RetryQuota {
 public:
  static constexpr int kCapacity = 500;
  static constexpr int kRetryCost = 5;
  static constexpr int kTimeoutCost = 10;

  /// Takes that much, or nothing and says false.
  bool Take(int cost);
  /// A call succeeded; `taken` is what its last retry had cost.
  void GiveBack(int taken);

 private:
  std::mutex mutex_;
  int left_ = kCapacity;
};

/// Lets one call through at a time, and the next not before `spacing` after the start of the last.
class Gate {
 public:
  explicit Gate(std::chrono::milliseconds spacing) : spacing_(spacing) {}
  /// Errors: kDeadline.
  Result<void> Enter(const CallLimits& limits);
  void Leave();

 private:
  bool TryEnter();

  const std::chrono::milliseconds spacing_;
  std::mutex mutex_;
  bool busy_ = false;
  Instant next_start_{};
};

/// The gates of services with low limits.  The limits are of an account, and several connections may be of the same one:
/// all clients of a program share these.
class Pacing {
 public:
  /// Returns the gate of a service, or nullptr.
  Gate* Of(Service service);

 private:
  Gate cost_explorer_{std::chrono::milliseconds(500)};
  Gate organizations_{std::chrono::milliseconds(0)};
};

/// Exponential with full jitter: uniform in [0, min(20 s, base × 2^(retry - 1))]; `retry` counts from 1.
std::chrono::milliseconds Backoff(int retry, std::chrono::milliseconds base);

}  // namespace farthing::aws
