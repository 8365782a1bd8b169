#pragma once

// Parquet files of a delivery as SQL over read_parquet: the same typed source columns as a CsvSource.
// Doubles become decimals by the rule of base/decimal.h FromDouble; tag and attribute sets are numbered
// by functions of our own.  A column that a file lacks is NULL in its rows, as in CSV.
// One thread; its functions run on DuckDB's threads.

#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/duckdb.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/set_interner.h"
#include "ingest/mapping/source_columns.h"
#include "ingest/parquet/parquet_functions.h"
#include "ingest/parquet/parquet_shape.h"

namespace farthing::ingest {

/// Returns the columns of a file.
/// Errors: kCorrupt (damaged or truncated file, or not Parquet).
Result<std::vector<ParquetColumn>> ReadParquetColumns(engine::Connection& connection,
                                                      const std::filesystem::path& file);

struct ParquetJob {
  billing::SourceFamily family = billing::SourceFamily::kCur;
  std::vector<ParquetFile> files;
  std::optional<Period> period;              ///< only rows of this one and those that say none
  std::map<std::string, DecimalType> types;  ///< amount columns that need more than the narrow type
  AmountConverter::Rest rest_of_doubles = AmountConverter::Rest::kIsMisfit;
};

class ParquetSource {
 public:
  ParquetSource(ParquetJob job, SetInterner& tags, SetInterner& attributes);

  /// Registers the functions the SQL below uses.
  Result<void> Register(engine::Connection& connection);
  /// The used columns that at least one file has.
  const std::vector<SourceColumn>& columns() const { return columns_; }
  /// The names of those that each file has.
  std::vector<std::set<std::string>> ColumnsByFile() const;
  DecimalType TypeOf(const SourceColumn& column) const;
  std::vector<std::string> unknown_columns() const;

  /// SELECT of the source columns and the four keys.
  std::string RelationSql() const;
  /// SELECT of count(*) and the exact sum of every amount column, read straight from the files.
  std::string TotalsSql() const;

  /// Errors: kCorrupt, naming a row of another billing period, if there is one.
  Result<void> RefuseOtherPeriods(engine::Connection& connection, Period period) const;

  /// Errors: kCorrupt, naming the first row without what every line has (IsOnEveryLine), if there is one.
  Result<void> RefuseEmptyCells(engine::Connection& connection) const;

  /// Amounts that are no finite number of 38 digits; asked after a query has failed or ended.
  std::optional<Error> failure() const;
  std::map<std::string, DecimalNeed> misfits() const;
  /// Finds the file, row and column behind a failed query of this source; reads the files again.
  Error Blame(engine::Connection& connection, Error error) const;

 private:
  struct BadRow {
    std::string condition;  ///< SQL over the files
    std::string message;
  };
  std::string AmountSql(const ParquetShape& shape, const SourceColumn& column) const;
  std::string ValueSql(const ParquetShape& shape, const SourceColumn& column) const;
  std::string WhereSql(const ParquetShape& shape) const;
  /// SQL of the billing period's start; nothing when the files lack it.
  std::optional<std::string> PeriodSql(const ParquetShape& shape) const;
  /// An error for the first row where the value is present and the converted one is NULL, if any.
  std::optional<Error> FirstBadRow(engine::Connection& connection, const ParquetShape& shape,
                                   const SourceColumn& column, const BadRow& bad) const;
  std::optional<Error> FirstDamagedFile(engine::Connection& connection) const;

  ParquetJob job_;
  std::vector<ParquetShape> shapes_;
  std::vector<std::size_t> shape_of_file_;
  std::vector<SourceColumn> columns_;
  std::deque<AmountConverter> amount_functions_;
};

}  // namespace farthing::ingest
