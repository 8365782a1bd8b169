#include <algorithm>
#include <charconv>

#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kToken =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool IsWordOf(std::string_view text, std::string_view also, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most) return false;
  return std::all_of(text.begin(), text.end(), [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           also.find(c) != std::string_view::npos;
  });
}

Error Constraint(std::string_view value, std::string_view member, std::string_view rule) {
  return Refuse(400, "ValidationError",
                "1 validation error detected: Value '" + std::string(value) + "' at '" +
                    std::string(member) + "' failed to satisfy constraint: " + std::string(rule));
}

struct RoleRequest {
  std::string arn, session_name, external_id;
  bool has_external_id = false;
  std::int64_t seconds = 3600;
};

/// Checks what STS checks before it looks at anything.
Result<RoleRequest> ReadRequest(const Operation& operation) {
  RoleRequest request{operation.Parameter("RoleArn"), operation.Parameter("RoleSessionName"),
                      operation.Parameter("ExternalId"),
                      operation.parameters.contains("ExternalId")};
  if (request.arn.size() < 20)
    return Constraint(request.arn, "roleArn",
                      "Member must have length greater than or equal to 20");
  if (!request.arn.starts_with("arn:aws"))
    return Refuse(400, "ValidationError", request.arn + " is invalid");
  if (!IsWordOf(request.session_name, "+=,.@-", 2, 64)) {
    return Constraint(request.session_name, "roleSessionName",
                      "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
  }
  if (request.has_external_id && !IsWordOf(request.external_id, "+=,.@:/-", 2, 1224)) {
    return Constraint(request.external_id, "externalId",
                      "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*");
  }
  const std::string& seconds = operation.Parameter("DurationSeconds");
  if (!seconds.empty()) {
    const auto read =
        std::from_chars(seconds.data(), seconds.data() + seconds.size(), request.seconds);
    if (read.ec != std::errc()) return Refuse(400, "MalformedInput", "DurationSeconds");
    if (request.seconds < 900)
      return Constraint(seconds, "durationSeconds",
                        "Member must have value greater than or equal to 900");
    if (request.seconds > 43'200)
      return Constraint(seconds, "durationSeconds",
                        "Member must have value less than or equal to 43200");
  }
  return request;
}

/// Decides by the role's trust policy and the caller's own policies.
Result<const Entity*> Enter(World& world, const Operation& operation, const RoleRequest& request) {
  Access access{.action = "sts:AssumeRole", .resource = request.arn};
  access.keys["sts:rolesessionname"] = {request.session_name};
  if (request.has_external_id) access.keys["sts:externalid"] = {request.external_id};
  access.resource_policy.required = true;
  const Entity* role = world.FindRole(request.arn);
  if (role != nullptr) {
    TRY_ASSIGN(access.resource_policy.policy, Policy::Parse(role->trust, PolicyKind::kTrust));
    access.resource_policy.owner = request.arn.substr(13, 12);
  }
  TRY(CheckAccess(world, operation, access));
  if (role == nullptr)
    return AccessDenied(
        operation,
        DenialMessage({access.action, access.resource, operation.caller.ToPrincipal(), {}}, {}));
  return role;
}

Result<Reply> AssumeRole(World& world, const Operation& operation) {
  TRY_ASSIGN(const RoleRequest request, ReadRequest(operation));
  const std::string& session_policy = operation.Parameter("Policy");
  if (!session_policy.empty()) {
    if (session_policy.size() > 2048) {
      return Refuse(400, "PackedPolicyTooLarge", "Serialized token too large for session");
    }
    if (auto policy = Policy::Parse(session_policy, PolicyKind::kIdentity); !policy.ok()) {
      return Refuse(400, "MalformedPolicyDocument", policy.error().message());
    }
  }
  TRY_ASSIGN(const Entity* role, Enter(world, operation, request));
  const bool chained = !operation.caller.role_arn.empty();
  if (request.seconds > role->max_session_seconds) {
    return Refuse(
        400, "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (chained && request.seconds > 3600) {
    return Refuse(400, "ValidationError",
                  "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                  "assumed by role chaining");
  }
  Session session;
  session.key_id = "ASIA" + world.RandomText(kBase32, 16);
  session.secret = world.RandomText(kToken, 40);
  session.token = "IQoJb3JpZ2luX2Vj" + world.RandomText(kToken, 380) + "==";
  session.expires = {operation.client_time.micros + request.seconds * 1'000'000};
  Caller& caller = session.caller;
  caller.account_id = request.arn.substr(13, 12);
  caller.role_name = role->name;
  caller.role_arn = role->arn;
  caller.arn = "arn:aws:sts::" + caller.account_id + ":assumed-role/" + role->name + "/" +
               request.session_name;
  caller.user_id = role->id + ":" + request.session_name;
  caller.session_policy = session_policy;
  caller.temporary = true;

  Reply reply;
  reply.xml =
      XmlNode("Credentials",
              Xml("AccessKeyId", session.key_id) + Xml("SecretAccessKey", session.secret) +
                  Xml("SessionToken", session.token) +
                  Xml("Expiration",
                      ToString(Instant{session.expires.micros / 1'000'000 * 1'000'000}))) +
      XmlNode("AssumedRoleUser", Xml("AssumedRoleId", caller.user_id) + Xml("Arn", caller.arn));
  if (!session_policy.empty()) {
    reply.xml +=
        Xml("PackedPolicySize", static_cast<std::int64_t>(session_policy.size() * 100 / 2048));
  }
  world.sessions[session.key_id] = std::move(session);
  return reply;
}

}  // namespace

Result<Reply> AnswerSts(World& world, const Operation& operation) {
  if (operation.action == "AssumeRole") return AssumeRole(world, operation);
  if (operation.action == "GetCallerIdentity") {  // allowed whatever policies say
    Reply reply;
    reply.xml = Xml("Arn", operation.caller.arn) + Xml("UserId", operation.caller.user_id) +
                Xml("Account", operation.caller.account_id);
    return reply;
  }
  if (operation.action == "AssumeRoleWithWebIdentity") {
    return Refuse(400, "InvalidIdentityToken",
                  "No OpenIDConnect provider found in your account for the token's issuer");
  }
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
