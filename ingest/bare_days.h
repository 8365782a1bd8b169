#pragma once

// Bare files in folders of days are parts of their months: what a month was read from stays in it when the folder of
// another day comes by itself (docs/formats/bare-files.md).  One thread.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// The files that the export's month was read from and that lie in days of the same bill of which `files` holds none.
Result<std::vector<std::filesystem::path>> FilesOfOtherDays(
    lake::Catalog& catalog, std::int64_t export_id, Period period,
    const std::vector<std::filesystem::path>& files);

/// Why a month is not read anew: the day that is `gone` would be missing in it.
Error DayIsGone(const std::filesystem::path& gone, Period period);

}  // namespace farthing::ingest
