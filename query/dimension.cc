#include "query/dimension.h"

#include <array>

#include "base/text.h"
#include "billing/registry.h"

namespace farthing::query {
namespace {

struct Prefix {
  std::string_view text;
  DimensionKind kind;
};
constexpr std::array<Prefix, 4> kPrefixes = {{{"tag:", DimensionKind::kTag},
                                              {"cost_category:", DimensionKind::kCostCategory},
                                              {"product:", DimensionKind::kProduct},
                                              {"attribute:", DimensionKind::kAttribute}}};

// "my ""key""" -> my "key"; text that is not quoted stays as it is.
Result<std::string> Unquote(std::string_view text) {
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return std::string(text);
  const char quote = text.front();
  std::string key;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != quote) {
      key += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == quote) {
      key += text[at++];
    } else if (at + 1 == text.size()) {
      return key;
    } else {
      break;
    }
  }
  return Error(Errc::kInvalidArgument, "quotes do not match: " + std::string(text));
}

Error UnknownDimension(std::string_view text) {
  std::vector<std::string> known;
  for (const billing::Dimension& dimension : billing::Dimensions()) {
    known.emplace_back(dimension.name);
  }
  for (const Prefix& prefix : kPrefixes) known.emplace_back(prefix.text);
  return Error(Errc::kInvalidArgument, "no such dimension: " + std::string(text))
      .Hint(DidYouMean(text, known));
}

}  // namespace

Result<DimensionRef> ParseDimension(std::string_view text) {
  for (const Prefix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.text)) continue;
    TRY_ASSIGN(std::string key, Unquote(text.substr(prefix.text.size())));
    if (key.empty()) {
      return Error(Errc::kInvalidArgument, "a key must follow " + std::string(prefix.text));
    }
    return DimensionRef{prefix.kind, std::move(key)};
  }
  if (billing::FindDimension(text) == nullptr) return UnknownDimension(text);
  return DimensionRef{DimensionKind::kRegistered, std::string(text)};
}

std::string ToString(const DimensionRef& dimension) {
  for (const Prefix& prefix : kPrefixes) {
    if (prefix.kind == dimension.kind) return std::string(prefix.text) + QuoteWord(dimension.name);
  }
  return dimension.name;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string> close = ClosestWords(word, known);
  return close.empty() ? std::string() : "did you mean " + Join(close, " or ") + "?";
}

bool IsBareWord(std::string_view text) {
  constexpr std::string_view kSpecial = " \t\r\n\"'(),=!<>[]";
  if (text.empty() || text.find_first_of(kSpecial) != std::string_view::npos) return false;
  constexpr std::array<std::string_view, 7> kKeywords = {"and",  "or", "not", "in",
                                                         "like", "is", "null"};
  for (const std::string_view keyword : kKeywords) {
    if (EqualsIgnoreCase(text, keyword)) return false;
  }
  return true;
}

std::string QuoteWord(std::string_view text) {
  if (IsBareWord(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace farthing::query
