#include "sim/aws/authorization.h"

#include <algorithm>

namespace farthing::rehearsal {
namespace {

Verdict EvaluateAll(const std::vector<Policy>& policies, const AccessRequest& request) {
  Verdict all;
  for (const Policy& policy : policies) {
    const Verdict one = policy.Evaluate(request);
    all.denied |= one.denied;
    all.allowed |= one.allowed;
  }
  return all;
}

constexpr std::string_view kScp = "service control policy";
constexpr std::string_view kResource = "resource-based policy";
constexpr std::string_view kIdentity = "identity-based policy";
constexpr std::string_view kBoundary = "permissions boundary";
constexpr std::string_view kSession = "session policy";

Authorization Denied(std::string_view by) { return {false, true, std::string(by)}; }
Authorization NotAllowed(std::string_view by) { return {false, false, std::string(by)}; }

}  // namespace

Authorization Authorize(const PolicySet& policies, const AccessRequest& request,
                        const ResourcePolicy& resource) {
  const Verdict identity = EvaluateAll(policies.identity, request);
  const Verdict boundary =
      policies.boundary ? EvaluateAll(*policies.boundary, request) : Verdict{false, true};
  const Verdict session =
      policies.session ? EvaluateAll(*policies.session, request) : Verdict{false, true};
  const Verdict on_resource = resource.policy ? resource.policy->Evaluate(request) : Verdict{};

  bool scps_allow = true;
  for (const auto& level : policies.scps) {
    const Verdict scp = EvaluateAll(level, request);
    if (scp.denied) return Denied(kScp);
    scps_allow &= scp.allowed;
  }
  if (on_resource.denied) return Denied(kResource);
  if (identity.denied) return Denied(kIdentity);
  if (boundary.denied) return Denied(kBoundary);
  if (session.denied) return Denied(kSession);
  if (!scps_allow) return NotAllowed(kScp);

  const Principal& who = request.principal;
  const bool has_identity = who.service.empty() && !who.arn.empty();
  const bool same_account = has_identity && who.account_id == resource.owner;
  if (!on_resource.allowed && (resource.required || !same_account)) return NotAllowed(kResource);
  if (!has_identity) return {true, false, {}};

  // Within an account, a resource's policy that names the user or the role, rather than the account, is enough;
  // only one that names the very session or user escapes boundary and session policy.
  if (same_account && on_resource.allowed) {
    const bool is_user = who.role_arn.empty();
    if (on_resource.named == Named::kExactly ||
        (on_resource.named == Named::kEveryone && is_user)) {
      return {true, false, {}};
    }
    if (on_resource.named != Named::kAccount) {
      if (!boundary.allowed) return NotAllowed(kBoundary);
      if (!session.allowed) return NotAllowed(kSession);
      return {true, false, {}};
    }
  }
  if (!identity.allowed) return NotAllowed(kIdentity);
  if (!boundary.allowed) return NotAllowed(kBoundary);
  if (!session.allowed) return NotAllowed(kSession);
  return {true, false, {}};
}

std::string DenialMessage(const AccessRequest& request, const Authorization& refused) {
  const bool anonymous = request.principal.arn.empty() && request.principal.service.empty();
  const std::string who = anonymous                        ? "anonymous"
                          : !request.principal.arn.empty() ? request.principal.arn
                                                           : request.principal.service;
  std::string text = "User: " + who + " is not authorized to perform: " + request.action;
  // Words of AWS: S3 puts the resource in quotes, and STS gives no reason.
  const bool s3 = request.action.starts_with("s3:");
  text += " on resource: ";
  text += s3 ? '"' + request.resource + '"' : request.resource;
  if (request.action.starts_with("sts:AssumeRole")) return text;
  const bool vowel = refused.policy_type.starts_with("i");
  if (refused.explicitly_denied) {
    return text + " with an explicit deny in " + (vowel ? "an " : "a ") + refused.policy_type;
  }
  return text + " because no " + refused.policy_type + " allows the " + request.action + " action";
}

}  // namespace farthing::rehearsal
