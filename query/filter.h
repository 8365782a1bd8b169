#pragma once

// Filters of a question: a tree of comparisons, its text form (--where) and what it means.
//
//   region=eu-west-1 and (tag:team!="" or service in (AmazonEC2, "Amazon Simple Storage Service"))
//
//   filter     = conjunction { "or" conjunction }
//   conjunction= term { "and" term }
//   term       = "not" term | "(" filter ")" | comparison
//   comparison = dimension ( "=" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "like" ) value
//              | dimension ["not"] "in" "(" value { "," value } ")"
//              | dimension "is" ["not"] "null"
//   value      = bare word | "…" | '…'            a quote inside is doubled
//
// An absent value equals "": tag:team="" finds lines without the tag, tag:team!=x includes them.
// LIKE knows % and _ and respects case.  Words are compared byte by byte.  Plain values; const-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/dimension.h"

namespace farthing::query {

enum class Comparison {
  kEqual,
  kNotEqual,
  kIn,
  kNotIn,
  kLike,
  kNotLike,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

/// Returns the comparison that is true exactly where this one is false.
Comparison Opposite(Comparison comparison);

struct Filter {
  enum class Kind { kAnd, kOr, kNot, kCompare };
  Kind kind = Kind::kCompare;
  std::vector<Filter> parts;  ///< kAnd, kOr: at least two; kNot: one
  DimensionRef dimension;     ///< the rest: kCompare only
  Comparison comparison = Comparison::kEqual;
  std::vector<std::string> values;  ///< one; kIn and kNotIn: at least one
  bool operator==(const Filter&) const = default;
};

/// Errors: kInvalidArgument (names the position), kTooLarge (nested deeper than 100).
Result<Filter> ParseFilter(std::string_view text);

/// Prints text that ParseFilter reads back as the same tree.
std::string ToString(const Filter& filter);

/// True when the comparison holds for `value`; "" stands for absent.
bool Matches(Comparison comparison, const std::vector<std::string>& values, std::string_view value);

/// True when `text` matches the SQL LIKE pattern.
bool IsLike(std::string_view text, std::string_view pattern);

/// Returns the same condition without kNot: comparisons are turned into their opposites.
Filter WithoutNot(const Filter& filter);

/// Calls `visit(const DimensionRef&)` for each comparison.
template <typename Visit>
void EachDimension(const Filter& filter, const Visit& visit) {
  if (filter.kind == Filter::Kind::kCompare) visit(filter.dimension);
  for (const Filter& part : filter.parts) EachDimension(part, visit);
}

}  // namespace farthing::query
