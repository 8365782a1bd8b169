// What a schedule does with Cost Explorer by itself: the first day where a person agreed to it, reconciliation every
// week and when a bill becomes final, both under the cap.

#include <gtest/gtest.h>

#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

Settings With(const Connection& connection, std::optional<std::string> cap) {
  Settings settings = connection.settings;
  settings.cost_explorer_cap_usd = std::move(cap);
  return settings;
}

void SetCap(Asking& asking, std::optional<std::string> cap) {
  Must(asking.stage().store().Edit(asking.connection().id, With(asking.connection(), cap), "cap"));
}

std::optional<FirstDayOutcome> FillBySchedule(Asking& asking) {
  return Must(FillWhileWaiting(asking.stage().parts(), asking.connection().id, asking.Options()));
}

TEST(ScheduledFirstDayTest, OnlyACapThatAPersonSetIsConsent) {
  Asking asking;
  SetCap(asking, std::nullopt);
  EXPECT_FALSE(FillBySchedule(asking));
  EXPECT_EQ(asking.Requests(), 0);
  SetCap(asking, "1.00");
  const auto outcome = FillBySchedule(asking);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->stopped);
  EXPECT_EQ(asking.Unblended(asking.Before(1)),
            Canonical(asking.aws().Totals(asking.Before(1)).unblended));
}

TEST(ScheduledFirstDayTest, ThePriceIsSaidBeforeAnythingIsSpent) {
  Asking asking;
  FirstDayOptions options = asking.Options();
  int told = 0;
  options.on_plan = [&](const FirstDayPlan& plan) {
    ++told;
    EXPECT_EQ(asking.Requests(), 0);
    EXPECT_GT(plan.expected_requests, 0);
  };
  Must(FillWhileWaiting(asking.stage().parts(), asking.connection().id, options));
  EXPECT_EQ(told, 1);
}

TEST(ScheduledFirstDayTest, EachMonthIsAskedForOnce) {
  Asking asking;
  ASSERT_TRUE(FillBySchedule(asking));
  const int spent = asking.Requests();
  Must(asking.aws().Advance(std::chrono::hours(24)));
  EXPECT_FALSE(FillBySchedule(asking));
  EXPECT_EQ(asking.Requests(), spent);
}

TEST(ScheduledFirstDayTest, WhatTheCapCutOffComesWhenThereIsRoomAgain) {
  rehearsal::Options options = AskingWorld();
  options.cost_explorer_page = 40;
  Asking asking(options, "0.09");
  const auto cut = FillBySchedule(asking);
  ASSERT_TRUE(cut);
  ASSERT_TRUE(cut->stopped);
  EXPECT_LE(asking.Requests(), 9);
  SetCap(asking, "9.00");
  const auto rest = FillBySchedule(asking);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->filled, cut->missing);
}

TEST(ScheduledFirstDayTest, ABillEndsIt) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  EXPECT_FALSE(FillBySchedule(asking));
  EXPECT_EQ(asking.Requests(), 0);
}

class ScheduledReconcileTest : public testing::Test {
 protected:
  ScheduledReconcileTest() {
    asking_.AddExport();
    asking_.Collect();
  }

  std::optional<Reconciliation> BySchedule() {
    ReconcileOptions options;
    options.now = [this] { return asking_.aws().now(); };
    auto outcome = Must(ReconcileIfDue(asking_.stage().parts(), asking_.connection().id, options));
    // Events have the real time, the rehearsal its own.
    if (outcome) {
      Must(asking_.stage().store().database().Run(
          "UPDATE connection_events SET at = ? WHERE number = (SELECT max(number) FROM "
          "connection_events WHERE kind = 'reconciled')",
          {ToString(asking_.aws().now())}));
    }
    return outcome;
  }

  Asking asking_;
};

TEST_F(ScheduledReconcileTest, OnceAWeek) {
  ASSERT_TRUE(BySchedule());
  EXPECT_EQ(asking_.Requests(), 1);
  EXPECT_FALSE(BySchedule());
  Must(asking_.aws().Advance(std::chrono::hours(24 * 6)));
  asking_.Collect();
  EXPECT_FALSE(BySchedule());
  EXPECT_EQ(asking_.Requests(), 1);
  Must(asking_.aws().Advance(std::chrono::hours(25)));
  const auto outcome = BySchedule();
  ASSERT_TRUE(outcome);
  // The bill is a day behind: that is asked for, and explains what differs.
  EXPECT_FALSE(outcome->rows.empty());
  for (const ReconcileRow& row : outcome->rows) {
    EXPECT_EQ(ToString(row.unexplained), "0") << row.service << ", " << row.charge_type;
  }
  EXPECT_EQ(asking_.Requests(), 3);
}

TEST_F(ScheduledReconcileTest, OnceMoreWhenTheBillBecomesFinal) {
  Must(asking_.aws().Advance(
      std::chrono::hours(24 * 14)));  // 4 December: November is not invoiced yet
  asking_.Collect();
  auto outcome = BySchedule();
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->totals.size(), 2u);
  EXPECT_FALSE(outcome->totals.front().is_final);
  Must(asking_.aws().Advance(std::chrono::hours(24 * 4)));
  asking_.Collect();
  outcome = BySchedule();
  ASSERT_TRUE(outcome) << "November is final";
  EXPECT_TRUE(outcome->totals.front().is_final);
  EXPECT_FALSE(outcome->has_unexplained());
  Must(asking_.aws().Advance(std::chrono::hours(24)));
  asking_.Collect();
  EXPECT_FALSE(BySchedule()) << "it was compared as final";
}

TEST_F(ScheduledReconcileTest, NothingIsSpentBeyondTheCap) {
  SetCap(asking_, "0");
  ReconcileOptions options;
  options.now = [this] { return asking_.aws().now(); };
  const auto refused = ReconcileIfDue(asking_.stage().parts(), asking_.connection().id, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kTooLarge);
  EXPECT_NE(refused.error().hint().find("--cost-explorer-cap"), std::string::npos);
  EXPECT_EQ(asking_.Requests(), 0);
}

TEST(ScheduledVerificationTest, AsksCostExplorerOnceAWeekAndAPersonAlways) {
  Asking asking;
  asking.stage().platform().environment.now = [&] { return asking.aws().now(); };
  const auto verify = [&](bool is_scheduled) {
    CheckOptions options;
    options.is_scheduled = is_scheduled;
    const CheckReport report =
        Must(Verify(asking.stage().parts(), asking.connection().id, options));
    return report.Find("cost-explorer")->finding;
  };
  verify(true);
  EXPECT_EQ(asking.Requests(), 1);
  for (int day = 1; day < 7; ++day) {
    Must(asking.aws().Advance(std::chrono::hours(24)));
    EXPECT_NE(verify(true).find("answered on 2026-11-20"), std::string::npos);
  }
  EXPECT_EQ(asking.Requests(), 1);
  Must(asking.aws().Advance(std::chrono::hours(24)));
  verify(true);
  EXPECT_EQ(asking.Requests(), 2);
  verify(false);
  EXPECT_EQ(asking.Requests(), 3);
}

}  // namespace
}  // namespace farthing::connect
