#pragma once

// Files for tests of this module: a directory of the test's own, packed text.  One thread.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace farthing::ingest {

/// A directory that is gone afterwards.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file, with the directories above it.
  std::filesystem::path Write(const std::string& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

/// One gzip member.
std::string Gzip(std::string_view text);
/// One gzip member, packed as densely as deflate can.
std::string GzipDensely(const std::string& text);

struct ZipEntry {
  std::string name;
  std::string text;
};
/// Writes a zip archive; with a password the entries are encrypted (AES-256).
void WriteZip(const std::filesystem::path& file, std::span<const ZipEntry> entries,
              const std::string& password = "");

}  // namespace farthing::ingest
