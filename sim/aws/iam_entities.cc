#include "sim/aws/iam_entities.h"

#include "http/message.h"

namespace farthing::rehearsal {

std::optional<EntityKind> KindIn(std::string_view action) {
  if (action.find("Role") != std::string_view::npos) return EntityKind::kRole;
  if (action.find("User") != std::string_view::npos) return EntityKind::kUser;
  if (action.find("Group") != std::string_view::npos) return EntityKind::kGroup;
  return std::nullopt;
}

std::string_view Name(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser: return "User";
    case EntityKind::kRole: return "Role";
    case EntityKind::kGroup: return "Group";
  }
  return {};
}

std::map<std::string, Entity>& EntitiesOf(Account& account, EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser: return account.users;
    case EntityKind::kRole: return account.roles;
    case EntityKind::kGroup: return account.groups;
  }
  return account.users;
}

std::string EntityArn(World& world, const Operation& operation, EntityKind kind,
                      const std::string& name) {
  const std::string& account_id = operation.caller.account_id;
  if (Account* account = world.FindAccount(account_id)) {
    const auto& entities = EntitiesOf(*account, kind);
    if (const auto found = entities.find(name); found != entities.end()) return found->second.arn;
  }
  std::string type(Name(kind));
  type[0] = static_cast<char>(type[0] - 'A' + 'a');
  return "arn:aws:iam::" + account_id + ":" + type + "/" + name;
}

Error NoSuchEntity(std::string message) { return Refuse(404, "NoSuchEntity", std::move(message)); }

Result<void> CheckIam(const World& world, const Operation& operation, const std::string& arn) {
  return CheckAccess(world, operation, {.action = "iam:" + operation.action, .resource = arn});
}

Result<Entity*> TakeEntity(World& world, const Operation& operation, EntityKind kind) {
  const std::string parameter = std::string(Name(kind)) + "Name";
  std::string name = operation.Parameter(parameter);
  if (name.empty() && kind == EntityKind::kUser) name = operation.caller.user_name;
  if (name.empty()) {
    return Refuse(400, "ValidationError",
                  "1 validation error detected: Value null at '" + parameter +
                      "' failed to satisfy constraint: Member must not be null");
  }
  TRY(CheckIam(world, operation, EntityArn(world, operation, kind, name)));
  Account& account = *world.FindAccount(operation.caller.account_id);
  auto& entities = EntitiesOf(account, kind);
  const auto found = entities.find(name);
  if (found == entities.end()) {
    return NoSuchEntity("The " +
                        std::string(kind == EntityKind::kRole   ? "role"
                                    : kind == EntityKind::kUser ? "user"
                                                                : "group") +
                        " with name " + name + " cannot be found.");
  }
  return &found->second;
}

Result<ManagedPolicy*> TakePolicy(World& world, const Operation& operation) {
  const std::string& arn = operation.Parameter("PolicyArn");
  TRY(CheckIam(world, operation, arn));
  const bool visible = arn.starts_with("arn:aws:iam::aws:") ||
                       arn.starts_with("arn:aws:iam::" + operation.caller.account_id + ":");
  const ManagedPolicy* policy = world.FindPolicy(arn);
  if (policy == nullptr || !visible) return NoSuchEntity("Policy " + arn + " was not found.");
  return const_cast<ManagedPolicy*>(policy);
}

namespace {

std::string BoundaryXml(const Entity& entity) {
  if (entity.boundary.empty()) return {};
  return XmlNode("PermissionsBoundary", Xml("PermissionsBoundaryType", "Policy") +
                                            Xml("PermissionsBoundaryArn", entity.boundary));
}

}  // namespace

std::string RoleXml(const Entity& role) {
  std::string xml =
      Xml("Path", role.path) + Xml("RoleName", role.name) + Xml("RoleId", role.id) +
      Xml("Arn", role.arn) +
      Xml("CreateDate", ToString(Instant{role.created.micros / 1'000'000 * 1'000'000})) +
      Xml("AssumeRolePolicyDocument", http::PercentEncode(role.trust)) +
      Xml("MaxSessionDuration", role.max_session_seconds);
  if (!role.description.empty()) xml += Xml("Description", role.description);
  return xml + BoundaryXml(role);
}

std::string UserXml(const Entity& user) {
  return Xml("Path", user.path) + Xml("UserName", user.name) + Xml("UserId", user.id) +
         Xml("Arn", user.arn) +
         Xml("CreateDate", ToString(Instant{user.created.micros / 1'000'000 * 1'000'000})) +
         BoundaryXml(user);
}

std::string PolicyXml(const World& world, const ManagedPolicy& policy) {
  std::int64_t attachments = 0;
  for (const auto& [id, account] : world.accounts) {
    for (const auto* entities : {&account.users, &account.roles, &account.groups}) {
      for (const auto& [name, entity] : *entities) {
        attachments += std::count(entity.attached.begin(), entity.attached.end(), policy.arn);
      }
    }
  }
  const std::string created = ToString(Instant{policy.created.micros / 1'000'000 * 1'000'000});
  return Xml("PolicyName", policy.name) + Xml("PolicyId", policy.id) + Xml("Arn", policy.arn) +
         Xml("Path", policy.path) + Xml("DefaultVersionId", policy.default_version) +
         Xml("AttachmentCount", attachments) + Xml("PermissionsBoundaryUsageCount", 0) +
         XmlFlag("IsAttachable", true) + Xml("CreateDate", created) + Xml("UpdateDate", created);
}

std::string VersionXml(const ManagedPolicy& policy, const ManagedPolicy::Version& version) {
  return Xml("VersionId", version.id) +
         XmlFlag("IsDefaultVersion", version.id == policy.default_version) +
         Xml("CreateDate", ToString(Instant{version.created.micros / 1'000'000 * 1'000'000}));
}

}  // namespace farthing::rehearsal
