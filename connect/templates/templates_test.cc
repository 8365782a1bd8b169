#include "connect/templates/templates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <regex>

#include "base/text.h"
#include "connect/store.h"
#include "connect/templates/guide.h"

namespace farthing::connect {
namespace {

TemplateRequest Request(Purpose purpose = Purpose::kExisting) {
  TemplateRequest request;
  request.purpose = purpose;
  request.principal = "arn:aws:iam::210987654321:role/farthing";
  request.settings.name = "production";
  request.settings.account_id = "123456789012";
  request.settings.external_id = "farthing-0123";
  request.settings.export_place.bucket = "bills";
  request.settings.export_place.prefix = "cur";
  if (purpose == Purpose::kMembers) request.targets = {"r-abcd"};
  return request;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(TemplatesTest, TheTrustPolicyNamesOnePrincipalAndTheExternalId) {
  EXPECT_EQ(ToJson(*LiteralTrust(*MakePlan(Request()))), R"({
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "FarthingWithItsExternalId",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::210987654321:role/farthing"},
      "Action": "sts:AssumeRole",
      "Condition": {"StringEquals": {"sts:ExternalId": "farthing-0123"}}
    }
  ]
}
)");
}

TEST(TemplatesTest, APolicyToPaste) {
  TemplateRequest request = Request();
  request.settings.type = ConnectionType::kBucket;
  request.settings.account_id.clear();
  EXPECT_EQ(ToJson(LiteralPolicy(*MakePlan(request))), R"({
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListBills",
      "Effect": "Allow",
      "Action": ["s3:ListBucket"],
      "Resource": "arn:aws:s3:::bills",
      "Condition": {"StringLike": {"s3:prefix": ["cur", "cur/*"]}}
    },
    {
      "Sid": "ReadBills",
      "Effect": "Allow",
      "Action": ["s3:GetObject"],
      "Resource": "arn:aws:s3:::bills/cur/*"
    }
  ]
}
)");
}

TEST(TemplatesTest, KeysGetTheSetsThatTheirTypeHas) {
  TemplateRequest request = Request();
  request.settings.role_arn.clear();
  request.settings.permission_sets = {PermissionSet::kReadBilling};
  request.settings.type = ConnectionType::kPayerKeys;
  const std::string payer = ToJson(LiteralPolicy(*MakePlan(request)));
  EXPECT_TRUE(Contains(payer, "organizations:ListAccounts")) << payer;
  request.settings.type = ConnectionType::kLinkedKeys;
  const std::string linked = ToJson(LiteralPolicy(*MakePlan(request)));
  EXPECT_FALSE(Contains(linked, "s3:GetObject")) << linked;
}

TEST(TemplatesTest, PrincipalsThatAreTooWideOrPassAreRefused) {
  for (const char* principal : {"*", "arn:aws:iam::210987654321:root", "210987654321",
                                "arn:aws:sts::210987654321:assumed-role/farthing/session"}) {
    TemplateRequest request = Request();
    request.principal = principal;
    EXPECT_FALSE(MakePlan(request).ok()) << principal;
  }
  TemplateRequest request = Request();
  request.principal.clear();
  EXPECT_FALSE(LiteralTrust(*MakePlan(request)).ok());
}

TEST(TemplatesTest, TheExternalIdParameterTakesWhatWeMakeAndIsShown) {
  const std::string json = CloudFormation(*MakePlan(Request()), TemplateFormat::kJson);
  const auto root = boost::json::parse(json);
  const auto& parameter = root.at("Parameters").at("ExternalId").as_object();
  const std::regex pattern(std::string(parameter.at("AllowedPattern").as_string()));
  EXPECT_TRUE(std::regex_match(NewExternalId(), pattern));
  EXPECT_TRUE(std::regex_match("a+b=c,d.e@f:g/h-i_J9", pattern));
  EXPECT_FALSE(std::regex_match("a b", pattern));
  EXPECT_FALSE(Contains(json, "NoEcho"));
}

TEST(TemplatesTest, ANewExportIsGuardedKeptAndMadeAfterTheBucketPolicy) {
  for (const ExportKind kind :
       {ExportKind::kCur2, ExportKind::kLegacyCur, ExportKind::kFocus, ExportKind::kFocus10}) {
    TemplateRequest request = Request(Purpose::kNewExport);
    request.settings.export_place.kind = kind;
    const auto root = boost::json::parse(CloudFormation(*MakePlan(request), TemplateFormat::kJson));
    EXPECT_TRUE(root.at("Rules").as_object().contains("BillingRegion"));
    EXPECT_TRUE(root.at("Rules").as_object().contains("RightAccount"));
    const auto& resources = root.at("Resources").as_object();
    EXPECT_EQ(resources.at("Export").at("DependsOn").as_string(), "BucketPolicy");
    for (const char* kept : {"Bucket", "BucketPolicy", "Export"}) {
      EXPECT_EQ(resources.at(kept).at("DeletionPolicy").as_string(), "Retain") << kept;
    }
  }
}

TEST(TemplatesTest, AFocusExportAsksForTheColumnsOfItsTableAndForNoReport) {
  for (const auto& [kind, configured] :
       {std::pair{ExportKind::kFocus, true}, std::pair{ExportKind::kFocus10, false}}) {
    TemplateRequest request = Request(Purpose::kNewExport);
    request.settings.export_place.kind = kind;
    request.settings.permission_sets.insert(PermissionSet::kManageExport);
    const std::string table(TableOf(kind));
    const Plan plan = *MakePlan(request);
    const auto root = boost::json::parse(CloudFormation(plan, TemplateFormat::kJson));
    const auto& query =
        root.at("Resources").at("Export").at("Properties").at("Export").at("DataQuery");
    EXPECT_EQ(query.at("QueryStatement").as_string(), NewExportOf(kind).query.c_str());
    EXPECT_TRUE(NewExportOf(kind).query.ends_with(" FROM " + table));
    EXPECT_EQ(query.as_object().contains("TableConfigurations"), configured);
    const std::string policy = ToJson(LiteralPolicy(plan));
    EXPECT_TRUE(Contains(policy, ":table/" + table + "\""));
    EXPECT_FALSE(Contains(policy, "cur:")) << policy;
  }
}

TEST(TemplatesTest, TheAuditSeesNoBillAndNoCost) {
  TemplateRequest request = Request(Purpose::kAudit);
  for (const PermissionSetInfo& info : PermissionSets())
    request.settings.permission_sets.insert(info.set);
  request.settings.export_place.name = "main";
  const std::string policy = ToJson(LiteralPolicy(*MakePlan(request)));
  for (const char* action :
       {"GetObject", "Decrypt", "GetCostAndUsage", "Put", "Create", "Update", "Start"}) {
    EXPECT_FALSE(Contains(policy, action)) << action;
  }
  EXPECT_TRUE(Contains(policy, "iam:GetRole"));
}

TEST(TemplatesTest, NoTemplateTouchesEventNotifications) {
  TemplateRequest request = Request(Purpose::kNewExport);
  request.settings.permission_sets.insert(PermissionSet::kManageExport);
  const Plan plan = *MakePlan(request);
  const std::string script = *CliScript(plan);
  for (const std::string& text :
       {script, Terraform(plan), CloudFormation(plan, TemplateFormat::kYaml)}) {
    EXPECT_FALSE(Contains(text, "PutBucketNotification"));
    EXPECT_FALSE(Contains(text, "put-bucket-notification"));
    EXPECT_FALSE(Contains(text, "NotificationConfiguration:"));
    EXPECT_FALSE(Contains(text, "aws_s3_bucket_notification"));
  }
  EXPECT_TRUE(Contains(script, "get-bucket-notification-configuration"));
}

TEST(TemplatesTest, EveryActionCarriesItsReasonWhereCommentsExist) {
  TemplateRequest request = Request();
  for (const PermissionSetInfo& info : PermissionSets())
    request.settings.permission_sets.insert(info.set);
  request.settings.export_place.name = "main";
  const Plan plan = *MakePlan(request);
  for (const std::string& text :
       {*CliScript(plan), Terraform(plan), CloudFormation(plan, TemplateFormat::kYaml)}) {
    for (const Permission& permission : plan.permissions) {
      EXPECT_TRUE(Contains(text, permission.reason)) << permission.action;
    }
  }
}

TEST(TemplatesTest, AForeignBucketLetsTheRoleInAndNobodyElse) {
  TemplateRequest request = Request();
  request.settings.bucket_owner = "999999999999";
  const Plan plan = *MakePlan(request);
  const PolicyDocument policy = *LiteralBucketPolicy(plan);
  ASSERT_EQ(policy.statements.size(), 2u);
  for (const PolicyStatement& statement : policy.statements) {
    EXPECT_EQ(statement.principals[0].second, "arn:aws:iam::123456789012:role/farthing");
  }
  const auto steps = GuideSteps(plan, SetupWay::kByHand);
  EXPECT_TRUE(std::any_of(steps.begin(), steps.end(),
                          [](const Step& step) { return Contains(step.title, "other account"); }));
}

TEST(TemplatesTest, TheQuickCreateLinkFillsEveryParameter) {
  TemplateRequest request = Request();
  request.settings.name = "o'brien & sons";
  request.settings.external_id = "a=b&c/d+e";
  const Plan plan = *MakePlan(request);
  const std::string link = *QuickCreateLink(plan, "https://tpl.s3.eu-west-1.amazonaws.com/v1/");
  EXPECT_TRUE(link.starts_with(
      "https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1"
      "#/stacks/create/review?templateURL=https%3A%2F%2Ftpl.s3.eu-west-1"));
  EXPECT_TRUE(Contains(link, "&stackName=farthing-o-brien---sons&"));
  EXPECT_TRUE(Contains(link, "&param_ExternalId=a%3Db%26c%2Fd%2Be"));
  for (const TemplateParameter& parameter : plan.parameters) {
    EXPECT_TRUE(Contains(link, "&param_" + parameter.name + "=")) << parameter.name;
  }
  EXPECT_FALSE(QuickCreateLink(plan, "https://example.net/templates").ok());
  EXPECT_FALSE(QuickCreateLink(plan, "http://tpl.s3.amazonaws.com/").ok());
}

TEST(TemplatesTest, TheGenericTemplateHoldsNothingOfAConnection) {
  TemplateRequest request = Request();
  request.settings.export_place.bucket = "very-own-bucket";
  request.settings.export_place.prefix = "own-prefix";
  const std::string named = TemplateObjectName(*MakePlan(request));
  request.generic = true;
  const Plan plan = *MakePlan(request);
  const std::string text = CloudFormation(plan, TemplateFormat::kYaml);
  for (const char* own :
       {"very-own-bucket", "own-prefix", "farthing-0123", "123456789012", "210987654321"}) {
    EXPECT_FALSE(Contains(text, own)) << own;
  }
  EXPECT_EQ(TemplateObjectName(plan), named);
}

TEST(TemplatesTest, ABucketThatIsNotKnownYetIsAskedFor) {
  TemplateRequest request = Request();
  request.settings.export_place.bucket.clear();
  const Plan plan = *MakePlan(request);
  EXPECT_FALSE(CheckComplete(plan).ok());
  EXPECT_FALSE(CliScript(plan).ok());
  const auto root = boost::json::parse(CloudFormation(plan, TemplateFormat::kJson));
  EXPECT_FALSE(root.at("Parameters").at("BillingBucket").as_object().contains("Default"));
  EXPECT_FALSE(GuideSteps(plan, SetupWay::kByHand).empty());
  EXPECT_TRUE(CheckComplete(*MakePlan(Request())).ok());
}

TEST(TemplatesTest, AnUnknownPathIsAParameterAndWarnedAbout) {
  TemplateRequest request = Request();
  request.settings.export_place.prefix.clear();
  const Plan plan = *MakePlan(request);
  const auto root = boost::json::parse(CloudFormation(plan, TemplateFormat::kJson));
  EXPECT_EQ(root.at("Parameters").at("BillingPrefix").at("Default").as_string(), "");
  EXPECT_TRUE(root.at("Conditions").as_object().contains("HasPrefix"));
  const std::string policy =
      boost::json::serialize(root.at("Resources").at("Role").at("Properties").at("Policies"));
  EXPECT_TRUE(Contains(policy, R"("arn:${AWS::Partition}:s3:::${BillingBucket}/${BelowPrefix}*")"))
      << policy;
  EXPECT_TRUE(Contains(policy, R"("Condition":{"Fn::If":["HasPrefix",{"StringLike")")) << policy;
  const std::string terraform = Terraform(plan);
  EXPECT_TRUE(Contains(terraform, "Condition = local.only_below_prefix")) << terraform;
  EXPECT_TRUE(Contains(terraform, "${var.billing_bucket}/${local.below_prefix}*")) << terraform;
  EXPECT_TRUE(Contains(ToJson(LiteralPolicy(plan)), "arn:aws:s3:::bills/*"));

  const auto warned = [](const Plan& of, SetupWay way) {
    const auto steps = GuideSteps(of, way);
    return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
      return std::any_of(step.warnings.begin(), step.warnings.end(),
                         [](const Warning& warning) { return warning.id == "whole-bucket"; });
    });
  };
  for (const SetupWay way :
       {SetupWay::kByHand, SetupWay::kCloudFormation, SetupWay::kTerraform, SetupWay::kCli}) {
    EXPECT_TRUE(warned(plan, way));
    EXPECT_FALSE(warned(*MakePlan(Request()), way)) << "the path is known";
  }
  EXPECT_FALSE(warned(*MakePlan(Request(Purpose::kAudit)), SetupWay::kByHand));
}

TEST(TemplatesTest, PartitionsHaveTheirOwnRegionAndConsole) {
  TemplateRequest request = Request(Purpose::kNewExport);
  request.settings.partition = "aws-cn";
  const Plan plan = *MakePlan(request);
  EXPECT_TRUE(Contains(CloudFormation(plan, TemplateFormat::kYaml), "cn-northwest-1"));
  EXPECT_EQ(ConsoleLink(plan, "iam/home"), "https://cn-northwest-1.console.amazonaws.cn/iam/home");
  EXPECT_TRUE(Contains(ToJson(LiteralPolicy(plan)), "arn:aws-cn:s3:::bills"));
}

TEST(TemplatesTest, WhatNeedsNothingInAwsIsRefused) {
  TemplateRequest request = Request();
  request.settings.type = ConnectionType::kDirectory;
  EXPECT_FALSE(MakePlan(request).ok());
  request = Request();
  request.settings.type = ConnectionType::kPayerKeys;
  EXPECT_FALSE(LiteralTrust(*MakePlan(request)).ok());
  request.purpose = Purpose::kMembers;
  EXPECT_FALSE(MakePlan(request).ok());
}

TEST(GuideTest, TheWarningsOfTheGuidesStandWhereTheyApply) {
  TemplateRequest request = Request(Purpose::kNewExport);
  request.settings.permission_sets.insert(PermissionSet::kOrganization);
  const auto ids = [](const std::vector<Step>& steps) {
    std::set<std::string> found;
    for (const Step& step : steps) {
      for (const Warning& warning : step.warnings) found.insert(warning.id);
    }
    return found;
  };
  const auto stack = ids(GuideSteps(*MakePlan(request), SetupWay::kCloudFormation));
  for (const char* id : {"right-account", "management-account-first", "consolidated-billing",
                         "billing-region", "iam-acknowledgement", "event-notifications", "backfill",
                         "first-delivery", "restricted-administrator", "stack-time"}) {
    EXPECT_TRUE(stack.contains(id)) << id;
  }
  const auto by_hand = ids(GuideSteps(*MakePlan(Request()), SetupWay::kByHand));
  EXPECT_TRUE(by_hand.contains("no-mfa") && by_hand.contains("external-id"));
  EXPECT_FALSE(by_hand.contains("iam-acknowledgement") || by_hand.contains("consolidated-billing"));
}

TEST(GuideTest, SwitchingSetsIsToldActionByAction) {
  const Plan plan = *MakePlan(Request());
  const auto changes = *DiffSets(plan, {PermissionSet::kReadBilling, PermissionSet::kOrganization});
  EXPECT_EQ(changes.size(), 5u);
  EXPECT_TRUE(std::all_of(changes.begin(), changes.end(), [](const SetChange& change) {
    return change.added && change.action.starts_with("organizations:") && !change.reason.empty();
  }));
  const auto less = *DiffSets(plan, {});
  EXPECT_TRUE(!less.empty() &&
              std::none_of(less.begin(), less.end(), [](const auto& c) { return c.added; }));
  EXPECT_TRUE(DiffSets(plan, plan.sets)->empty());
}

TEST(TemplateTreeTest, WhatAPersonTypesStaysText) {
  EXPECT_EQ(QuoteHcl("a\"b\\c\n${d} %{e} $f \x01"), R"("a\"b\\c\n$${d} %%{e} $f \u0001")");
  for (const char* word : {"yes", "No", "null", "12", "1e3", "a: b", "- a", "#c", "a:", "*", "&a",
                           "", "2012-10-17", "~", "0x1", ".5"}) {
    EXPECT_TRUE(QuoteYaml(word).starts_with('"')) << word;
  }
  EXPECT_EQ(QuoteYaml("s3:GetObject"), "s3:GetObject");
}

TEST(TemplateTreeTest, ACommentBeforeTheFirstFieldOfAListElement) {
  Node inner = Map({{"a", WithComment(Text("x"), "why")}, {"b", Text("z")}});
  EXPECT_EQ(PrintYaml(Map({{"list", List({inner})}})),
            "list:\n  -\n    # why\n    a: x\n    b: z\n");
}

}  // namespace
}  // namespace farthing::connect
