#include "aws/pacing.h"

#include <gtest/gtest.h>

namespace farthing::aws {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, GrowsWithFullJitterUpToTheCap) {
  for (int retry = 1; retry < 40; ++retry) {
    const auto ceiling = std::min<std::int64_t>(20'000, 100LL << std::min(retry - 1, 20));
    milliseconds longest{0};
    for (int i = 0; i < 200; ++i) {
      const milliseconds wait = Backoff(retry, milliseconds(100));
      EXPECT_GE(wait.count(), 0);
      EXPECT_LE(wait.count(), ceiling);
      longest = std::max(longest, wait);
    }
    EXPECT_GT(longest.count(), ceiling / 2);
  }
}

TEST(RetryQuotaTest, RefillsBySuccess) {
  RetryQuota quota;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(quota.Take(RetryQuota::kTimeoutCost));
  EXPECT_FALSE(quota.Take(RetryQuota::kRetryCost));
  for (int i = 0; i < 4; ++i) quota.GiveBack(0);
  EXPECT_FALSE(quota.Take(RetryQuota::kRetryCost));
  quota.GiveBack(0);
  EXPECT_TRUE(quota.Take(RetryQuota::kRetryCost));
  for (int i = 0; i < 1000; ++i) quota.GiveBack(RetryQuota::kRetryCost);
  int retries = 0;
  while (quota.Take(RetryQuota::kRetryCost)) ++retries;
  EXPECT_EQ(retries, 100);
}

TEST(CallLimitsTest, WaitsNoLongerThanTheDeadlineAllows) {
  Instant now{0};
  CallLimits limits{.now = [&] { return now; },
                    .sleep = [&](milliseconds duration) { now.micros += duration.count() * 1000; },
                    .deadline = Instant{1'000'000}};
  EXPECT_TRUE(limits.Wait(milliseconds(600)).ok());
  EXPECT_EQ(limits.Wait(milliseconds(600)).error().code(), Errc::kDeadline);
  EXPECT_EQ(now.micros, 600'000);
  EXPECT_EQ(limits.Left(), milliseconds(400));
}

TEST(GateTest, AClockThatWasSetBackDoesNotCloseIt) {
  Instant now{10'000'000};
  const CallLimits limits{.now = [&] { return now; },
                          .sleep = [&](milliseconds d) { now.micros += d.count() * 1000; }};
  Gate gate(milliseconds(500));
  ASSERT_TRUE(gate.Enter(limits).ok());
  gate.Leave();
  now.micros = 0;
  ASSERT_TRUE(gate.Enter(limits).ok());
  gate.Leave();
  EXPECT_EQ(now.micros, 0);
}

}  // namespace
}  // namespace farthing::aws
