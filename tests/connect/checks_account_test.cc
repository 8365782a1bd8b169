// The organisation, Cost Explorer, tags, and what else of the account is read.

#include <gtest/gtest.h>

#include "aws/cost_explorer.h"
#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

}  // namespace

const std::vector<Trouble>& AccountTroubles() {
  static const std::vector<Trouble> troubles{
      {"NotAllFeatures", "organization", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("set", R"({"organization_all_features":false})");
       },
       "all features", "enable all features"},
      Denied("OrganizationIsDenied", "organization", "organizations:DescribeOrganization",
             "AccessDeniedException"),
      {"NoOrganization", "organization", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject(
             {.kind = rehearsal::FaultKind::kNotEnabled, .service = "organizations"});
       },
       "covers itself only", "consolidated billing"},
      {"ScpDeniesAccounts", "member-accounts", kFail,
       [](Stage& stage, Connection&) { Deny(stage, "organizations", "ListAccounts"); },
       "organizations:ListAccounts", "service control policy", "AccessDeniedException"},
      Denied("TreeIsDenied", "organization-units", "organizations:ListAccountsForParent",
             "AccessDeniedException"),
      {"CostExplorerIsOff", "cost-explorer", kFail,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"cost_explorer":false})"); },
       "not enabled", "open Cost Explorer once", "AccessDeniedException"},
      {"CostExplorerHasNoData", "cost-explorer", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kNotEnabled, .service = "ce"});
       },
       "less than a day ago", "24 hours"},
      Denied("CostExplorerIsDenied", "cost-explorer", "ce:GetCostAndUsage",
             "AccessDeniedException"),
      {"NoTagIsActive", "allocation-tags", kWarning,
       [](Stage& stage, Connection&) {
         const auto admin = stage.Admin();
         std::vector<std::string> keys;
         const auto tags = Must(aws::ListCostAllocationTags(*admin));
         for (const aws::AllocationTag& tag : tags) keys.push_back(tag.key);
         Must(aws::UpdateCostAllocationTags(*admin, keys, "Inactive"));
       },
       "carries no tags", "activate KEY"},
      Denied("TagsAreDenied", "allocation-tags", "ce:ListCostAllocationTags",
             "AccessDeniedException"),
      Denied("MetricsAreDenied", "metrics", "cloudwatch:GetMetricData", "AccessDeniedException"),
      Denied("ResourcesAreDenied", "resources", "ec2:DescribeSnapshots", "UnauthorizedOperation"),
      {"HubIsNotSwitchedOn", "cost-optimization-hub", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("set", R"({"cost_optimization_hub":false})");
       },
       "opt in first", "opt in in the console"},
      Denied("HubIsDenied", "cost-optimization-hub", "cost-optimization-hub:ListRecommendations",
             "AccessDeniedException"),
      {"OptimizerIsNotSwitchedOn", "compute-optimizer", kWarning,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"compute_optimizer":false})"); },
       "opt in first", "opt in in the console"},
      Denied("OptimizerIsDenied", "compute-optimizer",
             "compute-optimizer:GetEBSVolumeRecommendations", "AccessDeniedException"),
      {"NoSupportPlan", "trusted-advisor", kWarning,
       [](Stage& stage, Connection&) { stage.Control("set", R"({"support_plan":false})"); },
       "Business support", "nothing needs doing"},
      Denied("AdvisorIsDenied", "trusted-advisor", "support:DescribeTrustedAdvisorCheckResult",
             "AccessDeniedException"),
  };
  return troubles;
}

INSTANTIATE_TEST_SUITE_P(Account, CheckTest, testing::ValuesIn(AccountTroubles()), NameOfTrouble);

namespace {

/// Policies of an organisation bind its member accounts; the role's own policy is as it should be.
TEST(CheckListTest, APolicyOfTheOrganisationIsNamedAsTheCause) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({PermissionSet::kResources});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", "345678901234", "farthing");
  settings.export_place = ExportPlace();
  const Connection connection = stage.Onboard(settings);
  EXPECT_EQ(With(stage.Look(connection), kFail), "");
  stage.aws().AddServiceControlPolicy("r-exam",
                                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                      R"("Action":"ec2:DescribeSnapshots","Resource":"*"}]})");
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "resources") << Told(report);
  EXPECT_EQ(report.Find("granted-permissions")->status, kPass) << Told(report);
  const CheckResult& denied = *report.Find("resources");
  EXPECT_EQ(denied.action, "ec2:DescribeSnapshots");
  EXPECT_NE(denied.cause.find("explicit deny in a service control policy"), std::string::npos)
      << denied.cause;
  EXPECT_NE(denied.fix.find("service control policy of the organisation"), std::string::npos)
      << denied.fix;
}

}  // namespace
}  // namespace farthing::connect
