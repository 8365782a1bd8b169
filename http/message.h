#pragma once

// HTTP messages as plain values, and the text rules of URLs (RFC 3986, sections 2 and 3).
// What stands here goes over the wire byte by byte: nobody below re-encodes it.  Const-safe.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::http {

struct Header {
  std::string name, value;
};
using Headers = std::vector<Header>;

/// Returns the first header of that name (case does not count), or nullptr.
const std::string* FindHeader(const Headers& headers, std::string_view name);
/// Replaces every header of that name by one, or adds it.
void SetHeader(Headers& headers, std::string_view name, std::string_view value);

/// A URL taken apart; nothing is decoded.
struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< lower case; an IPv6 address keeps its brackets
  int port = 0;            ///< 0: the scheme's own
  std::string path = "/";  ///< starts with "/"
  std::string query = {};  ///< without "?"

  /// "host" or "host:port", as the Host header has it.
  std::string authority() const;
  /// Path and query as the request line has them.
  std::string target() const;
  std::string ToString() const;
};
/// Errors: kInvalidArgument (another scheme, credentials or a fragment inside, no host, a bad port).
Result<Url> ParseUrl(std::string_view text);

/// Encodes every byte but A-Z a-z 0-9 - . _ ~ as %XX in upper case; "/" too unless `keep_slash`.
enum class Slash { kEncode, kKeep };
std::string PercentEncode(std::string_view text, Slash slash = Slash::kEncode);
/// Decodes %XX; broken escapes stay as they are.
std::string PercentDecode(std::string_view text);

using Parameters = std::vector<std::pair<std::string, std::string>>;
/// "a=1&b=x%20y": names and values percent-encoded, in the order given.
std::string EncodeQuery(const Parameters& parameters);
/// The inverse; "+" is a space only when `form`.
enum class QueryKind { kUrl, kForm };
Parameters DecodeQuery(std::string_view query, QueryKind kind = QueryKind::kUrl);

/// "Sat, 21 Nov 2026 08:00:00 GMT" (RFC 9110, 5.6.7), as Date and Last-Modified have it.
std::string PrintDate(Instant instant);
/// Reads that form only.  Errors: kInvalidArgument.
Result<Instant> ParseDate(std::string_view text);

struct Request {
  std::string method = "GET";
  Url url = {};
  Headers headers = {};  ///< without Host and Content-Length, which follow from url and body
  std::string body = {};
};

struct Response {
  int status = 0;
  Headers headers = {};
  std::string body = {};
};

}  // namespace farthing::http
