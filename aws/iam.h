#pragma once

// AWS IAM (API 2010-05-08): the audit of what we were granted.  Reading only.

#include <string>
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

struct SimulatedAction {
  std::string action, resource, decision;  ///< allowed, explicitDeny, implicitDeny
};
Result<std::vector<SimulatedAction>> SimulatePrincipalPolicy(
    Client& client, const std::string& principal_arn, const std::vector<std::string>& actions,
    const std::vector<std::string>& resources);

}  // namespace farthing::aws
