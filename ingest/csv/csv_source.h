#pragma once

// CSV files of a delivery as a DuckDB table function: typed source columns, the numbers of the line's tag
// and attribute sets, and where the line stands (source_file, source_row).  DuckDB's threads parse blocks
// side by side; amounts are added up exactly on the way, as the figures the lake is proven against.
// A CsvSource is shared by DuckDB's threads while the query runs; ask for findings after it.

#include <duckdb.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ingest/csv/csv_blocks.h"
#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/set_interner.h"
#include "lake/catalog.h"

namespace farthing::ingest {

struct CsvFile {
  std::filesystem::path path;
  std::vector<std::string> header;
};

enum class OtherPeriods {
  kRefuse,  ///< a manifest says which period: a row of another one is an error
  kSkip,    ///< bare files may hold several periods: take the rows of this one
  kTake,    ///< take every row: to find out which periods there are
};

struct CsvJob {
  billing::SourceFamily family = billing::SourceFamily::kCur;
  std::vector<CsvFile> files;
  Period period;
  OtherPeriods other_periods = OtherPeriods::kRefuse;
  std::map<std::string, DecimalType> types;  ///< amount columns that need more than the narrow type
  std::int64_t tolerated_rows = 0;           ///< --tolerate-bad-rows
  int threads = 1;                           ///< for unpacking
  bool in_file_order = false;  ///< by one thread, row by row: the failure is the file's first
};

/// A row of one of the job's files; by default it comes before all of them.
struct RowPlace {
  int file = 0;
  std::int64_t row = 0;
  auto operator<=>(const RowPlace&) const = default;
};

class CsvSource {
 public:
  /// `tags` and `attributes` must outlive the source.
  CsvSource(CsvJob job, SetInterner& tags, SetInterner& attributes);
  ~CsvSource();

  /// Registers the table function `name()` on the connection; the source must outlive its queries.
  Result<void> Register(duckdb_connection connection, const std::string& name);

  /// Source columns the function emits, before the four keys.
  const std::vector<SourceColumn>& columns() const { return columns_; }
  /// The names of those that each file has.
  std::vector<std::set<std::string>> ColumnsByFile() const;
  DecimalType TypeOf(const SourceColumn& column) const;

  /// The error that stopped the reading, if any: file, row, column and fix are named.
  std::optional<Error> failure() const;
  /// True where more rows are bad than the job tolerates.
  bool has_too_many_bad_rows() const;
  std::int64_t row_count() const { return rows_.load(); }
  std::uint64_t packed_bytes() const;
  AmountFindings findings() const;
  /// In the order of the files.
  std::vector<lake::RowIssue> issues() const;
  const std::vector<std::string>& unknown_columns() const { return unknown_columns_; }
  /// What the reader should know, e.g. reference prices that are no numbers.
  std::vector<std::string> notes() const;

 private:
  friend class CsvWorker;
  struct UnknownValues {
    std::int64_t count = 0;
    std::string first;
  };
  /// Of several failures the one that comes first in the files counts.
  void Fail(Error error, RowPlace place = {});
  /// Notes a bad row; false when it is one too many.
  bool Tolerate(lake::RowIssue issue);
  static void Bind(duckdb_bind_info info);
  static void Init(duckdb_init_info info);
  static void LocalInit(duckdb_init_info info);
  static void Function(duckdb_function_info info, duckdb_data_chunk output);

  CsvJob job_;
  SetInterner& tags_;
  SetInterner& attributes_;
  std::vector<SourceColumn> columns_;
  std::vector<CsvPlan> plans_;  ///< by file
  std::vector<std::string> unknown_columns_;
  std::unique_ptr<BlockReader> blocks_;
  std::atomic<std::int64_t> rows_{0};
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  RowPlace failed_at_;
  bool has_too_many_bad_rows_ = false;
  std::vector<lake::RowIssue> issues_;
  std::map<std::string, UnknownValues> unknown_values_;
  AmountFindings findings_;
};

}  // namespace farthing::ingest
