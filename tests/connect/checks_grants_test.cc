// Granted against needed permissions, and what a boundary or the organisation takes away.

#include <gtest/gtest.h>

#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

}  // namespace

const std::vector<Trouble>& GrantTroubles() {
  static const std::vector<Trouble> troubles{
      {"MoreThanNeeded", "granted-permissions", kWarning,
       [](Stage& stage, Connection& connection) {
         PolicyDocument policy = stage.PolicyOf(connection);
         policy.statements.back().actions.emplace_back("s3:DeleteObject");
         stage.SetPolicy(connection, policy);
       },
       "s3:DeleteObject", "\"Version\": \"2012-10-17\""},
      Denied("GrantsCannotBeRead", "granted-permissions", "iam:ListRolePolicies", "AccessDenied"),
      NotGranted("BucketCannotBeMade", "create-bucket", "s3:CreateBucket"),
      NotGranted("BucketPolicyCannotBeCompleted", "maintain-bucket-policy", "s3:PutBucketPolicy"),
      NotGranted("ExportCannotBeMade", "create-export", "bcm-data-exports:CreateExport"),
      NotGranted("ReportCannotBeMended", "adjust-export", "cur:ModifyReportDefinition",
                 ExportKind::kLegacyCur),
      NotGranted("TagsCannotBeActivated", "activate-tags", "ce:UpdateCostAllocationTagsStatus"),
      NotGranted("TagsCannotBeBackfilled", "backfill-tags", "ce:StartCostAllocationTagBackfill"),
      {"SomebodyChangedThePolicy", "drift", kWarning,
       [](Stage& stage, Connection& c) { Without(stage, c, "ce:GetCostAndUsage"); },
       "somebody changed", "CloudTrail"},
  };
  return troubles;
}

INSTANTIATE_TEST_SUITE_P(Grant, CheckTest, testing::ValuesIn(GrantTroubles()), NameOfTrouble);

namespace {

/// The template with IAM's simulation, which is the only one to tell of the organisation's policies.
void LetSimulate(Stage& stage, const Connection& connection) {
  PolicyDocument policy = stage.PolicyOf(connection);
  PolicyStatement more;
  more.actions = {"iam:SimulatePrincipalPolicy"};
  more.resources = {connection.settings.role_arn};
  policy.statements.push_back(more);
  stage.SetPolicy(connection, policy);
}

TEST(GrantLimitsTest, SimulationTellsWhatTheOrganisationTakesAway) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({PermissionSet::kResources});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", "345678901234", "farthing");
  settings.export_place = ExportPlace();
  const Connection connection = stage.Onboard(settings);
  LetSimulate(stage, connection);
  EXPECT_EQ(stage.Look(connection).Find("granted-permissions")->status, kPass);
  stage.aws().AddServiceControlPolicy("r-exam",
                                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                      R"("Action":"ec2:DescribeSnapshots","Resource":"*"}]})");
  const CheckReport report = stage.Look(connection);
  const CheckResult& grants = *report.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>{"ec2:DescribeSnapshots"});
  EXPECT_NE(grants.cause.find("service control policy"), std::string::npos) << grants.cause;
  EXPECT_EQ(grants.fix.find('{'), std::string::npos) << "another policy would not help";
}

TEST(GrantLimitsTest, SimulationAgreesWithTheMinimum) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings(AllSets());
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  LetSimulate(stage, connection);
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
  Deny(stage, "iam", "SimulatePrincipalPolicy");
  EXPECT_EQ(stage.Look(connection).Find("granted-permissions")->status, kPass)
      << "it is a hint, no need";
}

void Bound(Stage& stage, const Connection& connection, const PolicyDocument& boundary) {
  const std::string arn = "arn:aws:iam::" + stage.aws().payer() + ":policy/boundary";
  stage.AdminForm("iam", "CreatePolicy",
                  {{"PolicyName", "boundary"}, {"PolicyDocument", ToJson(boundary)}});
  stage.AdminForm(
      "iam", "PutRolePermissionsBoundary",
      {{"RoleName", RoleName(connection.settings.role_arn)}, {"PermissionsBoundary", arn}});
}

TEST(GrantLimitsTest, ABoundaryIsReadAndWhatItLeavesOutIsTold) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kCostExplorer}));
  Bound(stage, connection, Without(stage.PolicyOf(connection), "ce:GetCostAndUsage"));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "cost-explorer") << Told(report);
  const CheckResult& grants = *report.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>{"ce:GetCostAndUsage"});
  EXPECT_NE(grants.cause.find(":policy/boundary leaves it out"), std::string::npos) << grants.cause;
  EXPECT_NE(grants.fix.find("add the actions to its permissions boundary"), std::string::npos);
}

TEST(GrantLimitsTest, ABoundaryThatAllowsTheMinimumTakesNothingAway) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kCostExplorer}));
  Bound(stage, connection, stage.PolicyOf(connection));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "") << Told(report);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
}

TEST(GrantLimitsTest, ABoundaryOfAUserIsReadAsWell) {
  Stage stage;
  Settings settings = stage.RoleSettings({kReadBilling, kCostExplorer, kOrganization});
  settings.type = ConnectionType::kPayerKeys;
  settings.role_arn.clear();
  settings.account_id = stage.aws().payer();
  const PolicyDocument policy = Must(MinimumPolicy(settings.permission_sets, ScopeOf(settings)));
  const auto [id, secret] = stage.MakeUser("farthing", policy);
  settings.access_key_id = id;
  const Connection connection = stage.Create(settings, secret);
  const CheckReport before = stage.Look(connection);
  EXPECT_EQ(before.Find("granted-permissions")->status, kPass) << Told(before);

  const PolicyDocument boundary = Without(policy, "ce:GetCostAndUsage");
  stage.AdminForm("iam", "CreatePolicy",
                  {{"PolicyName", "boundary"}, {"PolicyDocument", ToJson(boundary)}});
  stage.AdminForm(
      "iam", "PutUserPermissionsBoundary",
      {{"UserName", "farthing"},
       {"PermissionsBoundary", "arn:aws:iam::" + stage.aws().payer() + ":policy/boundary"}});
  const CheckReport bound = stage.Look(connection);
  EXPECT_EQ(Graded(bound, "missing:"), std::set<std::string>{"ce:GetCostAndUsage"}) << Told(bound);
  EXPECT_NE(bound.Find("granted-permissions")->cause.find(":policy/boundary leaves it out"),
            std::string::npos);

  stage.AdminForm("iam", "PutUserPolicy",
                  {{"UserName", "farthing"},
                   {"PolicyName", "farthing"},
                   {"PolicyDocument", ToJson(Without(policy, "iam:GetUser"))}});
  const CheckReport unread = stage.Look(connection);
  EXPECT_EQ(unread.Find("granted-permissions")->status, kWarning) << Told(unread);
  EXPECT_EQ(Graded(unread, "missing:"), std::set<std::string>{"iam:GetUser"});
}

}  // namespace
}  // namespace farthing::connect
