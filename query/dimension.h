#pragma once

// What a question groups and filters by: a registered dimension, or a key of a tag set.
// Plain values; const-safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing::query {

enum class DimensionKind {
  kRegistered,    ///< billing/registry.h
  kTag,           ///< tag:KEY
  kCostCategory,  ///< cost_category:NAME
  kProduct,       ///< product:KEY, a product column without a column of its own
  kAttribute,     ///< attribute:KEY, any other column of the source
};

/// A dimension that exists; for kRegistered `name` is the registry's, else the key as typed.
struct DimensionRef {
  DimensionKind kind = DimensionKind::kRegistered;
  std::string name;
  auto operator<=>(const DimensionRef&) const = default;
};

/// Parses "service", "tag:team", "tag:\"my key\"".
/// Errors: kInvalidArgument (no such dimension; the hint has the closest names).
Result<DimensionRef> ParseDimension(std::string_view text);

/// Prints what ParseDimension reads back as the same; keys are quoted where the filter grammar needs it.
std::string ToString(const DimensionRef& dimension);

/// "did you mean a, b or c?", or "" when nothing is close.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& known);

/// True for text the grammar reads as one bare word: no spaces, quotes, brackets, commas, operators
/// and none of its keywords.
bool IsBareWord(std::string_view text);
/// Quotes with "…", doubling quotes inside, unless the text is a bare word.
std::string QuoteWord(std::string_view text);

}  // namespace farthing::query
