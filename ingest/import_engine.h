#pragma once

// The query engine and the set interners an import works with, sized by its options.

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "engine/duckdb.h"
#include "ingest/import.h"
#include "ingest/mapping/set_interner.h"
#include "lake/layout.h"

namespace farthing::ingest {

int ThreadsOf(const ImportOptions& options);

/// Opens an engine that spills below the lake's own directory and keeps no order of rows.
Result<std::unique_ptr<engine::Database>> OpenEngine(const lake::Layout& layout,
                                                     const ImportOptions& options);

/// Makes an interner that writes to the file, within an import's share of memory for one.
Result<std::unique_ptr<SetInterner>> OpenInterner(const std::filesystem::path& file);

}  // namespace farthing::ingest
