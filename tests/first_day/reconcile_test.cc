// The delivered bill against Cost Explorer's figures of the same lines.

#include <gtest/gtest.h>

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

TEST_F(ReconcilingTest, WhatDiffersIsListedWithItsSum) {
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kSkewCosts, .amount = 25});
  const Reconciliation outcome = asking_.Reconcile(asking_.Current());
  ASSERT_FALSE(outcome.rows.empty());
  Decimal sum;
  for (const ReconcileRow& row : outcome.rows) {
    EXPECT_NE(row.cause, "") << "the month is open";
    sum = Must(Add(sum, row.difference));
  }
  EXPECT_EQ(Canonical(sum), Canonical(outcome.totals.front().difference));
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
