#pragma once

// In which pieces a rollup is made: conditions on the rows of a source that together take each row once, each few
// enough groups for the engine's memory.  One thread.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/duckdb.h"

namespace farthing::lake {

/// Conditions on the lines of a file; one empty condition where all its groups may be made at once.
/// Errors: of the engine.
Result<std::vector<std::string>> PiecesOfLines(engine::Connection& connection,
                                               const std::filesystem::path& file,
                                               std::int64_t groups_at_once);

/// Conditions on the rows of a rollup that was made in parts: ranges of days, and shares of a day that is too large.
/// Rows of one group are in one piece.  `files` is a glob.  Errors: of the engine.
Result<std::vector<std::string>> PiecesOfRollup(engine::Connection& connection,
                                                std::string_view table, const std::string& files,
                                                std::int64_t groups_at_once);

}  // namespace farthing::lake
