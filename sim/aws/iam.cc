#include <algorithm>

#include "sim/aws/iam_entities.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

Result<std::string> Document(const Operation& operation, const std::string& parameter,
                             PolicyKind kind) {
  const std::string& document = operation.Parameter(parameter);
  if (auto policy = Policy::Parse(document, kind); !policy.ok()) {
    return Refuse(400, "MalformedPolicyDocument", policy.error().message());
  }
  return document;
}

// Source: IAM user guide, "IAM and AWS STS quotas".
constexpr std::size_t kManagedSize = 6144, kTrustSize = 2048, kAttachedPolicies = 10;
constexpr std::size_t InlineSize(EntityKind kind) {
  return kind == EntityKind::kRole ? 10240 : kind == EntityKind::kUser ? 2048 : 5120;
}
constexpr std::size_t NameSize(EntityKind kind) { return kind == EntityKind::kGroup ? 128 : 64; }

/// The characters that IAM counts.
std::size_t SizeOf(std::string_view document) {
  return document.size() -
         static_cast<std::size_t>(std::count_if(document.begin(), document.end(), [](char c) {
           return c == ' ' || (c >= '\t' && c <= '\r');
         }));
}

Result<void> CheckQuota(std::size_t used, std::string_view quota, std::size_t limit) {
  if (used <= limit) return {};
  return Refuse(409, "LimitExceeded",
                "Cannot exceed quota for " + std::string(quota) + ": " + std::to_string(limit));
}

Result<std::string> TrustDocument(const Operation& operation, const std::string& parameter) {
  TRY_ASSIGN(const std::string trust, Document(operation, parameter, PolicyKind::kTrust));
  TRY(CheckQuota(SizeOf(trust), "ACLSizePerRole", kTrustSize));
  return trust;
}

Result<std::string> ManagedDocument(const Operation& operation) {
  TRY_ASSIGN(const std::string document,
             Document(operation, "PolicyDocument", PolicyKind::kIdentity));
  TRY(CheckQuota(SizeOf(document), "PolicySize", kManagedSize));
  return document;
}

/// All inline policies of one entity share one limit.
Result<void> PutInline(const Operation& operation, EntityKind kind, Entity& entity) {
  const std::string& name = operation.Parameter("PolicyName");
  TRY_ASSIGN(std::string document, Document(operation, "PolicyDocument", PolicyKind::kIdentity));
  std::size_t size = SizeOf(document);
  for (const auto& [other, text] : entity.inline_policies) {
    if (other != name) size += SizeOf(text);
  }
  if (size > InlineSize(kind)) {
    std::string type(Name(kind));
    type[0] = static_cast<char>(type[0] - 'A' + 'a');
    return Refuse(409, "LimitExceeded",
                  "Maximum policy size of " + std::to_string(InlineSize(kind)) +
                      " bytes exceeded for " + type + " " + entity.name);
  }
  entity.inline_policies[name] = std::move(document);
  return {};
}

/// Refuses trust in principals that do not exist, as IAM does when a trust policy is saved.
Result<void> CheckPrincipals(World& world, const std::string& trust) {
  TRY_ASSIGN(const Policy policy, Policy::Parse(trust, PolicyKind::kTrust));
  for (const std::string& arn : policy.PrincipalArns()) {
    const bool bare = arn.size() == 12;
    const std::string account_id = bare ? arn : arn.size() > 25 ? arn.substr(13, 12) : "";
    Account* account = world.FindAccount(account_id);
    bool known = account != nullptr &&
                 (bare || arn.ends_with(":root") || arn.find(":sts:") != std::string::npos);
    if (account != nullptr && !known) {
      const std::string name = arn.substr(arn.rfind('/') + 1);
      known = arn.find(":role/") != std::string::npos ? account->roles.contains(name)
                                                      : account->users.contains(name);
    }
    if (!known)
      return Refuse(400, "MalformedPolicyDocument",
                    "Invalid principal in policy: \"AWS\":\"" + arn + "\"");
  }
  return {};
}

Error Exists(std::string_view what, const std::string& name) {
  return Refuse(409, "EntityAlreadyExists",
                std::string(what) + " with name " + name + " already exists.");
}

Result<Reply> CreateEntity(World& world, const Operation& operation, EntityKind kind) {
  const std::string type(Name(kind));
  const std::string& name = operation.Parameter(type + "Name");
  if (name.empty())
    return Refuse(400, "ValidationError",
                  "The request must contain the parameter " + type + "Name.");
  if (name.size() > NameSize(kind)) {
    std::string parameter = type + "Name";
    parameter[0] = static_cast<char>(parameter[0] - 'A' + 'a');
    return Refuse(400, "ValidationError",
                  "1 validation error detected: Value '" + name + "' at '" + parameter +
                      "' failed to satisfy constraint: Member must have length less than or equal "
                      "to " +
                      std::to_string(NameSize(kind)));
  }
  TRY(CheckIam(world, operation, EntityArn(world, operation, kind, name)));
  auto& entities = EntitiesOf(*world.FindAccount(operation.caller.account_id), kind);
  if (entities.contains(name)) return Exists(type, name);
  Entity entity;
  entity.name = name;
  if (const std::string& path = operation.Parameter("Path"); !path.empty()) entity.path = path;
  if (kind == EntityKind::kRole) {
    TRY_ASSIGN(entity.trust, TrustDocument(operation, "AssumeRolePolicyDocument"));
    TRY(CheckPrincipals(world, entity.trust));
    if (const std::string& seconds = operation.Parameter("MaxSessionDuration"); !seconds.empty())
      entity.max_session_seconds = std::atoi(seconds.c_str());
  }
  entity.description = operation.Parameter("Description");
  entity.boundary = operation.Parameter("PermissionsBoundary");
  std::string lower = type;
  lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
  entity.arn = "arn:aws:iam::" + operation.caller.account_id + ":" + lower + entity.path + name;
  entity.id = std::string(kind == EntityKind::kRole   ? "AROA"
                          : kind == EntityKind::kUser ? "AIDA"
                                                      : "AGPA") +
              world.RandomText(kBase32, 17);
  entity.created = world.now();
  Entity& made = entities[name] = std::move(entity);
  Reply reply;
  reply.xml = XmlNode(type, kind == EntityKind::kRole ? RoleXml(made)
                            : kind == EntityKind::kUser
                                ? UserXml(made)
                                : Xml("Path", made.path) + Xml("GroupName", name) +
                                      Xml("GroupId", made.id) + Xml("Arn", made.arn) +
                                      Xml("CreateDate", ToString(made.created)));
  return reply;
}

Result<Reply> ChangeEntity(World& world, const Operation& operation, EntityKind kind) {
  const std::string name(Name(kind));
  const std::string& action = operation.action;
  TRY_ASSIGN(Entity * entity, TakeEntity(world, operation, kind));
  auto& entities = EntitiesOf(*world.FindAccount(operation.caller.account_id), kind);
  const std::string& policy_name = operation.Parameter("PolicyName");
  const std::string& policy_arn = operation.Parameter("PolicyArn");
  if (action == "Put" + name + "Policy") {
    TRY(PutInline(operation, kind, *entity));
  } else if (action == "Delete" + name + "Policy") {
    if (entity->inline_policies.erase(policy_name) == 0)
      return NoSuchEntity("The policy with name " + policy_name + " cannot be found.");
  } else if (action == "Attach" + name + "Policy") {
    if (world.FindPolicy(policy_arn) == nullptr)
      return NoSuchEntity("Policy " + policy_arn + " does not exist or is not attachable.");
    if (std::find(entity->attached.begin(), entity->attached.end(), policy_arn) ==
        entity->attached.end()) {
      TRY(CheckQuota(entity->attached.size() + 1, "PoliciesPer" + name, kAttachedPolicies));
      entity->attached.push_back(policy_arn);
    }
  } else if (action == "Detach" + name + "Policy") {
    if (std::erase(entity->attached, policy_arn) == 0)
      return NoSuchEntity("Policy " + policy_arn + " was not found.");
  } else if (action == "Put" + name + "PermissionsBoundary") {
    entity->boundary = operation.Parameter("PermissionsBoundary");
  } else if (action == "Delete" + name + "PermissionsBoundary") {
    entity->boundary.clear();
  } else if (action == "Delete" + name) {
    if (!entity->inline_policies.empty())
      return Refuse(409, "DeleteConflict", "Cannot delete entity, must delete policies first.");
    if (!entity->attached.empty())
      return Refuse(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
    entities.erase(std::string(entity->name));
  } else if (action == "UpdateRole") {
    if (const std::string& seconds = operation.Parameter("MaxSessionDuration"); !seconds.empty())
      entity->max_session_seconds = std::atoi(seconds.c_str());
    if (operation.parameters.contains("Description"))
      entity->description = operation.Parameter("Description");
  } else {
    return AnswerIamRead(world, operation);
  }
  return Reply{};
}

Result<Reply> CreatePolicy(World& world, const Operation& operation) {
  ManagedPolicy policy;
  policy.name = operation.Parameter("PolicyName");
  if (const std::string& path = operation.Parameter("Path"); !path.empty()) policy.path = path;
  policy.arn =
      "arn:aws:iam::" + operation.caller.account_id + ":policy" + policy.path + policy.name;
  TRY(CheckIam(world, operation, policy.arn));
  TRY_ASSIGN(const std::string document, ManagedDocument(operation));
  auto& policies = world.FindAccount(operation.caller.account_id)->policies;
  if (policies.contains(policy.arn))
    return Refuse(
        409, "EntityAlreadyExists",
        "A policy called " + policy.name + " already exists. Duplicate names are not allowed.");
  policy.id = "ANPA" + world.RandomText(kBase32, 17);
  policy.created = world.now();
  policy.versions.push_back({"v1", document, policy.created});
  const std::string arn = policy.arn;
  Reply reply;
  reply.xml = XmlNode("Policy", PolicyXml(world, policies[arn] = std::move(policy)));
  return reply;
}

Result<Reply> CreatePolicyVersion(World& world, const Operation& operation) {
  TRY_ASSIGN(ManagedPolicy * policy, TakePolicy(world, operation));
  TRY_ASSIGN(const std::string document, ManagedDocument(operation));
  if (policy->versions.size() >= 5)
    return Refuse(409, "LimitExceeded",
                  "A managed policy can have up to 5 versions. Before you create a new version, "
                  "you must delete an existing version.");
  const std::string id = "v" + std::to_string(policy->next_version++);
  policy->versions.push_back({id, document, world.now()});
  if (operation.Parameter("SetAsDefault") == "true") policy->default_version = id;
  Reply reply;
  reply.xml = XmlNode("PolicyVersion", VersionXml(*policy, policy->versions.back()));
  return reply;
}

Result<Reply> DeletePolicyVersion(World& world, const Operation& operation) {
  TRY_ASSIGN(ManagedPolicy * policy, TakePolicy(world, operation));
  const std::string& id = operation.Parameter("VersionId");
  if (id == policy->default_version)
    return Refuse(409, "DeleteConflict", "Cannot delete the default version of a policy.");
  const auto removed =
      std::erase_if(policy->versions, [&](const auto& version) { return version.id == id; });
  if (removed == 0) return NoSuchEntity("Policy version " + id + " does not exist.");
  return Reply{};
}

Result<Reply> DeletePolicy(World& world, const Operation& operation) {
  TRY_ASSIGN(const ManagedPolicy* policy, TakePolicy(world, operation));
  const std::string arn = policy->arn;
  world.FindAccount(operation.caller.account_id)->policies.erase(arn);
  return Reply{};
}

Result<Reply> CreateKey(World& world, const Operation& operation) {
  TRY_ASSIGN(const Entity* user, TakeEntity(world, operation, EntityKind::kUser));
  const auto existing =
      std::count_if(world.access_keys.begin(), world.access_keys.end(), [&](const auto& each) {
        return each.second.account_id == operation.caller.account_id &&
               each.second.user_name == user->name;
      });
  if (existing >= 2)
    return Refuse(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
  const AccessKey& key = world.CreateAccessKey(operation.caller.account_id, user->name);
  Reply reply;
  reply.xml =
      XmlNode("AccessKey", Xml("UserName", user->name) + Xml("AccessKeyId", key.id) +
                               Xml("Status", "Active") + Xml("SecretAccessKey", key.secret) +
                               Xml("CreateDate", ToString(key.created)));
  return reply;
}

}  // namespace

Result<Reply> AnswerIam(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  if (action == "CreateRole") return CreateEntity(world, operation, EntityKind::kRole);
  if (action == "CreateUser") return CreateEntity(world, operation, EntityKind::kUser);
  if (action == "CreateGroup") return CreateEntity(world, operation, EntityKind::kGroup);
  if (action == "CreatePolicy") return CreatePolicy(world, operation);
  if (action == "CreatePolicyVersion") return CreatePolicyVersion(world, operation);
  if (action == "DeletePolicyVersion") return DeletePolicyVersion(world, operation);
  if (action == "DeletePolicy") return DeletePolicy(world, operation);
  if (action == "CreateAccessKey") return CreateKey(world, operation);
  if (action == "DeleteAccessKey") {
    TRY(CheckIam(world, operation,
                 EntityArn(world, operation, EntityKind::kUser, operation.Parameter("UserName"))));
    if (world.access_keys.erase(operation.Parameter("AccessKeyId")) == 0)
      return NoSuchEntity("The Access Key with id " + operation.Parameter("AccessKeyId") +
                          " cannot be found.");
    return Reply{};
  }
  if (action == "UpdateAssumeRolePolicy") {
    TRY_ASSIGN(Entity * role, TakeEntity(world, operation, EntityKind::kRole));
    TRY_ASSIGN(const std::string trust, TrustDocument(operation, "PolicyDocument"));
    TRY(CheckPrincipals(world, trust));
    role->trust = trust;
    return Reply{};
  }
  if (action == "AddUserToGroup") {
    TRY_ASSIGN(Entity * group, TakeEntity(world, operation, EntityKind::kGroup));
    auto& users = world.FindAccount(operation.caller.account_id)->users;
    const auto user = users.find(operation.Parameter("UserName"));
    if (user == users.end())
      return NoSuchEntity("The user with name " + operation.Parameter("UserName") +
                          " cannot be found.");
    user->second.groups.push_back(group->name);
    return Reply{};
  }
  static constexpr std::string_view kChanges[] = {"Put", "Delete", "Attach", "Detach", "Update"};
  const bool change = std::any_of(std::begin(kChanges), std::end(kChanges),
                                  [&](std::string_view verb) { return action.starts_with(verb); });
  const auto kind = KindIn(action);
  if (change && kind) return ChangeEntity(world, operation, *kind);
  return AnswerIamRead(world, operation);
}

}  // namespace farthing::rehearsal
