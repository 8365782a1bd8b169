#include "sim/aws/signature_check.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "aws/sigv4.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::int64_t kMostPresignedSeconds =
    7 * 86'400;  // S3 API reference, query authentication

/// A reason to refuse, with what each protocol calls it.
struct Reason {
  std::string_view query, json, s3, ec2;
  int query_status, s3_status;
};
constexpr Reason kUnknownKey{"InvalidClientTokenId",
                             "UnrecognizedClientException",
                             "InvalidAccessKeyId",
                             "AuthFailure",
                             403,
                             403};
constexpr Reason kMismatch{"SignatureDoesNotMatch",
                           "InvalidSignatureException",
                           "SignatureDoesNotMatch",
                           "AuthFailure",
                           403,
                           403};
constexpr Reason kSkewed{"SignatureDoesNotMatch",
                         "InvalidSignatureException",
                         "RequestTimeTooSkewed",
                         "RequestExpired",
                         403,
                         403};
constexpr Reason kExpired{
    "ExpiredToken", "ExpiredTokenException", "ExpiredToken", "RequestExpired", 403, 400};
constexpr Reason kBadToken{
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken", "AuthFailure", 403, 400};
constexpr Reason kIncomplete{"IncompleteSignature",
                             "IncompleteSignatureException",
                             "AuthorizationHeaderMalformed",
                             "AuthFailure",
                             403,
                             400};

Error Refused(const Reason& reason, Protocol protocol, std::string message) {
  switch (protocol) {
    case Protocol::kQuery: return Refuse(reason.query_status, reason.query, std::move(message));
    case Protocol::kEc2: return Refuse(401, reason.ec2, std::move(message));
    case Protocol::kS3: return Refuse(reason.s3_status, reason.s3, std::move(message));
    case Protocol::kJson10:
    case Protocol::kJson11:
    case Protocol::kCbor: return Refuse(400, reason.json, std::move(message));
  }
  return Refuse(403, reason.query, std::move(message));
}

std::string_view RawQuery(const http::ServerRequest& request) {
  const auto question = request.target.find('?');
  if (question == std::string::npos) return {};
  return std::string_view(request.target).substr(question + 1);
}

/// Returns the query without X-Amz-Signature, which does not sign itself.
std::string WithoutSignature(std::string_view query) {
  std::vector<std::string> kept;
  for (const std::string& pair : Split(query, '&')) {
    if (!pair.starts_with("X-Amz-Signature=")) kept.push_back(pair);
  }
  return Join(kept, "&");
}

Result<void> TakeScope(Signed& claim, std::string_view credential) {
  const auto parts = Split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request") {
    return Refused(kIncomplete, Protocol::kQuery,
                   "Credential must have exactly 5 slash-delimited elements");
  }
  claim.key_id = parts[0];
  claim.date = parts[1];
  claim.region = parts[2];
  claim.service = parts[3];
  return {};
}

std::int64_t AllowedSkewSeconds(Protocol protocol) { return protocol == Protocol::kS3 ? 900 : 300; }

std::int64_t SecondsApart(Instant a, Instant b) {
  return std::llabs(a.micros - b.micros) / 1'000'000;
}

Result<Caller> FindCaller(World& world, const Signed& claim, Protocol protocol, Instant server_time,
                          std::string& secret) {
  if (const auto session = world.sessions.find(claim.key_id); session != world.sessions.end()) {
    secret = session->second.secret;
    if (claim.token != session->second.token) {
      return Refused(kBadToken, protocol,
                     protocol == Protocol::kS3
                         ? "The provided token is malformed or otherwise invalid."
                         : "The security token included in the request is invalid.");
    }
    if (session->second.expires <= server_time) {
      return Refused(kExpired, protocol,
                     protocol == Protocol::kS3
                         ? "The provided token has expired."
                         : "The security token included in the request is expired");
    }
    return session->second.caller;
  }
  const auto key = world.access_keys.find(claim.key_id);
  if (key != world.access_keys.end() && key->second.active && !claim.token.empty()) {
    return Refused(kBadToken, protocol,
                   protocol == Protocol::kS3
                       ? "The provided token is malformed or otherwise invalid."
                       : "The security token included in the request is invalid.");
  }
  if (key == world.access_keys.end() || !key->second.active) {
    return Refused(kUnknownKey, protocol,
                   protocol == Protocol::kS3
                       ? "The AWS Access Key Id you provided does not exist in our records."
                       : "The security token included in the request is invalid.");
  }
  secret = key->second.secret;
  Caller caller;
  caller.account_id = key->second.account_id;
  caller.user_name = key->second.user_name;
  const auto& users = world.accounts.at(caller.account_id).users;
  const auto user = users.find(caller.user_name);
  if (user == users.end()) {
    return Refused(kUnknownKey, protocol, "The security token included in the request is invalid.");
  }
  caller.arn = user->second.arn;
  caller.user_id = user->second.id;
  return caller;
}

/// Returns the headers that are signed, as they came.
/// Errors: a refusal when one is missing or one that must be signed is not.
Result<http::Headers> SignedHeaders(const http::ServerRequest& request, const Signed& claim,
                                    Protocol protocol) {
  const auto names = Split(claim.signed_headers, ';');
  const auto is_signed = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), ToLower(name)) != names.end();
  };
  http::Headers headers;
  std::vector<std::string> missing;
  for (const http::Header& header : request.headers) {
    if (is_signed(header.name)) {
      headers.push_back(header);
    } else if (StartsWithIgnoreCase(header.name, "x-amz-") && !claim.presigned) {
      missing.push_back(ToLower(header.name));
    }
  }
  if (!is_signed("host")) missing.emplace_back("host");
  if (!missing.empty() && protocol == Protocol::kS3) {
    return Refuse(403, "AccessDenied",
                  "There were headers present in the request which were not signed")
        .With(ElementName("HeadersNotSigned"), Join(missing, ", "));
  }
  if (!missing.empty()) {
    return Refused(kMismatch, protocol,
                   "'" + missing[0] + "' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return headers;
}

Result<std::string> PayloadHash(const http::ServerRequest& request, const Signed& claim,
                                Protocol protocol) {
  if (claim.presigned) return std::string(aws::kUnsignedPayload);
  const std::string* given = http::FindHeader(request.headers, "x-amz-content-sha256");
  if (protocol != Protocol::kS3) return Sha256(request.body);
  if (given == nullptr) {
    return Refuse(400, "InvalidRequest",
                  "Missing required header for this request: x-amz-content-sha256");
  }
  if (*given == aws::kUnsignedPayload || given->starts_with("STREAMING-UNSIGNED-PAYLOAD"))
    return *given;
  const std::string computed = Sha256(request.body);
  if (*given != computed) {
    return Refuse(400, "XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.")
        .With(ElementName("ClientComputedContentSHA256"), *given)
        .With(ElementName("S3ComputedContentSHA256"), computed);
  }
  return *given;
}

}  // namespace

Result<std::optional<Signed>> ReadSignature(const http::ServerRequest& request) {
  Signed claim;
  if (const std::string* token = http::FindHeader(request.headers, "x-amz-security-token")) {
    claim.token = *token;
  }
  if (const std::string* date = http::FindHeader(request.headers, "x-amz-date")) claim.time = *date;
  if (const std::string* header = http::FindHeader(request.headers, "authorization")) {
    if (!header->starts_with(kAlgorithm)) {
      return Refuse(400, "InvalidArgument", "Unsupported Authorization Type");
    }
    for (const std::string& part : Split(header->substr(kAlgorithm.size()), ',')) {
      const std::string_view field = Trim(part);
      const auto equals = field.find('=');
      const std::string_view name = field.substr(0, equals);
      const std::string value(equals == std::string_view::npos ? "" : field.substr(equals + 1));
      if (name == "Credential") TRY(TakeScope(claim, value));
      if (name == "SignedHeaders") claim.signed_headers = value;
      if (name == "Signature") claim.signature = value;
    }
    return std::optional(claim);
  }
  for (const auto& [name, value] : http::DecodeQuery(RawQuery(request))) {
    if (name == "X-Amz-Credential") TRY(TakeScope(claim, value));
    if (name == "X-Amz-Date") claim.time = value;
    if (name == "X-Amz-SignedHeaders") claim.signed_headers = value;
    if (name == "X-Amz-Signature") claim.signature = value;
    if (name == "X-Amz-Security-Token") claim.token = value;
    if (name == "X-Amz-Algorithm") claim.presigned = true;
    if (name == "X-Amz-Expires") {
      std::from_chars(value.data(), value.data() + value.size(), claim.lasts_seconds);
    }
  }
  if (!claim.presigned) return std::optional<Signed>();
  return std::optional(claim);
}

Instant ServerTime(const World& world, std::string_view signed_time) {
  // A client may live in real time or in the rehearsal's: it is measured by the clock nearer to it.
  const auto signed_at = ParseInstant(signed_time);
  Instant nearest = world.wall();
  if (signed_at.ok() && SecondsApart(world.now(), *signed_at) < SecondsApart(nearest, *signed_at)) {
    nearest = world.now();
  }
  if (const Fault* skew = world.faults.Find(FaultKind::kSkewClock)) {
    nearest.micros += skew->amount * 1'000'000;
  }
  return nearest;
}

Result<Identity> CheckSignature(World& world, const http::ServerRequest& request,
                                const Signed& claim, Protocol protocol) {
  const Instant server_time = ServerTime(world, claim.time);
  const auto signed_at = ParseInstant(claim.time);
  if (!signed_at.ok() || !claim.time.starts_with(claim.date) || claim.signature.empty()) {
    return Refused(kIncomplete, protocol,
                   "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and "
                   "existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  std::string secret;
  TRY_ASSIGN(Caller caller, FindCaller(world, claim, protocol, server_time, secret));

  const std::int64_t allowed = AllowedSkewSeconds(protocol);
  if (claim.presigned) {
    if (claim.lasts_seconds < 1 || claim.lasts_seconds > kMostPresignedSeconds) {
      return Refuse(400, "AuthorizationQueryParametersError",
                    "X-Amz-Expires must be a number of seconds from 1 to 604800");
    }
    if (server_time.micros > signed_at->micros + claim.lasts_seconds * 1'000'000) {
      return Refuse(403, "AccessDenied", "Request has expired");
    }
  } else if (SecondsApart(server_time, *signed_at) > allowed) {
    if (protocol == Protocol::kS3) {
      return Refused(kSkewed, protocol,
                     "The difference between the request time and the current time is too large.")
          .With(ElementName("RequestTime"), claim.time)
          .With(ElementName("ServerTime"), ToString(server_time))
          .With(ElementName("MaxAllowedSkewMilliseconds"), "900000");
    }
    const bool late = *signed_at < server_time;
    const Instant limit{server_time.micros + (late ? -allowed : allowed) * 1'000'000};
    return Refused(kSkewed, protocol,
                   (late ? "Signature expired: " : "Signature not yet current: ") + claim.time +
                       (late ? " is now earlier than " : " is still later than ") +
                       CompactTime(limit) + " (" + CompactTime(server_time) +
                       (late ? " - 5 min.)" : " + 5 min.)"));
  }

  TRY_ASSIGN(const http::Headers headers, SignedHeaders(request, claim, protocol));
  TRY_ASSIGN(const std::string payload_hash, PayloadHash(request, claim, protocol));
  const std::string query =
      claim.presigned ? WithoutSignature(RawQuery(request)) : std::string(RawQuery(request));
  const std::string canonical = aws::CanonicalRequest(
      {.method = request.method,
       .raw_path = std::string_view(request.target).substr(0, request.target.find('?')),
       .raw_query = query,
       .headers = &headers,
       .payload_hash = payload_hash,
       .path = protocol == Protocol::kS3 ? aws::PathStyle::kS3 : aws::PathStyle::kNormalized});
  const aws::SigningScope scope{claim.region, claim.service};
  const std::string text = aws::StringToSign(canonical, claim.time, scope);
  if (aws::Signature(secret, claim.date, scope, text) != claim.signature) {
    return Refused(kMismatch, protocol,
                   "The request signature we calculated does not match the signature you provided. "
                   "Check "
                   "your AWS Secret Access Key and signing method. Consult the service "
                   "documentation for details.")
        .With(ElementName("StringToSign"), text)
        .With(ElementName("CanonicalRequest"), canonical);
  }
  // Sessions and policies are measured by the client's clock, so that running ours forward ends none.
  return Identity{std::move(caller), server_time};
}

}  // namespace farthing::rehearsal
