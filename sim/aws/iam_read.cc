#include <algorithm>

#include "http/message.h"
#include "sim/aws/iam_entities.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

std::size_t MaxItems(const Operation& operation) {
  const std::string& text = operation.Parameter("MaxItems");
  const int asked = text.empty() ? 100 : std::atoi(text.c_str());
  return static_cast<std::size_t>(std::clamp(asked, 1, 1000));
}

/// <tag><member>…</member></tag><IsTruncated/><Marker/> for the page that is asked for.
Result<Reply> Members(const Operation& operation, std::string_view tag,
                      const std::vector<std::string>& members) {
  TRY_ASSIGN(const Page page, TakePage(members.size(), operation.Parameter("Marker"),
                                       MaxItems(operation), "ValidationError"));
  std::string inner;
  for (std::size_t i = page.begin; i < page.end; ++i) inner += XmlNode("member", members[i]);
  Reply reply;
  reply.xml = XmlNode(tag, inner) + XmlFlag("IsTruncated", !page.next.empty());
  if (!page.next.empty()) reply.xml += Xml("Marker", page.next);
  return reply;
}

Result<Reply> GetEntityPolicy(World& world, const Operation& operation, EntityKind kind) {
  TRY_ASSIGN(const Entity* entity, TakeEntity(world, operation, kind));
  const std::string& name = operation.Parameter("PolicyName");
  const auto found = entity->inline_policies.find(name);
  if (found == entity->inline_policies.end()) {
    return NoSuchEntity("The " +
                        std::string(kind == EntityKind::kRole   ? "role"
                                    : kind == EntityKind::kUser ? "user"
                                                                : "group") +
                        " policy with name " + name + " cannot be found.");
  }
  Reply reply;
  reply.xml = Xml(std::string(Name(kind)) + "Name", entity->name) + Xml("PolicyName", name) +
              Xml("PolicyDocument", http::PercentEncode(found->second));
  return reply;
}

/// ListRolePolicies and ListAttachedRolePolicies, for users and groups too.
Result<Reply> ListEntityPolicies(World& world, const Operation& operation, EntityKind kind) {
  TRY_ASSIGN(const Entity* entity, TakeEntity(world, operation, kind));
  std::vector<std::string> members;
  if (operation.action.starts_with("ListAttached")) {
    for (const std::string& arn : entity->attached) {
      members.push_back(Xml("PolicyName", arn.substr(arn.rfind('/') + 1)) + Xml("PolicyArn", arn));
    }
    return Members(operation, "AttachedPolicies", members);
  }
  for (const auto& [name, document] : entity->inline_policies) members.push_back(EscapeXml(name));
  return Members(operation, "PolicyNames", members);
}

Result<Reply> ListEntities(World& world, const Operation& operation, EntityKind kind) {
  TRY(CheckIam(world, operation, EntityArn(world, operation, kind, "")));
  std::vector<std::string> members;
  for (const auto& [name, entity] :
       EntitiesOf(*world.FindAccount(operation.caller.account_id), kind)) {
    if (!entity.path.starts_with(operation.Parameter("PathPrefix"))) continue;
    members.push_back(kind == EntityKind::kRole ? RoleXml(entity) : UserXml(entity));
  }
  return Members(operation, std::string(Name(kind)) + "s", members);
}

Result<Reply> PolicyVersions(World& world, const Operation& operation) {
  TRY_ASSIGN(const ManagedPolicy* policy, TakePolicy(world, operation));
  if (operation.action == "GetPolicy") {
    Reply reply;
    reply.xml = XmlNode("Policy", PolicyXml(world, *policy));
    return reply;
  }
  if (operation.action == "GetPolicyVersion") {
    for (const ManagedPolicy::Version& version : policy->versions) {
      if (version.id != operation.Parameter("VersionId")) continue;
      Reply reply;
      reply.xml = XmlNode("PolicyVersion", Xml("Document", http::PercentEncode(version.document)) +
                                               VersionXml(*policy, version));
      return reply;
    }
    return NoSuchEntity("Policy " + policy->arn + " version " + operation.Parameter("VersionId") +
                        " does not exist or is not attachable.");
  }
  std::vector<std::string> members;
  for (const ManagedPolicy::Version& version : policy->versions)
    members.push_back(VersionXml(*policy, version));
  return Members(operation, "Versions", members);
}

/// The caller that an ARN stands for in a simulation.
std::optional<Caller> CallerOf(World& world, const std::string& arn) {
  Caller caller;
  if (const Entity* role = world.FindRole(arn)) {
    caller.account_id = arn.substr(13, 12);
    caller.role_name = role->name;
    caller.role_arn = caller.arn = arn;
    return caller;
  }
  for (const auto& [id, account] : world.accounts) {
    for (const auto& [name, user] : account.users) {
      if (user.arn != arn) continue;
      caller.account_id = id;
      caller.user_name = name;
      caller.arn = arn;
      return caller;
    }
  }
  return std::nullopt;
}

Result<Reply> Simulate(World& world, const Operation& operation) {
  const std::string& source = operation.Parameter("PolicySourceArn");
  TRY(CheckIam(world, operation, source));
  const auto subject = CallerOf(world, source);
  if (!subject || subject->account_id != operation.caller.account_id)
    return NoSuchEntity("The entity " + source + " was not found.");
  std::vector<std::string> resources = operation.ParameterList("ResourceArns");
  if (resources.empty()) resources.emplace_back("*");
  ContextKeys keys;
  for (int i = 1;; ++i) {
    const std::string stem = "ContextEntries.member." + std::to_string(i) + ".";
    const std::string& name = operation.Parameter(stem + "ContextKeyName");
    if (name.empty()) break;
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    keys[key] = operation.ParameterList(stem + "ContextKeyValues");
  }
  const PolicySet policies = world.PoliciesOf(*subject);
  std::vector<std::string> members;
  for (const std::string& action : operation.ParameterList("ActionNames")) {
    if (action.find(':') == std::string::npos)
      return Refuse(400, "InvalidInput", "Invalid Action Name: " + action);
    for (const std::string& resource : resources) {
      const Authorization decided = Authorize(
          policies, {action, resource, subject->ToPrincipal(), keys}, {{}, subject->account_id});
      members.push_back(
          Xml("EvalActionName", action) + Xml("EvalResourceName", resource) +
          Xml("EvalDecision", decided.allowed             ? "allowed"
                              : decided.explicitly_denied ? "explicitDeny"
                                                          : "implicitDeny") +
          "<MatchedStatements/><MissingContextValues/>" +
          XmlNode(
              "OrganizationsDecisionDetail",
              XmlFlag("AllowedByOrganizations", decided.policy_type != "service control policy")) +
          (policies.boundary ? XmlNode("PermissionsBoundaryDecisionDetail",
                                       XmlFlag("AllowedByPermissionsBoundary",
                                               decided.policy_type != "permissions boundary"))
                             : ""));
    }
  }
  return Members(operation, "EvaluationResults", members);
}

}  // namespace

Result<Reply> AnswerIamRead(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  if (action == "SimulatePrincipalPolicy") return Simulate(world, operation);
  if (action == "GetPolicy" || action == "GetPolicyVersion" || action == "ListPolicyVersions")
    return PolicyVersions(world, operation);
  if (action == "ListPolicies") {
    TRY(CheckIam(world, operation, "*"));
    std::vector<std::string> members;
    for (const auto& [arn, policy] : world.FindAccount(operation.caller.account_id)->policies)
      members.push_back(PolicyXml(world, policy));
    return Members(operation, "Policies", members);
  }
  if (action == "ListAccessKeys") {
    TRY_ASSIGN(const Entity* user, TakeEntity(world, operation, EntityKind::kUser));
    std::vector<std::string> members;
    for (const auto& [id, key] : world.access_keys) {
      if (key.account_id != operation.caller.account_id || key.user_name != user->name) continue;
      members.push_back(Xml("UserName", user->name) + Xml("AccessKeyId", id) +
                        Xml("Status", key.active ? "Active" : "Inactive"));
    }
    return Members(operation, "AccessKeyMetadata", members);
  }
  if (action == "ListGroupsForUser") {
    TRY_ASSIGN(const Entity* user, TakeEntity(world, operation, EntityKind::kUser));
    std::vector<std::string> members;
    for (const std::string& group : user->groups) {
      members.push_back(Xml("Path", "/") + Xml("GroupName", group) +
                        Xml("GroupId", "AGPA" + group) +
                        Xml("Arn", EntityArn(world, operation, EntityKind::kGroup, group)) +
                        Xml("CreateDate", "2026-01-01T00:00:00Z"));
    }
    return Members(operation, "Groups", members);
  }
  const auto kind = KindIn(action);
  if (!kind) return UnknownAction(operation);
  const std::string name(Name(*kind));
  if (action == "List" + name + "s") return ListEntities(world, operation, *kind);
  if (action == "Get" + name + "Policy") return GetEntityPolicy(world, operation, *kind);
  if (action == "List" + name + "Policies" || action == "ListAttached" + name + "Policies") {
    return ListEntityPolicies(world, operation, *kind);
  }
  if (action == "Get" + name) {
    TRY_ASSIGN(const Entity* entity, TakeEntity(world, operation, *kind));
    Reply reply;
    reply.xml = XmlNode(name, *kind == EntityKind::kRole ? RoleXml(*entity) : UserXml(*entity));
    return reply;
  }
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
