#include <gtest/gtest.h>

#include "query/crosscheck.h"
#include "query/diff.h"
#include "query/explain.h"
#include "query/test_lake.h"

namespace farthing::query {
namespace {

TestLine Line(const std::string& service, const std::string& cost) {
  return {.start = "2026-01-05 10:00:00",
          .text = {{"service_name", service}},
          .amounts = {{"unblended_cost", cost}}};
}

class EvidenceTest : public testing::Test {
 protected:
  Session& session() {
    if (!session_) session_ = std::move(*Session::Open(lake_.data(), {.threads = 1}));
    return *session_;
  }
  TestLake lake_;
  std::unique_ptr<Session> session_;
};

TEST_F(EvidenceTest, ExplainNamesFilesAndRows) {
  TestLine tagged = Line("EC2", "2");
  tagged.tags = {{"user:team", "red"}};
  const std::string load =
      lake_.Publish({.lines = {Line("EC2", "1"), Line("S3", "9"), tagged, Line("EC2", "4")}});
  Request request;
  request.metrics = *ParseMetrics("unblended_cost");
  request.filter = *ParseFilter("service=EC2");
  const auto explained = Explain(session(), request, 2);
  ASSERT_TRUE(explained.ok()) << explained.error().message();
  EXPECT_EQ(explained->line_count, 3);
  ASSERT_EQ(explained->lines.size(), 2U);
  EXPECT_EQ(explained->lines[1].load_id, load);
  EXPECT_EQ(explained->lines[1].file, "bill-main.csv");
  EXPECT_EQ(explained->lines[1].row, 3);
  EXPECT_EQ(explained->lines[1].amounts, (AnswerRow{"2"}));
  EXPECT_EQ(explained->answer.rows, (std::vector<AnswerRow>{{"7"}}));
  ASSERT_EQ(explained->deliveries.size(), 1U);

  request.filter = *ParseFilter("tag:team=\"\"");
  EXPECT_EQ(Explain(session(), request, 0)->line_count, 3);
  request.filter.reset();
  request.metrics =
      *ParseMetrics("unblended_cost[tag:team=red] as red,unblended_cost[service=S3] as s3");
  EXPECT_EQ(Explain(session(), request, 0)->line_count, 2);
}

class DiffTest : public EvidenceTest {
 protected:
  DiffRequest Ask(const std::string& by = "service") {
    DiffRequest request;
    request.period = {2026, 1};
    request.what.metrics = *ParseMetrics("unblended_cost");
    request.what.group_by = *ParseGroupBy(by);
    return request;
  }
};

TEST_F(DiffTest, ListsOnlyChangesAndTheyAddUp) {
  lake_.Publish(
      {.lines = {Line("same", "1"), Line("up", "1"), Line("gone", "-3"), Line("zero", "0")}});
  const std::string second =
      lake_.Publish({.lines = {Line("same", "1"), Line("up", "1.0000000001"), Line("new", "5")}});
  const auto diff = Compare(session(), Ask());
  ASSERT_TRUE(diff.ok()) << diff.error().message();
  std::vector<std::string> rows;
  for (const DiffRow& row : diff->differences.rows) {
    const Change& change = row.changes[0];
    rows.push_back(*row.keys[0] + " " + *change.from + " " + *change.to + " " + *change.change);
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"new 0 5 5", "gone -3 0 3",
                                            "up 1 1.0000000001 0.0000000001"}));
  ASSERT_EQ(diff->differences.totals.size(), 1U);
  EXPECT_EQ(diff->differences.totals[0].changes[0].change, "8.0000000001");
  EXPECT_EQ(diff->from.number, 1);
  EXPECT_EQ(diff->to.load_id, second);
}

TEST_F(DiffTest, FindsVersionsByEveryName) {
  const std::string first = lake_.Publish({.lines = {Line("a", "1")}});
  lake_.Publish({.lines = {Line("a", "2")}});
  lake_.Publish({.lines = {Line("a", "4")}});
  DiffRequest request = Ask();
  const auto change = [&](const std::string& from, const std::string& to) {
    request.from = from;
    request.to = to;
    const auto diff = Compare(session(), request);
    if (!diff.ok()) return std::string(Token(diff.error().code()));
    return diff->differences.rows.empty() ? std::string("none")
                                          : *diff->differences.rows[0].changes[0].change;
  };
  EXPECT_EQ(change("previous", "latest"), "2");
  EXPECT_EQ(change(first, "3"), "3");
  EXPECT_EQ(change("3", "1"), "-3");
  EXPECT_EQ(change("1", "1"), "none");
  EXPECT_EQ(change("1", "7"), "not_found");
  request.export_name = "other";
  EXPECT_EQ(change("1", "2"), "not_found");
}

TEST_F(DiffTest, SeveralExportsMustBeToldApart) {
  lake_.Publish({.lines = {Line("a", "1")}});
  lake_.Publish({.export_name = "other", .lines = {Line("a", "1")}, .payer = "1"});
  EXPECT_EQ(Compare(session(), Ask()).error().code(), Errc::kInvalidArgument);
}

TEST_F(DiffTest, ACurrencyThatAppearsIsAKey) {
  lake_.Publish({.lines = {Line("a", "1")}});
  TestLine yen = Line("a", "100");
  yen.text["billing_currency"] = "JPY";
  lake_.Publish({.lines = {Line("a", "1"), yen}});
  const auto diff = Compare(session(), Ask());
  ASSERT_TRUE(diff.ok()) << diff.error().message();
  ASSERT_EQ(diff->differences.rows.size(), 1U);
  EXPECT_EQ(diff->differences.rows[0].keys, (AnswerRow{"a", "JPY"}));
  EXPECT_EQ(diff->differences.totals.size(), 2U);
}

TEST_F(EvidenceTest, CrossCheckListsServicesThatDiffer) {
  const auto load = [](const std::string& name, const std::string& s3) {
    TestLoad one{.export_name = name, .lines = {Line("EC2", "5"), Line("S3", s3)}};
    for (TestLine& line : one.lines) {
      line.text["billing_account_id"] = "999999999999";
      line.text["sub_account_id"] = "111111111111";
      line.text["provider_name"] = "AWS";
      line.text["service_code"] = line.text["service_name"];
      line.amounts["net_amortized_cost"] = line.amounts["unblended_cost"];
    }
    return one;
  };
  lake_.Publish(load("first", "2"));
  lake_.Publish(load("second", "2.0000000001"));
  const auto checks = CrossCheckBills(session(), {});
  ASSERT_TRUE(checks.ok()) << checks.error().message();
  ASSERT_EQ(checks->size(), 1U);
  const Differences& differences = checks->front().differences;
  EXPECT_EQ(checks->front().elected.export_name, "first");
  ASSERT_EQ(differences.rows.size(), 1U);
  EXPECT_EQ(differences.rows[0].keys, (AnswerRow{"S3"}));
  EXPECT_EQ(differences.rows[0].changes[0].change, "0.0000000001");
  EXPECT_EQ(differences.totals[0].changes[0].change, "0.0000000001");
}

}  // namespace
}  // namespace farthing::query
