#include "ingest/mapping/json_map.h"

#include <boost/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"

namespace farthing::ingest {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsValid(std::string_view text) {
  boost::system::error_code code;
  boost::json::parse(text, code);
  return !code;
}

// Returns where the string that begins at `at` ends: behind its closing quote.
std::size_t EndOfString(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// The text of valid JSON without the spaces between its tokens.
std::string WithoutSpaces(std::string_view text) {
  std::string dense;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text[at] == '"' ? EndOfString(text, at) : at + 1;
    if (!IsSpace(text[at])) dense += text.substr(at, end - at);
    at = end;
  }
  return dense;
}

// The tokens that the outermost bracket of valid JSON without spaces holds: keys and values in turn, or values.
std::vector<std::string_view> Inside(std::string_view dense) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 1;
  for (std::size_t at = 1; at < dense.size();) {
    const char c = dense[at];
    const bool ends = depth == 0 && (c == ',' || c == ':' || at + 1 == dense.size());
    if (ends && at > start) parts.push_back(dense.substr(start, at - start));
    if (ends) start = at + 1;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    at = c == '"' ? EndOfString(dense, at) : at + 1;
  }
  return parts;
}

std::string StringOf(std::string_view token) {
  if (token.find('\\') == std::string_view::npos)
    return std::string(token.substr(1, token.size() - 2));
  return std::string(boost::json::parse(token).get_string());
}

JsonMember MemberOf(std::string key, std::string_view value) {
  if (value.front() == '"') return {std::move(key), StringOf(value)};
  const bool is_number = value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
  return {std::move(key), value == "null" ? "" : std::string(value), is_number};
}

std::vector<JsonMember> MembersOf(std::string_view dense_object) {
  const std::vector<std::string_view> parts = Inside(dense_object);
  std::vector<JsonMember> members;
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    JsonMember member = MemberOf(StringOf(parts[i]), parts[i + 1]);
    const auto [same, is_new] = known.emplace(member.key, members.size());
    (is_new ? members.emplace_back() : members[same->second]) = std::move(member);
  }
  return members;
}

// Nothing if the array holds anything but pairs, or two of one key.
std::optional<std::vector<JsonMember>> FromPairs(std::string_view dense_array) {
  std::vector<JsonMember> map;
  std::unordered_set<std::string> known;
  for (const std::string_view item : Inside(dense_array)) {
    if (item.front() != '{') return std::nullopt;
    const std::vector<std::string_view> parts = Inside(item);
    if (parts.size() != 4) return std::nullopt;
    const bool key_first = EqualsIgnoreCase(StringOf(parts[0]), "key");
    const std::size_t key = key_first ? 0 : 2;
    const std::size_t value = 2 - key;
    if (!EqualsIgnoreCase(StringOf(parts[key]), "key") ||
        !EqualsIgnoreCase(StringOf(parts[value]), "value") || parts[key + 1].front() != '"') {
      return std::nullopt;
    }
    JsonMember member = MemberOf(StringOf(parts[key + 1]), parts[value + 1]);
    if (!known.insert(member.key).second) return std::nullopt;
    map.push_back(std::move(member));
  }
  return map;
}

}  // namespace

std::optional<std::vector<JsonMember>> ReadJsonMap(std::string_view json_text) {
  std::string text(json_text);
  bool valid = IsValid(text);
  if (!valid && text.starts_with('"')) {
    text = "{" + text + "}";
    valid = IsValid(text);
  }
  if (!valid) return std::nullopt;
  const std::string dense = WithoutSpaces(text);
  std::optional<std::vector<JsonMember>> members;
  if (dense.front() == '{') members = MembersOf(dense);
  if (dense.front() == '[') members = FromPairs(dense);
  if (members)
    std::erase_if(*members, [](const JsonMember& member) { return member.text.empty(); });
  return members;
}

}  // namespace farthing::ingest
