#pragma once

// The files below a directory that is given to import: no data directory of Farthing's own, and no link that leads out.
// One thread.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace farthing::ingest {

struct ListedFiles {
  std::vector<std::filesystem::path> files;  ///< sorted
  std::vector<std::filesystem::path>
      leaks;  ///< links that leave the directory, sorted; nothing behind them is read
  std::vector<std::string> notes;  ///< what was left alone
};

/// Errors: kNotFound, kPermissionDenied.
Result<ListedFiles> ListFiles(const std::filesystem::path& directory);

}  // namespace farthing::ingest
