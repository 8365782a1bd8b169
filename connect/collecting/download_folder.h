#pragma once

// Where deliveries lie between download and import: a folder for each of them, with a mirror of its objects, so that
// what was fetched of one is there to go on with whatever becomes of the others.  Const-safe.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace farthing::connect {

/// One delivery.
class DownloadFolder {
 public:
  explicit DownloadFolder(std::filesystem::path root) : root_(std::move(root)) {}

  /// The mirror of the bucket.
  std::filesystem::path bucket() const { return root_ / "bucket"; }
  const std::filesystem::path& root() const { return root_; }
  /// Where a key lies in the mirror, always below it.  Errors: kPermissionDenied (a key that climbs out).
  Result<std::filesystem::path> FileOf(const std::string& key) const;

  /// Removes what belongs to none of `files`: the rest of an interrupted download of something else would pass
  /// for bills without a manifest.  What was begun of `files` themselves stays, to go on with.
  Result<void> KeepOnly(const std::vector<std::filesystem::path>& files) const;

  Result<void> Clear() const;

 private:
  std::filesystem::path root_;
};

/// All deliveries of one connection.
class Downloads {
 public:
  explicit Downloads(std::filesystem::path root) : root_(std::move(root)) {}

  /// The folder of the delivery with that manifest.
  DownloadFolder Of(const std::string& manifest_key) const;

  /// Sees to it that a delivery fits: what was fetched of others goes where both would be too much.
  /// Errors: kTooLarge (more than `limit_bytes`, or than the disk has room for), naming `what`.
  Result<void> MakeRoom(const DownloadFolder& folder, std::uint64_t size_bytes,
                        std::uint64_t limit_bytes, const std::string& what) const;

  /// Removes every folder but those of these manifests.
  Result<void> KeepOnly(const std::set<std::string>& manifest_keys) const;

 private:
  std::vector<std::filesystem::path> Folders() const;
  std::filesystem::path root_;
};

}  // namespace farthing::connect
