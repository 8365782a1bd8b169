#pragma once

// Signature Version 4 (AWS General Reference, "Signature Version 4 signing process").
// Pure functions of their arguments: the clock is an argument.  Const-safe.

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/time.h"
#include "http/message.h"

namespace farthing::aws {

struct SigningScope {
  std::string region;
  std::string service;  ///< the signing name: "s3", "sts", "ce"
};

/// How a path becomes canonical.  S3 takes the key as it is; all others remove dot segments and
/// encode what the wire has once more.
enum class PathStyle { kS3, kNormalized };

struct SignOptions {
  PathStyle path = PathStyle::kNormalized;
  /// Value of x-amz-content-sha256, which S3 demands; empty: the header is not sent and the body is hashed.
  std::string content_sha256;
};
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

/// "20261121T080000Z".
std::string AmzDate(Instant instant);

/// Adds X-Amz-Date, X-Amz-Security-Token, x-amz-content-sha256 (when asked for) and Authorization.
/// Signs the host and every header the request has: pass only what reaches AWS unchanged.  The query
/// may be in any order and form.  Signing the same request again is signing it anew.
void Sign(http::Request& request, const Credentials& credentials, const SigningScope& scope,
          Instant now, const SignOptions& options);

/// The steps, for those who check signatures: sim/aws and the tests.
struct CanonicalInput {
  std::string_view method;
  std::string_view raw_path, raw_query;  ///< as on the wire
  const http::Headers* headers;          ///< those that are signed
  std::string_view payload_hash;
  PathStyle path = PathStyle::kNormalized;
};
std::string CanonicalRequest(const CanonicalInput& input);
std::string StringToSign(std::string_view canonical_request, std::string_view amz_date,
                         const SigningScope& scope);
/// Returns the signature as lower-case hex.  `date` is YYYYMMDD.
std::string Signature(std::string_view secret_access_key, std::string_view date,
                      const SigningScope& scope, std::string_view string_to_sign);

/// Returns a URL that carries its own signature, valid for `seconds` (at most 604800).
std::string Presign(http::Request request, const Credentials& credentials,
                    const SigningScope& scope, Instant now, int seconds, PathStyle path);

}  // namespace farthing::aws
