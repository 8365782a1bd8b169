#include <algorithm>

#include "aws/error.h"
#include "aws/iam.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/checks_internal.h"
#include "connect/permissions.h"
#include "connect/policy_comparison.h"
#include "connect/policy_document.h"

// What was granted beside what is needed, and what has changed since the last time.

namespace farthing::connect {
namespace {

constexpr std::string_view kFingerprint = "policies_sha256";
constexpr std::size_t kShownGrants = 12;

/// "a, b, c and 7 more".
std::string Shortened(const std::vector<std::string>& items) {
  if (items.size() <= kShownGrants) return Join(items, ", ");
  const std::vector<std::string> first(items.begin(), items.begin() + kShownGrants);
  return Join(first, ", ") + " and " + std::to_string(items.size() - kShownGrants) + " more";
}

Result<std::vector<aws::RolePolicy>> ReadPolicies(CheckContext& context) {
  if (HasRole(context.settings())) {
    return aws::RolePolicies(*context.client, RoleName(context.settings().role_arn));
  }
  const std::size_t slash = context.identity.arn.rfind('/');
  if (context.identity.arn.find(":user/") == std::string::npos) {
    return Error(Errc::kInvalidArgument,
                 "the keys belong to " + context.identity.arn + ", which is no IAM user")
        .Hint("make an IAM user with the minimum policy; keys of the root user can do everything");
  }
  return aws::UserPolicies(*context.client, context.identity.arn.substr(slash + 1));
}

/// Completes the scope by what the account says: keys do not name their user.
PolicyScope ScopeFor(const CheckContext& context) {
  Settings settings = context.settings();
  settings.export_place = context.place;
  if (settings.kms_key_arn.empty()) settings.kms_key_arn = context.report.found_kms_key;
  PolicyScope scope = ScopeOf(settings);
  if (!HasRole(settings)) {
    scope.holder = Holder::kUser;
    const std::size_t user = context.identity.arn.find(":user/");
    if (user != std::string::npos) scope.holder_name = context.identity.arn.substr(user + 6);
  }
  return scope;
}

/// True for what our own template grants while the kind of export is not known: then both kinds are looked for.
bool IsForDiscovery(const ExcessGrant& grant, PolicyScope scope) {
  scope.export_kind.reset();
  const Result<std::vector<Permission>> wider =
      NeededPermissions({PermissionSet::kReadBilling}, scope);
  if (!wider.ok()) return false;
  return std::any_of(wider->begin(), wider->end(), [&](const Permission& permission) {
    const PolicyStatement statement =
        WithValues(BuildPolicy({permission}), ScopeValues(scope)).statements.front();
    return permission.action == grant.pattern && Join(statement.resources, ", ") == grant.resource;
  });
}

std::string Amount(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

Verdict Judge(const PolicyComparison& comparison, const PolicyScope& scope) {
  std::vector<std::string> missing, excess, spare;
  for (const MissingAction& action : comparison.missing) {
    missing.push_back(action.action + " (" + action.why + ")");
  }
  for (const ExcessGrant& grant : comparison.excess) {
    if (IsForDiscovery(grant, scope)) {
      spare.push_back(grant.pattern);
      continue;
    }
    excess.push_back(grant.pattern + " on " + grant.resource +
                     (grant.writes ? ", which can change things" : ""));
  }
  Verdict verdict = Pass("granted is exactly what is needed");
  if (!spare.empty()) {
    verdict.finding = "granted is what is needed; since the export was found, no longer needed: " +
                      Join(spare, ", ");
  }
  if (!missing.empty() || !excess.empty()) {
    std::string cause;
    if (!missing.empty()) cause = "missing: " + Shortened(missing);
    if (!excess.empty()) {
      cause += (cause.empty() ? "" : "; ") + ("more than needed: " + Shortened(excess));
    }
    verdict = Warn(Amount(missing.size(), "action is", "actions are") + " missing, " +
                       Amount(excess.size(), "grant is", "grants are") + " more than needed",
                   cause, "replace the policy by this one:\n" + ToJson(comparison.corrected));
  }
  for (const MissingAction& action : comparison.missing) {
    verdict.evidence.push_back({"missing:" + action.action, action.needed_by});
  }
  for (const ExcessGrant& grant : comparison.excess) {
    verdict.evidence.push_back({"excess:" + grant.pattern, grant.policy});
  }
  return verdict;
}

Verdict CheckGrantedPermissions(CheckContext& context) {
  const Result<std::vector<aws::RolePolicy>> policies = ReadPolicies(context);
  if (!policies.ok()) {
    const std::string_view operation = policies.error().detail(aws::kOperationDetail);
    return Refused(policies.error(), "what was granted cannot be read", operation);
  }
  std::vector<GrantedPolicy> granted;
  std::string all;
  for (const aws::RolePolicy& policy : *policies) {
    Result<PolicyDocument> document = ParsePolicyDocument(policy.document);
    if (!document.ok())
      return Refused(document.error(), "policy " + policy.name + " cannot be understood", "");
    granted.push_back({policy.arn.empty() ? policy.name : policy.arn, *std::move(document)});
    all += policy.name + "\n" + policy.document + "\n";
  }
  const PolicyScope scope = ScopeFor(context);
  if (scope.bucket.empty() && (ReadsBills(context.settings()) ||
                               Grants<PermissionSet::kManageExport>(context.settings()))) {
    return Skip("what is needed cannot be told before the bucket is known, see export");
  }
  const Result<std::vector<Permission>> needed =
      NeededPermissions(context.settings().permission_sets, scope);
  if (!needed.ok()) return Refused(needed.error(), "what is needed cannot be told", "");
  Verdict verdict = Judge(ComparePolicies(granted, *needed, ScopeValues(scope)), scope);
  verdict.evidence.push_back({std::string(kFingerprint), Sha256(all)});
  return verdict;
}

std::string FingerprintIn(const CheckReport& report) {
  const CheckResult* grants = report.Find(check_id::kGrantedPermissions);
  if (grants == nullptr) return {};
  for (const Error::Detail& detail : grants->evidence) {
    if (detail.name == kFingerprint) return detail.value;
  }
  return {};
}

/// Skipped says nothing about better or worse.
int Badness(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass: return 0;
    case CheckStatus::kWarning: return 1;
    case CheckStatus::kFail: return 2;
    case CheckStatus::kSkipped: return -1;
  }
  return -1;
}

Verdict CheckDrift(CheckContext& context) {
  const CheckReport* previous = context.options.previous;
  if (previous == nullptr) return Skip("these are the first checks");
  std::vector<std::string> worse, better;
  for (const CheckResult& now : context.report.results) {
    const CheckResult* before = previous->Find(now.id);
    if (before == nullptr || Badness(before->status) < 0 || Badness(now.status) < 0) continue;
    if (Badness(now.status) > Badness(before->status)) worse.push_back(now.id);
    if (Badness(now.status) < Badness(before->status)) better.push_back(now.id);
  }
  const std::string since = " since " + ToString(previous->at);
  const std::string before = FingerprintIn(*previous), now = FingerprintIn(context.report);
  const bool policies = !before.empty() && !now.empty() && before != now;
  if (worse.empty() && !policies) {
    return Pass(better.empty() ? "nothing changed" + since
                               : "better" + since + ": " + Join(better, ", "));
  }
  std::string finding;
  if (!worse.empty()) finding = "worse" + since + ": " + Join(worse, ", ");
  if (policies)
    finding += (finding.empty() ? "" : "; ") + ("the granted policies were changed" + since);
  return Warn(finding, "somebody changed the account's settings",
              "compare with AWS CloudTrail (PutRolePolicy, AttachRolePolicy, PutBucketPolicy, "
              "DeleteReportDefinition)");
}

bool AlwaysApplies(const Settings&) { return true; }

}  // namespace

std::vector<CheckRow> GrantChecks() {
  return {
      {check_id::kGrantedPermissions,
       "granted against needed permissions",
       "is anything missing, or granted beyond need",
       {"identity"},
       HasAws,
       CheckGrantedPermissions},
      {"drift",
       "changes since the last checks",
       "what has become worse, and were policies changed",
       {},
       AlwaysApplies,
       CheckDrift},
  };
}

}  // namespace farthing::connect
