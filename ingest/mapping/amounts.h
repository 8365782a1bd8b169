#pragma once

// Decimal types of amounts and what a delivery turns out to need.  docs/decisions/0002-money.md.
// Plain values; const-safe.

#include <map>
#include <string>

#include "base/decimal.h"

namespace farthing::ingest {

/// DECIMAL(width, scale).  The narrow type holds ±99,999,999.9999999999 in 8 bytes; a column that
/// needs more digits or decimals gets 38 digits with exactly the decimals it needs.
struct DecimalType {
  int width = 18;
  int scale = 10;
  bool operator==(const DecimalType&) const = default;
  std::string Sql() const {
    return "DECIMAL(" + std::to_string(width) + ", " + std::to_string(scale) + ")";
  }
};
inline constexpr int kNarrowWidth = 18;
inline constexpr int kWideWidth = 38;

/// The digits that the values of a column need at most.
struct DecimalNeed {
  int integer_digits = 0;
  int scale = 0;
  void Add(const Decimal& canonical);
  void Add(const DecimalNeed& other);
};

/// Returns the narrow type where it is enough, else 38 digits with the needed decimals.
/// Errors: kInvalidArgument (more than 38 digits).
Result<DecimalType> TypeFor(const DecimalNeed& need);

/// The type for doubles that together need more digits than there are: decimals past the 18th are rounded, and
/// 20 digits are left before the point, for sums.
inline constexpr DecimalType kRoundedDoubles{kWideWidth, 18};

/// The smallest type that holds both.
DecimalType Widest(DecimalType a, DecimalType b);

/// What one pass over a delivery's amounts found, per source column.
struct AmountFindings {
  std::map<std::string, DecimalNeed> misfits;  ///< columns with values that did not fit their type
  std::map<std::string, int128> totals;        ///< exact sums, in units of the column's scale
};

}  // namespace farthing::ingest
