#pragma once

// The two rollups of a load being staged: cost_resource_daily groups the lines by every dimension and day,
// cost_daily that table by the dimensions that are no resource's.  One thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "billing/registry.h"
#include "engine/duckdb.h"
#include "lake/layout.h"

namespace farthing::lake {

/// True for amounts and quantities, which a rollup adds up; it groups by the other columns.
bool IsNumber(const billing::LakeColumn& column);

/// True where `table` (one of the three cost tables) has the column.
bool KeepsColumn(const billing::LakeColumn& column, std::string_view table);

/// Groups of a rollup that are made at once (lake/rollup_pieces.h).  A group takes about 2.5 kB of the engine's
/// memory, which gives up more often than it spills (docs/benchmarks.md).
inline constexpr std::int64_t kGroupsAtOnce = 100'000;

/// Writes cost_resource_daily and cost_daily from the staged cost_lines.  Takes memory by `groups_at_once`,
/// whatever the size of the bill and however many resources it has.
/// Errors: of the engine and of the disk.
Result<void> StageRollups(engine::Connection& connection, const Layout& layout, Period period,
                          const std::string& load_id, std::int64_t groups_at_once = kGroupsAtOnce);

}  // namespace farthing::lake
