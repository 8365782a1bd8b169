#pragma once

// Instants, billing periods and windows.  Everything is UTC; every range is half-open [start, end).
// Plain values; const-safe.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace farthing {

/// Microseconds since 1970-01-01T00:00:00Z, the unit of DuckDB's and Parquet's TIMESTAMP.
struct Instant {
  std::int64_t micros = 0;
  auto operator<=>(const Instant&) const = default;
};

/// Accepts what bills contain: "2026-01-31", "2026-01-31T23:00:00Z", "2026-01-31 23:00:00.000",
/// "…T23:00:00.000Z", "…+00:00", "… UTC" (BigQuery, Trino), the compact "20260131T230000.000Z", and the "5/1/25"
/// (month/day/year) of the FOCUS specification's examples.  Zone-less times are UTC; digits past
/// microseconds are dropped.  Errors: kInvalidArgument (also outside the years 1 to 9999).
Result<Instant> ParseInstant(std::string_view text);

/// Prints "2026-01-31T23:00:00Z", with six decimals where microseconds are not zero.
std::string ToString(Instant instant);
/// Prints "2026-01-31".
std::string DayString(Instant instant);
/// The clock: now.  The only place that reads it.
Instant Now();

/// A billing month, UTC.
struct Period {
  int year = 0;
  int month = 0;  ///< 1..12
  auto operator<=>(const Period&) const = default;

  Instant start() const;
  /// Exclusive: the first instant of the next month.
  Instant end() const;
  Period Next() const;
};

/// Parses "2026-01".  Errors: kInvalidArgument.
Result<Period> ParsePeriod(std::string_view text);
/// Prints "2026-01".
std::string ToString(Period period);
/// Returns the month that holds the instant.
Period PeriodOf(Instant instant);

}  // namespace farthing
