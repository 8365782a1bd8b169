#pragma once

// The files of a load: kept in the catalog by name when it is published, so that one that goes away is an error
// and not a smaller answer.  Reads directories, changes nothing.  Thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"
#include "lake/layout.h"

namespace farthing::lake {

/// Lists the files of a load below `root`, which is laid out as the lake is.
Result<LoadFiles> ListFiles(const fs::path& root, const Load& load);

/// Globs of a table's files in the lake, for read_parquet: each by its name, so that reading fails where one is
/// missing.  Of a load that does not know its files one glob for all that are there.
std::vector<std::string> FilesToRead(const Layout& layout, std::string_view table,
                                     const Load& load);

/// Looks for each file of the load in the lake.  Errors: kCorrupt, with the file and what to restore.
Result<void> CheckFilesExist(const Layout& layout, const Load& load);
/// The same, and that each is what was written and nothing lies beside them.  Reads them whole.
Result<void> CheckFiles(const Layout& layout, const Load& load);

/// What is wrong with the files of the loads, else `error`, which reading them gave.
Error BlameFiles(const Layout& layout, const std::vector<Load>& loads, Error error);

}  // namespace farthing::lake
