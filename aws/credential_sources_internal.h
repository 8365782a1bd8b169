#pragma once

// The single sources of the credential chain that ask a process or a service.  Each function fetches once;
// RenewingCredentials calls it again.

#include <chrono>
#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/credential_chain.h"
#include "aws/credentials.h"

namespace farthing::aws {

/// Reads {AccessKeyId, SecretAccessKey, SessionToken or Token, Expiration}.
/// Errors: kCorrupt; the text itself is never shown.
Result<Credentials> ReadKeys(std::string_view json_text, const std::string& source);

/// Runs a command without a shell and reads the JSON it prints (version 1).
/// Errors: kUnauthenticated (it fails, or prints something else), kDeadline (it goes on after `patience`: it is killed).
Result<Credentials> RunCredentialProcess(
    const std::string& command, const std::string& source,
    std::chrono::milliseconds patience = std::chrono::seconds(60));

/// Splits a command line like a POSIX shell, without expansions.  Errors: kInvalidArgument (an open quote).
Result<std::vector<std::string>> SplitCommand(std::string_view command);

/// The endpoint of ECS, EKS Pod Identity and Greengrass, of AWS_CONTAINER_CREDENTIALS_*.
bool HasContainerEndpoint(const Machine& machine);
/// Errors: kInvalidArgument (a host that is not allowed), kUnauthenticated, kUnavailable.
Result<Credentials> FetchContainerCredentials(const Machine& machine,
                                              const Environment& environment);

/// The role of the EC2 instance, by version 2 of the metadata service.
/// Errors: kNotFound (no metadata service, or no role: the chain goes on), kUnavailable.
Result<Credentials> FetchInstanceCredentials(const Machine& machine,
                                             const Environment& environment);

/// The same, but keeps the last set for some minutes when the service fails or hands out an old one: a set
/// that is said to have expired often still works (SDK reference guide, "static stability").
std::shared_ptr<CredentialsProvider> InstanceCredentials(const Machine& machine,
                                                         const Environment& environment);

struct SsoRole {
  std::string session;  ///< name of the sso-session; empty: the legacy form
  std::string start_url, region, account_id, role_name;
  std::string profile;  ///< for the hint
};
/// By the token that `aws sso login` left in ~/.aws/sso/cache.
/// Errors: kUnauthenticated (no token or an expired one), kPermissionDenied.
Result<Credentials> FetchSsoCredentials(const Machine& machine, Client& client,
                                        const SsoRole& role);

}  // namespace farthing::aws
