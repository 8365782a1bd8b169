// The template is minimal: with its own statements every check passes, without any one action exactly the check that
// names it fails, and one action more is told as excess.

#include <gtest/gtest.h>

#include <algorithm>

#include "aws/billing_exports.h"
#include "aws/cost_explorer.h"
#include "aws/error.h"
#include "base/text.h"
#include "connect/grants/policy_comparison.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum PermissionSet;

struct Case {
  std::string name;
  std::set<PermissionSet> sets;
  ExportKind kind = ExportKind::kCur2;
  std::string prefix = "team/billing";
  bool keyed = false;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const PermissionSetInfo& info : PermissionSets()) {
    std::string name(Name(info.set));
    std::replace(name.begin(), name.end(), '-', '_');
    cases.push_back({name, {info.set}});
  }
  cases.push_back({"legacy", {kReadBilling, kManageExport}, ExportKind::kLegacyCur});
  cases.push_back({"focus", {kReadBilling, kManageExport}, ExportKind::kFocus});
  cases.push_back({"focus_1_0", {kReadBilling, kManageExport}, ExportKind::kFocus10});
  cases.push_back({"no_prefix", {kReadBilling}, ExportKind::kCur2, ""});
  cases.push_back({"legacy_no_prefix", {kReadBilling}, ExportKind::kLegacyCur, ""});
  cases.push_back({"keyed", {kReadBilling}, ExportKind::kCur2, "team/billing", true});
  cases.push_back({"legacy_keyed", {kReadBilling}, ExportKind::kLegacyCur, "team/billing", true});
  cases.push_back({"signs", {kReadBilling, kManageExport}, ExportKind::kCur2, "a*b?$c/it's"});
  cases.push_back({"legacy_signs", {kReadBilling}, ExportKind::kLegacyCur, "a*(b)!"});
  cases.push_back({"everything", AllSets()});
  cases.push_back({"everything_legacy_keyed", AllSets(), ExportKind::kLegacyCur, "x", true});
  return cases;
}

/// The checks that any chosen set names for an action.
std::set<std::string> NeededBy(const Settings& settings, const std::string& action) {
  std::set<std::string> ids;
  for (const PermissionSet set : settings.permission_sets) {
    const std::vector<Permission> needed = Must(NeededPermissions({set}, ScopeOf(settings)));
    for (const Permission& permission : needed) {
      if (permission.action == action) ids.emplace(permission.needed_by);
    }
  }
  return ids;
}

std::set<std::string> ActionsOf(const PolicyDocument& policy) {
  std::set<std::string> actions;
  for (const PolicyStatement& statement : policy.statements) {
    actions.insert(statement.actions.begin(), statement.actions.end());
  }
  return actions;
}

class MinimalTest : public testing::TestWithParam<Case> {
 protected:
  MinimalTest() : stage_(EmptyWorld()) {
    const Case& wanted = GetParam();
    stage_.Control("set", R"({"compute_optimizer":true,"cost_optimization_hub":true})");
    Settings settings = stage_.RoleSettings(wanted.sets);
    settings.export_place = stage_.AddExport(wanted.kind, "payer-bills", wanted.prefix);
    if (wanted.keyed) {
      const std::string made = stage_.Control("key", R"({"bucket":"payer-bills"})");
      settings.kms_key_arn = Split(made, '"')[3];
      stage_.aws().Restate(PeriodOf(stage_.aws().now()));
      Must(stage_.aws().Deliver());
    }
    connection_ = stage_.Onboard(settings);
    policy_ = stage_.PolicyOf(connection_);
  }

  Stage stage_;
  Connection connection_;
  PolicyDocument policy_;
};

TEST_P(MinimalTest, WithTheTemplatesOwnStatementsEveryCheckPasses) {
  const CheckReport report = stage_.Look(connection_);
  EXPECT_EQ(With(report, CheckStatus::kFail), "") << Told(report);
  EXPECT_EQ(With(report, CheckStatus::kWarning), "") << Told(report);
  EXPECT_EQ(With(report, CheckStatus::kSkipped), "drift") << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>());
  EXPECT_EQ(Graded(report, "excess:"), std::set<std::string>());
}

TEST_P(MinimalTest, WithoutAnyOneActionExactlyItsCheckFails) {
  for (const std::string& action : ActionsOf(policy_)) {
    SCOPED_TRACE(action);
    const std::set<std::string> ids = NeededBy(connection_.settings, action);
    const bool audits = ids.contains(std::string(check_id::kGrantedPermissions));
    std::set<std::string> expected;
    for (const std::string& id : ids) {
      if (!audits) expected.insert(id);
    }
    stage_.SetPolicy(connection_, Without(policy_, action));
    const CheckReport report = stage_.Look(connection_);
    std::set<std::string> failed;
    for (const CheckResult& result : report.results) {
      if (result.status != CheckStatus::kFail) continue;
      failed.insert(result.id);
      EXPECT_EQ(result.action, action) << result.id << ": " << result.cause;
      EXPECT_NE(result.fix.find(action), std::string::npos) << result.fix;
    }
    if (audits && failed.empty()) {
      // Read only where something is attached: AuditTest shows the refusal.
      EXPECT_EQ(Graded(report, "missing:"), std::set{action}) << Told(report);
      continue;
    }
    if (audits) expected.emplace(check_id::kGrantedPermissions);
    EXPECT_EQ(failed, expected) << Told(report);
    if (!audits) {
      EXPECT_EQ(Graded(report, "missing:"), std::set{action}) << Told(report);
    }
    const CheckResult* grants = report.Find(check_id::kGrantedPermissions);
    for (const CheckResult& result : report.results) {
      if (result.status != CheckStatus::kWarning) continue;
      EXPECT_EQ(&result, grants) << Told(report);
    }
  }
}

TEST_P(MinimalTest, OneActionMoreIsToldAsExcess) {
  const std::set<std::string> granted = ActionsOf(policy_);
  for (const std::string& action :
       {std::string("s3:GetObjectTagging"), std::string("s3:PutObject"), std::string("ce:*"),
        std::string("cur:DeleteReportDefinition"), std::string("bcm-data-exports:DeleteExport"),
        std::string("iam:ListUsers"), std::string("iam:Create*"), std::string("kms:Encrypt"),
        std::string("organizations:LeaveOrganization"), std::string("cloudwatch:PutMetricData"),
        std::string("ec2:TerminateInstances"), std::string("elasticloadbalancing:Describe*"),
        std::string("cost-optimization-hub:UpdatePreferences"), std::string("support:CreateCase"),
        std::string("compute-optimizer:UpdateEnrollmentStatus"),
        std::string("lambda:InvokeFunction"), std::string("*")}) {
    SCOPED_TRACE(action);
    PolicyDocument more = policy_;
    PolicyStatement extra;
    extra.actions = {action};
    extra.resources = {"*"};
    more.statements.push_back(extra);
    stage_.SetPolicy(connection_, more);
    const CheckReport report = stage_.Look(connection_);
    EXPECT_EQ(With(report, CheckStatus::kFail), "") << Told(report);
    EXPECT_EQ(With(report, CheckStatus::kWarning), "granted-permissions") << Told(report);
    EXPECT_EQ(Graded(report, "excess:"), std::set{action});
    EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>());
    const CheckResult& grants = *report.Find(check_id::kGrantedPermissions);
    EXPECT_NE(grants.cause.find("more than needed: " + action), std::string::npos) << grants.cause;
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, MinimalTest, testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

TEST(MinimalUseTest, TheCorrectedPolicyThatIsToldMendsTheRole) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kOrganization}));
  PolicyDocument bad = Without(stage.PolicyOf(connection), "s3:GetObject");
  bad.statements.back().actions.emplace_back("ec2:*");
  stage.SetPolicy(connection, bad);
  const CheckReport report = stage.Look(connection);
  const std::string& fix = report.Find(check_id::kGrantedPermissions)->fix;
  stage.SetPolicy(connection, Must(ParsePolicyDocument(fix.substr(fix.find('{')))));
  EXPECT_EQ(With(stage.Look(connection), CheckStatus::kWarning), "");
}

TEST(MinimalUseTest, AnAttachedPolicyIsAuditedWithItsVersion) {
  for (const std::string action : {"iam:GetPolicy", "iam:GetPolicyVersion"}) {
    SCOPED_TRACE(action);
    Stage stage;
    const Connection connection = stage.Onboard(stage.RoleSettings());
    const PolicyDocument whole = stage.PolicyOf(connection);
    const std::string arn = "arn:aws:iam::" + stage.aws().payer() + ":policy/farthing";
    stage.AdminForm(
        "iam", "CreatePolicy",
        {{"PolicyName", "farthing"}, {"PolicyDocument", ToJson(Without(whole, action))}});
    stage.AdminForm("iam", "AttachRolePolicy", {{"RoleName", "farthing"}, {"PolicyArn", arn}});
    stage.SetPolicy(connection, {});
    const CheckReport refused = stage.Look(connection);
    EXPECT_EQ(With(refused, CheckStatus::kFail), "granted-permissions") << Told(refused);
    EXPECT_EQ(refused.Find(check_id::kGrantedPermissions)->action, action);
    stage.AdminForm(
        "iam", "CreatePolicyVersion",
        {{"PolicyArn", arn}, {"PolicyDocument", ToJson(whole)}, {"SetAsDefault", "true"}});
    const CheckReport mended = stage.Look(connection);
    EXPECT_EQ(With(mended, CheckStatus::kFail), "") << Told(mended);
    EXPECT_EQ(With(mended, CheckStatus::kWarning), "") << Told(mended);
  }
}

/// An operation of a feature, done as the connection.
struct Feature {
  std::string action;
  Result<void> (*run)(aws::Client& client, const ExportPlace& place);
};

aws::DataExport NewDataExport(const ExportPlace& place) {
  aws::DataExport wanted;
  wanted.name = place.name;
  wanted.arn = place.arn;
  wanted.query = "SELECT * FROM COST_AND_USAGE_REPORT";
  wanted.table = "COST_AND_USAGE_REPORT";
  wanted.table_properties = {{"TIME_GRANULARITY", "HOURLY"}, {"INCLUDE_RESOURCES", "TRUE"}};
  wanted.bucket = place.bucket;
  wanted.prefix = place.prefix;
  wanted.bucket_region = "us-east-1";
  wanted.format = "TEXT_OR_CSV";
  wanted.compression = "GZIP";
  wanted.overwrite = "OVERWRITE_REPORT";
  return wanted;
}

Result<void> PutToBucket(aws::Client& client, const ExportPlace& place, const std::string& what,
                         const std::string& body) {
  aws::Call call{aws::Service::kS3, what.empty() ? "CreateBucket" : "PutBucketPolicy"};
  call.method = "PUT";
  call.bucket = place.bucket;
  if (!what.empty()) call.query = {{what, ""}};
  call.body = body;
  TRY(client.Send(call));
  return {};
}

const std::vector<Feature>& Features() {
  static const std::vector<Feature> features{
      {"s3:CreateBucket",
       [](aws::Client& c, const ExportPlace& p) { return PutToBucket(c, p, "", ""); }},
      {"s3:PutBucketPolicy",
       [](aws::Client& c, const ExportPlace& p) {
         return PutToBucket(
             c, p, "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/*"]}]})");
       }},
      {"bcm-data-exports:GetTable",
       [](aws::Client& c, const ExportPlace&) -> Result<void> {
         TRY(aws::TableColumns(c, "COST_AND_USAGE_REPORT", {{"TIME_GRANULARITY", "HOURLY"}}));
         return {};
       }},
      {"bcm-data-exports:CreateExport",
       [](aws::Client& c, const ExportPlace& p) -> Result<void> {
         TRY(aws::CreateDataExport(c, NewDataExport(p)));
         return {};
       }},
      {"cur:PutReportDefinition",
       [](aws::Client& c, const ExportPlace& p) -> Result<void> {
         TRY(aws::CreateDataExport(c, NewDataExport(p)));
         return {};
       }},
      {"bcm-data-exports:UpdateExport",
       [](aws::Client& c, const ExportPlace& p) {
         return aws::UpdateDataExport(c, NewDataExport(p));
       }},
      {"ce:UpdateCostAllocationTagsStatus",
       [](aws::Client& c, const ExportPlace&) {
         return aws::UpdateCostAllocationTags(c, {"team"}, "Active");
       }},
      {"ce:StartCostAllocationTagBackfill",
       [](aws::Client& c, const ExportPlace&) {
         return aws::StartTagBackfill(c, "2026-01-01T00:00:00Z");
       }},
      {"ce:ListCostAllocationTagBackfillHistory",
       [](aws::Client& c, const ExportPlace&) -> Result<void> {
         TRY(aws::ListTagBackfills(c));
         return {};
       }},
  };
  return features;
}

const std::set<std::string_view> kOnRequest{
    check_id::kCreateBucket, check_id::kCreateExport, check_id::kMaintainBucketPolicy,
    check_id::kAdjustExport, check_id::kActivateTags, check_id::kBackfillTags};

TEST(MinimalUseTest, WithoutItsActionAFeatureIsRefusedByName) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings(AllSets());
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  const PolicyDocument policy = stage.PolicyOf(connection);
  const auto client = stage.ClientOf(connection);
  std::set<std::string> tried;
  for (const Feature& feature : Features()) {
    SCOPED_TRACE(feature.action);
    tried.insert(feature.action);
    stage.SetPolicy(connection, policy);
    const Result<void> allowed = feature.run(*client, settings.export_place);
    if (!allowed.ok()) {
      EXPECT_NE(allowed.error().code(), Errc::kPermissionDenied) << allowed.error().message();
    }
    stage.SetPolicy(connection, Without(policy, feature.action));
    const Result<void> refused = feature.run(*client, settings.export_place);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied) << refused.error().message();
    EXPECT_NE(refused.error().message().find(feature.action), std::string::npos)
        << refused.error().message();
    EXPECT_NE(refused.error().hint(), "");
  }
  for (const std::string& action : ActionsOf(policy)) {
    for (const std::string& id : NeededBy(connection.settings, action)) {
      if (kOnRequest.contains(id) && id != check_id::kMaintainBucketPolicy) {
        EXPECT_TRUE(tried.contains(action)) << action << " of " << id << " is tried by nothing";
      }
    }
  }
}

}  // namespace
}  // namespace farthing::connect
