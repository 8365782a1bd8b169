// Amounts that no one decimal of 38 digits holds together: many decimals here, large numbers there.

#include "query/sum_in_parts.h"

#include <gtest/gtest.h>

#include "query/explain.h"
#include "query/sandbox.h"
#include "query/test_lake.h"

namespace farthing::query {
namespace {

using Rows = std::vector<std::string>;

Rows Print(const std::vector<AnswerRow>& rows) {
  Rows lines;
  for (const AnswerRow& row : rows) {
    std::string line;
    for (const auto& value : row) line += value.value_or("") + "|";
    lines.push_back(line);
  }
  return lines;
}

class SumInPartsTest : public testing::Test {
 protected:
  TestLine Line(const std::string& cost, const std::string& service, const std::string& currency) {
    return {.start = "2026-01-05 10:00:00",
            .text = {{"service_name", service}, {"billing_currency", currency}},
            .amounts = {{"unblended_cost", cost}},
            .tags = {{"user:team", service}}};
  }
  void PublishTinyAndLarge(const std::string& large = "2500000000000.25") {
    lake_.Publish(
        {.lines = {Line("0.0000000000000000000000000001", "a", "USD"),
                   Line("-3.0000000000000000000000000002", "b", "USD"), Line("7", "c", "USD")},
         .decimal_type = "DECIMAL(38,28)"});
    lake_.Publish({.export_name = "other",
                   .lines = {Line(large, "a", "IDR"), Line("-1.5", "b", "IDR")},
                   .decimal_type = "DECIMAL(38,2)",
                   .payer = "111111111111"});
    session_ = std::move(*Session::Open(lake_.data(), {.threads = 1}));
  }
  Request Ask(std::string_view by, std::string_view metrics = "unblended_cost") {
    Request request;
    request.metrics = *ParseMetrics(metrics);
    request.group_by = *ParseGroupBy(by);
    return request;
  }
  Answer Run(const Request& request) {
    Result<Answer> answer = session_->Run(request, {.totals = true});
    EXPECT_TRUE(answer.ok()) << (answer.ok() ? "" : answer.error().message());
    return answer.ok() ? *std::move(answer) : Answer{};
  }

  // The first row of an SQL statement, or the hint of its error.
  std::string Sql(const std::string& sql) {
    std::string text;
    const auto take = [&](const engine::Connection::Row& row) {
      for (const auto& value : row)
        text += (&value == &row.front() ? "" : "|") + value.value_or("");
      return Result<void>();
    };
    const Result<void> done =
        RunSql(*session_, sql,
               {.on_columns = [](const std::vector<engine::Column>&) { return Result<void>(); },
                .on_row = take});
    return done.ok() ? text : done.error().hint();
  }

  TestLake lake_;
  std::unique_ptr<Session> session_;
};

TEST_F(SumInPartsTest, ManyDecimalsAndLargeAmountsAreAnsweredTogether) {
  PublishTinyAndLarge();
  const Rows of_all = {"IDR|2499999999998.75|", "USD|3.9999999999999999999999999999|"};
  EXPECT_EQ(Print(Run(Ask("")).rows), of_all);
  const Answer by_service = Run(Ask("service", "unblended_cost,line_count"));
  EXPECT_EQ(Print(by_service.rows),
            (Rows{"a|IDR|2500000000000.25|1|", "a|USD|0.0000000000000000000000000001|1|",
                  "b|IDR|-1.5|1|", "b|USD|-3.0000000000000000000000000002|1|", "c|USD|7|1|"}));
  EXPECT_EQ(Print(by_service.totals),
            (Rows{"|IDR|2499999999998.75|2|", "|USD|3.9999999999999999999999999999|3|"}));
  // By way of the sets of tags, with a filter of the metric's own.
  EXPECT_EQ(Print(Run(Ask("tag:team", "unblended_cost[service=b] as b")).rows),
            (Rows{"a|IDR|0|", "a|USD|0|", "b|IDR|-1.5|", "b|USD|-3.0000000000000000000000000002|",
                  "c|USD|0|"}));
}

TEST_F(SumInPartsTest, SortsByNumberAndKeepsTheRemainder) {
  PublishTinyAndLarge();
  Request request = Ask("service");
  request.limit = 3;
  request.remainder = true;
  const Answer answer = Run(request);
  EXPECT_EQ(Print(answer.rows),
            (Rows{"a|IDR|2500000000000.25|", "c|USD|7|", "a|USD|0.0000000000000000000000000001|"}));
  EXPECT_EQ(Print(answer.remainder), (Rows{"|IDR|-1.5|", "|USD|-3.0000000000000000000000000002|"}));
}

TEST_F(SumInPartsTest, LinesBehindASumAreListed) {
  PublishTinyAndLarge();
  const Result<Explanation> explanation = Explain(*session_, Ask(""), 10);
  ASSERT_TRUE(explanation.ok()) << explanation.error().message();
  Rows amounts;
  for (const SourceLine& line : explanation->lines) amounts.push_back(*line.amounts.at(0));
  std::sort(amounts.begin(), amounts.end());
  EXPECT_EQ(amounts, (Rows{"-1.5", "-3.0000000000000000000000000002",
                           "0.0000000000000000000000000001", "2500000000000.25", "7"}));
}

TEST_F(SumInPartsTest, WhatMustBeOneDecimalSaysWhatToDo) {
  PublishTinyAndLarge();
  const auto file = lake_.data() / "x.parquet";
  const auto written = session_->WriteParquet(Ask(""), file);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), Errc::kTooLarge);
  EXPECT_NE(written.error().hint().find("--where currency=USD"), std::string::npos);
  EXPECT_NE(written.error().hint().find("--format csv"), std::string::npos);
  Request in_dollars = Ask("");
  in_dollars.filter = *ParseFilter("currency=USD");
  EXPECT_TRUE(session_->WriteParquet(in_dollars, file).ok());
}

TEST_F(SumInPartsTest, SqlOverLoadsOfDifferentDecimalsSaysWhatToDo) {
  PublishTinyAndLarge();
  const std::string hint = Sql("select sum(unblended_cost) from cost_lines");
  EXPECT_TRUE(hint.starts_with("farthing cost adds them up")) << hint;
  const std::size_t from = hint.find("from /");
  const std::size_t end = hint.find(" in quotes");
  ASSERT_NE(end, std::string::npos) << hint;
  std::string files = "'" + hint.substr(from + 5, end - from - 5) + "'";
  ASSERT_NE(files.find("load_id=ID"), std::string::npos) << files;
  Rows sums;
  for (const std::string name : {"main", "other"}) {
    std::string of_load = files;
    of_load.replace(files.find("=ID/") + 1, 2,
                    Sql("select load_id from loads where export = '" + name + "'"));
    sums.push_back(Sql("select sum(unblended_cost) from " + of_load));
  }
  EXPECT_EQ(sums, (Rows{"3.9999999999999999999999999999", "2499999999998.75"}));
}

TEST_F(SumInPartsTest, SqlOverSumsOfTooManyDigitsSaysWhatToDo) {
  const std::string large = std::string(28, '9') + ".5";
  lake_.Publish({.lines = {Line(large, "a", "USD"), Line(large, "b", "USD")},
                 .decimal_type = "DECIMAL(38,10)"});
  session_ = std::move(*Session::Open(lake_.data(), {.threads = 1}));
  const std::string hint = Sql("select sum(unblended_cost) from cost_lines");
  const std::string advice = "sum(trunc(billed_cost)), sum(billed_cost - trunc(billed_cost))";
  ASSERT_NE(hint.find(advice), std::string::npos) << hint;
  std::string way_out = "select " + advice + " from cost_lines";
  for (std::size_t at = 0; (at = way_out.find("billed_cost", at)) != std::string::npos;)
    way_out.replace(at, 11, "unblended_cost"), at += 14;
  EXPECT_EQ(Sql(way_out), "19999999999999999999999999998|1");
}

}  // namespace
}  // namespace farthing::query
