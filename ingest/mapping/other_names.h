#pragma once

// Names of their own that providers give to FOCUS columns: docs/formats/focus.md, "Oracle".  They count where a file
// lacks the column under FOCUS's name, so whole headers are looked at, not single cells.  Const-safe.

#include <span>
#include <string>
#include <vector>

#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// The role of each cell of a file's header: RoleOf, and what other names mean.
std::vector<ColumnRole> RolesOf(billing::SourceFamily family, std::span<const std::string> header);

}  // namespace farthing::ingest
