#pragma once

// Where a connection's deliveries lie between download and import: DATA/downloads/<connection>/bucket mirrors the
// keys of its bucket.  Holds one delivery at a time, as import reads all it finds there.  One thread.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace farthing::connect {

class DownloadFolder {
 public:
  explicit DownloadFolder(std::filesystem::path root) : root_(std::move(root)) {}

  /// The mirror of the bucket.
  std::filesystem::path bucket() const { return root_ / "bucket"; }
  /// Where a key lies in the mirror, always below it.  Errors: kPermissionDenied (a key that climbs out).
  Result<std::filesystem::path> FileOf(const std::string& key) const;

  /// Removes what belongs to none of `files`: the rest of an interrupted download of something else would pass
  /// for bills without a manifest.  What was begun of `files` themselves stays, to go on with.
  Result<void> KeepOnly(const std::vector<std::filesystem::path>& files) const;

  /// Errors: kTooLarge (more than `limit_bytes`, or than the disk has room for), naming `what`.
  Result<void> CheckRoom(std::uint64_t size_bytes, std::uint64_t limit_bytes,
                         const std::string& what) const;

  Result<void> Clear() const;

 private:
  std::filesystem::path root_;
};

}  // namespace farthing::connect
