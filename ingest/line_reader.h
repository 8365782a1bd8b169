#pragma once

// The first half of a load: the rows of one delivery and period become staged cost_lines.  Reads again with
// wider decimals where amounts turn out to need them.  One thread; DuckDB's threads work below it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb.h"
#include "ingest/import.h"
#include "ingest/mapping/amount_types.h"
#include "ingest/mapping/mapping.h"
#include "ingest/mapping/set_interner.h"
#include "ingest/opened_files.h"
#include "lake/catalog.h"
#include "lake/layout.h"

namespace farthing::ingest {

/// What is to be loaded; the references outlive all who work on it.
struct LoadTask {
  const lake::Layout& layout;
  const OpenedFiles& files;
  OtherPeriods other_periods;
  const ImportOptions& options;
  const lake::Load& load;  ///< its id, period and export are given

  /// Tells the observer, if there is one.
  void Report(const char* phase, std::int64_t rows, std::uint64_t bytes = 0) const;
};

/// What reading a source once gave; the same for CSV and Parquet.
struct Reading {
  std::int64_t rows = 0;
  std::map<std::string, Decimal> totals;  ///< by source column
  std::vector<std::string> unknown_columns;
  std::vector<lake::RowIssue> issues;
  std::vector<std::string> notes;
  std::vector<std::string> missed_columns = {};  ///< absent, and some figures unknown without them
  std::map<std::string, std::vector<std::string>, std::less<>> blank_columns = {};  ///< see Load
};

class LineReader {
 public:
  explicit LineReader(const LoadTask& task)
      : task_(task), amount_types_(task.files.detection.family) {}

  /// Writes the staged cost_lines.  Errors: kCorrupt, kInvalidArgument, kTooLarge, …
  Result<Reading> Read();

  /// The engine that has read, and the sets it met.  Requires: Read has succeeded.
  engine::Connection& connection() { return *connection_; }
  SetInterner& tags() { return *tags_; }
  SetInterner& attributes() { return *attributes_; }

 private:
  using Misfits = std::map<std::string, DecimalNeed>;
  Result<void> StartAfresh();
  Result<Reading> ReadCsv(Misfits& misfits);
  Error FirstFailure(CsvJob job, Error failure);
  Error FirstOfTooMany(CsvJob job, Error failure);
  Result<Reading> ReadParquet(Misfits& misfits);
  Result<void> WriteLines(SourceRelation relation);
  Result<void> FindLineTypes();
  Result<bool> LearnMissed(Reading& reading);

  const LoadTask& task_;
  AmountTypes amount_types_;
  std::vector<FileKind> kinds_;  ///< of the files, with what earlier attempts have learned
  std::unique_ptr<engine::Database> database_;
  std::optional<engine::Connection> connection_;
  std::unique_ptr<SetInterner> tags_;
  std::unique_ptr<SetInterner> attributes_;
};

}  // namespace farthing::ingest
