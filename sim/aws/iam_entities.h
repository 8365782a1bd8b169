#pragma once

// What reads and writes of IAM share: finding users, roles, groups and policies.  Private to sim/aws.

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

enum class EntityKind { kUser, kRole, kGroup };
/// "Role" for "GetRolePolicy", "ListAttachedRolePolicies", …; nothing when none is named.
std::optional<EntityKind> KindIn(std::string_view action);
std::string_view Name(EntityKind kind);  ///< "Role"
std::map<std::string, Entity>& EntitiesOf(Account& account, EntityKind kind);

/// The ARN that access to an entity is checked against, whether it exists or not.
std::string EntityArn(World& world, const Operation& operation, EntityKind kind,
                      const std::string& name);

/// Finds the entity that the parameter RoleName, UserName or GroupName means, after checking access to it.
/// Errors: AccessDenied, NoSuchEntity.
Result<Entity*> TakeEntity(World& world, const Operation& operation, EntityKind kind);
/// The same for the parameter PolicyArn.
Result<ManagedPolicy*> TakePolicy(World& world, const Operation& operation);

Error NoSuchEntity(std::string message);
/// Checks access to one ARN under the operation's own name.
Result<void> CheckIam(const World& world, const Operation& operation, const std::string& arn);

/// <Role>'s inside: GetRole, ListRoles, CreateRole.
std::string RoleXml(const Entity& role);
std::string UserXml(const Entity& user);
std::string PolicyXml(const World& world, const ManagedPolicy& policy);
std::string VersionXml(const ManagedPolicy& policy, const ManagedPolicy::Version& version);

}  // namespace farthing::rehearsal
