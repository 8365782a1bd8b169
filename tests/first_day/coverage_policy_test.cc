// A policy keeps few lines of a bill; how far the bill reaches is told by all of them.

#include <gtest/gtest.h>

#include "connect/collecting/coverage.h"
#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

constexpr auto kPolicies = {ImportPolicy::kOrganization, ImportPolicy::kConnectedAccounts};

/// Account → day → status, until the last day with usage.
using Days = std::map<std::string, std::map<std::string, CellStatus>>;
Days DaysOf(Stage& stage, const std::string& connection, Instant now, std::string until = "") {
  const CoverageMap map = Must(MapCoverage(stage.store(), stage.catalog(), connection, now));
  if (until.empty()) until = map.exports.at(0).covered_until;
  Days days;
  for (const CoverageSpan& span : map.spans) {
    for (Instant day = Must(ParseInstant(span.first_day));
         DayString(day) <= std::min(span.last_day, until);
         day.micros += std::int64_t{86'400} * 1'000'000) {
      days[span.account][DayString(day)] = span.status;
    }
  }
  return days;
}

/// Dates what is no usage on the 10th, as Cost Explorer may.
void DateFeesOtherwise(Asking& asking, Period month) {
  KeptAnswers answers(asking.stage().store().database(), asking.stage().catalog().layout());
  for (const KeptAnswer& answer : Must(answers.List(asking.connection().id))) {
    if (answer.period != month) continue;
    std::vector<ingest::CostExplorerRow> rows = Must(answers.Rows(answer));
    int moved = 0;
    for (ingest::CostExplorerRow& row : rows) {
      if (row.day() != DayString(month.start())) continue;
      row.start = ToString(month) + "-10";
      row.end = ToString(month) + "-11";
      ++moved;
    }
    EXPECT_GT(moved, 0);
    Must(answers.Keep(answer, rows));
  }
}

TEST(CoveragePolicyTest, WhatCostExplorerDatesOtherwiseIsNotAddedToTheBill) {
  for (const ImportPolicy policy : kPolicies) {
    Asking asking(AskingWorld(), "1.00", policy);
    asking.Fill();
    const Decimal before = asking.Unblended(asking.Current());
    DateFeesOtherwise(asking, asking.Current());
    asking.AddExport();
    asking.Collect();
    EXPECT_TRUE(asking.Sources(asking.Current()).contains("cur1"));
    EXPECT_EQ(asking.Unblended(asking.Current()), before);
  }
}

TEST(CoveragePolicyTest, TheBillReachesAsFarAsWithEveryAccount) {
  std::map<ImportPolicy, std::string> until;
  std::string payer;
  for (const ImportPolicy policy : kPolicies) {
    Asking asking(AskingWorld(), "1.00", policy);
    payer = asking.aws().payer();
    asking.AddExport();
    asking.Collect();
    const auto days = DaysOf(asking.stage(), asking.connection().id, asking.aws().now());
    EXPECT_GT(days.size(), 1U);
    for (const auto& [account, statuses] : days) {
      until[policy] = statuses.rbegin()->first;
      const bool is_kept = account == payer || policy == ImportPolicy::kOrganization;
      for (const auto& [day, status] : statuses) {
        EXPECT_EQ(status, is_kept ? CellStatus::kCovered : CellStatus::kLeftOut)
            << account << ' ' << day;
      }
    }
  }
  EXPECT_EQ(until[ImportPolicy::kConnectedAccounts], until[ImportPolicy::kOrganization]);
}

/// What the bill's and Cost Explorer's loads of the current month have left out.
Decimal LeftOutOf(Asking& asking) {
  Decimal sum;
  const CoverageMap map = Must(MapCoverage(asking.stage().store(), asking.stage().catalog(),
                                           asking.connection().id, asking.aws().now()));
  for (const PeriodLeftOut& each : map.left_out) {
    if (each.period != asking.Current()) continue;
    EXPECT_EQ(each.left_out.metric, "unblended_cost");
    for (const auto& [currency, cost] : each.left_out.costs) sum = Must(Add(sum, cost));
  }
  return Canonical(sum);
}

TEST(CoveragePolicyTest, WhatIsLeftOutOfCostExplorersFiguresIsCountedAndSummed) {
  Asking whole;
  whole.Fill();
  const Decimal all = whole.Unblended(whole.Current());
  Asking asking(AskingWorld(), "1.00", ImportPolicy::kConnectedAccounts);
  const FirstDayOutcome outcome = asking.Fill();
  const auto sum_of_both = [&] {
    return Canonical(Must(Add(asking.Unblended(asking.Current()), LeftOutOf(asking))));
  };
  EXPECT_GT(LeftOutOf(asking).units, 0);
  EXPECT_EQ(sum_of_both(), all);
  std::int64_t told = 0;
  for (const Fit& fit : outcome.fits) told += fit.left_out ? fit.left_out->line_count : 0;
  EXPECT_GT(told, 0);
  const Days days =
      DaysOf(asking.stage(), asking.connection().id, asking.aws().now(), "2026-11-18");
  EXPECT_GT(days.size(), 1U);
  for (const auto& [account, statuses] : days) {
    const bool is_kept = account == asking.aws().payer();
    EXPECT_EQ(statuses.at("2026-11-18"), is_kept ? CellStatus::kFilled : CellStatus::kLeftOut)
        << account;
  }

  asking.AddExport();
  asking.Collect();
  EXPECT_EQ(sum_of_both(), all) << "once each, whoever has it";
}

TEST(CoveragePolicyTest, AnAccountThatIsConnectedLaterIsFittedInUnasked) {
  Asking asking(AskingWorld(), "1.00", ImportPolicy::kConnectedAccounts);
  asking.Fill();
  const auto connect = [&, &stage = asking.stage()](const std::string& account) {
    Settings settings;
    settings.name = "linked-" + account;
    settings.role_arn = RoleArn("aws", account, "farthing");
    const Connection linked = stage.Create(settings);
    Must(stage.store().SetState(linked.id, State::kVerifying, ""));
    Must(stage.store().SetState(linked.id, State::kWaiting, ""));
    Must(FitCostExplorer(stage.store(), stage.catalog()));
  };
  const auto kept = [&] { return asking.Unblended(asking.Current()); };
  const auto sum_of_both = [&] { return Canonical(Must(Add(kept(), LeftOutOf(asking)))); };
  const Decimal all = sum_of_both();
  const int requests = asking.Requests();
  Decimal before = kept();
  connect("345678901234");
  EXPECT_GT(kept().units, 0);
  EXPECT_NE(kept(), before);
  EXPECT_EQ(sum_of_both(), all);

  asking.AddExport();
  asking.Collect();
  EXPECT_EQ(sum_of_both(), all);
  before = kept();
  connect("456789012345");
  const Decimal filled = kept();
  EXPECT_NE(filled, before) << "until the bill is imported with its lines";
  asking.Collect();
  EXPECT_EQ(kept(), filled);
  EXPECT_EQ(sum_of_both(), all);
  EXPECT_EQ(asking.Requests(), requests);
}

TEST(CoveragePolicyTest, AnAccountWithOneChargeAMonthIsCovered) {
  const Period month{2026, 10};
  const std::string payer = "123456789012", busy = "222222222222";
  std::vector<testkit::Line> lines;
  const auto add = [&](const std::string& account, int day, const std::string& type) {
    const Instant start{month.start().micros + std::int64_t{day - 1} * 86'400'000'000};
    lines.push_back({.cells = {{"bill_payer_account_id", payer},
                               {"line_item_usage_account_id", account},
                               {"line_item_line_item_type", type},
                               {"line_item_usage_start_date", DayString(start) + " 00:00:00"},
                               {"line_item_usage_end_date", DayString(start) + " 01:00:00"}}});
  };
  for (const int day : {1, 2, 20}) add(busy, day, "Usage");
  add(payer, 5, "Fee");
  for (const ImportPolicy policy : kPolicies) {
    testkit::Lab lab;
    lab.DeliverCur2("one", {testkit::Cur2(lines, month)}, month);
    Stage stage;
    Settings settings;
    settings.name = "copies";
    settings.type = ConnectionType::kDirectory;
    settings.directory = lab.inbox();
    settings.import_policy = policy;
    const Connection connection = stage.Create(settings);
    stage.Check(connection);
    ASSERT_EQ(stage.Gather(connection).deliveries.size(), 1U);
    const auto days = DaysOf(stage, "copies", Must(ParseInstant("2026-10-21T00:00:00Z")));
    ASSERT_TRUE(days.contains(payer));
    EXPECT_EQ(days.at(payer).size(), 20U);
    for (const auto& [day, status] : days.at(payer)) {
      EXPECT_EQ(status, CellStatus::kCovered) << day;
    }
  }
}

}  // namespace
}  // namespace farthing::connect
