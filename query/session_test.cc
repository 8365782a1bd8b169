#include "query/session.h"

#include <gtest/gtest.h>

#include "query/explain.h"
#include "query/sandbox.h"
#include "query/test_lake.h"

namespace farthing::query {
namespace {

Request Ask(std::string_view metrics, std::string_view by, std::string_view where = "") {
  Request request;
  request.metrics = *ParseMetrics(metrics);
  request.group_by = *ParseGroupBy(by);
  if (!where.empty()) request.filter = *ParseFilter(where);
  return request;
}

TestLine Line(const std::string& start, const std::string& service, const std::string& cost) {
  return {
      .start = start, .text = {{"service_name", service}}, .amounts = {{"unblended_cost", cost}}};
}

// Rows as "a|b|1.5"; absent values are empty.
std::vector<std::string> Print(const std::vector<AnswerRow>& rows) {
  std::vector<std::string> lines;
  for (const AnswerRow& row : rows) {
    std::string line;
    for (const auto& value : row)
      line += (line.empty() && &value == &row.front() ? "" : "|") + value.value_or("");
    lines.push_back(line);
  }
  return lines;
}

using Rows = std::vector<std::string>;

class SessionTest : public testing::Test {
 protected:
  Session& session() {
    if (!session_) session_ = std::move(*Session::Open(lake_.data(), {.threads = 1}));
    return *session_;
  }
  Answer Run(const Request& request, const RunOptions& options = {}) {
    Result<Answer> answer = session().Run(request, options);
    EXPECT_TRUE(answer.ok()) << (answer.ok() ? "" : answer.error().message());
    return answer.ok() ? *std::move(answer) : Answer{};
  }
  Rows Ask(const Request& request) { return Print(Run(request).rows); }

  TestLake lake_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, NothingImportedIsNotFound) {
  const auto session = Session::Open("/nonexistent/farthing");
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code(), Errc::kNotFound);
}

TEST_F(SessionTest, SumsExactlyByKeyAndTime) {
  lake_.Publish({.lines = {Line("2026-01-01 10:30:00", "EC2", "0.1000000001"),
                           Line("2026-01-01 23:00:00", "EC2", "0.2"),
                           Line("2026-01-02 00:00:00", "S3", "-0.0000000001")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"0.3"}));
  Request request = query::Ask("unblended_cost,line_count", "service");
  request.time.grain = Grain::kDay;
  EXPECT_EQ(Ask(request), (Rows{"2026-01-01|EC2|0.3000000001|2", "2026-01-02|S3|-0.0000000001|1"}));
  request.time.grain = Grain::kHour;
  request.time.end = *ParseInstant("2026-01-01T23:00:00Z");
  EXPECT_EQ(Ask(request), (Rows{"2026-01-01T10:00:00Z|EC2|0.1000000001|1"}));
  request.time.grain = Grain::kMonth;
  EXPECT_EQ(Ask(request), (Rows{"2026-01|EC2|0.1000000001|1"}));
}

TEST_F(SessionTest, PeriodsSelectByBillNotByCharge) {
  lake_.Publish({.lines = {Line("2026-01-31 00:00:00", "EC2", "1")}});
  lake_.Publish({.period = {2026, 2},
                 .lines = {Line("2026-01-31 00:00:00", "EC2", "10"),
                           Line("2026-02-01 00:00:00", "EC2", "100")}});
  Request by_bill = query::Ask("unblended_cost", "");
  by_bill.time.first_period = by_bill.time.last_period = Period{2026, 2};
  EXPECT_EQ(Ask(by_bill), (Rows{"110"}));
  Request by_charge = query::Ask("unblended_cost", "");
  by_charge.time.end = *ParseInstant("2026-02-01");
  EXPECT_EQ(Ask(by_charge), (Rows{"11"}));
  by_charge.time.grain = Grain::kPeriod;
  EXPECT_EQ(Ask(by_charge), (Rows{"2026-01|1", "2026-02|10"}));
}

TEST_F(SessionTest, FilteredMetricsAndAbsentValues) {
  lake_.Publish(
      {.lines = {Line("2026-01-01 00:00:00", "EC2", "1"),
                 {.start = "2026-01-01 00:00:00", .amounts = {{"unblended_cost", "2"}}}}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost[service=EC2] as a,unblended_cost[service!=EC2] as "
                           "b,unblended_cost[service=x] as c",
                           "service")),
            (Rows{"|0|2|0", "EC2|1|0|0"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "service", "service!=\"\"")), (Rows{"EC2|1"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "service", "not service=EC2")), (Rows{"|2"}));
}

TEST_F(SessionTest, TagsAreFoundUnderEverySpelling) {
  TestLine a = Line("2026-01-01 00:00:00", "EC2", "1");
  a.tags = {{"user:CostCenter", "red"}};
  TestLine b = Line("2026-02-01 00:00:00", "EC2", "10");
  b.tags = {{"user_cost_center", "red"}};
  lake_.Publish({.lines = {a, Line("2026-01-01 00:00:00", "S3", "2")}});
  lake_.Publish({.period = {2026, 2}, .lines = {b, Line("2026-02-01 00:00:00", "S3", "20")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "tag:CostCenter")), (Rows{"|22", "red|11"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "service", "tag:cost_center!=\"\"")),
            (Rows{"EC2|11"}));
  EXPECT_EQ(
      Ask(query::Ask("unblended_cost[tag:CostCenter=\"\"] as untagged,unblended_cost", "service")),
      (Rows{"EC2|0|11", "S3|22|22"}));
  const auto wrong = session().Run(query::Ask("unblended_cost", "tag:CostCentr"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().hint().find("CostCenter"), std::string::npos);
}

TEST_F(SessionTest, KeysThatOnlyLookAlikeAreToldApart) {
  TestLine january = Line("2026-01-01 00:00:00", "EC2", "1");
  january.tags = {{"user:CostCenter", "J"}};
  TestLine february = Line("2026-02-01 00:00:00", "EC2", "10");
  february.tags = {{"user:cost_center", "F"}};
  lake_.Publish({.lines = {january}});
  lake_.Publish({.period = {2026, 2}, .lines = {february}});
  const Answer exact = Run(query::Ask("unblended_cost", "tag:user:CostCenter"));
  EXPECT_EQ(Print(exact.rows), (Rows{"|10", "J|1"}));
  EXPECT_EQ(exact.notes, (Rows{"tag:user:CostCenter is told apart from keys that look alike: "
                               "user:cost_center"}));
  // Whether or not the month that has the key is in question.
  Request in_february = query::Ask("unblended_cost", "tag:CostCenter");
  in_february.time.first_period = in_february.time.last_period = Period{2026, 2};
  EXPECT_EQ(Ask(in_february), (Rows{"|10"}));
  const Answer loose = Run(query::Ask("unblended_cost", "tag:cost-center"));
  EXPECT_EQ(Print(loose.rows), (Rows{"F|10", "J|1"}));
  EXPECT_EQ(loose.notes, (Rows{"tag:cost-center reads several keys as one: user:CostCenter, "
                               "user:cost_center"}));
}

TEST_F(SessionTest, ProductAttributesAndResources) {
  TestLine a = Line("2026-01-01 00:00:00", "EC2", "1");
  a.text["resource_id"] = "i-1";
  a.product = {{"group", "g"}};
  TestLine b = Line("2026-01-01 00:00:00", "EC2", "2");
  b.text["resource_id"] = "i-1";
  b.tags = {{"user:team", "t"}};
  lake_.Publish({.lines = {a, b, Line("2026-01-01 00:00:00", "EC2", "4")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "product:group")), (Rows{"|6", "g|1"}));
  EXPECT_EQ(Ask(query::Ask("resource_count", "")), (Rows{"1"}));
  EXPECT_EQ(Ask(query::Ask("resource_count,unblended_cost", "tag:team")), (Rows{"|1|5", "t|1|2"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "resource", "resource!=\"\"")), (Rows{"i-1|3"}));
}

TEST_F(SessionTest, RowsAndRemainderAddUpToTheTotal) {
  lake_.Publish(
      {.lines = {Line("2026-01-01 00:00:00", "a", "5"), Line("2026-01-01 00:00:00", "b", "4.5"),
                 Line("2026-01-01 00:00:00", "c", "-1.25")}});
  Request request = query::Ask("unblended_cost,line_count", "service");
  request.limit = 1;
  request.remainder = true;
  const Answer answer = Run(request, {.totals = true});
  EXPECT_TRUE(answer.more);
  EXPECT_EQ(Print(answer.rows), (Rows{"a|5|1"}));
  EXPECT_EQ(Print(answer.remainder), (Rows{"|3.25|2"}));
  EXPECT_EQ(Print(answer.totals), (Rows{"|8.25|3"}));
  request.limit = 3;
  EXPECT_FALSE(Run(request).more);
}

TEST_F(SessionTest, CurrenciesAreNeverAddedUp) {
  TestLine yen = Line("2026-01-01 00:00:00", "a", "1000");
  yen.text["billing_currency"] = "JPY";
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "5")}});
  lake_.Publish({.export_name = "japan", .lines = {yen}, .payer = "111111111111"});
  const Answer answer = Run(query::Ask("unblended_cost", "service"), {.totals = true});
  EXPECT_EQ(Print(answer.rows), (Rows{"a|JPY|1000", "a|USD|5"}));
  EXPECT_EQ(Print(answer.totals), (Rows{"|JPY|1000", "|USD|5"}));
  EXPECT_EQ(answer.columns[1].name, "currency");
  EXPECT_EQ(answer.notes.size(), 1U);
  EXPECT_EQ(Ask(query::Ask("line_count", "service")), (Rows{"a|2"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "export", "currency=JPY")), (Rows{"japan|1000"}));
}

TEST_F(SessionTest, AnUnknownCurrencyIsNeverAddedToAKnownOne) {
  TestLine none = Line("2026-01-01 00:00:00", "a", "7");
  none.text["billing_currency"] = "";
  // In one bill, where some lines have a currency and some have none.
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "5"), none}});
  const Answer one = Run(query::Ask("unblended_cost", "service"), {.totals = true});
  EXPECT_EQ(Print(one.rows), (Rows{"a||7", "a|USD|5"}));
  EXPECT_EQ(Print(one.totals), (Rows{"||7", "|USD|5"}));
  EXPECT_EQ(one.notes, (Rows{"amounts in USD and of unknown currency are never added up: currency "
                             "was added to the columns"}));
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "service", "currency=USD")), (Rows{"a|5"}));
}

TEST_F(SessionTest, ABillWithoutCurrencyIsNotAddedToOthers) {
  TestLine none = Line("2026-01-01 00:00:00", "a", "7");
  none.text["billing_currency"] = "";
  lake_.Publish({.lines = {none}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"7"}));
  lake_.Publish({.export_name = "other",
                 .lines = {Line("2026-01-01 00:00:00", "a", "5")},
                 .payer = "111111111111"});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"|7", "USD|5"}));
}

TEST_F(SessionTest, AccountsOfALoadThatWasLeftOutAreSaidWhereItsBillIsRead) {
  const auto of_account = [](const std::string& account) {
    TestLine line = Line("2026-01-01 00:00:00", "a", "1");
    line.text["sub_account_id"] = account;
    return line;
  };
  lake_.Publish({.lines = {of_account("111"), of_account("222"), of_account("333")}});
  lake_.Publish({.export_name = "other", .lines = {of_account("333"), of_account("444")}});
  lake_.Publish({.period = {2026, 2}, .lines = {Line("2026-02-01 00:00:00", "a", "1")}});
  Request request = query::Ask("unblended_cost", "");
  const std::string note =
      "not added: other 2026-01, same bill as main (elected: covers more accounts); account 444 is "
      "in no elected export; compare them with: farthing crosscheck; choose another with: farthing "
      "elect other";
  EXPECT_EQ(Run(request).notes, Rows{note});
  request.as_of = Now();
  EXPECT_EQ(Run(request).notes, Rows{note});
  request.time.first_period = Period{2026, 2};
  EXPECT_EQ(Run(request).notes, Rows{});
  request.as_of.reset();
  EXPECT_EQ(Run(request).notes, Rows{});
}

TEST_F(SessionTest, UnknownAmountsAreEmptyNotZero) {
  lake_.Publish(
      {.lines = {Line("2026-01-01 00:00:00", "a", "5"), Line("2026-01-01 00:00:00", "b", "6")}});
  TestLoad second{.export_name = "poor",
                  .lines = {Line("2026-01-01 00:00:00", "b", "1")},
                  .unavailable = {"unblended_cost"},
                  .payer = "1"};
  lake_.Publish(second);
  const Answer answer =
      Run(query::Ask("unblended_cost,line_count,unblended_cost[export=main] as main", "service"));
  EXPECT_EQ(Print(answer.rows), (Rows{"a|5|1|5", "b||2|6"}));
  EXPECT_EQ(answer.notes.size(), 1U);
}

TEST_F(SessionTest, DifferentDecimalsAreNeverRounded) {
  // DuckDB alone would cut the second load's decimals to ten (see query/relation.h).
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "0.0000000001")},
                 .decimal_type = "DECIMAL(38,10)"});
  lake_.Publish({.period = {2026, 2},
                 .lines = {Line("2026-02-01 00:00:00", "a", "0.000000000000000001")},
                 .decimal_type = "DECIMAL(38,18)"});
  lake_.Publish(
      {.period = {2026, 3}, .lines = {Line("2026-03-01 00:00:00", "a", "12345678.0000000001")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "service")), (Rows{"a|12345678.000000000200000001"}));
}

TEST_F(SessionTest, NewVersionsShowAtOnceAndOldOnesRemain) {
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "1")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"1"}));
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "2")}});
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"2"}));
  Request long_ago = query::Ask("unblended_cost", "");
  long_ago.as_of = *ParseInstant("2000-01-01");
  EXPECT_EQ(Ask(long_ago), Rows{});
}

TEST_F(SessionTest, EmptyScopesGiveNoRowsAndSaySo) {
  lake_.Publish({.lines = {Line("2026-01-01 00:00:00", "a", "1")}});
  Request request = query::Ask("unblended_cost", "service");
  request.time.first_period = Period{2027, 1};
  const Answer answer = Run(request);
  EXPECT_TRUE(answer.rows.empty());
  EXPECT_EQ(answer.notes, (Rows{"no bill of these periods has been imported"}));
}

TEST_F(SessionTest, AMissingFileIsNamedWithWhatToDo) {
  TestLine line = Line("2026-01-01 00:00:00", "a", "1");
  line.tags = {{"user:team", "t"}};
  const std::string id = lake_.Publish({.lines = {line, line, line}});
  const lake::Layout layout(lake_.data());
  const auto file = [&](std::string_view table, const std::string& name) {
    return layout.lake() / lake::Layout::Partition(table, {2026, 1}, id) / name;
  };
  std::filesystem::remove(file(lake::kTagSets, "part-0.parquet"));
  std::filesystem::remove(file(lake::kCostLines, "part-1.parquet"));  // of three
  EXPECT_EQ(Ask(query::Ask("unblended_cost", "")), (Rows{"3"}));

  const auto expect_named = [&](const Error& error, const std::filesystem::path& missing) {
    EXPECT_EQ(error.code(), Errc::kCorrupt) << error.message();
    EXPECT_EQ(error.message(),
              "export main, 2026-01: a file is missing from the lake: " + missing.string());
    EXPECT_NE(error.hint().find("backup"), std::string::npos);
  };
  const auto by_line = query::Ask("unblended_cost", "charge_description");
  const auto lines = session().Run(by_line);
  ASSERT_FALSE(lines.ok()) << "two of three files are no answer";
  expect_named(lines.error(), file(lake::kCostLines, "part-1.parquet"));
  const auto written = session().WriteParquet(by_line, lake_.data() / "out.parquet");
  ASSERT_FALSE(written.ok());
  expect_named(written.error(), file(lake::kCostLines, "part-1.parquet"));
  const auto evidence = Explain(session(), query::Ask("unblended_cost", ""), 5);
  ASSERT_FALSE(evidence.ok());
  expect_named(evidence.error(), file(lake::kCostLines, "part-1.parquet"));
  const auto sql = RunSql(session(), "select count(*) from cost_lines", {});
  ASSERT_FALSE(sql.ok());
  expect_named(sql.error(), file(lake::kCostLines, "part-1.parquet"));
}

TEST_F(SessionTest, DimensionsThatTheSourceLacksAreSaid) {
  TestLine line = Line("2026-01-01 00:00:00", "a", "1");
  lake_.Publish({.lines = {line}});
  lake_.Publish({.export_name = "poor",
                 .lines = {line},
                 .blank_columns = {{"region_id", {"product_region_code", "product_region"}},
                                   {"service_code", {"line_item_product_code"}}},
                 .payer = "1"});
  lake_.Publish({.export_name = "poor", .period = {2026, 2}, .lines = {line}, .payer = "1"});
  const Rows lacks = {
      "region is blank where export poor (cur2) contributes: its files have no "
      "product_region_code, product_region in 2026-01"};
  EXPECT_EQ(Run(query::Ask("unblended_cost", "region")).notes, lacks);
  EXPECT_EQ(Run(query::Ask("unblended_cost", "", "region='eu-west-1'")).notes,
            (Rows{lacks.front(), "no line has region eu-west-1"}));
  EXPECT_EQ(Run(query::Ask("unblended_cost[region='eu-west-1'] as eu", "")).notes, lacks);
  EXPECT_EQ(Run(query::Ask("unblended_cost", "service,operation")).notes, Rows{})
      << "the name of the service is there; blanks in a column that is there are blanks";
  EXPECT_EQ(Run(query::Ask("unblended_cost", "resource_name", "export=main")).notes,
            (Rows{"resource_name is blank where export main (cur2) contributes: its format has no "
                  "such column"}))
      << "nothing is said of exports that the filter keeps out";
  const auto written =
      session().WriteParquet(query::Ask("unblended_cost", "region"), lake_.data() / "out.parquet");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, lacks);
}

TEST_F(SessionTest, AttributesThatNoBillHasAreRefused) {
  TestLine january = Line("2026-01-01 00:00:00", "a", "1");
  january.product = {{"volumeType", "gp3"}};
  lake_.Publish({.lines = {january}});
  lake_.Publish({.period = {2026, 2}, .lines = {Line("2026-02-01 00:00:00", "a", "2")}});
  Request february = query::Ask("unblended_cost", "product:volumeType");
  february.time.first_period = Period{2026, 2};
  EXPECT_EQ(Ask(february), Rows{"|2"}) << "a month without it is no mistake";

  const auto expect_refused = [&](const Request& request, const std::string& hint) {
    const auto refused = session().Run(request);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::kInvalidArgument);
    EXPECT_TRUE(refused.error().message().starts_with("no bill has ")) << refused.error().message();
    EXPECT_EQ(refused.error().hint(), hint);
  };
  expect_refused(query::Ask("unblended_cost", "product:volumTyp"), "did you mean volumeType?");
  expect_refused(query::Ask("unblended_cost", "", "product:volumTyp=gp3"),
                 "did you mean volumeType?");
  expect_refused(query::Ask("unblended_cost", "attribute:volumeType"), "");
  const auto written = session().WriteParquet(query::Ask("unblended_cost", "tag:team"),
                                              lake_.data() / "out.parquet");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().message(), "no bill has tag:team");
}

TEST_F(SessionTest, ValuesThatNoLineHasAreSaidWithTheNearest) {
  lake_.Publish({.lines = {Line("2026-01-01 10:00:00", "Amazon Elastic Compute Cloud", "1"),
                           Line("2026-01-01 10:00:00", "AWS Key Management Service", "2")}});
  const auto notes = [&](std::string_view by, std::string_view where) {
    return Run(query::Ask("unblended_cost", by, where)).notes;
  };
  const Rows said{"no line has service AmazonEC2; near: Amazon Elastic Compute Cloud"};
  EXPECT_EQ(notes("", "service=AmazonEC2"), said);
  EXPECT_EQ(notes("service", "service=AmazonEC2 and region=\"\""), said);
  EXPECT_EQ(notes("", "service in (AmazonEC2, 'AWS Key Management Service') and region!=\"\""),
            said);
  EXPECT_EQ(notes("", "service=\"Amazon Elastic Compute Cloud\" and region!=\"\""), Rows());
  EXPECT_EQ(notes("", "not service=AmazonEC2"), Rows());
}

TEST_F(SessionTest, WritesParquet) {
  lake_.Publish(
      {.lines = {Line("2026-01-01 00:00:00", "a", "1"), Line("2026-01-01 00:00:00", "b", "2"),
                 Line("2026-01-01 00:00:00", "c", "3")}});
  Request request = query::Ask("unblended_cost,line_count", "service");
  request.limit = 2;
  const auto file = lake_.data() / "out.parquet";
  ASSERT_TRUE(session().WriteParquet(request, file).ok());
  const auto table =
      session().connection().Query("SELECT *, typeof(line_count) FROM '" + file.string() + "'");
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(Print(table->rows), (Rows{"c|3|1|BIGINT", "b|2|1|BIGINT"}));
}

}  // namespace
}  // namespace farthing::query
