// The delivered bill against Cost Explorer's figures of the same lines.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

class ReconcilingTest : public testing::Test {
 protected:
  ReconcilingTest() {
    asking_.AddExport();
    asking_.Collect();
  }
  Asking asking_;
};

TEST_F(ReconcilingTest, EqualFiguresGiveNoDifferences) {
  const Reconciliation outcome = asking_.Reconcile(asking_.Current());
  ASSERT_EQ(outcome.totals.size(), 1u);
  EXPECT_GT(outcome.totals.front().compared, 10);
  EXPECT_EQ(ToString(outcome.totals.front().difference), "0");
  for (const ReconcileRow& row : outcome.rows) {
    ADD_FAILURE() << row.service << ", " << row.charge_type << ": " << ToString(row.cost_explorer)
                  << " and " << ToString(row.bill);
  }
  EXPECT_EQ(outcome.requests, asking_.Requests());
  EXPECT_NE(asking_.LastEvent("reconciled"), "");
}

TEST_F(ReconcilingTest, WhatDiffersIsListedWithItsParts) {
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kSkewCosts, .amount = 25});
  const Reconciliation outcome = asking_.Reconcile(asking_.Current());
  ASSERT_FALSE(outcome.rows.empty());
  Decimal sum, explained, unexplained;
  for (const ReconcileRow& row : outcome.rows) {
    sum = Must(Add(sum, row.difference));
    Decimal parts = row.unexplained;
    for (const Explanation& part : row.explanations) {
      parts = Must(Add(parts, part.amount));
      explained = Must(Add(explained, part.amount));
    }
    EXPECT_EQ(Canonical(parts), row.difference);
    unexplained = Must(Add(unexplained, row.unexplained));
  }
  const ReconcileTotal& total = outcome.totals.front();
  EXPECT_EQ(Canonical(sum), Canonical(total.difference));
  EXPECT_EQ(Canonical(unexplained), Canonical(total.unexplained)) << "all of one sign";
  EXPECT_GT(explained.units, 0) << "the last days were asked for";
  EXPECT_GT(total.without_cause, 0) << "credits and fees are of no late day";
  EXPECT_TRUE(outcome.has_unexplained());
  EXPECT_EQ(outcome.requests, 2);
  EXPECT_EQ(asking_.Requests(), 2);
}

TEST_F(ReconcilingTest, AClosedMonthIsNotExcusedByBeingOpenOnce) {
  Must(asking_.aws().Advance(std::chrono::hours(24 * 30)));
  asking_.Collect();
  const Period closed = asking_.Before(1);
  EXPECT_FALSE(asking_.Reconcile(closed).has_unexplained());
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kSkewCosts, .amount = 10'000});
  const Reconciliation outcome = asking_.Reconcile(closed);
  Decimal explained;
  for (const ReconcileRow& row : outcome.rows) {
    for (const Explanation& part : row.explanations) {
      explained = Must(Add(explained, part.amount));
      EXPECT_TRUE(part.cause.starts_with("refunds")) << part.cause;
    }
  }
  EXPECT_GT(explained.units, 0);
  EXPECT_TRUE(outcome.has_unexplained());
  EXPECT_EQ(outcome.requests, 1) << "its last days are no question";
}

TEST_F(ReconcilingTest, WithoutMoneyForTheLastDaysTheyStayUnexplained) {
  Settings settings = asking_.connection().settings;
  settings.cost_explorer_cap_usd = "0.01";
  Must(asking_.stage().store().Edit(asking_.connection().id, settings, "cap"));
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kSkewCosts, .amount = 25});
  const Reconciliation outcome = asking_.Reconcile(asking_.Current());
  EXPECT_EQ(asking_.Requests(), 1);
  for (const ReconcileRow& row : outcome.rows) {
    const bool by_days = std::any_of(
        row.explanations.begin(), row.explanations.end(),
        [](const Explanation& part) { return part.cause.find("days") != std::string::npos; });
    EXPECT_FALSE(by_days) << row.service;
  }
  EXPECT_TRUE(outcome.has_unexplained());
}

TEST(ReconcilingPolicyTest, AccountsThatAreLeftOutAreNotAskedFor) {
  Asking asking(AskingWorld(), "1.00", ImportPolicy::kConnectedAccounts);
  asking.AddExport();
  asking.Collect();
  const Reconciliation outcome = asking.Reconcile(asking.Current());
  EXPECT_EQ(ToString(outcome.totals.front().difference), "0");
  EXPECT_TRUE(outcome.rows.empty());
  EXPECT_GT(outcome.totals.front().compared, 0);
}

/// Our clock may be behind the one that bills are made by.
TEST_F(ReconcilingTest, ABillThatIsAheadOfOurClockIsCompared) {
  const Instant ours = asking_.aws().now();
  Must(asking_.aws().Advance(std::chrono::hours(24 * 8)));
  asking_.Collect();
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kSkewCosts, .amount = 25});
  ReconcileOptions options;
  options.now = [&] { return ours; };
  const auto outcome = Reconcile(asking_.stage().parts(), asking_.connection().id, options);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(outcome->requests, 2) << "the last days are compared as well";
  EXPECT_EQ(asking_.Requests(), 2);
}

/// Reconciles a month that only a copied bill has.
Error RefusalOf(Asking& asking, Period month) {
  testkit::Lab lab;
  const testkit::Line line{.cells = {{"bill_payer_account_id", asking.aws().payer()},
                                     {"line_item_usage_account_id", asking.aws().payer()}}};
  lab.DeliverCur2(ToString(month), {testkit::Cur2({line}, month)}, month);
  Settings settings;
  settings.name = "copies";
  settings.type = ConnectionType::kDirectory;
  settings.directory = lab.inbox();
  const Connection copies = asking.stage().Create(settings);
  asking.stage().Check(copies);
  asking.stage().Gather(copies);
  ReconcileOptions options;
  options.period = month;
  options.now = [&] { return asking.aws().now(); };
  const auto refused = Reconcile(asking.stage().parts(), asking.connection().id, options);
  return refused.ok() ? Error(Errc::kInternal, "it was compared") : refused.error();
}

TEST_F(ReconcilingTest, AMonthThatAwsHasNotReachedIsSaidBeforeAnythingIsSpent) {
  const Error refused = RefusalOf(asking_, {2027, 2});
  EXPECT_EQ(refused.message().find("Cost Explorer has no 2027-02 yet"), 0U) << refused.message();
  EXPECT_NE(refused.hint(), "");
  EXPECT_EQ(asking_.Requests(), 0);
}

TEST_F(ReconcilingTest, AMonthThatAwsHasForgottenHasAFix) {
  const Error refused = RefusalOf(asking_, {2024, 2});
  EXPECT_NE(refused.message().find("historical data"), std::string::npos) << refused.message();
  EXPECT_NE(refused.hint().find("13 months"), std::string::npos) << refused.hint();
}

TEST_F(ReconcilingTest, NothingIsAskedBeyondTheCap) {
  Settings settings = asking_.connection().settings;
  settings.cost_explorer_cap_usd = "0";
  Must(asking_.stage().store().Edit(asking_.connection().id, settings, "cap"));
  ReconcileOptions options;
  options.now = [this] { return asking_.aws().now(); };
  const auto refused = Reconcile(asking_.stage().parts(), asking_.connection().id, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kTooLarge);
  EXPECT_EQ(asking_.Requests(), 0);
}

TEST_F(ReconcilingTest, AMonthWithoutABillIsSaidBeforeAnythingIsSpent) {
  ReconcileOptions options;
  options.period = asking_.Before(2);
  options.now = [this] { return asking_.aws().now(); };
  const auto plan = PlanReconcile(asking_.stage().parts(), asking_.connection().id, options);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code(), Errc::kNotFound);
}

}  // namespace
}  // namespace farthing::connect
