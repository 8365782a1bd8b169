#pragma once

// AWS IAM (API 2010-05-08): the audit of what we were granted.  Reading only.

#include <string>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

struct Role {
  std::string arn, name, trust_policy;  ///< JSON, decoded
  std::string permissions_boundary_arn;
  int max_session_seconds = 3600;
};
Result<Role> GetRole(Client& client, const std::string& name);

struct RolePolicy {
  std::string name;
  std::string arn;       ///< empty: inline
  std::string document;  ///< JSON, decoded; of the default version
};
/// Inline and attached policies with their documents.
Result<std::vector<RolePolicy>> RolePolicies(Client& client, const std::string& role_name);
/// The same for a user with access keys: its own, attached and its groups' policies.
Result<std::vector<RolePolicy>> UserPolicies(Client& client, const std::string& user_name);

/// ARN of a user's permissions boundary; "" where it has none.
Result<std::string> UserBoundary(Client& client, const std::string& user_name);

/// The document of an attached policy or a boundary: its default version, as JSON.
Result<std::string> ManagedPolicyDocument(Client& client, const std::string& arn);

struct Simulation {
  std::string principal_arn;  ///< of the role or user
  std::vector<std::string> actions, resources;
  /// Context keys that conditions name, such as s3:prefix, each with its values.
  std::vector<std::pair<std::string, std::vector<std::string>>> context = {};
};
struct SimulatedAction {
  std::string action, resource, decision;  ///< allowed, explicitDeny, implicitDeny
  bool organization_allows = true;         ///< false: a service control policy denies it
  bool boundary_allows = true;             ///< false: the permissions boundary leaves it out
};
/// What IAM would decide, boundaries and service control policies included; policies of buckets and keys are not.
/// Source: IAM API reference, SimulatePrincipalPolicy.
Result<std::vector<SimulatedAction>> SimulatePrincipalPolicy(Client& client,
                                                             const Simulation& simulation);

}  // namespace farthing::aws
