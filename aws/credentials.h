#pragma once

// Who we are towards AWS: keys and where they come from.  Providers are thread-safe; one that renews
// does so once for all who wait (single flight).

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace farthing::aws {

/// Never printed and never logged; only aws/sigv4 reads the secret parts.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;       ///< empty: long-lived keys
  std::optional<Instant> expires;  ///< absent: does not expire
  std::string source;              ///< for people: "environment", "profile x", "role arn:…"
};

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Returns credentials that last for some minutes yet, renewing them when due.
  /// Errors: kUnauthenticated (none found; names every place looked at), kPermissionDenied (a role
  /// refuses), kUnavailable.
  virtual Result<Credentials> Get() = 0;
  /// Forgets what is cached: AWS has said that it expired.
  virtual void Invalidate() {}
};

std::shared_ptr<CredentialsProvider> StaticCredentials(Credentials credentials);

/// Calls `fetch` first when needed and again ahead of expiry: from 15 minutes before it tries and
/// keeps the old set when that fails, from 10 minutes before it must succeed while the old set
/// still lasts it is used (botocore's figures; facts of 2026-11).  `now` is the clock.
std::shared_ptr<CredentialsProvider> RenewingCredentials(std::function<Result<Credentials>()> fetch,
                                                         std::function<Instant()> now = Now);

}  // namespace farthing::aws
