#pragma once

// Athena's status table of a report: READY, or UPDATING while AWS replaces the report's files in place.
// docs/formats/manifests.md.  One thread.
// Source: AWS CUR user guide, "Running Amazon Athena queries" (read 2026-11); cur-facts 1.5.

#include <filesystem>

#include "base/result.h"

namespace farthing::ingest {

/// True for files of a status table, wherever they lie.
bool IsStatusTable(const std::filesystem::path& file);

/// The folder below which a status table speaks of the files.
std::filesystem::path SubjectOf(const std::filesystem::path& status_table);

/// Errors: kConflict when the table says UPDATING.  One that cannot be read says nothing.
Result<void> CheckNotUpdating(const std::filesystem::path& status_table);

}  // namespace farthing::ingest
