#include "aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const unsigned char* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                                   digest.data(), &length);
  CHECK(done != nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), length);
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

/// Removes "." and ".." segments and doubled slashes; keeps a slash at the end.
std::string NormalizePath(std::string_view path) {
  std::vector<std::string> kept;
  bool ends_with_slash = true;
  for (const std::string& segment : Split(path, '/')) {
    ends_with_slash = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!ends_with_slash) kept.push_back(segment);
  }
  std::string normal = "/" + Join(kept, "/");
  if (ends_with_slash && !kept.empty()) normal += '/';
  return normal;
}

/// S3 signs the key as it would encode it, however the wire spells it; the others encode what the
/// wire has once more.
std::string CanonicalPath(std::string_view raw_path, PathStyle style) {
  if (raw_path.empty()) return "/";
  if (style == PathStyle::kS3) {
    return http::PercentEncode(http::PercentDecode(raw_path), http::Slash::kKeep);
  }
  return http::PercentEncode(NormalizePath(raw_path), http::Slash::kKeep);
}

std::string CanonicalQuery(std::string_view raw_query) {
  http::Parameters parameters = http::DecodeQuery(raw_query);
  for (auto& [name, value] : parameters) {
    name = http::PercentEncode(name);
    value = http::PercentEncode(value);
  }
  std::sort(parameters.begin(), parameters.end());
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query += '&';
    query += name + "=" + value;
  }
  return query;
}

/// Strips white space at both ends and makes every run of it inside one space; folded lines too.
std::string CanonicalValue(std::string_view value) {
  std::string canonical;
  bool gap = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      gap = !canonical.empty();
      continue;
    }
    if (gap) canonical += ' ';
    gap = false;
    canonical += c;
  }
  return canonical;
}

using HeaderMap = std::map<std::string, std::string>;

/// Values by lower-case name; repeated names are joined in their order.
HeaderMap CanonicalHeaders(const http::Headers& headers) {
  HeaderMap canonical;
  for (const http::Header& header : headers) {
    const auto [entry, first] = canonical.try_emplace(ToLower(header.name));
    if (!first) entry->second += ',';
    entry->second += CanonicalValue(header.value);
  }
  return canonical;
}

std::string SignedHeaderNames(const HeaderMap& headers) {
  std::string names;
  for (const auto& [name, value] : headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string ScopeText(std::string_view date, const SigningScope& scope) {
  return std::string(date) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

http::Headers WithHost(const http::Request& request) {
  http::Headers headers = request.headers;
  http::SetHeader(headers, "Host", request.url.authority());
  return headers;
}

std::string SignatureOf(const CanonicalInput& input, std::string_view secret,
                        std::string_view amz_date, const SigningScope& scope) {
  const std::string to_sign = StringToSign(CanonicalRequest(input), amz_date, scope);
  return Signature(secret, amz_date.substr(0, 8), scope, to_sign);
}

}  // namespace

std::string AmzDate(Instant instant) {
  // "2026-11-21T08:00:00" is cut from the common form, which always has these first 19 places.
  std::string text = ToString(instant).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

std::string CanonicalRequest(const CanonicalInput& input) {
  std::string text(input.method);
  text.append("\n").append(CanonicalPath(input.raw_path, input.path));
  text.append("\n").append(CanonicalQuery(input.raw_query)).append("\n");
  const HeaderMap headers = CanonicalHeaders(*input.headers);
  for (const auto& [name, value] : headers) {
    text += name + ":" + value + "\n";
  }
  text.append("\n").append(SignedHeaderNames(headers)).append("\n");
  return text.append(input.payload_hash);
}

std::string StringToSign(std::string_view canonical_request, std::string_view amz_date,
                         const SigningScope& scope) {
  std::string text(kAlgorithm);
  text.append("\n").append(amz_date).append("\n");
  text.append(ScopeText(amz_date.substr(0, 8), scope)).append("\n");
  return text + Sha256(canonical_request);
}

std::string Signature(std::string_view secret_access_key, std::string_view date,
                      const SigningScope& scope, std::string_view string_to_sign) {
  std::string key = HmacSha256("AWS4" + std::string(secret_access_key), date);
  key = HmacSha256(key, scope.region);
  key = HmacSha256(key, scope.service);
  key = HmacSha256(key, "aws4_request");
  return Hex(HmacSha256(key, string_to_sign));
}

void Sign(http::Request& request, const Credentials& credentials, const SigningScope& scope,
          Instant now, const SignOptions& options) {
  const std::string amz_date = AmzDate(now);
  std::erase_if(request.headers, [](const http::Header& header) {
    return EqualsIgnoreCase(header.name, "Authorization");
  });
  http::SetHeader(request.headers, "X-Amz-Date", amz_date);
  if (!credentials.session_token.empty()) {
    http::SetHeader(request.headers, "X-Amz-Security-Token", credentials.session_token);
  }
  if (!options.content_sha256.empty()) {
    http::SetHeader(request.headers, "x-amz-content-sha256", options.content_sha256);
  }
  const http::Headers signed_headers = WithHost(request);
  const std::string payload_hash =
      options.content_sha256.empty() ? Sha256(request.body) : options.content_sha256;
  const std::string signature = SignatureOf({.method = request.method,
                                             .raw_path = request.url.path,
                                             .raw_query = request.url.query,
                                             .headers = &signed_headers,
                                             .payload_hash = payload_hash,
                                             .path = options.path},
                                            credentials.secret_access_key, amz_date, scope);
  std::string authorization(kAlgorithm);
  authorization += " Credential=" + credentials.access_key_id + "/" +
                   ScopeText(amz_date.substr(0, 8), scope) +
                   ", SignedHeaders=" + SignedHeaderNames(CanonicalHeaders(signed_headers)) +
                   ", Signature=" + signature;
  http::SetHeader(request.headers, "Authorization", authorization);
}

std::string Presign(http::Request request, const Credentials& credentials,
                    const SigningScope& scope, Instant now, int seconds, PathStyle path) {
  const std::string amz_date = AmzDate(now);
  const http::Headers signed_headers = WithHost(request);
  http::Parameters parameters{
      {"X-Amz-Algorithm", std::string(kAlgorithm)},
      {"X-Amz-Credential",
       credentials.access_key_id + "/" + ScopeText(amz_date.substr(0, 8), scope)},
      {"X-Amz-Date", amz_date},
      {"X-Amz-SignedHeaders", SignedHeaderNames(CanonicalHeaders(signed_headers))},
      {"X-Amz-Expires", std::to_string(seconds)}};
  if (!credentials.session_token.empty()) {
    parameters.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  std::string& query = request.url.query;
  if (!query.empty()) query += '&';
  query += http::EncodeQuery(parameters);
  const std::string payload_hash =
      path == PathStyle::kS3 ? std::string(kUnsignedPayload) : Sha256(request.body);
  query += "&X-Amz-Signature=" + SignatureOf({.method = request.method,
                                              .raw_path = request.url.path,
                                              .raw_query = query,
                                              .headers = &signed_headers,
                                              .payload_hash = payload_hash,
                                              .path = path},
                                             credentials.secret_access_key, amz_date, scope);
  return request.url.ToString();
}

}  // namespace farthing::aws
