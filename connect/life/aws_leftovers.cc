#include "connect/life/aws_leftovers.h"

#include "aws/endpoint.h"
#include "base/shell_words.h"
#include "connect/templates/templates.h"

namespace farthing::connect {
namespace {

/// The name that templates and steps give to a user, and to the policy that is attached to one or made by hand.
constexpr std::string_view kOwnName = "farthing";

using Words = std::vector<std::string>;

/// One command for each of what another lists; for none where it lists nothing.
std::string ForEach(const Words& list, std::string_view query, const Words& command) {
  Words all = list;
  all.insert(all.end(), {"--query", std::string(query), "--output", "text"});
  return CommandLine(all) + " | xargs -r -n 1 " + CommandLine(command);
}

/// IAM deletes a role or user only once it has no policies, and a policy only once it has one version.
/// Source: IAM API reference, DeleteRole, DeleteUser and DeletePolicy.
Words DeleteHolder(const std::string& kind, const std::string& name) {
  const std::string flag = "--" + kind + "-name";
  const std::string own(kOwnName);
  const std::string policies = CommandLine(
      {"aws", "iam", "list-policies", "--scope", "Local", "--query",
       "Policies[?PolicyName==`" + own + "` && AttachmentCount==`0`].Arn", "--output", "text"});
  const std::string versions =
      "aws iam list-policy-versions --policy-arn \"$arn\" --query "
      "'Versions[?!IsDefaultVersion].VersionId' --output text | xargs -r -n 1 "
      "aws iam delete-policy-version --policy-arn \"$arn\" --version-id";
  return {ForEach({"aws", "iam", "list-" + kind + "-policies", flag, name}, "PolicyNames",
                  {"aws", "iam", "delete-" + kind + "-policy", flag, name, "--policy-name"}),
          ForEach({"aws", "iam", "list-attached-" + kind + "-policies", flag, name},
                  "AttachedPolicies[].PolicyArn",
                  {"aws", "iam", "detach-" + kind + "-policy", flag, name, "--policy-arn"}),
          CommandLine({"aws", "iam", "delete-" + kind, flag, name}),
          "for arn in $(" + policies + "); do " + versions +
              "; aws iam delete-policy --policy-arn \"$arn\"; done"};
}

/// "arn:aws:iam::1:user/team/name" → "name"; what templates call it where nobody knows.
std::string UserName(std::string_view identity_arn) {
  if (identity_arn.find(":user/") == identity_arn.npos) return std::string(kOwnName);
  return std::string(identity_arn.substr(identity_arn.rfind('/') + 1));
}

void Append(Words& lines, Words more) {
  for (std::string& line : more) lines.push_back(std::move(line));
}

Words StackLines(const Settings& settings, const std::string& region) {
  Words lines{
      "# made with CloudFormation: delete the stack, which takes along what it made; a bucket "
      "stays",
      CommandLine(
          {"aws", "cloudformation", "delete-stack", "--region", region, "--stack-name", "STACK"}) +
          "   # the stack's name for STACK"};
  if (settings.type != ConnectionType::kMember) return lines;
  const std::string set(kStackSetName);
  lines.push_back(
      "# made with the StackSet, in the management account: the units it reaches for UNITS; the "
      "set, "
      "or the stack that made it, once no account is left in it");
  lines.push_back(CommandLine({"aws", "cloudformation", "delete-stack-instances", "--region",
                               region, "--stack-set-name", set, "--deployment-targets",
                               "OrganizationalUnitIds=UNITS,Accounts=" + settings.account_id +
                                   ",AccountFilterType=INTERSECTION",
                               "--regions", region, "--no-retain-stacks"}));
  lines.push_back(CommandLine(
      {"aws", "cloudformation", "delete-stack-set", "--region", region, "--stack-set-name", set}));
  return lines;
}

/// Statements that let us into a bucket of another account stand in a policy that holds others' as well.
Words BucketPolicyLines(const Settings& settings) {
  const std::string& bucket = settings.export_place.bucket;
  const std::string& owner = settings.bucket_owner;
  if (bucket.empty() || owner.empty() || owner == settings.account_id) return {};
  const Words of_bucket{"--bucket", bucket, "--expected-bucket-owner", owner};
  Words get{"aws", "s3api", "get-bucket-policy"}, put{"aws", "s3api", "put-bucket-policy"};
  Append(get, of_bucket);
  Append(put, of_bucket);
  return {"# in account " + owner +
              ": take the statements FarthingLists and FarthingReads out of " +
              "bucket-policy.json before it is put back",
          CommandLine(get) + " --query Policy --output text > bucket-policy.json",
          CommandLine(put) + " --policy file://bucket-policy.json"};
}

Words ExportLines(const ExportPlace& place, const std::string& region) {
  const std::string why =
      "# the export, only if nobody else reads it and it was not made by the stack or Terraform; "
      "the bucket and its files stay";
  if (place.name.empty()) return {};
  if (place.kind == ExportKind::kLegacyCur) {
    return {why, CommandLine({"aws", "cur", "delete-report-definition", "--region", region,
                              "--report-name", place.name})};
  }
  if (place.arn.empty()) return {};
  return {why, CommandLine({"aws", "bcm-data-exports", "delete-export", "--region", region,
                            "--export-arn", place.arn})};
}

}  // namespace

std::vector<std::string> AwsLeftovers(const Settings& settings, std::string_view identity_arn) {
  const bool has_role = !settings.role_arn.empty();
  const bool has_user =
      !has_role && !settings.access_key_id.empty() && settings.type != ConnectionType::kBucket;
  const std::string region(aws::FindPartition(settings.partition)->billing_region);
  Words lines;
  if (has_user && identity_arn.ends_with(":root")) {
    lines.push_back("# as the root user, whose key it is");
    lines.push_back(CommandLine(
        {"aws", "iam", "delete-access-key", "--access-key-id", settings.access_key_id}));
  } else if (has_user) {
    const std::string user = UserName(identity_arn);
    if (identity_arn.empty()) lines.push_back("# " + user + " is how our steps call the user");
    lines.push_back(CommandLine({"aws", "iam", "delete-access-key", "--access-key-id",
                                 settings.access_key_id, "--user-name", user}));
  }
  if (has_role || (has_user && !identity_arn.ends_with(":root"))) {
    Append(lines, StackLines(settings, region));
    lines.push_back("# made with Terraform: terraform destroy, where its state is");
    lines.push_back(std::string("# made by the script or by hand") +
                    (has_role ? "" : "; only if the user serves nothing else"));
    Append(lines, has_role ? DeleteHolder("role", RoleName(settings.role_arn))
                           : DeleteHolder("user", UserName(identity_arn)));
  }
  Append(lines, BucketPolicyLines(settings));
  Append(lines, ExportLines(settings.export_place, region));
  return lines;
}

}  // namespace farthing::connect
