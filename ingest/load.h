#pragma once

// One delivery of one period: read, map, roll up, prove.  Leaves a staged load or an error; readers see
// neither.  One thread; DuckDB's threads work below it.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ingest/csv_source.h"
#include "ingest/import.h"
#include "ingest/source_columns.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// Files of one delivery whose headers have been read and agree on the family.
struct OpenedFiles {
  Detection detection;
  bool parquet = false;
  std::vector<CsvFile> csv;                  ///< with headers
  std::vector<std::filesystem::path> paths;  ///< all files, in order
};

/// Reads the headers of the files and recognises the bill.
/// Errors: kCorrupt (damaged), kInvalidArgument (not a bill, mixed families, mandatory column missing).
Result<OpenedFiles> OpenFiles(const std::vector<std::filesystem::path>& files);

/// "cur1", "cur2" or "focus".
std::string FormatName(const Detection& detection);

/// Returns the billing periods that bare files hold, in order.
/// Errors: kInvalidArgument (no billing period column), as reading.
Result<std::vector<Period>> FindPeriods(const lake::Layout& layout, const OpenedFiles& files,
                                        const ImportOptions& options);

/// Stages the rows of `period` below DATA/staging/<load.id> and fills the load's facts.
/// `load.id`, `.period`, `.export_name` are given.  Errors: kCorrupt, kInvalidArgument, kTooLarge, …
Result<void> StageLoad(const lake::Layout& layout, const OpenedFiles& files,
                       OtherPeriods other_periods, const ImportOptions& options, lake::Load& load);

}  // namespace farthing::ingest
