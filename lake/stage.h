#pragma once

// A load on its way: written below DATA/staging, rolled up, proven, then published in one step.
// Nothing here is visible to a reader before Publish returns.  One thread.

#include <string>

#include "base/result.h"
#include "engine/duckdb.h"
#include "lake/catalog.h"
#include "lake/layout.h"

namespace farthing::lake {

/// The directory of a table of a load being staged; made by this call.
Result<fs::path> StagingDirectory(const Layout& layout, std::string_view table, Period period,
                                  const std::string& load_id);

/// `read_parquet(files)`, for FROM.  `files` is a glob; a column that a file lacks is NULL there.
std::string ReadParquet(const std::string& files);

/// `COPY (select) TO file` as zstd Parquet that DuckDB and Trino read.
std::string CopySql(const std::string& select, const fs::path& file);
/// The same for files that an import reads once more, by the first column of their order, and removes.
std::string CopyScratchSql(const std::string& select, const fs::path& file);
/// The same to files of a directory, of about a million rows each.
std::string CopyLinesSql(const std::string& select, const fs::path& directory);

/// Writes tag_sets or attribute_sets from the JSON lines of an interner.
Result<void> StageSets(engine::Connection& connection, const Layout& layout, std::string_view table,
                       const fs::path& json_lines, Period period, const std::string& load_id);

/// Fills the load's currencies, accounts, providers and days of charges from its rollup.
Result<void> CollectFacts(engine::Connection& connection, const std::string& daily_files,
                          Load& load);

/// Makes the staged load the active version of its (export, period): notes its files, flushes, renames, flips.
/// A crash at any point leaves the old version active; Sweep cleans up.
Result<void> Publish(Catalog& catalog, const Delivery& delivery, Load load);

/// Removes what a crash left: staging, and partitions of loads the catalog does not know.
/// Requires: the caller holds the writer's lock.
Result<void> Sweep(Catalog& catalog);

/// Forgets an export and removes its files.  Errors: kConflict (an import is writing).
Result<void> Forget(Catalog& catalog, std::int64_t export_id);

}  // namespace farthing::lake
