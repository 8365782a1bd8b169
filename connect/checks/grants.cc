#include <algorithm>

#include "aws/error.h"
#include "aws/iam.h"
#include "base/files.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/grants/permissions.h"
#include "connect/grants/policy_comparison.h"
#include "connect/grants/policy_document.h"

// What was granted beside what is needed.

namespace farthing::connect {
namespace {

constexpr std::size_t kShownGrants = 12;

/// "a, b, c and 7 more".
std::string Shortened(const std::vector<std::string>& items) {
  if (items.size() <= kShownGrants) return Join(items, ", ");
  const std::vector<std::string> first(items.begin(), items.begin() + kShownGrants);
  return Join(first, ", ") + " and " + std::to_string(items.size() - kShownGrants) + " more";
}

/// Without the path before it.
std::string UserName(const CheckContext& context) {
  return context.identity.arn.substr(context.identity.arn.rfind('/') + 1);
}

Result<std::vector<aws::RolePolicy>> ReadPolicies(CheckContext& context) {
  if (HasRole(context.settings())) {
    return aws::RolePolicies(*context.client, RoleName(context.settings().role_arn));
  }
  if (context.identity.arn.find(":user/") == std::string::npos) {
    return Error(Errc::kInvalidArgument,
                 "the keys belong to " + context.identity.arn + ", which is no IAM user")
        .Hint("make an IAM user with the minimum policy; keys of the root user can do everything");
  }
  return aws::UserPolicies(*context.client, UserName(context));
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

std::string Amount(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

/// Adds what is not told yet: of an action one reason is enough.
void Merge(std::vector<MissingAction> more, std::vector<MissingAction>& missing) {
  for (MissingAction& action : more) {
    const bool told = std::any_of(missing.begin(), missing.end(), [&](const MissingAction& known) {
      return known.action == action.action;
    });
    if (!told) missing.push_back(std::move(action));
  }
}

struct Comparing {
  const CheckContext& context;
  const PolicyScope& scope;
  const std::vector<Permission>& needed;
};

/// True for what our own template grants while the kind of export is not known: then both kinds are looked for and made.
bool IsForDiscovery(const ExcessGrant& grant, const Comparing& with) {
  PolicyScope scope = with.scope;
  scope.export_kind.reset();
  std::set<PermissionSet> sets = with.context.settings().permission_sets;
  sets.insert(PermissionSet::kReadBilling);
  const Result<std::vector<Permission>> wider = NeededPermissions(sets, scope);
  if (!wider.ok()) return false;
  return std::any_of(wider->begin(), wider->end(), [&](const Permission& permission) {
    const PolicyStatement statement =
        WithValues(BuildPolicy({permission}), ScopeValues(scope)).statements.front();
    return permission.action == grant.pattern && Join(statement.resources, ", ") == grant.resource;
  });
}

/// AWS's own policies cannot be replaced, only detached.
bool IsOfAws(const std::string& policy) {
  return policy.starts_with("arn:") && policy.find(":iam::aws:policy/") != std::string::npos;
}

std::string HowToDetach(const CheckContext& context, const std::string& arn) {
  const bool role = HasRole(context.settings());
  const std::string name = role ? RoleName(context.settings().role_arn) : UserName(context);
  const std::string command =
      CommandLine({"aws", "iam", role ? "detach-role-policy" : "detach-user-policy",
                   role ? "--role-name" : "--user-name", name, "--policy-arn", arn});
  return "detach " + arn.substr(arn.rfind('/') + 1) + ": " + command +
         (role ? "" : " (or take the user out of the group that has it)");
}

std::string HowToTakeOut(std::string_view action, const std::string& statement) {
  return "take " + std::string(action) + " out of the statement that denies it: " + statement;
}

/// What to do, in order.  `lacking` is as in Judge().
std::vector<std::string> FixesFor(const Comparing& with, const PolicyComparison& comparison,
                                  const std::vector<MissingAction>& lacking) {
  std::vector<std::string> fixes;
  if (lacking.size() > comparison.missing.size()) {
    fixes.emplace_back(
        "what its own policy cannot mend: add the actions to its permissions boundary, or "
        "ask the organisation's administrator to except it from the service control policy");
  }
  for (const MissingAction& action : comparison.missing) {
    if (action.denied_by.empty()) continue;
    std::string fix = HowToTakeOut(action.action, action.denied_by);
    if (!std::count(fixes.begin(), fixes.end(), fix)) fixes.push_back(std::move(fix));
  }
  std::vector<GrantedPolicy> kept = *with.context.granted;
  for (const ExcessGrant& grant : comparison.excess) {
    if (!IsOfAws(grant.policy)) continue;
    const auto is_it = [&](const GrantedPolicy& policy) { return policy.name == grant.policy; };
    if (std::erase_if(kept, is_it) > 0) fixes.push_back(HowToDetach(with.context, grant.policy));
  }
  const PolicyComparison rest = ComparePolicies(kept, with.needed, ScopeValues(with.scope));
  const bool lacks =
      std::any_of(rest.missing.begin(), rest.missing.end(),
                  [](const MissingAction& action) { return action.denied_by.empty(); });
  const bool exceeds =
      std::any_of(rest.excess.begin(), rest.excess.end(),
                  [&](const ExcessGrant& grant) { return !IsForDiscovery(grant, with); });
  if (lacks || exceeds) {
    fixes.push_back(
        (kept.empty() ? "give it this policy:\n" : "replace the policy by this one:\n") +
        ToJson(comparison.corrected));
  }
  return fixes;
}

/// `lacking` is what the policies do not grant, and then what something above them takes away, which no policy mends.
Verdict Judge(const Comparing& with, const PolicyComparison& comparison,
              const std::vector<MissingAction>& lacking) {
  std::vector<std::string> missing, excess, spare;
  for (const MissingAction& action : lacking) {
    missing.push_back(action.action + " (" + action.why + ")");
  }
  for (const ExcessGrant& grant : comparison.excess) {
    if (IsForDiscovery(grant, with)) {
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
                   cause, Join(FixesFor(with, comparison, lacking), "\n"));
  }
  for (const MissingAction& action : lacking) {
    verdict.evidence.push_back({"missing:" + action.action, action.needed_by});
  }
  for (const ExcessGrant& grant : comparison.excess) {
    verdict.evidence.push_back({"excess:" + grant.pattern, grant.policy});
  }
  return verdict;
}

constexpr std::string_view kSimulate = "iam:SimulatePrincipalPolicy";

/// The role or user whose grants are judged, as IAM names it.
std::string HolderArn(const CheckContext& context) {
  return HasRole(context.settings()) ? context.settings().role_arn : context.identity.arn;
}

bool MaySimulate(const CheckContext& context, const std::vector<GrantedPolicy>& granted) {
  Permission simulate;
  simulate.action = kSimulate;
  simulate.resources = {HolderArn(context)};
  return ComparePolicies(granted, {simulate}, {}, {}).missing.empty();
}

/// Why IAM's simulation refuses; "" where it allows, or only lacks a context key that a real request has.
std::string WhyRefused(const aws::SimulatedAction& simulated) {
  if (simulated.decision == "allowed") return "";
  if (!simulated.organization_allows) {
    return "by IAM's simulation a service control policy of the organisation denies it";
  }
  if (!simulated.boundary_allows) {
    return "by IAM's simulation the permissions boundary leaves it out";
  }
  return simulated.decision == "explicitDeny" ? "by IAM's simulation it is denied" : "";
}

/// Asks IAM about each statement of the minimum policy.  It knows policies of the organisation, which no role may
/// read, but not every condition: what it refuses is told, what it allows proves nothing.
Result<std::vector<MissingAction>> Simulated(CheckContext& context,
                                             const std::vector<Permission>& needed,
                                             const PolicyScope& scope) {
  std::vector<MissingAction> refused;
  const PolicyDocument minimum = WithValues(BuildPolicy(needed), ScopeValues(scope));
  for (const PolicyStatement& statement : minimum.statements) {
    aws::Simulation simulation{HolderArn(context), statement.actions, statement.resources};
    for (const PolicyCondition& condition : statement.conditions) {
      simulation.context.emplace_back(condition.key, condition.values);
    }
    TRY_ASSIGN(const std::vector<aws::SimulatedAction> simulated,
               aws::SimulatePrincipalPolicy(*context.client, simulation));
    for (const aws::SimulatedAction& one : simulated) {
      std::string why = WhyRefused(one);
      const auto permission = std::find_if(needed.begin(), needed.end(), [&](const Permission& p) {
        return EqualsIgnoreCase(p.action, one.action);
      });
      if (why.empty() || permission == needed.end()) continue;
      refused.push_back({one.action, one.resource, std::string(permission->reason),
                         std::string(permission->needed_by), std::move(why)});
    }
  }
  return refused;
}

/// Of a role the check of its trust has read the boundary.  Where a user's may not be read, that is no failure: the action
/// is told as missing, and what the boundary takes away shows when it is tried.
Result<void> FindUserBoundary(CheckContext& context) {
  if (HasRole(context.settings())) return {};
  Result<std::string> boundary = aws::UserBoundary(*context.client, UserName(context));
  if (!boundary.ok() && boundary.error().code() != Errc::kPermissionDenied) {
    return std::move(boundary).error();
  }
  if (boundary.ok()) context.boundary_arn = *std::move(boundary);
  return {};
}

/// What the policies grant and a boundary or the organisation takes away.
struct Limits {
  std::vector<MissingAction> missing;
  std::string boundary;    ///< its document
  std::string simulation;  ///< how asking IAM went; "" when it was not asked
};
Result<Limits> FindLimits(CheckContext& context, const std::vector<Permission>& needed,
                          const PolicyScope& scope, bool may_simulate) {
  Limits limits;
  TRY(FindUserBoundary(context));
  if (!context.boundary_arn.empty()) {
    TRY_ASSIGN(limits.boundary, aws::ManagedPolicyDocument(*context.client, context.boundary_arn));
    TRY_ASSIGN(const PolicyDocument document, ParsePolicyDocument(limits.boundary));
    limits.missing = OutsideBoundary({context.boundary_arn, document}, needed, ScopeValues(scope));
  }
  if (!may_simulate) return limits;
  Result<std::vector<MissingAction>> simulated = Simulated(context, needed, scope);
  limits.simulation = simulated.ok() ? "done" : simulated.error().message();
  if (simulated.ok()) Merge(*std::move(simulated), limits.missing);
  return limits;
}

/// Reads what was granted into the context; returns it as one text.
Result<std::string> ReadGrants(CheckContext& context) {
  TRY_ASSIGN(const std::vector<aws::RolePolicy> policies, ReadPolicies(context));
  std::vector<GrantedPolicy> granted;
  std::string all;
  for (const aws::RolePolicy& policy : policies) {
    Result<PolicyDocument> document = ParsePolicyDocument(policy.document);
    if (!document.ok())
      return Error(document.error()).Wrap("policy " + policy.name + " cannot be understood");
    granted.push_back({policy.arn.empty() ? policy.name : policy.arn, *std::move(document)});
    all += policy.name + "\n" + policy.document + "\n";
  }
  context.granted = std::move(granted);
  return all;
}

Verdict CheckGrantedPermissions(CheckContext& context) {
  const auto cannot_read = [](const Error& error) {
    return Refused(error, "what was granted cannot be read", error.detail(aws::kOperationDetail));
  };
  const Result<std::string> all = ReadGrants(context);
  if (!all.ok()) return cannot_read(all.error());
  const std::vector<GrantedPolicy>& granted = *context.granted;
  const PolicyScope scope = ScopeFor(context);
  if (scope.bucket.empty() && (ReadsBills(context.settings()) ||
                               Grants<PermissionSet::kManageExport>(context.settings()))) {
    return Skip("what is needed cannot be told before the bucket is known, see export");
  }
  const Result<std::vector<Permission>> needed =
      NeededPermissions(context.settings().permission_sets, scope);
  if (!needed.ok()) return Refused(needed.error(), "what is needed cannot be told", "");
  Result<Limits> limits = FindLimits(context, *needed, scope, MaySimulate(context, granted));
  if (!limits.ok()) return cannot_read(limits.error());
  const PolicyComparison comparison = ComparePolicies(granted, *needed, ScopeValues(scope));
  context.lacking = comparison.missing;
  Merge(std::move(limits->missing), context.lacking);
  Verdict verdict = Judge({context, scope, *needed}, comparison, context.lacking);
  if (!context.boundary_arn.empty()) verdict.evidence.push_back({"boundary", context.boundary_arn});
  if (!limits->simulation.empty()) {
    verdict.evidence.push_back({"simulation", limits->simulation});
  }
  verdict.evidence.push_back({std::string(kPoliciesFingerprint), Sha256(*all + limits->boundary)});
  return verdict;
}

}  // namespace

std::string HowToUndeny(CheckContext& context, std::string_view action) {
  if (!context.granted && !ReadGrants(context).ok()) return "";
  const std::vector<std::string> statements = DenyingStatements(*context.granted, action);
  return statements.empty() ? "" : HowToTakeOut(action, Join(statements, ", or "));
}

std::vector<CheckRow> GrantChecks() {
  return {
      {check_id::kGrantedPermissions,
       "granted against needed permissions",
       "is anything missing, or granted beyond need",
       {"identity"},
       HasAws,
       CheckGrantedPermissions},
  };
}

}  // namespace farthing::connect
