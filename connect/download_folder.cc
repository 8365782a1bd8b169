#include "connect/download_folder.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/text.h"

namespace farthing::connect {

Result<fs::path> DownloadFolder::FileOf(const std::string& key) const {
  const std::vector<std::string> parts = Split(key, '/');
  const bool climbs = std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part == "." || part == "..";
  });
  if (climbs || key.empty()) {
    return Error(Errc::kPermissionDenied, "a key that climbs out of its folder: " + key)
        .Hint("AWS writes no such keys: find out who did, and remove the object");
  }
  // As text: a path that begins with "/" would replace the folder.
  return fs::path(bucket().string() + "/" + key).lexically_normal();
}

Result<void> DownloadFolder::KeepOnly(const std::vector<fs::path>& files) const {
  if (!fs::exists(bucket())) return {};
  std::set<std::string> kept;
  for (const fs::path& file : files) {
    kept.insert(file.string());
    const std::string hidden = (file.parent_path() / ("." + file.filename().string())).string();
    for (const char* ending : {".part", ".part.done", ".etag"}) kept.insert(hidden + ending);
  }
  TRY_ASSIGN(const std::vector<fs::path> found, ListTree(bucket()));
  for (const fs::path& file : found) {
    if (!kept.contains(file.lexically_normal().string())) TRY(RemoveTree(file));
  }
  return {};
}

Result<void> DownloadFolder::CheckRoom(std::uint64_t size_bytes, std::uint64_t limit_bytes,
                                       const std::string& what) const {
  if (size_bytes > limit_bytes) {
    return Error(Errc::kTooLarge, "the delivery of " + what + " has " + std::to_string(size_bytes) +
                                      " bytes, more than the limit for downloads")
        .Hint("raise it with --disk-limit");
  }
  TRY(MakeDirectories(root_));
  std::error_code failed;
  const fs::space_info space = fs::space(root_, failed);
  // The lake's copy is smaller than the files it is made from, but both exist for a while.
  if (!failed && space.available < size_bytes * 2) {
    return Error(Errc::kTooLarge, "too little room on the disk for the delivery of " + what + ": " +
                                      std::to_string(size_bytes * 2) + " bytes are needed, " +
                                      std::to_string(space.available) + " are free")
        .Hint(kFullDiskHint);
  }
  return {};
}

Result<void> DownloadFolder::Clear() const { return RemoveTree(bucket()); }

}  // namespace farthing::connect
