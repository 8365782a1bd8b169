#include "connect/spending.h"

#include <gtest/gtest.h>

#include "aws/cost_explorer.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/store.h"

namespace farthing::connect {
namespace {

/// Answers what it is told, and counts.
class Answering : public http::Client {
 public:
  Result<http::Response> Send(const http::Request&, const http::SendOptions&) override {
    ++sent;
    return http::Response{status, {}, body};
  }
  int sent = 0, status = 200;
  std::string body = R"({"ResultsByTime":[]})";
};

class SpendingTest : public testing::Test {
 protected:
  SpendingTest() {
    std::filesystem::create_directories(data_);
    store_ = *Store::Open(data_ / "farthing.db");
    environment_.http = http_;
    environment_.now = [this] { return now_; };
    environment_.sleep = [](std::chrono::milliseconds) {};
    client_ = std::make_shared<aws::Client>(
        environment_, aws::StaticCredentials({"AKIDEXAMPLE", "secret", "", std::nullopt, "test"}));
    connection_.id = "01CONNECTION";
    connection_.settings.name = "production";
  }
  ~SpendingTest() override {
    store_.reset();
    std::filesystem::remove_all(data_);
  }
  Spending MakeSpending(const std::string& cap) {
    connection_.settings.cost_explorer_cap_usd = cap;
    return {store_->database(), connection_, [this] { return now_; }};
  }
  Result<aws::CostAnswer> Ask(Spending& spending) {
    aws::CostQuery query;
    query.start = "2026-11-01";
    query.end = "2026-11-02";
    query.metrics = {"UnblendedCost"};
    return aws::GetCostAndUsage(*Metered(client_, spending, "test"), query, 100);
  }

  std::filesystem::path data_ = std::filesystem::temp_directory_path() / ("spending-" + NewUlid());
  std::unique_ptr<Store> store_;
  std::shared_ptr<Answering> http_ = std::make_shared<Answering>();
  aws::Environment environment_;
  std::shared_ptr<aws::Client> client_;
  Connection connection_;
  Instant now_ = *ParseInstant("2026-11-21T08:00:00Z");
};

TEST_F(SpendingTest, EveryRequestIsInTheLedger) {
  Spending spending = MakeSpending("1.00");
  ASSERT_TRUE(Ask(spending).ok());
  ASSERT_TRUE(Ask(spending).ok());
  const SpendingState state = *spending.State();
  EXPECT_EQ(state.spent, 2);
  EXPECT_EQ(state.cap, 100);
  EXPECT_EQ(Dollars(state.left()), "0.98");
  const std::vector<Spending::Entry> entries = *spending.Entries();
  EXPECT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries.at(0).purpose, "test");
}

TEST_F(SpendingTest, TheCapIsNeverPassed) {
  Spending spending = MakeSpending("0.03");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Ask(spending).ok());
  const auto refused = Ask(spending);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kTooLarge);
  EXPECT_NE(refused.error().hint().find("--cost-explorer-cap"), std::string::npos);
  EXPECT_EQ(http_->sent, 3);
}

TEST_F(SpendingTest, RetriesCount) {
  http_->status = 503;
  Spending spending = MakeSpending("0.02");
  EXPECT_FALSE(Ask(spending).ok());
  EXPECT_EQ(http_->sent, 2) << "the third attempt would pass the cap";
  EXPECT_EQ(spending.State()->spent, 2);
}

TEST_F(SpendingTest, ANewMonthHasANewCap) {
  Spending spending = MakeSpending("0.01");
  ASSERT_TRUE(Ask(spending).ok());
  ASSERT_FALSE(Ask(spending).ok());
  now_ = *ParseInstant("2026-12-01T00:00:00Z");
  EXPECT_TRUE(Ask(spending).ok());
}

TEST_F(SpendingTest, CentsAreCutOff) {
  EXPECT_EQ(MakeSpending("0.0199").State()->cap, 1);
  EXPECT_EQ(MakeSpending("0").State()->cap, 0);
  EXPECT_EQ(MakeSpending("2").State()->cap, 200);
}

}  // namespace
}  // namespace farthing::connect
