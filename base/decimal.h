#pragma once

// Exact decimal numbers: parsing, printing, adding.  Money and quantities from file to screen.
// Never passes through binary floating point, except FromDouble, whose rule is stated there.
// Plain values; const-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace farthing {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/// units / 10^scale.  Canonical values have no trailing zero decimals (scale is minimal).
struct Decimal {
  int128 units = 0;
  int scale = 0;  ///< 0..38, the number of decimals

  /// Compares as written; canonical values compare equal when the numbers are equal.
  bool operator==(const Decimal&) const = default;
};

/// Parses "12", "-0.50", "4.47E-7", "+1e3"; no spaces, separators or currency signs.
/// The result is canonical.  Exact: more than 38 significant digits or decimals fail.
///
/// Errors: kInvalidArgument (not a number, or does not fit 38 digits).
Result<Decimal> ParseDecimal(std::string_view text);

/// Returns the decimal that a double stands for: the one with the fewest digits that reads back as
/// the same double, which is what Java, Python and JavaScript print.  Hence Parquet doubles and the
/// CSV text of the same bill give the same amounts.
///
/// Errors: kInvalidArgument (NaN, infinity, or more than 38 decimals).
Result<Decimal> FromDouble(double value);

/// Prints plain notation without exponent or trailing zero decimals: "0", "-12.5".
std::string ToString(const Decimal& value);
/// Prints units / 10^scale the same way.
std::string DecimalToString(int128 units, int scale);

/// Returns value without trailing zero decimals.
Decimal Canonical(Decimal value);

/// Returns units * 10^(scale_to - scale); nothing when it overflows or would drop a digit.
std::optional<int128> Rescale(int128 units, int scale_from, int scale_to);

/// Adds exactly.
/// Errors: kTooLarge (the sum, or an addend at the finer of the two scales, passes 38 digits).
Result<Decimal> Add(const Decimal& a, const Decimal& b);
Decimal Negate(Decimal value);

/// Returns 10^exponent for 0 <= exponent <= 38.
int128 PowerOfTen(int exponent);

}  // namespace farthing
