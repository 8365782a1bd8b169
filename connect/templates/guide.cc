#include "connect/templates/guide.h"

#include <algorithm>

#include "base/text.h"
#include "connect/templates/templates_command.h"

namespace farthing::connect {
namespace {

bool IsNewExport(const Plan& plan) { return plan.purpose == Purpose::kNewExport; }
ExportKind KindOf(const Plan& plan) { return plan.scope.export_kind.value_or(ExportKind::kCur2); }
bool IsLegacy(const Plan& plan) { return KindOf(plan) == ExportKind::kLegacyCur; }
/// FOCUS has resource ids always, and costs of containers never.
bool IsFocus(const Plan& plan) { return TitleOf(KindOf(plan)).starts_with("FOCUS"); }

Step SignIn(const Plan& plan) {
  Step step{"Sign in to the right account", ConsoleLink(plan, "billing/home#/"), {}, {}, {}};
  step.lines = {"sign in to account " + plan.scope.account_id +
                " as someone who may see billing, create IAM roles and manage exports"};
  step.warnings = {
      {"right-account",
       "Make sure you are in the right AWS account: everything below is made in the one you are "
       "signed in to."},
      {"management-account-first",
       "Start with the management account: its export covers the whole organisation.  Add member "
       "accounts later, "
       "and only where their resources or an export of their own are needed."},
      {"billing-access",
       "The root user must once have switched on \"IAM user and role access to Billing "
       "information\", or billing calls fail whatever IAM allows."}};
  if (plan.sets.contains(PermissionSet::kOrganization)) {
    step.warnings.push_back(
        {"consolidated-billing",
         "AWS Organizations with consolidated billing should be on before you connect."});
  }
  return step;
}

std::vector<std::string> ExportTicks(const Plan& plan) {
  const std::string& name = plan.scope.export_name;
  std::vector<std::string> ticks{(IsLegacy(plan) ? "Report name: " : "Export name: ") +
                                 (name.empty() ? "a name of your own" : name)};
  if (!IsFocus(plan)) {
    ticks.emplace_back("Include resource IDs: ticked");
    ticks.emplace_back("Split cost allocation data: ticked, if you run containers");
  }
  if (KindOf(plan) != ExportKind::kFocus10) {
    ticks.emplace_back("Time granularity: Hourly (Daily works, with less detail)");
  }
  const std::vector<std::string> rest{
      IsLegacy(plan) ? "Refresh automatically (data refresh settings): ticked"
                     : "Refresh: automatic, nothing to tick",
      IsLegacy(plan)
          ? "Report versioning: Overwrite existing report (Create new report works as well)"
          : "File versioning: Overwrite existing data export file",
      IsLegacy(plan) ? "Report data integration: Amazon Athena is best (Parquet); none is needed"
                     : "Compression type and file format: Parquet (gzip CSV works as well)",
      "S3 bucket: " + (plan.scope.bucket.empty() ? "new, in the same region" : plan.scope.bucket),
      "S3 path prefix: " + (plan.scope.prefix.empty() ? "such as billing" : plan.scope.prefix)};
  ticks.insert(ticks.end(), rest.begin(), rest.end());
  if (IsLegacy(plan)) ticks.emplace_back("Compression, without Athena: GZIP");
  ticks.emplace_back("I have confirmed that this policy is correct: ticked");
  return ticks;
}

std::vector<Warning> ExportWarnings(const Plan& plan) {
  return {{"billing-region",
           "AWS makes exports in " + plan.billing_region +
               " only.  The templates preset that region and refuse another; the bucket they "
               "make lies there too."},
          {"event-notifications",
           "A bucket in use may have S3 event notifications.  Farthing and its templates look for "
           "them and never "
           "remove or change them; other products' set-up does.  A bucket of its own is the safe "
           "choice."},
          {"first-delivery",
           "AWS delivers for the first time within 24 hours, sometimes 48, and then at least once "
           "a day."},
          {"backfill",
           "A new export often lacks earlier months.  AWS fills them in on request: open a case "
           "with AWS "
           "Support and ask for a backfill of the export."},
          {"restricted-administrator",
           "An error that names putReportDefinition or CreateExport means that an administrator or "
           "a policy of the "
           "organisation forbids it: ask them."}};
}

Step ExportStep(const Plan& plan) {
  Step step{IsLegacy(plan) ? "Create the Cost and Usage Report" : "Create the data export",
            ConsoleLink(plan, IsLegacy(plan) ? "billing/home#/reports"
                                             : "costmanagement/home#/bcm-data-exports"),
            {},
            ExportTicks(plan),
            ExportWarnings(plan)};
  step.lines = {IsLegacy(plan) ? "choose Create report"
                               : "choose Create, then Standard data export, " +
                                     std::string(TitleOf(KindOf(plan))) +
                                     (IsFocus(plan) ? " with AWS columns" : "")};
  return step;
}

Step ExistingExportStep(const Plan& plan) {
  Step step = ExportStep(plan);
  step.title = "Have an export";
  step.lines = {"an export that exists is used as it is; compare it with the list, or create one",
                "copy the bucket and the prefix from its delivery options"};
  return step;
}

Step TagsStep(const Plan& plan) {
  Step step{"Activate cost allocation tags", ConsoleLink(plan, "billing/home#/tags"), {}, {}, {}};
  step.lines = {
      "activate the tags that reporting and cost assignment need; only the management account can",
      "active tags appear in the bill within 24 hours; earlier months need a tag backfill"};
  return step;
}

/// Where the path is not known, it is worth a word: what else lies in the bucket can be read.
std::vector<Warning> BucketWarnings(const Plan& plan, std::string_view how) {
  if (!plan.open_prefix || plan.purpose == Purpose::kAudit) return {};
  return {{"whole-bucket",
           "The path below which AWS delivers is not known, so everything in the bucket may be "
           "read.  Give it with " +
               std::string(how) + ": then nothing else can."}};
}

Step PolicyStep(const Plan& plan) {
  Step step{"Create the policy", ConsoleLink(plan, "iam/home#/policies/create"), {}, {}, {}};
  step.lines = {"choose JSON and paste: " + TemplatesCommand(plan, "policy")};
  step.ticks = {"Policy name: farthing"};
  step.warnings = BucketWarnings(plan, "--prefix");
  return step;
}

Step RoleStep(const Plan& plan) {
  Step step{"Create the role", ConsoleLink(plan, "iam/home#/roles/create"), {}, {}, {}};
  const std::string& external_id = plan.Value("ExternalId");
  const std::string& principal = plan.Value("PrincipalArn");
  const std::vector<std::string> parts = Split(principal, ':');
  step.lines = {external_id.empty()
                    ? "attach the policy to it; its trust policy needs the external ID that "
                      "farthing connect makes"
                    : "attach the policy to it, then replace its trust policy by: " +
                          TemplatesCommand(plan, "trust"),
                "copy the role's ARN"};
  step.ticks = {
      "Trusted entity type: AWS account, Another AWS account",
      "Account ID: " + (parts.size() > 4 ? parts[4] : "the account that Farthing runs in"),
      "Require external ID: ticked",
      "External ID: " + (external_id.empty() ? "the one that Farthing shows" : external_id),
      "Require MFA: NOT ticked",
      "Role name: " + plan.scope.holder_name};
  step.warnings = {
      {"external-id",
       "The external ID is made by Farthing for this connection alone.  Without it in the "
       "trust policy the connection is refused."},
      {"no-mfa", "Leave Require MFA cleared: a program cannot answer it."}};
  return step;
}

Step UserStep(const Plan& plan) {
  Step step{"Create the user and its access keys",
            ConsoleLink(plan, "iam/home#/users/create"),
            {},
            {},
            {}};
  step.lines = {"attach the policy to the user",
                "create an access key for an application outside AWS"};
  step.ticks = {"User name: " + plan.scope.holder_name, "Console access: NOT ticked"};
  step.warnings = {
      {"keys-live-long",
       "Access keys live until someone deletes them.  A role is safer: nothing is stored."},
      {"secret-once", "The secret access key is shown once."},
      {"not-read-only-access",
       "Do not attach ReadOnlyAccess: it also reads the content of buckets and tables."}};
  return step;
}

Step StackStep(const Plan& plan) {
  Step step{"Create the stack",
            ConsoleLink(plan, "cloudformation/home?region=" + plan.billing_region +
                                  "#/stacks/create/template"),
            {},
            {},
            {}};
  step.lines = {"upload the template: " +
                    TemplatesCommand(plan, "cloudformation", {"--out", "farthing.yaml"}),
                "check the parameters and create the stack; watch its progress under Events",
                plan.scope.holder == Holder::kRole && plan.purpose != Purpose::kMembers
                    ? "copy RoleArn from the stack's Outputs"
                    : "wait for CREATE_COMPLETE"};
  if (plan.has_template_bucket) {
    step.lines.insert(step.lines.begin() + 1,
                      "or open the link that this prints: " + TemplatesCommand(plan, "link"));
  }
  step.ticks = {
      "I acknowledge that AWS CloudFormation might create IAM resources with custom names: ticked"};
  step.warnings = {{"iam-acknowledgement", "Without that tick the stack is not created."},
                   {"stack-time", "Most stacks are done in minutes; AWS may take up to an hour."}};
  const auto more = IsNewExport(plan) ? ExportWarnings(plan)
                                      : BucketWarnings(plan, "the parameter BillingPrefix");
  step.warnings.insert(step.warnings.end(), more.begin(), more.end());
  return step;
}

Step CommandStep(const Plan& plan, SetupWay way) {
  Step step{way == SetupWay::kTerraform ? "Apply the Terraform configuration" : "Run the script",
            "",
            {},
            {},
            {}};
  step.lines =
      way == SetupWay::kTerraform
          ? std::vector<std::string>{TemplatesCommand(plan, "terraform", {"--out", "farthing.tf"}),
                                     "terraform init, terraform plan, terraform apply"}
          : std::vector<std::string>{TemplatesCommand(plan, "cli", {"--out", "farthing-aws.sh"}),
                                     "read it, then run it with credentials of that account"};
  if (way == SetupWay::kCli && plan.scope.holder == Holder::kRole &&
      plan.Value("ExternalId").empty()) {
    step.lines = {
        "make the connection first, whose external ID the script holds: farthing connect"};
  }
  const std::string_view how =
      way == SetupWay::kTerraform ? "the variable billing_prefix" : "--prefix";
  step.warnings = IsNewExport(plan) ? ExportWarnings(plan) : BucketWarnings(plan, how);
  return step;
}

Step BucketPolicyStep(const Plan& plan) {
  Step step{
      "Let the role read the bucket of the other account",
      "",
      {"the bucket's owner adds these statements to its policy: " +
       TemplatesCommand(plan, "bucket-policy")},
      {},
      {{"merge-policy", "Add the statements to the policy that is there; never replace it."}}};
  if (!plan.scope.kms_key_arn.empty()) {
    step.lines.emplace_back("the key's own policy must allow kms:Decrypt to the role as well");
  }
  return step;
}

Step TrustedAccessStep(const Plan& plan) {
  Step step{"Switch on trusted access for StackSets",
            ConsoleLink(plan, "cloudformation/home?region=" + plan.billing_region + "#/stacksets"),
            {},
            {},
            {}};
  step.lines = {"in the management account, once; the organisation needs all features"};
  step.warnings = {{"not-management",
                    "A StackSet never reaches the management account itself: connect that one by "
                    "its own template."}};
  return step;
}

Step ConnectStep(const Plan& plan) {
  Step step{"Connect and verify", "", {}, {}, {}};
  step.lines = {"give Farthing what you made: farthing connect",
                "farthing check says what is right and what is not"};
  if (!plan.sets.contains(PermissionSet::kReadBilling)) return step;
  step.lines.emplace_back(
      plan.sets.contains(PermissionSet::kCostExplorer)
          ? "first figures come from Cost Explorer at once; resources appear when AWS has delivered"
          : "figures appear when AWS has delivered: within 24 hours, sometimes 48");
  return step;
}

std::vector<std::string> Lines(const std::vector<Permission>& permissions) {
  std::vector<std::string> lines;
  for (const Permission& permission : permissions) {
    for (const std::string& resource : permission.resources) {
      lines.push_back(std::string(permission.action) + " " + resource);
    }
  }
  return lines;
}

}  // namespace

std::vector<Step> GuideSteps(const Plan& plan, SetupWay way) {
  std::vector<Step> steps{SignIn(plan)};
  const bool role = plan.scope.holder == Holder::kRole;
  const bool bills = plan.sets.contains(PermissionSet::kReadBilling);
  if (plan.purpose == Purpose::kMembers) {
    steps.push_back(TrustedAccessStep(plan));
  } else if (IsNewExport(plan) && way == SetupWay::kByHand) {
    steps.push_back(ExportStep(plan));
  } else if (!IsNewExport(plan) && bills) {
    steps.push_back(ExistingExportStep(plan));
  }
  if (bills) steps.push_back(TagsStep(plan));
  if (way == SetupWay::kCloudFormation) {
    steps.push_back(StackStep(plan));
  } else if (way != SetupWay::kByHand) {
    steps.push_back(CommandStep(plan, way));
  } else {
    steps.push_back(PolicyStep(plan));
    steps.push_back(role ? RoleStep(plan) : UserStep(plan));
  }
  if (plan.foreign_bucket) steps.push_back(BucketPolicyStep(plan));
  steps.push_back(ConnectStep(plan));
  return steps;
}

Result<std::vector<SetChange>> DiffSets(const Plan& plan, const std::set<PermissionSet>& wanted) {
  TRY_ASSIGN(const std::vector<Permission> after, NeededPermissions(wanted, plan.scope));
  const auto collect = [&plan](const std::vector<Permission>& from,
                               const std::vector<Permission>& other, bool added,
                               std::vector<SetChange>& changes) {
    const std::vector<std::string> others = Lines(other);
    for (const Permission& permission : from) {
      const PolicyDocument literal = WithValues(BuildPolicy({permission}), plan.values);
      for (std::size_t i = 0; i < permission.resources.size(); ++i) {
        const std::string line = std::string(permission.action) + " " + permission.resources[i];
        if (std::find(others.begin(), others.end(), line) != others.end()) continue;
        changes.push_back({added, std::string(permission.action),
                           literal.statements[0].resources[i], std::string(permission.reason),
                           std::string(permission.needed_by)});
      }
    }
  };
  std::vector<SetChange> changes;
  collect(after, plan.permissions, true, changes);
  collect(plan.permissions, after, false, changes);
  return changes;
}

}  // namespace farthing::connect
