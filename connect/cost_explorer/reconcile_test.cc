#include "connect/cost_explorer/reconcile.h"

#include <gtest/gtest.h>

#include "connect/cost_explorer/cost_explorer_fit.h"

namespace farthing::connect {
namespace {

constexpr Period kClosed{2026, 6}, kOpen{2026, 11};

ReconcileCell Cell(Period period, std::string service, std::string type, std::string cost_explorer,
                   std::string bill) {
  return {period, std::move(service), std::move(type), *ParseDecimal(cost_explorer),
          *ParseDecimal(bill)};
}

Decimal Amount(const std::string& text) { return *ParseDecimal(text); }

/// "5: refunds; 95: ?" of the largest difference, with the first word of each cause.
std::string Told(const std::vector<ReconcileCell>& cells, const std::string& last_days = "") {
  ReconcileContext context;
  context.now = *ParseInstant("2026-11-21T08:00:00Z");
  context.bill_until[kOpen] = "2026-11-19";
  if (!last_days.empty()) context.last_days[kOpen] = last_days;
  const auto rows = *ExplainDifferences(cells, context);
  if (rows.empty()) return "equal";
  std::string told;
  const ReconcileRow& row = rows.front();
  Decimal sum = row.unexplained;
  for (const Explanation& one : row.explanations) {
    told += ToString(one.amount) + ": " + one.cause.substr(0, one.cause.find_first_of(" :")) + "; ";
    sum = *Add(sum, one.amount);
  }
  EXPECT_EQ(Canonical(sum), row.difference) << "the parts are the whole";
  return told + ToString(row.unexplained) + ": ?";
}

TEST(ReconcileTest, EqualToTheLastDigitIsNoDifference) {
  EXPECT_EQ(Told({Cell(kClosed, "Amazon S3", "Usage", "0.0000300172", "0.0000300172")}), "equal");
}

TEST(ReconcileTest, RoundingExplainsLastDigitsOnly) {
  EXPECT_EQ(Told({Cell(kClosed, "Amazon S3", "Usage", "1", "1.0000000001")}),
            "-0.0000000001: rounding; 0: ?");
  EXPECT_EQ(Told({Cell(kClosed, "Amazon S3", "Usage", "1", "1.001")}), "-0.001: ?");
}

TEST(ReconcileTest, ARefundExplainsItsAmountAndNoMore) {
  ReconcileCell cell = Cell(kClosed, "Amazon S3", "Refund", "0", "-5");
  cell.refunds = Amount("-5");
  EXPECT_EQ(Told({cell}), "5: refunds; 0: ?");
  cell = Cell(kClosed, "Amazon S3", "all charges", "1095", "995");
  cell.refunds = Amount("-5");
  EXPECT_EQ(Told({cell}), "5: refunds; 95: ?");
  cell.cost_explorer = Amount("895");
  EXPECT_EQ(Told({cell}), "-100: ?") << "the bill's refund makes it smaller, not larger";
  cell.cost_explorer = Amount("998");
  EXPECT_EQ(Told({cell}), "3: refunds; 0: ?");
}

TEST(ReconcileTest, WhatOnlyCostExplorerRefundsIsAGuess) {
  ReconcileContext context;
  context.now = *ParseInstant("2026-11-21T08:00:00Z");
  const auto rows =
      *ExplainDifferences({Cell(kClosed, "Amazon S3", "Credit", "-100", "0")}, context);
  EXPECT_EQ(ToString(rows.at(0).unexplained), "-100");
  EXPECT_TRUE(rows.at(0).likely.starts_with("perhaps refunds or credits")) << rows.at(0).likely;
}

TEST(ReconcileTest, AnOpenMonthExplainsWhatItsLastDaysDifferBy) {
  ReconcileCell cell = Cell(kOpen, "Amazon S3", "Usage", "150", "50");
  EXPECT_EQ(Told({cell}), "100: ?") << "that it is open says nothing of an amount";
  cell.last_days_cost_explorer = Amount("12");
  cell.last_days_bill = Amount("5");
  EXPECT_EQ(Told({cell}, "2026-11-18"), "7: the; 93: ?");
  cell.bill = Amount("145");
  EXPECT_EQ(Told({cell}, "2026-11-18"), "5: the; 0: ?");
  cell.bill = Amount("155");
  EXPECT_EQ(Told({cell}, "2026-11-18"), "-5: ?") << "Cost Explorer is ahead in the last days";
}

TEST(ReconcileTest, TaxAndSupportAreEstimatesUntilTheInvoice) {
  ReconcileCell tax = Cell(kOpen, "Tax", "Tax", "105", "5");
  tax.not_invoiced = Amount("5");
  EXPECT_EQ(Told({tax}), "5: tax; 95: ?");
  EXPECT_EQ(Told({Cell(kOpen, "Tax", "Tax", "5", "0")}), "5: tax; 0: ?");
  tax.not_invoiced = {};
  EXPECT_EQ(Told({tax}), "100: ?") << "what is invoiced does not change";
  tax = Cell(kClosed, "Tax", "Tax", "105", "5");
  tax.not_invoiced = Amount("5");
  EXPECT_EQ(Told({tax}), "100: ?") << "a closed month";
  ReconcileCell support = Cell(kOpen, "AWS Support (Business)", "Usage", "0", "100");
  support.not_invoiced = Amount("100");
  EXPECT_EQ(Told({support}), "-100: support; 0: ?");
}

TEST(ReconcileTest, MarketplaceIsASellerAndNotAName) {
  ReconcileCell cell = Cell(kClosed, "Acme Firewall", "Usage", "5", "4");
  EXPECT_EQ(Told({cell}), "1: ?");
  cell = Cell(kClosed, "Amazon Linux by Acme", "Fee", "0", "40");
  cell.marketplace = Amount("30");
  EXPECT_EQ(Told({cell}), "-30: marketplace; -10: ?");
}

TEST(ReconcileTest, TheSameSumUnderAnotherServiceIsNaming) {
  EXPECT_EQ(Told({Cell(kClosed, "AmazonCloudWatch", "Usage", "5", "0"),
                  Cell(kClosed, "Amazon CloudWatch", "Usage", "0", "5")}),
            "5: service; 0: ?");
}

TEST(ReconcileTest, WhatNoCauseFitsStaysUnexplained) {
  EXPECT_EQ(Told({Cell(kClosed, "Amazon S3", "Usage", "5", "4")}), "1: ?");
  EXPECT_EQ(Told({Cell(kClosed, "Amazon S3", "Usage", "5", "4"),
                  Cell(kClosed, "Amazon EC2", "Usage", "4", "5")}),
            "1: ?")
      << "both sides know both services: no matter of names";
}

TEST(ReconcileTest, NamesOfBothSidesMeet) {
  EXPECT_EQ(ComparableService("EC2 - Other"), "Amazon Elastic Compute Cloud");
  EXPECT_EQ(ComparableService("Amazon Elastic Compute Cloud - Compute"),
            "Amazon Elastic Compute Cloud");
  EXPECT_EQ(ComparableService("AmazonCloudWatch"), "AmazonCloudWatch");
  EXPECT_EQ(ComparableType("Recurring reservation fee"), "RIFee");
  EXPECT_EQ(ComparableType("Usage"), "Usage");
}

TEST(ReconcileTest, AMembersOwnReportIsNotItsPayersBill) {
  const std::string payer = "111122223333", member = "444455556666";
  const auto connection_of = [](ConnectionType type, const std::string& account) {
    Connection connection;
    connection.settings.type = type;
    connection.settings.account_id = account;
    return connection;
  };
  const Connection paying = connection_of(ConnectionType::kRole, payer);
  const Connection reporting = connection_of(ConnectionType::kMember, member);
  lake::Load load;
  load.format = "cur2";
  load.billing_accounts = {payer};
  load.sub_accounts = {member};
  EXPECT_FALSE(IsBillOf(load, paying)) << "else it would be added to the payer's figures";
  EXPECT_TRUE(IsBillOf(load, reporting));
  load.left_out.emplace();
  EXPECT_TRUE(IsBillOf(load, paying)) << "the policy keeps one account of the payer's report";
  load.left_out.reset();
  load.sub_accounts = {payer, member};
  EXPECT_TRUE(IsBillOf(load, paying));
  load.sub_accounts = {payer};
  EXPECT_TRUE(IsBillOf(load, paying));
}

}  // namespace
}  // namespace farthing::connect
