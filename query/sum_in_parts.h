#pragma once

// Sums that no decimal of 38 digits holds: amounts of many decimals and large ones of another currency
// or bill in one statement.  Each amount is split into its whole number and the rest, both are added
// up on their own, and the answer is put together as text.  Exact, whatever the scales.  Const-safe.

#include <string>
#include <string_view>

#include "base/result.h"
#include "query/sql_text.h"

namespace farthing::query {

/// How the amounts of a statement are added up.
enum class Sums {
  kAtOnce,   ///< as decimals of at most 38 digits; DuckDB fails where they do not suffice
  kInParts,  ///< as {whole, rest} of 38 digits each
};

/// Returns a decimal column as {whole, rest}; the rest has `scale` decimals.
std::string PartsOf(std::string_view column, int scale);

/// Returns the sum of a column of parts, as parts that sort as their values do; zero without rows.
/// `filter` is "" or " FILTER (…)".
Sql SumOfParts(std::string_view column, const Sql& filter);

/// Returns what one column of parts stands for, as SumOfParts gives it.
std::string OrderedParts(std::string_view column);

/// Returns the text of ordered parts: plain notation without trailing zero decimals.
std::string TextOfParts(std::string_view parts);

/// engine::Overflow::kOfWidest as an error of ours, which says what can be done.  Code: kTooLarge.
Error TooManyDigits(std::string_view what_to_do);

}  // namespace farthing::query
