#include "billing/tag_key.h"

#include <algorithm>

#include "base/text.h"

namespace farthing::billing {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool IsAlphanumeric(char c) {
  return IsUpper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string NormalizeTagKey(std::string_view key) {
  std::string normalized;
  const auto separate = [&] {
    if (!normalized.empty() && normalized.back() != '_') normalized += '_';
  };
  for (const char c : key) {
    if (IsUpper(c) || !IsAlphanumeric(c)) separate();
    if (IsAlphanumeric(c)) normalized += ToLower(std::string_view(&c, 1));
  }
  if (!normalized.empty() && normalized.back() == '_') normalized.pop_back();
  return normalized;
}

Result<std::string> ResolveTagKey(std::string_view typed, const std::vector<std::string>& stored) {
  const auto has = [&](const std::string& key) {
    return std::find(stored.begin(), stored.end(), key) != stored.end();
  };
  const std::string exact(typed);
  if (has(exact)) return exact;
  const std::string of_user = "user:" + exact;
  if (has(of_user)) return of_user;

  const std::string wanted[] = {NormalizeTagKey(typed), NormalizeTagKey(of_user)};
  for (const std::string& form : wanted) {
    std::vector<std::string> matches;
    for (const std::string& key : stored) {
      if (NormalizeTagKey(key) == form || EqualsIgnoreCase(key, form)) matches.push_back(key);
    }
    if (matches.size() == 1) return matches.front();
    if (matches.size() > 1) {
      return Error(Errc::kInvalidArgument,
                   "tag key " + exact + " could mean " + Join(matches, " or "))
          .Hint("type the key exactly as the bill spells it");
    }
  }
  return std::string();
}

}  // namespace farthing::billing
