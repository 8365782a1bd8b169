#include "connect/collecting/download_folder.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

Result<std::uint64_t> SizeOfTree(const fs::path& root) {
  TRY_ASSIGN(const std::vector<fs::path> files, ListTree(root));
  std::uint64_t bytes = 0;
  std::error_code failed;
  for (const fs::path& file : files) {
    const std::uintmax_t size = fs::file_size(file, failed);
    if (!failed) bytes += size;
  }
  return bytes;
}

}  // namespace

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
    for (const char* ending : {".part", ".part.done"}) kept.insert(hidden + ending);
    kept.insert((file.parent_path() / ".whole").string());  // aws/whole_files_internal.h
  }
  TRY_ASSIGN(const std::vector<fs::path> found, ListTree(bucket()));
  for (const fs::path& file : found) {
    if (!kept.contains(file.lexically_normal().string())) TRY(RemoveTree(file));
  }
  return {};
}

Result<void> DownloadFolder::Clear() const { return RemoveTree(root_); }

DownloadFolder Downloads::Of(const std::string& manifest_key) const {
  return DownloadFolder(root_ / Sha256(manifest_key).substr(0, 16));
}

std::vector<fs::path> Downloads::Folders() const {
  std::vector<fs::path> folders;
  std::error_code failed;  // nothing was downloaded yet
  for (const auto& entry : fs::directory_iterator(root_, failed)) {
    if (entry.is_directory(failed)) folders.push_back(entry.path());
  }
  return folders;
}

Result<void> Downloads::MakeRoom(const DownloadFolder& folder, std::uint64_t size_bytes,
                                 std::uint64_t limit_bytes, const std::string& what) const {
  if (size_bytes > limit_bytes) {
    return Error(Errc::kTooLarge, "the delivery of " + what + " has " + std::to_string(size_bytes) +
                                      " bytes, more than the limit for downloads")
        .Hint("raise it with --disk-limit");
  }
  TRY(MakeDirectories(root_));
  std::error_code failed;
  // The lake's copy is smaller than the files it is made from, but both exist for a while.
  const auto fits = [&] { return fs::space(root_, failed).available >= size_bytes * 2 || failed; };
  std::uint64_t kept = 0;
  for (const fs::path& other : Folders()) {
    if (other == folder.root()) continue;
    TRY_ASSIGN(const std::uint64_t size, SizeOfTree(other));
    kept += size;
    if (kept + size_bytes <= limit_bytes && fits()) continue;
    TRY(RemoveTree(other));
    kept -= size;
  }
  if (!fits()) {
    return Error(Errc::kTooLarge, "too little room on the disk for the delivery of " + what + ": " +
                                      std::to_string(size_bytes * 2) + " bytes are needed, " +
                                      std::to_string(fs::space(root_, failed).available) +
                                      " are free")
        .Hint(kFullDiskHint);
  }
  return {};
}

Result<void> Downloads::KeepOnly(const std::set<std::string>& manifest_keys) const {
  std::set<fs::path> kept;
  for (const std::string& key : manifest_keys) kept.insert(Of(key).root());
  for (const fs::path& folder : Folders()) {
    if (!kept.contains(folder)) TRY(RemoveTree(folder));
  }
  return {};
}

}  // namespace farthing::connect
