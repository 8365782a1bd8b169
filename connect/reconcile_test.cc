#include "connect/reconcile.h"

#include <gtest/gtest.h>

namespace farthing::connect {
namespace {

constexpr Period kClosed{2026, 6}, kOpen{2026, 11};

ReconcileCell Cell(Period period, std::string service, std::string type, std::string cost_explorer,
                   std::string bill) {
  return {period, std::move(service), std::move(type), *ParseDecimal(cost_explorer),
          *ParseDecimal(bill)};
}

std::string CauseOf(const std::vector<ReconcileCell>& cells, bool leaves_out = false) {
  ReconcileContext context;
  context.now = *ParseInstant("2026-11-21T08:00:00Z");
  context.leaves_accounts_out = leaves_out;
  context.bill_until[kOpen] = "2026-11-19";
  const auto rows = *ExplainDifferences(cells, context);
  return rows.empty() ? "equal" : rows.front().cause;
}

TEST(ReconcileTest, EqualToTheLastDigitIsNoDifference) {
  EXPECT_EQ(CauseOf({Cell(kClosed, "Amazon S3", "Usage", "0.0000300172", "0.0000300172")}),
            "equal");
}

TEST(ReconcileTest, EachKnownCauseIsNamed) {
  EXPECT_TRUE(
      CauseOf({Cell(kClosed, "Amazon S3", "Usage", "1", "1.0000000001")}).starts_with("rounding"));
  EXPECT_TRUE(CauseOf({Cell(kClosed, "Amazon S3", "Refund", "-5", "0")}).starts_with("refunds"));
  EXPECT_TRUE(CauseOf({Cell(kOpen, "Tax", "Tax", "5", "0")}).starts_with("tax"));
  EXPECT_TRUE(
      CauseOf({Cell(kOpen, "AWS Support (Business)", "Usage", "0", "100")}).starts_with("support"));
  EXPECT_EQ(CauseOf({Cell(kOpen, "Amazon S3", "Usage", "5", "4")}),
            "the month is not final: Cost Explorer and the bill lag by different hours, the bill "
            "reaches 2026-11-19");
  EXPECT_TRUE(CauseOf({Cell(kClosed, "Amazon S3", "Usage", "5", "4")}, true)
                  .starts_with("accounts without"));
  EXPECT_TRUE(
      CauseOf({Cell(kClosed, "Acme Firewall", "Usage", "5", "4")}).starts_with("marketplace"));
  EXPECT_TRUE(CauseOf({Cell(kClosed, "AmazonCloudWatch", "Usage", "5", "0"),
                       Cell(kClosed, "Amazon CloudWatch", "Usage", "0", "5")})
                  .starts_with("service naming"));
}

TEST(ReconcileTest, WhatNoCauseFitsStaysUnexplained) {
  EXPECT_EQ(CauseOf({Cell(kClosed, "Amazon S3", "Usage", "5", "4")}), "");
  EXPECT_EQ(CauseOf({Cell(kClosed, "Amazon S3", "Usage", "5", "4"),
                     Cell(kClosed, "Amazon EC2", "Usage", "4", "5")}),
            "")
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

}  // namespace
}  // namespace farthing::connect
