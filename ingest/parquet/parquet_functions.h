#pragma once

// Scalar functions for reading Parquet: doubles to exact decimals, columns to numbered sets.
// They run on DuckDB's threads; each object outlives the queries that use it.

#include <duckdb.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/set_interner.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// `amount_<n>(value)`: a DOUBLE or text as DECIMAL of a fixed type; NULL and '' stay NULL.
class AmountConverter {
 public:
  /// What becomes of decimals of a double for which the type has no room; those of text always count.
  enum class Rest { kIsMisfit, kIsRounded };
  AmountConverter(std::string function_name, std::string column, DecimalType type,
                  Rest rest = Rest::kIsMisfit)
      : function_name_(std::move(function_name)),
        column_(std::move(column)),
        type_(type),
        rest_(rest) {}
  Result<void> Register(duckdb_connection connection);

  const std::string& function_name() const { return function_name_; }
  const std::string& column() const { return column_; }
  /// Digits of the values that did not fit; nothing when all did.
  bool has_misfit() const { return misfit_; }
  DecimalNeed need() const;
  /// First value that is no number, as text; empty when all are.
  std::string bad_value() const;

 private:
  static void FromDoubles(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output);
  static void FromTexts(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output);
  Result<void> RegisterFor(duckdb_connection connection, duckdb_type input,
                           duckdb_scalar_function_t function);
  void Store(const Result<Decimal>& exact, std::string_view shown, duckdb_vector output, idx_t row);

  std::string function_name_;
  std::string column_;
  DecimalType type_;
  Rest rest_;
  mutable std::mutex mutex_;
  std::atomic<bool> misfit_{false};
  DecimalNeed need_;
  std::string bad_value_;
};

/// A column of a set; keys of a map that are typed columns of their own are left out.
struct SetColumn {
  ColumnRole role;
  std::vector<std::string> left_out;
};

/// `<name>(column, …)`: numbers the set that the given columns of a row make up.
/// Takes VARCHAR, DOUBLE, MAP(VARCHAR, VARCHAR) and MAP(VARCHAR, DOUBLE) columns in the given order.
class SetNumberer {
 public:
  /// `raw_prefix` tells apart the sets of functions with other columns that share an interner.
  SetNumberer(std::string function_name, std::vector<SetColumn> columns, SetInterner& interner,
              std::string raw_prefix = "")
      : function_name_(std::move(function_name)),
        columns_(std::move(columns)),
        interner_(interner),
        raw_prefix_(std::move(raw_prefix)) {}
  Result<void> Register(duckdb_connection connection);
  const std::string& function_name() const { return function_name_; }

 private:
  static void Number(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output);

  std::string function_name_;
  std::vector<SetColumn> columns_;
  SetInterner& interner_;
  std::string raw_prefix_;
};

}  // namespace farthing::ingest
