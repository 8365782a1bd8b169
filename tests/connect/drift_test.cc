// Drift is what was read and differs, or is denied now.  Faults of AWS, the network and the hour are none: nobody
// changed anything.

#include <gtest/gtest.h>

#include "aws/error.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;

struct Outage {
  std::string name, service, action;
  rehearsal::FaultKind kind;
  std::string unanswered;  ///< the check that it meets
};

class DriftTest : public testing::TestWithParam<Outage> {};

Settings WithOrganisation(const Stage& stage) {
  return stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kOrganization});
}

TEST_P(DriftTest, AnOutageIsNoChangeOfAnybody) {
  const Outage& outage = GetParam();
  Stage stage;
  const Connection connection = stage.Onboard(WithOrganisation(stage));
  const CheckReport before = stage.Look(connection);
  ASSERT_FALSE(before.HasFailed()) << Told(before);
  stage.aws().Inject({.kind = outage.kind, .service = outage.service, .action = outage.action});
  const CheckReport during = stage.Look(connection, &before);
  const CheckResult& met = *during.Find(outage.unanswered);
  EXPECT_EQ(met.status, kFail) << Told(during);
  EXPECT_NE(met.finding.find("AWS did not answer"), std::string::npos) << met.finding;
  EXPECT_EQ(met.connector_code, "");
  const CheckResult& drift = *during.Find("drift");
  EXPECT_EQ(drift.status, kPass) << Told(during);
  EXPECT_NE(drift.finding.find("not compared: " + outage.unanswered), std::string::npos)
      << drift.finding;

  // What comes to light after an outage is compared with the time before it.
  stage.Control("clear-faults", "{}");
  EXPECT_EQ(stage.Look(connection, &during).Find("drift")->status, kPass);
  PolicyDocument policy = stage.PolicyOf(connection);
  policy.statements.back().actions.emplace_back("s3:DeleteObject");
  stage.SetPolicy(connection, policy);
  const CheckReport after = stage.Look(connection, &during);
  EXPECT_EQ(after.Find("drift")->status, kWarning) << Told(after);
}

INSTANTIATE_TEST_SUITE_P(
    Outages, DriftTest,
    testing::Values(Outage{"Throttled", "sts", "", rehearsal::FaultKind::kThrottle, "credentials"},
                    Outage{"Unavailable", "organizations", "", rehearsal::FaultKind::kUnavailable,
                           "organization"},
                    Outage{"NoExports", "bcm-data-exports", "", rehearsal::FaultKind::kThrottle,
                           "export-definition"},
                    Outage{"Closed", "s3", "ListObjectsV2", rehearsal::FaultKind::kClose,
                           "bucket-list"},
                    Outage{"Failing", "iam", "", rehearsal::FaultKind::kServerError, "role-trust"}),
    [](const auto& test) { return test.param.name; });

TEST(DriftTest, ADenialIsAChange) {
  Stage stage;
  const Connection connection = stage.Onboard(WithOrganisation(stage));
  const CheckReport before = stage.Look(connection);
  stage.aws().Inject({.kind = rehearsal::FaultKind::kDeny, .service = "organizations"});
  const CheckReport denied = stage.Look(connection, &before);
  EXPECT_EQ(denied.Find("drift")->status, kWarning) << Told(denied);
  EXPECT_NE(denied.Find("drift")->finding.find("organization"), std::string::npos);
}

TEST(DriftTest, ThatDeliveriesStoppedIsNoChangeOfSettings) {
  rehearsal::Options options = SmallWorld();
  Stage stage(options);
  const Connection connection = stage.Onboard(stage.RoleSettings());
  CheckReport before = stage.Look(connection);
  stage.aws().Inject({.kind = rehearsal::FaultKind::kStopDeliveries});
  stage.Control("advance", R"({"by":"6d"})");
  stage.platform().environment.now = [&stage] { return stage.aws().now(); };
  const CheckReport silent = stage.Look(connection, &before);
  EXPECT_EQ(silent.Find("delivery")->status, kFail) << Told(silent);
  EXPECT_EQ(silent.Find("drift")->status, kPass) << Told(silent);
}

}  // namespace
}  // namespace farthing::connect
