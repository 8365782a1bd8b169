#include "aws/credentials.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace farthing::aws {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kTryFrom = 15 * kMinute;   // before expiry
constexpr std::int64_t kMustFrom = 10 * kMinute;  // before expiry
constexpr std::int64_t kPauseAfterFailure = 20 * kSecond;

class Static : public CredentialsProvider {
 public:
  explicit Static(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get() override { return credentials_; }

 private:
  const Credentials credentials_;
};

class Renewing : public CredentialsProvider {
 public:
  Renewing(std::function<Result<Credentials>()> fetch, std::function<Instant()> now)
      : fetch_(std::move(fetch)), now_(std::move(now)) {}

  Result<Credentials> Get() override {
    std::unique_lock state(state_);
    Due due = WhatIsDue();
    if (due == Due::kNothing) return *current_;
    std::unique_lock flight(flight_, std::defer_lock);
    if (due == Due::kTry) {
      if (!flight.try_lock()) return *current_;  // somebody renews already
    } else {
      const std::uint64_t seen = flights_;
      state.unlock();
      flight.lock();
      state.lock();
      due = WhatIsDue();
      if (due == Due::kNothing) return *current_;
      if (flights_ != seen) {  // whoever was in flight while we waited: we share its answer
        if (current_ && Lasts()) return *current_;
        if (error_) return *error_;
      }
    }
    state.unlock();
    Result<Credentials> fetched = fetch_();
    state.lock();
    ++flights_;
    if (fetched.ok()) {
      current_ = *fetched;
      lifetime_ = current_->expires ? current_->expires->micros - now_().micros : 0;
      error_.reset();
      return fetched;
    }
    error_ = fetched.error();
    quiet_until_ = now_().micros + kPauseAfterFailure;
    if (current_ && Lasts()) return *current_;
    return fetched;
  }

  void Invalidate() override {
    const std::lock_guard state(state_);
    current_.reset();
  }

 private:
  enum class Due { kNothing, kTry, kMust };

  bool Lasts() const { return !current_->expires || now_() < *current_->expires; }

  // Sets that live for less than an hour are renewed at the same fractions of their life.
  Due WhatIsDue() const {
    if (!current_) return Due::kMust;
    if (!current_->expires) return Due::kNothing;
    const std::int64_t left = current_->expires->micros - now_().micros;
    if (left <= 0) return Due::kMust;
    if (left > std::min(kTryFrom, lifetime_ / 4)) return Due::kNothing;
    if (error_ && now_().micros < quiet_until_) return Due::kNothing;
    return left > std::min(kMustFrom, lifetime_ / 6) ? Due::kTry : Due::kMust;
  }

  const std::function<Result<Credentials>()> fetch_;
  const std::function<Instant()> now_;
  std::mutex flight_;  // held while fetching; taken before state_, or tried while holding it
  std::mutex state_;   // guards what follows
  std::optional<Credentials> current_;
  std::int64_t lifetime_ = 0;
  std::optional<Error> error_;  // of the last flight
  std::int64_t quiet_until_ = 0;
  std::uint64_t flights_ = 0;
};

}  // namespace

std::shared_ptr<CredentialsProvider> StaticCredentials(Credentials credentials) {
  return std::make_shared<Static>(std::move(credentials));
}

std::shared_ptr<CredentialsProvider> RenewingCredentials(std::function<Result<Credentials>()> fetch,
                                                         std::function<Instant()> now) {
  return std::make_shared<Renewing>(std::move(fetch), std::move(now));
}

}  // namespace farthing::aws
