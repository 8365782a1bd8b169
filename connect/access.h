#pragma once

// From a connection to a client that signs as it: the only place that turns settings and secrets into
// credentials.  Thread-safe after construction as far as aws::Client is; the secrets belong to one thread.

#include <functional>
#include <memory>
#include <string>

#include "aws/client.h"
#include "aws/s3.h"
#include "connect/connection.h"
#include "connect/vault.h"

namespace farthing::connect {

/// The secret of the key types in the vault.
inline constexpr std::string_view kSecretAccessKey = "secret_access_key";

/// Who we are when we assume a customer's role; cli/ and the server fill it from aws/credential_chain.h.
struct Platform {
  aws::Environment environment;
  /// The operator's credentials for a profile ("" is the default chain).
  std::function<std::shared_ptr<aws::CredentialsProvider>(const std::string& profile)> credentials;
};

/// A client of the operator itself, who assumes roles.
std::shared_ptr<aws::Client> PlatformClient(const Platform& platform, const std::string& profile);

/// A client that acts for the connection: with its role and external ID, or with its keys.
/// Errors: kInvalidArgument (a directory has no client), kNotFound (no secret stored); a role that refuses shows
/// at the first call.
Result<std::shared_ptr<aws::Client>> ClientFor(const Connection& connection,
                                               const Platform& platform, Secrets& secrets);

/// The billing bucket as the connection reaches it: expected owner, requester pays, custom endpoint.
aws::S3 BucketOf(const Connection& connection, std::shared_ptr<aws::Client> client);

}  // namespace farthing::connect
