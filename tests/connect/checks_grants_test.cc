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

void DenyToo(Stage& stage, const Connection& connection, const std::string& action,
             const std::string& resource) {
  PolicyDocument policy = stage.PolicyOf(connection);
  PolicyStatement deny;
  deny.sid = "NoData";
  deny.is_deny = true;
  deny.actions = {action};
  deny.resources = {resource};
  policy.statements.push_back(deny);
  stage.SetPolicy(connection, policy);
}

TEST(DenyTest, AStatementThatDeniesIsNamedAndNothingIsToBeAdded) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  DenyToo(stage, connection, "s3:ListBucket", "*");
  const CheckReport report = stage.Look(connection);
  for (const char* id : {"bucket-list", "granted-permissions"}) {
    const CheckResult& result = *report.Find(id);
    EXPECT_NE(result.fix.find("take s3:ListBucket out of the statement that denies it: NoData of"),
              std::string::npos)
        << Told(report);
    EXPECT_EQ(result.fix.find("allow s3:ListBucket"), std::string::npos) << result.fix;
    EXPECT_EQ(result.fix.find('{'), std::string::npos) << result.fix;
  }
}

TEST(DenyTest, ADenyOnAPartOfThePrefixIsTold) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  const ExportPlace place = stage.ExistingExport();
  const std::string data =
      "arn:aws:s3:::" + place.bucket + "/" + place.prefix + "/" + place.name + "/data/*";
  DenyToo(stage, connection, "s3:GetObject", data);
  const CheckReport report = stage.Look(connection);
  const CheckResult& grants = *report.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(report);
  EXPECT_NE(grants.cause.find("s3:GetObject (denied on " + data + " by NoData of"),
            std::string::npos)
      << grants.cause;
}

TEST(OwnTemplateTest, WhatItGrantsBeforeTheExportIsKnownIsNoExcess) {
  Stage stage;
  Settings settings = stage.RoleSettings({kReadBilling, kManageExport, kOrganization});
  settings.export_place.kind.reset();
  settings.export_place.name = "cur2-parquet";
  const CheckReport report = stage.Look(stage.Onboard(settings));
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
}

TEST(ManagedPolicyTest, WhatAwsWroteIsToBeDetached) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  const std::string arn = "arn:aws:iam::aws:policy/AdministratorAccess";
  stage.AdminForm("iam", "AttachRolePolicy",
                  {{"RoleName", RoleName(connection.settings.role_arn)}, {"PolicyArn", arn}});
  const CheckReport more = stage.Look(connection);
  const CheckResult& grants = *more.Find("granted-permissions");
  EXPECT_EQ(grants.status, kWarning) << Told(more);
  EXPECT_EQ(grants.fix, "detach AdministratorAccess: aws iam detach-role-policy --role-name " +
                            RoleName(connection.settings.role_arn) + " --policy-arn " + arn);
  // Alone it grants all that is needed: without it something must stand in its place.
  PolicyDocument other;
  PolicyStatement one;
  one.actions = {"iam:GetRole"};
  one.resources = {connection.settings.role_arn};
  other.statements = {one};
  stage.SetPolicy(connection, other);
  const CheckReport alone = stage.Look(connection);
  const std::string& fix = alone.Find("granted-permissions")->fix;
  EXPECT_TRUE(fix.starts_with("detach AdministratorAccess")) << fix;
  EXPECT_NE(fix.find("ReadBills"), std::string::npos) << fix;
  EXPECT_EQ(fix.find("SimulatePrincipalPolicy"), std::string::npos) << fix;
}

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
