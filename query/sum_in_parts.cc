#include "query/sum_in_parts.h"

namespace farthing::query {
namespace {

// Text compares neither -0.5 nor carries; parts do where the rest is not negative.
Sql Ordered(const Sql& whole, const Sql& rest) {
  return "{'whole': " + whole + " + floor(" + rest + "), 'rest': " + rest + " - floor(" + rest +
         ")}";
}

std::string Part(std::string_view parts, std::string_view name) {
  return "struct_extract(" + std::string(parts) + ", '" + std::string(name) + "')";
}

}  // namespace

std::string PartsOf(std::string_view column, int scale) {
  // trunc, not floor: the floor of the least value may have a digit more than the column has.
  const std::string whole = "trunc(" + std::string(column) + ")";
  return "{'whole': CAST(" + whole + " AS DECIMAL(38,0)), 'rest': CAST(" + std::string(column) +
         " - " + whole + " AS DECIMAL(38," + std::to_string(scale) + "))}";
}

Sql SumOfParts(std::string_view column, const Sql& filter) {
  const auto sum = [&](std::string_view part) {
    return "coalesce(sum(" + Part(column, part) + ")" + filter + ", CAST(0 AS DECIMAL(1,0)))";
  };
  return Ordered(sum("whole"), sum("rest"));
}

std::string OrderedParts(std::string_view column) {
  return Ordered(Part(column, "whole"), Part(column, "rest")).text;
}

std::string TextOfParts(std::string_view parts) {
  const std::string whole = Part(parts, "whole");
  const std::string rest = Part(parts, "rest");
  // -3 and 0.7 are -2.3.
  const std::string below_zero = whole + " < 0 AND " + rest + " > 0";
  return "CASE WHEN " + whole + " < 0 THEN '-' ELSE '' END || CAST(CASE WHEN " + below_zero +
         " THEN -(" + whole + " + 1) ELSE abs(" + whole +
         ") END AS VARCHAR) || rtrim(rtrim('.' || split_part(CAST(CASE WHEN " + below_zero +
         " THEN 1 - " + rest + " ELSE " + rest + " END AS VARCHAR), '.', 2), '0'), '.')";
}

Error TooManyDigits(std::string_view what_to_do) {
  return Error(
             Errc::kTooLarge,
             "amounts of so many decimals and of so many digits before them do not fit in one sum")
      .Hint(what_to_do);
}

}  // namespace farthing::query
