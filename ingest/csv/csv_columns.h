#pragma once

// From the text of a column's cells to a DuckDB vector: text, times and amounts.  A column object is one
// thread's; it remembers what helps the next chunk, and an amount column adds up exactly what it read.

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// The texts of one column, without quotes; empty where the value is absent.
using Cells = std::span<const std::string_view>;

/// A cell that is not what its column holds.
struct BadCell {
  std::size_t index = 0;  ///< into the cells
  std::string message;
  std::string hint = {};  ///< the fix, where it is another than a new delivery
};

/// The vector borrows the cells' bytes: they must live until DuckDB has consumed the chunk.
class TextColumn {
 public:
  std::vector<BadCell> Fill(Cells cells, duckdb_vector vector);
};

/// Text, but no numbers that were ids once.
class AccountColumn {
 public:
  std::vector<BadCell> Fill(Cells cells, duckdb_vector vector);
};

class TimeColumn {
 public:
  std::vector<BadCell> Fill(Cells cells, duckdb_vector vector);
  /// Parses a time; neighbours repeat, so the last one is remembered.
  Result<Instant> Parse(std::string_view text);

 private:
  std::string text_;
  Instant instant_;
};

class AmountColumn {
 public:
  AmountColumn(SourceKind kind, DecimalType type) : kind_(kind), type_(type) {}

  std::vector<BadCell> Fill(Cells cells, duckdb_vector vector);
  /// Counts in what the last Fill read.  Returns false when the sum passes 38 digits.
  bool Keep();

  int128 total() const { return kept_.total; }
  /// What values that did not fit the type would have needed.
  const std::optional<DecimalNeed>& misfit() const { return misfit_; }
  /// Reference prices that are no numbers: how many, and the first.
  std::int64_t unknown_count() const { return kept_.unknown_count; }
  const std::string& first_unknown() const { return first_unknown_; }

 private:
  struct Tally {
    int128 total = 0;
    bool fits = true;  ///< the total is right
    std::int64_t unknown_count = 0;
  };
  Result<std::optional<int128>> ReadUnusual(std::string_view cell);

  SourceKind kind_;
  DecimalType type_;
  Tally filled_;  ///< of the chunk in hand
  Tally kept_;
  std::optional<DecimalNeed> misfit_;
  std::string first_unknown_;
};

using CsvColumn = std::variant<TextColumn, AccountColumn, TimeColumn, AmountColumn>;
CsvColumn MakeCsvColumn(SourceKind kind, DecimalType type);

/// Fills a vector of any type with NULL.
void FillNulls(std::size_t count, duckdb_vector vector);

}  // namespace farthing::ingest
