#pragma once

// Parquet files of a delivery as SQL over read_parquet: the same typed source columns as a CsvSource.
// Doubles become decimals by the rule of base/decimal.h FromDouble; tag and attribute sets are numbered
// by functions of our own.  One thread; its functions run on DuckDB's threads.

#include <duckdb.h>

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/duckdb.h"
#include "ingest/amounts.h"
#include "ingest/set_interner.h"
#include "ingest/source_columns.h"

namespace farthing::ingest {

struct ParquetColumn {
  std::string name;
  std::string type;  ///< DuckDB's spelling
};

/// Returns the columns of the files together, by name.
/// Errors: kCorrupt (damaged or truncated file, or not Parquet).
Result<std::vector<ParquetColumn>> ReadParquetColumns(
    engine::Connection& connection, const std::vector<std::filesystem::path>& files);

struct ParquetJob {
  billing::SourceFamily family = billing::SourceFamily::kCur;
  std::vector<std::filesystem::path> files;
  std::vector<ParquetColumn> columns;
  std::map<std::string, DecimalType> types;  ///< amount columns that need more than the narrow type
};

class ParquetSource {
 public:
  ParquetSource(ParquetJob job, SetInterner& tags, SetInterner& attributes);
  ~ParquetSource();

  /// Registers the functions the SQL below uses.
  Result<void> Register(engine::Connection& connection);
  const std::vector<SourceColumn>& columns() const { return columns_; }
  DecimalType TypeOf(const SourceColumn& column) const;
  const std::vector<std::string>& unknown_columns() const { return unknown_columns_; }

  /// SELECT of the source columns and the four keys, for all rows of the files.
  std::string RelationSql() const;
  /// SELECT of count(*) and the exact sum of every amount column, read straight from the files.
  std::string TotalsSql(const std::string& where) const;
  /// SQL of the billing period's start, or empty when the files lack it.
  std::string PeriodSql() const;

  /// Amounts that are no finite number of 38 digits; asked after a query has failed or ended.
  std::optional<Error> failure() const;
  std::map<std::string, DecimalNeed> misfits() const;
  /// Finds the file, row and column behind a failed query of this source; reads the files again.
  Error Blame(engine::Connection& connection, Error error) const;

 private:
  struct AmountFunction;
  struct SetFunction;
  std::string FilesSql() const;
  std::string ValueSql(const SourceColumn& column) const;
  /// SQL and type of a used column as the files hold it.
  ParquetColumn Stored(const SourceColumn& column) const;
  std::string AmountSql(const SourceColumn& column) const;
  /// An error for the first row where the value is present and `converted` is NULL, if there is one.
  std::optional<Error> FirstBadRow(engine::Connection& connection, const SourceColumn& column,
                                   const std::string& converted, const std::string& message) const;
  const ParquetColumn* ColumnFor(const std::string& name) const;
  /// SQL and type of a used column that a map column holds; nothing when none does.
  std::optional<ParquetColumn> MapValueOf(const std::string& name) const;

  ParquetJob job_;
  SetInterner& tags_;
  SetInterner& attributes_;
  std::vector<SourceColumn> columns_;
  std::map<std::string, ParquetColumn> used_;  ///< by canonical name: the file's column
  struct MapColumn {
    ParquetColumn column;
    ColumnRole role;
  };
  std::vector<MapColumn> maps_;
  std::vector<std::string> unknown_columns_;
  std::deque<AmountFunction> amount_functions_;
  std::unique_ptr<SetFunction> tag_function_;
  std::unique_ptr<SetFunction> attribute_function_;
};

}  // namespace farthing::ingest
