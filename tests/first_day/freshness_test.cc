// How fresh an export is: its own deliveries, those that could be read; and why nothing new comes of it.

#include <gtest/gtest.h>

#include "aws/billing_exports.h"
#include "connect/collecting/coverage.h"
#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

class FreshnessTest : public testing::Test {
 protected:
  FreshnessTest() {
    asking_.AddExport();
    asking_.stage().Check(asking_.connection());
    asking_.Collect();
  }

  Freshness Of(const std::string& export_name) {
    const CoverageMap map = Must(MapCoverage(asking_.stage().store(), asking_.stage().catalog(),
                                             asking_.connection().id, asking_.aws().now()));
    for (const Freshness& fresh : map.exports) {
      if (fresh.export_name == export_name) return fresh;
    }
    ADD_FAILURE() << export_name << " has no row";
    return {};
  }
  Connection Now() { return Must(asking_.stage().store().Find(asking_.connection().id)); }

  Asking asking_;
};

TEST_F(FreshnessTest, AnUpToDateBillHasNoProblem) {
  EXPECT_EQ(Of("bills").problem, "");
  EXPECT_TRUE(Of("bills").last_delivery);
}

TEST_F(FreshnessTest, EachExportHasItsOwnDeliveries) {
  const std::optional<Instant> before = Of("bills").last_delivery;
  const auto admin = asking_.stage().Admin();
  aws::ReportDefinition report = Must(aws::DescribeReportDefinitions(*admin)).front();
  aws::Call call{aws::Service::kCur, "DeleteReportDefinition"};
  call.region = "us-east-1";
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", "AWSOrigamiServiceGatewayService.DeleteReportDefinition"}};
  call.body = R"({"ReportName":"bills"})";
  Must(admin->Send(call));
  report.name = "bills-new";
  Must(aws::PutReportDefinition(*admin, report));
  Must(asking_.aws().Advance(std::chrono::hours(24 * 3)));
  Must(asking_.aws().Deliver());
  Settings settings = Now().settings;
  settings.export_place.name = "bills-new";
  Must(EditVerified(asking_.stage().parts(), settings.name, settings, {}, {}));
  EXPECT_FALSE(Of("bills-new").last_delivery) << "nothing of it was collected yet";
  EXPECT_EQ(Of("bills").last_delivery, before);
  asking_.Collect();
  EXPECT_EQ(Of("bills").last_delivery, before);
  EXPECT_NE(Of("bills").problem.find("collects export bills-new now"), std::string::npos)
      << Of("bills").problem;
  EXPECT_GT(Of("bills-new").last_delivery, before);
  EXPECT_EQ(Of("bills-new").problem, "");
}

TEST_F(FreshnessTest, ADeliveryThatCannotBeReadIsAProblemAndNotTheLastOne) {
  const std::optional<Instant> before = Of("bills").last_delivery;
  Must(asking_.aws().Advance(std::chrono::hours(20)));
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kMissingFile});
  asking_.aws().Restate(asking_.Current());
  Must(asking_.aws().Deliver());
  asking_.Collect();
  EXPECT_EQ(Now().state, State::kDegraded);
  EXPECT_EQ(Of("bills").problem, Now().cause);
  EXPECT_EQ(Of("bills").last_delivery, before);
  EXPECT_EQ(Now().last_delivery, before);

  asking_.stage().Control("clear-faults", "{}");
  asking_.aws().Restate(asking_.Current());
  Must(asking_.aws().Deliver());
  asking_.Collect();
  EXPECT_EQ(Of("bills").problem, "");
  EXPECT_GT(Of("bills").last_delivery, before);
  EXPECT_EQ(Now().last_delivery, Of("bills").last_delivery);
}

TEST_F(FreshnessTest, WhatKeepsACollectionFromLookingIsAProblemOfAnUpToDateBill) {
  for (const char* service : {"sts", "s3"}) {
    asking_.aws().Inject({.kind = rehearsal::FaultKind::kDeny, .service = service});
    EXPECT_FALSE(connect::Collect(asking_.stage().store(), asking_.stage().vault(),
                                  asking_.stage().catalog(), asking_.stage().platform(),
                                  asking_.connection().id, {})
                     .ok());
    EXPECT_EQ(Now().state, State::kDegraded);
    EXPECT_NE(Of("bills").problem, "");
    EXPECT_NE(Of("bills").problem.find(Now().cause), std::string::npos) << Of("bills").problem;
    asking_.stage().Control("clear-faults", "{}");
    asking_.Collect();
    EXPECT_EQ(Of("bills").problem, "");
  }
}

TEST_F(FreshnessTest, AFailureBesideTheBillKeepsNothingFromComing) {
  asking_.aws().Inject({.kind = rehearsal::FaultKind::kNotEnabled, .service = "ce"});
  EXPECT_TRUE(asking_.stage().Check(asking_.connection()).HasFailed());
  EXPECT_EQ(Now().state, State::kDegraded);
  EXPECT_EQ(Of("bills").problem, "");
}

}  // namespace
}  // namespace farthing::connect
