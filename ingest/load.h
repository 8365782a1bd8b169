#pragma once

// One delivery of one period: read, map, roll up, prove.  Leaves a staged load or an error; readers see
// neither.  One thread; DuckDB's threads work below it.

#include "base/result.h"
#include "ingest/import.h"
#include "ingest/opened_files.h"
#include "lake/catalog.h"
#include "lake/layout.h"

namespace farthing::ingest {

/// Stages the rows of `load.period` below DATA/staging/<load.id> and fills the load's facts.
/// `load.id`, `.period`, `.export_name` are given.  Errors: kCorrupt, kInvalidArgument, kTooLarge, …
Result<void> StageLoad(const lake::Layout& layout, const OpenedFiles& files,
                       OtherPeriods other_periods, const ImportOptions& options, lake::Load& load);

}  // namespace farthing::ingest
