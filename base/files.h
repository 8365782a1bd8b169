#pragma once

// Files as the lake needs them: whole reads, durable writes, atomic renames, a directory lock.
// Functions are thread-safe; DirectoryLock belongs to one thread.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing {

namespace fs = std::filesystem;

/// Reads a whole file of at most `limit_bytes`.
/// Errors: kNotFound, kPermissionDenied, kTooLarge, kUnavailable.
Result<std::string> ReadFile(const fs::path& path, std::uint64_t limit_bytes);

/// Writes a new file and flushes it to the disk.  Errors: kUnavailable, kTooLarge (disk full).
Result<void> WriteFileDurably(const fs::path& path, std::string_view content);

/// Flushes every file below `directory` and the directories themselves to the disk.
Result<void> SyncTree(const fs::path& directory);

/// Renames within one file system and flushes both parent directories.
Result<void> RenameDurably(const fs::path& from, const fs::path& to);

/// Makes a directory and its parents.
Result<void> MakeDirectories(const fs::path& path);
/// The same, and flushes the directory entries it makes to the disk.
Result<void> MakeDirectoriesDurably(const fs::path& path);

/// Removes a tree; absent is fine.
Result<void> RemoveTree(const fs::path& path);

/// Lists the regular files below `directory`, sorted by path.  Links that leave it are refused.
/// Errors: kNotFound, kPermissionDenied (a link points outside), kUnavailable.
Result<std::vector<fs::path>> ListTree(const fs::path& directory);

/// Returns the SHA-256 of a file as lower-case hex.
Result<std::string> Sha256OfFile(const fs::path& path);
/// Returns the SHA-256 of text as lower-case hex.
std::string Sha256(std::string_view text);

/// What to do about a disk without room.
inline constexpr std::string_view kFullDiskHint =
    "free space on that disk, then run the same command again";

/// Turns errno into an Error that names the path; ENOSPC and EDQUOT are kTooLarge.
Error ErrnoError(std::string_view action, const fs::path& path, int error_number);

/// An exclusive advisory lock (flock) on a file, held until destruction or process end.
class DirectoryLock {
 public:
  /// Errors: kConflict (another process holds it), kUnavailable.
  static Result<std::unique_ptr<DirectoryLock>> Acquire(const fs::path& lock_file);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace farthing
