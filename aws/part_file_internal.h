#pragma once

// A file that is written at any place by several threads, and published under its name when it is whole.
// Nothing is flushed to the disk.  Reading and writing are thread-safe.

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/files.h"

namespace farthing::aws {

/// ".NAME<ending>" beside the file NAME.
fs::path Beside(const fs::path& file, std::string_view ending);

class PartFile {
 public:
  PartFile() = default;
  /// Errors: ErrnoError's.
  static Result<PartFile> Create(fs::path path);
  static Result<PartFile> Open(fs::path path);
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;
  ~PartFile();

  const fs::path& path() const { return path_; }
  /// Takes the room now: a full disk is better known before a download than after it.  Removes the file where there
  /// is none.  Errors: kTooLarge.
  Result<void> Reserve(std::uint64_t size) const;
  /// Errors: kTooLarge (disk full), ErrnoError's.
  Result<void> WriteAt(std::uint64_t offset, std::string_view bytes) const;
  /// Hands over [offset, end) in blocks.  Errors: ErrnoError's.
  Result<void> Read(std::uint64_t offset, std::uint64_t end,
                    const std::function<void(std::string_view block)>& on_block) const;

 private:
  PartFile(fs::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  fs::path path_;
  int descriptor_ = -1;
};

}  // namespace farthing::aws
