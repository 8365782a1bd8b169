// What becomes of a connection whose checks fail: only what keeps every bill away, or lets others at it, keeps it a draft.

#include <gtest/gtest.h>

#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;

/// A fault beside the bill, and the check that says it.
struct Fault {
  std::string name, check;
  void (*make)(Stage& stage, const Connection& connection);
};

void Take(Stage& stage, const Connection& connection, const std::string& action) {
  stage.SetPolicy(connection, Without(stage.PolicyOf(connection), action));
}

Connection Standing(Stage& stage) { return Must(stage.store().Find("production")); }

Connection OnboardWithoutPlace(Stage& stage) {
  Settings settings = stage.RoleSettings(
      {PermissionSet::kReadBilling, PermissionSet::kCostExplorer, PermissionSet::kCloudWatch});
  settings.export_place = ExportPlace();
  const Connection connection = stage.Create(settings);
  stage.CreateStack(connection, Purpose::kExisting,
                    {{"BillingBucket", "example-billing-exports"}, {"BillingPrefix", "billing"}});
  return connection;
}

class FaultBesideTheBillTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultBesideTheBillTest, IsSaidAndTheBillsCome) {
  Stage stage;
  const Connection connection = OnboardWithoutPlace(stage);
  GetParam().make(stage, connection);
  const CheckReport report = stage.Check(connection);
  ASSERT_EQ(report.Find(GetParam().check)->status, kFail) << Told(report);
  EXPECT_EQ(report.Find("delivery")->status, kPass) << Told(report);
  EXPECT_EQ(Standing(stage).state, State::kDegraded);
  EXPECT_TRUE(Standing(stage).cause.starts_with(GetParam().check)) << Standing(stage).cause;
  EXPECT_FALSE(stage.Gather(connection).deliveries.empty());
  EXPECT_EQ(Standing(stage).state, State::kDegraded);
  EXPECT_TRUE(Standing(stage).cause.starts_with(GetParam().check)) << Standing(stage).cause;
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultBesideTheBillTest,
                         testing::Values(Fault{"NoCostExplorer", "cost-explorer",
                                               [](Stage& stage, const Connection&) {
                                                 stage.Control("set", R"({"cost_explorer":false})");
                                               }},
                                         Fault{"NoMetrics", "metrics",
                                               [](Stage& stage, const Connection& connection) {
                                                 Take(stage, connection,
                                                      "cloudwatch:GetMetricData");
                                               }},
                                         Fault{"TrustCannotBeRead", "role-trust",
                                               [](Stage& stage, const Connection& connection) {
                                                 Take(stage, connection, "iam:GetRole");
                                               }},
                                         Fault{"ReportsCannotBeListed", "report-definition",
                                               [](Stage& stage, const Connection& connection) {
                                                 Take(stage, connection,
                                                      "cur:DescribeReportDefinitions");
                                               }}),
                         [](const auto& test) { return test.param.name; });

class FaultInTheWayTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultInTheWayTest, KeepsTheConnectionADraft) {
  Stage stage;
  const Connection connection = OnboardWithoutPlace(stage);
  GetParam().make(stage, connection);
  const CheckReport report = stage.Check(connection);
  ASSERT_EQ(report.Find(GetParam().check)->status, kFail) << Told(report);
  EXPECT_EQ(Standing(stage).state, State::kDraft);
  EXPECT_TRUE(Standing(stage).cause.starts_with(GetParam().check)) << Standing(stage).cause;
  EXPECT_FALSE(
      Collect(stage.store(), stage.vault(), stage.catalog(), stage.platform(), connection.id, {})
          .ok());
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultInTheWayTest,
    testing::Values(Fault{"TrustWithoutExternalId", "external-id",
                          [](Stage& stage, const Connection& connection) {
                            Take(stage, connection, "iam:GetRole");
                            stage.SetTrust(connection,
                                           TrustOf(stage.aws().Platform().user_arn, ""));
                          }},
                    Fault{"AnotherExternalId", "identity",
                          [](Stage& stage, const Connection& connection) {
                            stage.SetTrust(connection,
                                           TrustOf(stage.aws().Platform().user_arn, "another"));
                          }},
                    Fault{"CannotBeListed", "bucket-list",
                          [](Stage& stage, const Connection& connection) {
                            Take(stage, connection, "s3:ListBucket");
                          }},
                    Fault{"CannotBeRead", "bucket-read",
                          [](Stage& stage, const Connection& connection) {
                            Take(stage, connection, "s3:GetObject");
                          }},
                    Fault{"NoDefinitionCanBeListed", "report-definition",
                          [](Stage& stage, const Connection& connection) {
                            Take(stage, connection, "cur:DescribeReportDefinitions");
                            Take(stage, connection, "bcm-data-exports:ListExports");
                          }}),
    [](const auto& test) { return test.param.name; });

TEST(StandingTest, WhatAnExportThatHasStoppedLeftBehindIsCollected) {
  for (const ExportKind kind : {ExportKind::kCur2, ExportKind::kLegacyCur}) {
    SCOPED_TRACE(Name(kind));
    rehearsal::Options options = EmptyWorld();
    options.clock = Instant{farthing::Now().micros - std::int64_t{280 * 86'400} * 1'000'000};
    Stage stage(options);
    Settings settings = stage.RoleSettings();
    settings.export_place = stage.AddExport(kind, "payer-bills", "billing");
    const Connection connection = stage.Onboard(settings);
    const CheckReport report = stage.Check(connection);
    EXPECT_EQ(With(report, kFail), "delivery") << Told(report);
    EXPECT_EQ(Standing(stage).state, State::kDegraded);
    EXPECT_FALSE(stage.Gather(connection).deliveries.empty());
    EXPECT_EQ(Standing(stage).state, State::kDegraded)
        << "what is there does not say that more comes";
    EXPECT_TRUE(Standing(stage).cause.starts_with("delivery: ")) << Standing(stage).cause;
    EXPECT_FALSE(Must(stage.catalog().ActiveLoads({})).empty());
  }
}

TEST(StandingTest, AFaultBesideTheBillDoesNotKeepAConnectionDisabled) {
  Stage stage;
  const Connection connection = OnboardWithoutPlace(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Must(Disable(stage.parts(), "production", "an audit"));
  stage.Control("set", R"({"cost_explorer":false})");
  EXPECT_TRUE(Must(Enable(stage.parts(), "production", {})).HasFailed());
  EXPECT_EQ(Standing(stage).state, State::kDegraded);
}

}  // namespace
}  // namespace farthing::connect
