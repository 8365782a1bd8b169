#include "aws/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace farthing::aws {
namespace {

constexpr std::int64_t kMinute = 60'000'000;

// A source whose sets last an hour, and a clock to move.
struct Source {
  std::atomic<std::int64_t> now{0};
  std::atomic<int> fetches{0};
  std::atomic<bool> fails{false};
  std::int64_t lifetime = 60 * kMinute;
  std::chrono::milliseconds takes{0};

  std::shared_ptr<CredentialsProvider> Provider() {
    return RenewingCredentials(
        [this]() -> Result<Credentials> {
          const int number = ++fetches;
          std::this_thread::sleep_for(takes);
          if (fails) return Error(Errc::kUnavailable, "the source is down");
          return Credentials{"AKID" + std::to_string(number), "secret", "token",
                             Instant{now + lifetime}, "test"};
        },
        [this] { return Instant{now}; });
  }
};

TEST(CredentialsTest, AreKeptUntilAQuarterOfAnHourBeforeExpiry) {
  Source source;
  const auto provider = source.Provider();
  EXPECT_EQ(provider->Get()->access_key_id, "AKID1");
  source.now = 44 * kMinute;
  EXPECT_EQ(provider->Get()->access_key_id, "AKID1");
  source.now = 46 * kMinute;
  EXPECT_EQ(provider->Get()->access_key_id, "AKID2");
  EXPECT_EQ(source.fetches, 2);
}

TEST(CredentialsTest, AFailureAheadOfExpiryIsNotFelt) {
  Source source;
  const auto provider = source.Provider();
  ASSERT_TRUE(provider->Get().ok());
  source.fails = true;
  for (const int minute : {46, 52, 59}) {
    source.now = minute * kMinute;
    EXPECT_EQ(provider->Get()->access_key_id, "AKID1") << minute;
    EXPECT_TRUE(provider->Get().ok());  // not asked again at once
  }
  EXPECT_EQ(source.fetches, 4);
  source.now = 60 * kMinute;
  EXPECT_EQ(provider->Get().error().code(), Errc::kUnavailable);
  source.fails = false;
  EXPECT_TRUE(provider->Get().ok());
}

TEST(CredentialsTest, ShortLivedSetsAreNotFetchedForEveryCall) {
  Source source;
  source.lifetime = 5 * kMinute;
  const auto provider = source.Provider();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(provider->Get().ok());
  EXPECT_EQ(source.fetches, 1);
  source.now = 4 * kMinute;
  EXPECT_TRUE(provider->Get().ok());
  EXPECT_EQ(source.fetches, 2);
}

TEST(CredentialsTest, ManyThreadsMakeOneFetch) {
  Source source;
  source.takes = std::chrono::milliseconds(50);
  const auto provider = source.Provider();
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] { right += provider->Get()->access_key_id == "AKID1" ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 16);
  EXPECT_EQ(source.fetches, 1);
}

TEST(CredentialsTest, ManyThreadsShareOneFailure) {
  Source source;
  source.takes = std::chrono::milliseconds(100);
  source.fails = true;
  const auto provider = source.Provider();
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back([&] { EXPECT_FALSE(provider->Get().ok()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(source.fetches, 4);  // those that come while one is in flight share its answer
}

TEST(CredentialsTest, NobodyWaitsForARenewalAheadOfTime) {
  Source source;
  const auto provider = source.Provider();
  ASSERT_TRUE(provider->Get().ok());
  source.now = 46 * kMinute;
  source.takes = std::chrono::milliseconds(300);
  std::thread renewing([&] { EXPECT_EQ(provider->Get()->access_key_id, "AKID2"); });
  while (source.fetches < 2) std::this_thread::yield();
  EXPECT_EQ(provider->Get()->access_key_id, "AKID1");
  renewing.join();
}

TEST(CredentialsTest, InvalidatedSetsAreNotUsedAgain) {
  Source source;
  const auto provider = source.Provider();
  ASSERT_TRUE(provider->Get().ok());
  provider->Invalidate();
  EXPECT_EQ(provider->Get()->access_key_id, "AKID2");
  provider->Invalidate();
  source.fails = true;
  EXPECT_FALSE(provider->Get().ok());
}

TEST(CredentialsTest, ASetThatArrivesExpiredIsHandedOutOnce) {
  Source source;
  source.lifetime = -kMinute;
  const auto provider = source.Provider();
  EXPECT_TRUE(provider->Get().ok());
  EXPECT_TRUE(provider->Get().ok());
  EXPECT_EQ(source.fetches, 2);
}

}  // namespace
}  // namespace farthing::aws
