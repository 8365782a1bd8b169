#include "ingest/discover/list_files.h"

#include <algorithm>

#include "base/files.h"
#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

// What it holds was imported; its tables are no bills.
bool IsDataDirectory(const fs::path& directory) {
  std::error_code code;
  return fs::is_regular_file(directory / "farthing.db", code);
}

}  // namespace

Result<ListedFiles> ListFiles(const fs::path& directory) {
  std::error_code failure;
  const fs::path root = fs::canonical(directory, failure);
  ListedFiles listed;
  if (!failure && IsDataDirectory(root)) {
    return Error(Errc::kInvalidArgument,
                 "Farthing's own data directory holds no bills: " + root.string())
        .Hint("give the directory of the bills");
  }
  // Links to directories are not entered, so that a link to a parent cannot make a circle.
  auto entry = fs::recursive_directory_iterator(root, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const fs::path& path = entry->path();
    const fs::file_status status = entry->symlink_status(failure);
    if (failure == std::errc::no_such_file_or_directory) failure.clear();  // removed meanwhile
    if (failure) break;
    if (fs::is_symlink(status)) {
      std::error_code code;
      const fs::path target = fs::weakly_canonical(path, code);
      if (code || !IsBelow(target, root)) {
        listed.leaks.push_back(path);
        continue;
      }
    }
    if (fs::is_directory(status) && IsDataDirectory(path)) {
      entry.disable_recursion_pending();
      listed.notes.push_back("Farthing's own data, not read: " + path.string());
      continue;
    }
    if (entry->is_regular_file(failure)) listed.files.push_back(path);
    if (failure == std::errc::no_such_file_or_directory) failure.clear();  // removed meanwhile
  }
  if (failure) return ErrnoError("cannot list", directory, failure.value());
  std::sort(listed.files.begin(), listed.files.end());
  std::sort(listed.leaks.begin(), listed.leaks.end());
  return listed;
}

}  // namespace farthing::ingest
