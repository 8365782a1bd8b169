// Cost Explorer fills what no bill covers, pays no more than it may, and gives way to the bill.

#include <gtest/gtest.h>

#include "lake/verify.h"
#include "query/session.h"
#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

constexpr std::chrono::hours kThreeDays{72};

Decimal Billed(Asking& asking, Period month) {
  return Canonical(asking.aws().Totals(month).unblended);
}

query::Answer Question(Asking& asking, const std::string& by, query::Grain grain) {
  const auto session = Must(query::Session::Open(asking.stage().data()));
  query::Request request;
  request.metrics = Must(query::ParseMetrics("unblended_cost"));
  request.group_by = Must(query::ParseGroupBy(by));
  request.time.grain = grain;
  return Must(session->Run(request));
}

TEST(FirstDayTest, BeforeAnyBillEveryMonthIsThereToTheLastDigit) {
  Asking asking;
  const FirstDayOutcome outcome = asking.Fill();
  ASSERT_FALSE(outcome.stopped) << outcome.stopped->message();
  for (int back = 0; back <= 3; ++back) {
    const Period month = asking.Before(back);
    const sim::Totals totals = asking.aws().Totals(month);
    const auto loads = Must(asking.stage().catalog().ActiveLoads({month, month, {}}));
    ASSERT_EQ(loads.size(), 1u) << ToString(month);
    const auto& sums = loads.front().totals;
    EXPECT_EQ(Canonical(sums.at("unblended_cost")), Canonical(totals.unblended));
    EXPECT_EQ(Canonical(sums.at("net_unblended_cost")), Canonical(totals.net_unblended));
    EXPECT_EQ(Canonical(sums.at("billed_cost")), Canonical(totals.net_unblended));
    EXPECT_EQ(Canonical(sums.at("amortized_cost")), Canonical(totals.amortized));
    EXPECT_EQ(Canonical(sums.at("net_amortized_cost")), Canonical(totals.net_amortized));
    EXPECT_FALSE(sums.contains("usage_quantity")) << "units are mixed: unknown, not zero";
    EXPECT_FALSE(sums.contains("list_cost"));
    EXPECT_EQ(loads.front().billing_accounts, std::vector<std::string>{asking.aws().payer()});
  }
}

/// AWS refuses what its clock has not reached, and knows months that ours has not begun.
TEST(FirstDayTest, AsksByTheClockOfAws) {
  constexpr std::int64_t kSkewSeconds = 26 * 3600;
  for (const bool is_behind : {true, false}) {
    rehearsal::Options options = AskingWorld();
    options.clock = Must(ParseInstant(is_behind ? "2026-12-01T08:00:00Z" : "2026-11-30T08:00:00Z"));
    Asking asking(options);
    asking.aws().Inject({.kind = rehearsal::FaultKind::kSkewClock,
                         .amount = is_behind ? -kSkewSeconds : kSkewSeconds});
    const FirstDayOutcome outcome = asking.Fill();
    ASSERT_FALSE(outcome.stopped) << outcome.stopped->message();
    ASSERT_FALSE(outcome.filled.empty());
    EXPECT_EQ(ToString(outcome.filled.front()), is_behind ? "2026-11" : "2026-12");
    EXPECT_EQ(asking.Unblended(Must(ParsePeriod("2026-10"))),
              Billed(asking, Must(ParsePeriod("2026-10"))));
  }
}

TEST(FirstDayTest, EveryLineSaysWhereItIsFrom) {
  Asking asking;
  asking.Fill();
  const query::Answer answer = Question(asking, "data_source,category", query::Grain::kPeriod);
  ASSERT_FALSE(answer.rows.empty());
  std::set<std::string> categories;
  for (const query::AnswerRow& row : answer.rows) {
    EXPECT_EQ(row.at(1), "cost_explorer");
    categories.insert(row.at(2).value_or(""));
  }
  EXPECT_TRUE(categories.contains("Usage"));
  EXPECT_TRUE(categories.contains("Tax"));
  EXPECT_TRUE(categories.contains("Purchase"));
}

TEST(FirstDayTest, ThePlanCostsNothingAndTheLedgerHasEveryRequest) {
  Asking asking;
  const FirstDayPlan plan =
      Must(PlanFirstDay(asking.stage().parts(), asking.connection().id, asking.Options()));
  EXPECT_EQ(asking.Requests(), 0);
  EXPECT_EQ(plan.months.size(), 14u);
  EXPECT_GE(plan.expected_requests, plan.least_requests);
  const FirstDayOutcome outcome = asking.Fill();
  EXPECT_EQ(outcome.requests, asking.Requests());
  EXPECT_EQ(outcome.spending.spent, asking.Requests());
  EXPECT_GE(outcome.requests, plan.least_requests);
}

TEST(FirstDayTest, TheCheckThatAsksIsPaidForToo) {
  Asking asking;
  asking.stage().Check(asking.connection());
  Spending spending(asking.stage().store().database(), asking.connection());
  EXPECT_EQ(asking.Requests(), 1);
  EXPECT_EQ(Must(spending.Entries()).size(), 1u);

  Settings settings = asking.connection().settings;
  settings.cost_explorer_cap_usd = "0.01";
  const Connection capped =
      Must(asking.stage().store().Edit(asking.connection().id, settings, "cap"));
  const CheckReport report = asking.stage().Check(capped);
  EXPECT_EQ(report.Find("cost-explorer")->status, CheckStatus::kSkipped);
  EXPECT_EQ(asking.Requests(), 1);
}

TEST(FirstDayTest, RetriesArePaidForToo) {
  Asking asking;
  asking.aws().Inject({.kind = rehearsal::FaultKind::kServerError, .service = "ce", .count = 2});
  const FirstDayOutcome outcome = asking.Fill();
  EXPECT_FALSE(outcome.stopped);
  EXPECT_EQ(outcome.requests, asking.Requests());
}

TEST(FirstDayTest, TheCapIsNotPassedAndWhatItCutsOffIsWhole) {
  rehearsal::Options options = AskingWorld();
  options.cost_explorer_page = 40;
  Asking asking(options, "0.09");
  const FirstDayOutcome outcome = asking.Fill();
  ASSERT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.stopped->code(), Errc::kTooLarge);
  EXPECT_LE(asking.Requests(), 9);
  EXPECT_FALSE(outcome.missing.empty());
  for (const Period month : outcome.missing) {
    EXPECT_TRUE(asking.Sources(month).empty()) << "never a part of a month";
  }
}

TEST(FirstDayTest, TheBillTakesThePlaceOfItsCells) {
  Asking asking;
  asking.Fill();
  const Period current = asking.Current();
  asking.AddExport();
  const CollectSummary summary = asking.Collect();
  ASSERT_FALSE(summary.deliveries.empty());
  EXPECT_EQ(asking.Unblended(current), Billed(asking, current));
  EXPECT_TRUE(asking.Sources(current).contains("cur1"));
  for (int back = 1; back <= 3; ++back) {
    EXPECT_EQ(asking.Unblended(asking.Before(back)), Billed(asking, asking.Before(back)));
  }
  const std::string said = asking.LastEvent("cost-explorer-replaced");
  EXPECT_NE(said.find("0 differ; Cost Explorer minus bill: 0"), std::string::npos) << said;
}

TEST(FirstDayTest, DaysThatTheBillDoesNotReachComeFromCostExplorer) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  const Period current = asking.Current();
  const Decimal before = asking.Unblended(current);
  asking.aws().Inject({.kind = rehearsal::FaultKind::kStopDeliveries});
  Must(asking.aws().Advance(kThreeDays));
  FirstDayOptions options = asking.Options();
  options.again = true;
  asking.Fill(options);
  const auto sources = asking.Sources(current);
  ASSERT_TRUE(sources.contains("cost_explorer"));
  EXPECT_EQ(sources.at("cur1"), before);
  // Each account and day has one source.
  std::map<std::string, std::string> seen;
  for (const query::AnswerRow& row :
       Question(asking, "account,data_source", query::Grain::kDay).rows) {
    const std::string cell = row.at(0).value_or("") + " " + row.at(1).value_or("");
    EXPECT_TRUE(seen.emplace(cell, row.at(2).value_or("")).second) << cell;
  }

  asking.aws().ClearFaults();
  Must(asking.aws().Deliver());
  asking.Collect();
  EXPECT_EQ(asking.Unblended(current), Billed(asking, current));
}

/// Small bills: most days of an account have no usage at all, the last ones of a month among them.
rehearsal::Options SparseWorld() {
  rehearsal::Options world = AskingWorld();
  world.lines_per_month = 500;
  return world;
}

TEST(FirstDayTest, WhatAFinalBillCoversIsNotAskedFor) {
  Asking asking(SparseWorld());
  asking.AddExport();
  FirstDayOptions options = asking.Options();
  options.first = asking.Before(3);
  asking.Collect();
  const FirstDayPlan before =
      Must(PlanFirstDay(asking.stage().parts(), asking.connection().id, options));
  EXPECT_EQ(before.months,
            (std::vector<Period>{asking.Before(1), asking.Before(2), asking.Before(3)}));

  asking.stage().Control("backfill", R"({"from":"2026-08"})");
  asking.Collect();
  const FirstDayPlan plan =
      Must(PlanFirstDay(asking.stage().parts(), asking.connection().id, options));
  EXPECT_EQ(plan.months, std::vector<Period>());
  EXPECT_EQ(plan.expected_requests, 0);
  EXPECT_EQ(plan.least_requests, 0);
  EXPECT_EQ(plan.left_out.size(), 4U);
  EXPECT_EQ(asking.Fill(options).requests, 0);
  EXPECT_EQ(asking.Requests(), 0);
}

TEST(FirstDayTest, OfAnOpenMonthOnlyTheDaysThatNoBillCoversAreAsked) {
  Asking asking;
  asking.AddExport();
  asking.stage().Control("backfill", R"({"from":"2026-08"})");
  asking.Collect();
  asking.aws().Inject({.kind = rehearsal::FaultKind::kStopDeliveries});
  Must(asking.aws().Advance(kThreeDays));
  FirstDayOptions options = asking.Options();
  options.first = asking.Before(3);
  std::set<std::string> asked;
  options.observer = [&](const std::string& what) { asked.insert(what.substr(0, what.find(','))); };
  const FirstDayPlan plan =
      Must(PlanFirstDay(asking.stage().parts(), asking.connection().id, options));
  EXPECT_EQ(plan.months, std::vector<Period>{asking.Current()});
  EXPECT_EQ(plan.least_requests, 5);
  const FirstDayOutcome outcome = asking.Fill(options);
  EXPECT_EQ(outcome.requests, 5);
  EXPECT_EQ(asked, std::set<std::string>{"asking Cost Explorer for 2026-11-20 to 2026-11-24"});
  EXPECT_EQ(asking.Unblended(asking.Current()), Billed(asking, asking.Current()));
}

TEST(FirstDayTest, DaysThatAreNotAskedAnewStayAsTheyWereAnswered) {
  Asking asking;
  asking.Fill();
  const std::size_t before = asking.KeptRows(asking.Current());
  asking.AddExport();
  asking.Collect();
  asking.aws().Inject({.kind = rehearsal::FaultKind::kStopDeliveries});
  Must(asking.aws().Advance(kThreeDays));
  asking.Fill();
  EXPECT_GT(asking.KeptRows(asking.Current()), before);
}

TEST(FirstDayTest, AFreshAnswerIsNotPaidForTwice) {
  Asking asking;
  asking.Fill();
  const int spent = asking.Requests();
  const FirstDayOutcome again = asking.Fill();
  EXPECT_EQ(asking.Requests(), spent);
  EXPECT_EQ(again.requests, 0);
}

TEST(FirstDayTest, HoursTakeThePlaceOfDaysWhereTheyAddUp) {
  rehearsal::Options world = AskingWorld();
  world.lines_per_month = 6'000;  // usage in more than one hour of a day
  Asking asking(world, "5.00");
  FirstDayOptions options = asking.Options();
  options.hourly = true;
  const FirstDayOutcome outcome = asking.Fill(options);
  ASSERT_FALSE(outcome.stopped) << outcome.stopped->message();
  EXPECT_EQ(outcome.notes, std::vector<std::string>());
  const Period current = asking.Current();
  EXPECT_EQ(asking.Unblended(current), Billed(asking, current));
  const query::Answer hours = Question(asking, "data_source", query::Grain::kHour);
  std::set<std::string> times;
  for (const query::AnswerRow& row : hours.rows) times.insert(row.at(0).value_or("").substr(11));
  EXPECT_GT(times.size(), 1u);
}

TEST(FirstDayTest, WhatIsInTheLakeIsProvenAndPurgedWithItsConnection) {
  Asking asking;
  asking.Fill();
  const auto database = Must(engine::Database::Open());
  engine::Connection connection = Must(database->Connect());
  for (const lake::Load& load : Must(asking.stage().catalog().ActiveLoads({}))) {
    const lake::Proof proof =
        Must(lake::Verify(connection, asking.stage().catalog().layout(), load));
    EXPECT_TRUE(proof.ok) << proof.detail;
  }
  Must(Disconnect(asking.stage().parts(), asking.connection().id, DataFate::kPurge));
  Must(FitCostExplorer(asking.stage().store(), asking.stage().catalog()));
  EXPECT_TRUE(Must(asking.stage().catalog().ActiveLoads({})).empty());
}

TEST(FirstDayTest, OnlyConnectedAccountsAreFilledWhereOnlyTheseAreImported) {
  Asking asking(AskingWorld(), "1.00", ImportPolicy::kConnectedAccounts);
  asking.Fill();
  for (const lake::Load& load : Must(asking.stage().catalog().ActiveLoads({}))) {
    EXPECT_EQ(load.sub_accounts, std::vector<std::string>{asking.aws().payer()});
  }
}

}  // namespace
}  // namespace farthing::connect
