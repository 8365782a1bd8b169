// What was delivered, how long ago, and AWS's own word on it; and the directory in its stead.

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

}  // namespace

const std::vector<Trouble>& DeliveryTroubles() {
  static const std::vector<Trouble> troubles{
      {"NothingIsDeliveredYet", "delivery", kWarning,
       [](Stage& stage, Connection&) { EmptyBucket(stage); }, "24 hours", "wait"},
      {"NothingCameForDays", "delivery", kWarning,
       [](Stage& stage, Connection& connection) {
         EmptyBucket(stage);
         connection.created.micros -= std::int64_t{3} * 86'400 * 1'000'000;
       },
       "AWS's first delivery takes up to 24 hours; after 48 hours ask AWS Support",
       "see bucket-policy and export-status"},
      {"DeliveryIsLate", "delivery", kWarning, [](Stage&, Connection&) {}, "at least once a day",
       "wait a day", "", "", ExportKind::kCur2, 50},
      {"DeliveriesHaveStopped", "delivery", kFail, [](Stage&, Connection&) {}, "something stops it",
       "export-status", "", "", ExportKind::kCur2, 150},
      {"ExportIsUnhealthy", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kUnhealthy, .text = "INSUFFICIENT_PERMISSION"});
         Must(stage.aws().Deliver());
       },
       "does not let AWS write", "--kind bucket-policy"},
      {"BillOwnerChanged", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kUnhealthy, .text = "BILL_OWNER_CHANGED"});
         Must(stage.aws().Deliver());
       },
       "changed its payer", "create the export anew"},
      {"ReportCannotWrite", "export-status", kFail,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"Service":"billingreports.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/*"}]})");
         stage.aws().Restate(PeriodOf(stage.aws().now()));
         Must(stage.aws().Deliver());
       },
       "does not let AWS write", "--kind bucket-policy", "", "", ExportKind::kLegacyCur},
      Denied("RunsCannotBeSeen", "export-status", "bcm-data-exports:ListExecutions",
             "AccessDeniedException"),
      {"DirectoryIsGone", "directory", kFail,
       [](Stage&, Connection& connection) { connection.settings.directory += "/gone"; }, "gone",
       ""},
      {"DirectoryIsEmpty", "directory", kWarning,
       [](Stage& stage, Connection& connection) {
         connection.settings.directory = stage.data() / "empty";
         Must(MakeDirectories(connection.settings.directory));
       },
       "nothing was copied", "copy a bucket"},
  };
  return troubles;
}

INSTANTIATE_TEST_SUITE_P(Delivery, CheckTest, testing::ValuesIn(DeliveryTroubles()), NameOfTrouble);

TEST(EmptiedBucketTest, WhatWasCollectedAndIsGoneIsToldAndDegrades) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings();
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  ASSERT_FALSE(stage.Check(connection).HasFailed());
  ASSERT_FALSE(stage.Gather(connection).deliveries.empty());
  EmptyBucket(stage);
  const CheckReport report = stage.Check(connection);
  const CheckResult& delivery = *report.Find("delivery");
  EXPECT_EQ(delivery.status, CheckStatus::kWarning) << Told(report);
  EXPECT_TRUE(delivery.finding.starts_with("the bucket was emptied")) << delivery.finding;
  EXPECT_NE(delivery.fix.find("get-bucket-lifecycle-configuration"), std::string::npos);
  EXPECT_EQ(report.Find("drift")->status, CheckStatus::kWarning) << Told(report);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDegraded);
  stage.Gather(connection);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDegraded);
}

}  // namespace farthing::connect
