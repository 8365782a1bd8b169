#pragma once

// The files of one delivery, their headers read and recognised as one bill.  Plain values; OpenFiles is
// const-safe.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/csv/csv_source.h"
#include "ingest/mapping/source_columns.h"
#include "ingest/parquet/parquet_source.h"

namespace farthing::ingest {

/// Files that agree on the family; all of them CSV or all of them Parquet.
struct OpenedFiles {
  Detection detection{billing::SourceFamily::kCur};
  std::vector<std::filesystem::path> paths;  ///< all files, in order
  std::vector<CsvFile> csv;                  ///< one for each path, or none
  std::vector<ParquetFile> parquet;          ///< one for each path, or none

  bool is_parquet() const { return !parquet.empty(); }
  /// "cur1", "cur2", "focus" or "cost_explorer".
  std::string format() const;
  /// Names of the columns that at least one file has, each once.
  std::vector<std::string> ColumnNames() const;
  /// The files with these numbers.
  OpenedFiles Only(const std::vector<std::size_t>& numbers) const;
  /// Where the files are, for errors that no single row causes.
  std::string Place() const;
  std::uint64_t SizeBytes() const;
};

/// Reads the headers of the files and recognises the bill.
/// Errors: kCorrupt (damaged), kInvalidArgument (not a bill, mixed families, mandatory column missing).
Result<OpenedFiles> OpenFiles(const std::vector<std::filesystem::path>& paths);

}  // namespace farthing::ingest
