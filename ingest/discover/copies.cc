#include "ingest/discover/copies.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "ingest/csv/bytes.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

// False also for files that cannot be unpacked: they are refused later.
bool HaveSameContent(const fs::path& a, const fs::path& b) {
  struct Stream {
    std::unique_ptr<ByteSource> source;
    std::string buffer = std::string(std::size_t{1} << 18, '\0');
    std::string_view rest = {};
    bool ended = false;

    // Returns false after a failure.
    bool Fill() {
      if (!rest.empty() || ended) return true;
      const Result<std::size_t> count = source->Read(buffer);
      if (!count.ok()) return false;
      ended = *count == 0;
      rest = std::string_view(buffer).substr(0, *count);
      return true;
    }
  };
  Result<std::unique_ptr<ByteSource>> first = OpenBytes(a);
  Result<std::unique_ptr<ByteSource>> second = OpenBytes(b);
  if (!first.ok() || !second.ok()) return false;
  Stream one{*std::move(first)};
  Stream other{*std::move(second)};
  for (;;) {
    if (!one.Fill() || !other.Fill()) return false;
    if (one.ended || other.ended) return one.ended == other.ended;
    const std::size_t size = std::min(one.rest.size(), other.rest.size());
    if (one.rest.substr(0, size) != other.rest.substr(0, size)) return false;
    one.rest.remove_prefix(size);
    other.rest.remove_prefix(size);
  }
}

// Content as far as it is known without reading all of it.
struct Content {
  fs::path file;
  std::uint32_t size_bytes = 0;        // unpacked, modulo 2^32
  std::optional<std::uint32_t> crc32;  // unknown for plain files until another has their size
};

// Nothing for Parquet, which is told by its bytes, and for what cannot be unpacked, which is refused later.
std::optional<Content> ContentOf(const fs::path& file) {
  const Result<bool> is_parquet = IsParquet(file);
  if (!is_parquet.ok() || *is_parquet) return std::nullopt;
  Result<std::unique_ptr<ByteSource>> source = OpenBytes(file);
  if (!source.ok()) return std::nullopt;
  if (!(*source)->is_packed()) {
    std::error_code code;
    return Content{file, static_cast<std::uint32_t>(fs::file_size(file, code)), std::nullopt};
  }
  const Result<Checksum> checksum = ChecksumOf(file);
  if (!checksum.ok()) return std::nullopt;
  return Content{file, checksum->size_bytes, checksum->crc32};
}

bool HaveSameChecksum(Content& a, Content& b) {
  for (Content* content : {&a, &b}) {
    if (content->crc32) continue;
    const Result<Checksum> checksum = ChecksumOf(content->file);
    if (!checksum.ok()) return false;
    content->crc32 = checksum->crc32;
  }
  return a.crc32 == b.crc32;
}

class Copies {
 public:
  // Returns the file that has the same content, nothing when there is none.
  Result<fs::path> EarlierThan(const fs::path& file) {
    TRY_ASSIGN(const fs::path same_bytes, WithSameBytes(file));
    if (!same_bytes.empty()) return same_bytes;
    return WithSameContent(file);
  }

 private:
  Result<fs::path> WithSameBytes(const fs::path& file) {
    std::error_code code;
    std::vector<fs::path>& same_size = by_size_[fs::file_size(file, code)];
    fs::path earlier;
    for (const fs::path& other : same_size) {
      TRY_ASSIGN(const std::string hash, Sha256OfFile(file));
      TRY_ASSIGN(const std::string other_hash, Sha256OfFile(other));
      if (hash == other_hash) earlier = other;
    }
    if (earlier.empty()) same_size.push_back(file);
    return earlier;
  }

  fs::path WithSameContent(const fs::path& file) {
    std::optional<Content> content = ContentOf(file);
    if (!content) return {};
    std::vector<Content>& same_size = by_content_size_[content->size_bytes];
    for (Content& other : same_size) {
      if (HaveSameChecksum(*content, other) && HaveSameContent(file, other.file)) return other.file;
    }
    same_size.push_back(*std::move(content));
    return {};
  }

  std::map<std::uintmax_t, std::vector<fs::path>> by_size_;
  std::map<std::uint32_t, std::vector<Content>> by_content_size_;
};

}  // namespace

Result<std::vector<std::string>> DropCopies(std::vector<fs::path>& files) {
  if (files.size() < 2) return std::vector<std::string>();
  Copies copies;
  std::vector<fs::path> kept;
  std::vector<std::string> notes;
  for (fs::path& file : files) {
    TRY_ASSIGN(const fs::path earlier, copies.EarlierThan(file));
    if (earlier.empty()) {
      kept.push_back(std::move(file));
    } else {
      notes.push_back("same content as " + earlier.string() + ", not read: " + file.string());
    }
  }
  files = std::move(kept);
  return notes;
}

}  // namespace farthing::ingest
