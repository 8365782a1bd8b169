#include "http/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/text.h"

namespace farthing::http {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// Returns the value of a hex digit, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error NotAUrl(std::string_view text, std::string_view why) {
  return Error(Errc::kInvalidArgument, "not a usable URL, " + std::string(why) + ": \"" +
                                           ReplaceInvalidUtf8(text.substr(0, 200)) + "\"");
}

/// Says whether a bracketed text could be an IPv6 address; resolving it finds the rest.
bool LooksLikeIpv6(std::string_view host) {
  return host.size() > 4 && host.back() == ']' &&
         std::all_of(host.begin() + 1, host.end() - 1,
                     [](char c) { return HexValue(c) >= 0 || c == ':' || c == '.'; });
}

bool LooksLikeName(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [](char c) { return IsUnreserved(c) && c != '~'; });
}

/// Splits "host:port"; the port is 0 where there is none.
Result<void> ReadAuthority(std::string_view authority, std::string_view text, Url& url) {
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = ToLower(authority.substr(0, colon));
  const bool valid = url.host.starts_with('[') ? LooksLikeIpv6(url.host) : LooksLikeName(url.host);
  if (!valid) return NotAUrl(text, "the host is no name or address");
  if (colon == std::string_view::npos) return {};
  const std::string_view port = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port < 1 ||
      url.port > 65535) {
    return NotAUrl(text, "the port must be 1 to 65535");
  }
  if (url.port == (url.scheme == "https" ? 443 : 80)) url.port = 0;
  return {};
}

}  // namespace

const std::string* FindHeader(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const Header& header) {
    return EqualsIgnoreCase(header.name, name);
  });
  return found == headers.end() ? nullptr : &found->value;
}

void SetHeader(Headers& headers, std::string_view name, std::string_view value) {
  // The value may be a view into a header that goes away here.
  Header header{std::string(name), std::string(value)};
  std::erase_if(headers, [&](const Header& h) { return EqualsIgnoreCase(h.name, header.name); });
  headers.push_back(std::move(header));
}

std::string Url::authority() const { return port == 0 ? host : host + ":" + std::to_string(port); }

std::string Url::target() const { return query.empty() ? path : path + "?" + query; }

std::string Url::ToString() const { return scheme + "://" + authority() + target(); }

Result<Url> ParseUrl(std::string_view text) {
  const auto bad =
      std::find_if(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; });
  if (bad != text.end())
    return NotAUrl(text, "spaces and bytes beyond ASCII must be written as %XX");
  Url url;
  const auto colon = text.find("://");
  url.scheme = ToLower(text.substr(0, colon));
  if (colon == std::string_view::npos || (url.scheme != "http" && url.scheme != "https")) {
    return NotAUrl(text, "it must begin with http:// or https://");
  }
  const std::string_view rest = text.substr(colon + 3);
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  // The text is not repeated: a password may stand in it.
  if (authority.find('@') != std::string_view::npos) {
    return Error(Errc::kInvalidArgument, "a URL must not contain a user name or password");
  }
  TRY(ReadAuthority(authority, text, url));
  const std::string_view target = rest.substr(authority_end);
  if (target.find('#') != std::string_view::npos) return NotAUrl(text, "it has a fragment (#)");
  const auto question = std::min(target.find('?'), target.size());
  url.path = target.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question < target.size()) url.query = target.substr(question + 1);
  return url;
}

std::string PercentEncode(std::string_view text, Slash slash) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c) || (c == '/' && slash == Slash::kKeep)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHexDigits[byte >> 4];
    encoded += kHexDigits[byte & 15];
  }
  return encoded;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
                        HexValue(text[i + 2]) >= 0;
    if (!escape) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
    i += 2;
  }
  return decoded;
}

std::string EncodeQuery(const Parameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query += '&';
    query += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return query;
}

Parameters DecodeQuery(std::string_view query, QueryKind kind) {
  const auto decode = [kind](std::string_view part) {
    std::string text(part);
    if (kind == QueryKind::kForm) std::replace(text.begin(), text.end(), '+', ' ');
    return PercentDecode(text);
  };
  Parameters parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const std::string_view value = equals < part.size() ? part.substr(equals + 1) : "";
    parameters.emplace_back(decode(part.substr(0, equals)), decode(value));
  }
  return parameters;
}

std::string PrintDate(Instant instant) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(instant.micros)};
  const sys_days day = floor<days>(time);
  // "2026-11-21T08:00:00": the places of the parts are fixed.
  const std::string text = ToString(instant);
  const std::string_view month = kMonths[static_cast<unsigned>(year_month_day(day).month()) - 1];
  std::string date(kWeekdays[weekday(day).c_encoding()]);
  date.append(", ").append(text, 8, 2).append(" ").append(month).append(" ").append(text, 0, 4);
  return date.append(" ").append(text, 11, 8).append(" GMT");
}

Result<Instant> ParseDate(std::string_view text) {
  const auto refuse = [&] {
    return Error(Errc::kInvalidArgument,
                 "not an HTTP date: \"" + ReplaceInvalidUtf8(text.substr(0, 64)) + "\"");
  };
  constexpr std::size_t kLength = std::string_view("Sat, 21 Nov 2026 08:00:00 GMT").size();
  if (text.size() != kLength) return refuse();
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return refuse();
  std::string number = std::to_string(month - kMonths.begin() + 1);
  if (number.size() < 2) number.insert(0, 1, '0');
  std::string plain(text.substr(12, 4));
  plain.append("-").append(number).append("-").append(text, 5, 2).append("T");
  const auto instant = ParseInstant(plain.append(text, 17, 8).append("Z"));
  // Printing it again finds what lies between the parts, the weekday included.
  if (!instant.ok() || PrintDate(*instant) != text) return refuse();
  return *instant;
}

}  // namespace farthing::http
