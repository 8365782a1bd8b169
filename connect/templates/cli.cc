// The plan as a bash script over the `aws` command line.  Whatever a person typed is quoted once, as a variable at the
// top or inside a JSON document; no value is ever part of a command.

#include "base/shell_words.h"
#include "connect/templates/templates.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kOpening = R"sh(set -euo pipefail
export AWS_PAGER=""
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stop() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The right account?
account=$(aws sts get-caller-identity --region "$REGION" --query Account --output text)
[ "$account" = "$ACCOUNT_ID" ] || stop "you are signed in to account $account, this is meant for $ACCOUNT_ID"
)sh";

constexpr std::string_view kBucketSteps = R"sh(
# The bucket.  One that exists keeps its event notifications and any policy that is not ours.
if aws s3api head-bucket --bucket "$BUCKET" --expected-bucket-owner "$ACCOUNT_ID" >/dev/null 2>&1; then
  events=$(aws s3api get-bucket-notification-configuration --bucket "$BUCKET" --expected-bucket-owner "$ACCOUNT_ID")
  if [ -n "$events" ]; then
    printf 'bucket %s has event notifications; they stay as they are:\n%s\n' "$BUCKET" "$events"
  fi
  policy=$(aws s3api get-bucket-policy --bucket "$BUCKET" --expected-bucket-owner "$ACCOUNT_ID" \
    --query Policy --output text 2>/dev/null || true)
  all=$({ grep -o '"Effect"' || true; } <<<"$policy" | wc -l)
  ours=$({ grep -oE '"Sid" *: *"Farthing[A-Za-z]*"' || true; } <<<"$policy" | wc -l)
  if [ "$all" -ne "$ours" ]; then
    printf 'add these statements to the policy of bucket %s by hand:\n' "$BUCKET"
    cat "$work/bucket-policy.json"
    stop "the bucket has a policy of its own, which is not overwritten"
  fi
else
  location=()
  [ "$REGION" = us-east-1 ] || location=(--create-bucket-configuration "LocationConstraint=$REGION")
  aws s3api create-bucket --bucket "$BUCKET" --region "$REGION" ${location[@]+"${location[@]}"} >/dev/null
fi
aws s3api put-public-access-block --bucket "$BUCKET" --public-access-block-configuration \
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
aws s3api put-bucket-policy --bucket "$BUCKET" --policy "file://$work/bucket-policy.json"
)sh";

constexpr std::string_view kReportSteps = R"sh(
# The report.  One of that name that exists is left as it is.
names=$(aws cur describe-report-definitions --region "$REGION" --query 'ReportDefinitions[].ReportName' --output text)
if grep -Fxq -- "$EXPORT_NAME" <<<"${names//$'\t'/$'\n'}"; then
  printf 'report %s exists and is left as it is\n' "$EXPORT_NAME"
else
  aws cur put-report-definition --region "$REGION" --report-definition "file://$work/export.json" ||
    stop "AWS refused the report: if it says putReportDefinition, an administrator or a policy of the organisation forbids it"
fi
)sh";

constexpr std::string_view kExportSteps = R"sh(
# The export.  One of that name that exists is left as it is.
names=$(aws bcm-data-exports list-exports --region "$REGION" --query 'Exports[].ExportName' --output text)
if grep -Fxq -- "$EXPORT_NAME" <<<"${names//$'\t'/$'\n'}"; then
  printf 'export %s exists and is left as it is\n' "$EXPORT_NAME"
else
  aws bcm-data-exports create-export --region "$REGION" --export "file://$work/export.json" >/dev/null ||
    stop "AWS refused the export: an administrator or a policy of the organisation may forbid it"
fi
)sh";

constexpr std::string_view kRoleSteps = R"sh(
# The role.  One that exists gets this trust and this policy; other policies of it are left alone.
if aws iam get-role --role-name "$ROLE_NAME" >/dev/null 2>&1; then
  aws iam update-assume-role-policy --role-name "$ROLE_NAME" --policy-document "file://$work/trust.json"
else
  aws iam create-role --role-name "$ROLE_NAME" --path "$ROLE_PATH" --max-session-duration 3600 \
    --assume-role-policy-document "file://$work/trust.json" >/dev/null
  aws iam wait role-exists --role-name "$ROLE_NAME"
fi
aws iam put-role-policy --role-name "$ROLE_NAME" --policy-name farthing --policy-document "file://$work/policy.json"
printf 'role '
aws iam get-role --role-name "$ROLE_NAME" --query Role.Arn --output text
)sh";

constexpr std::string_view kUserSteps = R"sh(
# The user and its policy.  IAM keeps five versions of a policy: the oldest makes room.
if ! aws iam get-user --user-name "$USER_NAME" >/dev/null 2>&1; then
  aws iam create-user --user-name "$USER_NAME" >/dev/null
fi
arn=arn:$PARTITION:iam::$ACCOUNT_ID:policy/farthing
if aws iam get-policy --policy-arn "$arn" >/dev/null 2>&1; then
  if [ "$(aws iam list-policy-versions --policy-arn "$arn" --query 'length(Versions)' --output text)" -ge 5 ]; then
    oldest=$(aws iam list-policy-versions --policy-arn "$arn" \
      --query 'sort_by(Versions[?!IsDefaultVersion], &CreateDate)[0].VersionId' --output text)
    aws iam delete-policy-version --policy-arn "$arn" --version-id "$oldest"
  fi
  aws iam create-policy-version --policy-arn "$arn" --policy-document "file://$work/policy.json" --set-as-default >/dev/null
else
  aws iam create-policy --policy-name farthing --policy-document "file://$work/policy.json" >/dev/null
fi
aws iam attach-user-policy --user-name "$USER_NAME" --policy-arn "$arn"
# The secret is shown once: type it where Farthing asks for it, and keep it nowhere else.
printf 'next: aws iam create-access-key --user-name %q\n' "$USER_NAME"
)sh";

constexpr std::string_view kMemberSteps = R"sh(
# The StackSet.  Its trusted access is switched on once, in the management account.
if aws cloudformation describe-stack-set --region "$REGION" --stack-set-name farthing-members >/dev/null 2>&1; then
  action=update-stack-set
else
  action=create-stack-set
fi
aws cloudformation "$action" --region "$REGION" --stack-set-name farthing-members --permission-model SERVICE_MANAGED \
  --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false --capabilities CAPABILITY_NAMED_IAM \
  --template-body "file://$work/member.json" --parameters "file://$work/parameters.json"
if [ "$action" = create-stack-set ]; then
  aws cloudformation create-stack-instances --region "$REGION" --stack-set-name farthing-members \
    --deployment-targets "OrganizationalUnitIds=$TARGETS" --regions "$REGION" \
    --operation-preferences FailureTolerancePercentage=100,MaxConcurrentPercentage=100
fi
)sh";

std::string Variable(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + QuoteShell(value) + "\n";
}

// JSON holds no newline inside a text, so the mark cannot occur in a line of its own.
std::string Document(std::string_view file, const std::string& json) {
  return "\ncat >\"$work/" + std::string(file) + "\" <<'END_OF_JSON'\n" + json +
         (json.ends_with('\n') ? "" : "\n") + "END_OF_JSON\n";
}

// Why each action is there; the JSON below cannot say it.
std::string Reasons(const Plan& plan) {
  std::string out = "\n# What each action of the policy is for:\n";
  for (const Permission& permission : plan.permissions) {
    out += "#   " + std::string(permission.action) + ": " + std::string(permission.reason) + " (" +
           std::string(permission.needed_by) + ")\n";
  }
  return out;
}

std::string ReportJson(const Plan& plan, const NewExport& wanted) {
  return PrintJson(
      Map({{"ReportName", Text(plan.scope.export_name)},
           {"TimeUnit", Text(wanted.time_unit)},
           {"Format", Text(wanted.format)},
           {"Compression", Text(wanted.compression)},
           {"AdditionalSchemaElements", Texts({"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"})},
           {"AdditionalArtifacts", Texts({"ATHENA"})},
           {"RefreshClosedReports", Raw("true")},
           {"ReportVersioning", Text("OVERWRITE_REPORT")},
           {"S3Bucket", Text(plan.scope.bucket)},
           {"S3Prefix", Text(plan.scope.prefix)},
           {"S3Region", Text(plan.billing_region)}}));
}

std::string ExportJson(const Plan& plan, const NewExport& wanted) {
  Node properties = Map();
  for (const auto& [name, value] : wanted.table_properties) properties.Add(name, Text(value));
  Node output = Map({{"OutputType", Text("CUSTOM")},
                     {"Format", Text(wanted.format)},
                     {"Compression", Text(wanted.compression)},
                     {"Overwrite", Text("OVERWRITE_REPORT")}});
  Node destination = Map({{"S3Bucket", Text(plan.scope.bucket)},
                          {"S3Prefix", Text(plan.scope.prefix)},
                          {"S3Region", Text(plan.billing_region)},
                          {"S3OutputConfigurations", std::move(output)}});
  return PrintJson(Map(
      {{"Name", Text(plan.scope.export_name)},
       {"Description", Text("Delivers the bill to Farthing")},
       {"DataQuery", Map({{"QueryStatement", Text(wanted.query)},
                          {"TableConfigurations", Map({{wanted.table, std::move(properties)}})}})},
       {"DestinationConfigurations", Map({{"S3Destination", std::move(destination)}})},
       {"RefreshCadence", Map({{"Frequency", Text("SYNCHRONOUS")}})}}));
}

std::string NewExportPart(const Plan& plan) {
  const NewExport wanted = NewExportOf(*plan.scope.export_kind);
  const bool legacy = plan.scope.export_kind == ExportKind::kLegacyCur;
  return Document("bucket-policy.json", ToJson(WithValues(plan.bucket_policy, plan.values))) +
         std::string(kBucketSteps) +
         Document("export.json", legacy ? ReportJson(plan, wanted) : ExportJson(plan, wanted)) +
         std::string(legacy ? kReportSteps : kExportSteps);
}

std::string HolderPart(const Plan& plan, const PolicyDocument& trust) {
  const std::string policy = Reasons(plan) + Document("policy.json", ToJson(LiteralPolicy(plan)));
  if (plan.scope.holder == Holder::kUser) return policy + std::string(kUserSteps);
  return Document("trust.json", ToJson(trust)) + policy + std::string(kRoleSteps);
}

}  // namespace

Result<std::string> CliScript(const Plan& plan) {
  TRY(CheckComplete(plan));
  PolicyDocument trust;
  const bool role = plan.scope.holder == Holder::kRole;
  if (role) {
    TRY_ASSIGN(trust, LiteralTrust(plan));
  }
  std::string targets;
  for (const std::string& target : plan.targets) targets += (targets.empty() ? "" : ",") + target;
  const std::string name = plan.scope.holder_name.substr(plan.holder_path.size());

  std::string script =
      "#!/usr/bin/env bash\n"
      "# Sets up AWS for Farthing.  It may be run again: what exists is kept or brought up to "
      "date.\n" +
      Variable("ACCOUNT_ID", plan.scope.account_id) + Variable("REGION", plan.billing_region);
  if (plan.purpose == Purpose::kMembers) {
    const auto pass = [&plan](std::string_view key, std::string_view placeholder) {
      return Map({{"ParameterKey", Text(key)}, {"ParameterValue", Text(plan.Value(placeholder))}});
    };
    const Node parameters =
        List({pass("PlatformPrincipalArn", "PrincipalArn"), pass("ExternalId", "ExternalId")});
    return script + Variable("TARGETS", targets) + std::string(kOpening) + Reasons(plan) +
           Document("member.json", PrintJson(MemberTemplateTree(plan))) +
           Document("parameters.json", PrintJson(parameters)) + std::string(kMemberSteps);
  }
  if (plan.purpose == Purpose::kNewExport) {
    script +=
        Variable("BUCKET", plan.scope.bucket) + Variable("EXPORT_NAME", plan.scope.export_name);
  }
  script += role ? Variable("ROLE_NAME", name) + Variable("ROLE_PATH", "/" + plan.holder_path)
                 : Variable("USER_NAME", name) + Variable("PARTITION", plan.scope.partition);
  script += kOpening;
  if (plan.purpose == Purpose::kNewExport) script += NewExportPart(plan);
  return script + HolderPart(plan, trust);
}

}  // namespace farthing::connect
