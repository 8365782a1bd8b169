#pragma once

// AWS Security Token Service (API 2011-06-15): who am I, and roles.  Functions are thread-safe.

#include <memory>
#include <optional>
#include <string>

#include "aws/client.h"

namespace farthing::aws {

struct CallerIdentity {
  std::string account_id, arn, user_id;
};
Result<CallerIdentity> GetCallerIdentity(Client& client);

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name = "farthing";
  /// Absent only in the negative test of onboarding; nothing else calls without one.
  std::optional<std::string> external_id;
  int duration_seconds = 3600;  ///< more fails under role chaining
  std::string session_policy;   ///< JSON that narrows the session; empty: none
};
/// Errors: kPermissionDenied (role missing, principal not trusted, external ID wrong: AWS does not say which).
Result<Credentials> AssumeRole(Client& client, const AssumeRoleRequest& request);

struct WebIdentityRequest {
  std::string role_arn;
  std::string session_name = "farthing";
  std::string token;         ///< the identity provider's JWT
  int duration_seconds = 0;  ///< 0: the role's own
};
/// Needs no credentials.  Errors: kUnauthenticated (the token expired or is refused), kPermissionDenied.
Result<Credentials> AssumeRoleWithWebIdentity(Client& client, const WebIdentityRequest& request);

/// Credentials of a role, renewed ahead of expiry.  `client` signs as whoever may assume it.
std::shared_ptr<CredentialsProvider> RoleCredentials(std::shared_ptr<Client> client,
                                                     AssumeRoleRequest request);

}  // namespace farthing::aws
