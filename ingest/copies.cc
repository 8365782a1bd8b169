#include "ingest/copies.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "ingest/bucket_layout.h"
#include "ingest/bytes.h"

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

class Copies {
 public:
  // Returns the file that has the same content, nothing when there is none.
  Result<fs::path> EarlierThan(const fs::path& file) {
    std::error_code code;
    std::vector<fs::path>& same_size = by_size_[fs::file_size(file, code)];
    std::vector<fs::path>& same_name = by_name_[file.parent_path() / NameOfFile(file)];
    fs::path earlier;
    for (const fs::path& other : same_size) {
      TRY_ASSIGN(const std::string hash, Sha256OfFile(file));
      TRY_ASSIGN(const std::string other_hash, Sha256OfFile(other));
      if (hash == other_hash) earlier = other;
    }
    for (const fs::path& other : same_name) {
      if (earlier.empty() && HaveSameContent(file, other)) earlier = other;
    }
    same_size.push_back(file);
    same_name.push_back(file);
    return earlier;
  }

 private:
  std::map<std::uintmax_t, std::vector<fs::path>> by_size_;
  std::map<fs::path, std::vector<fs::path>> by_name_;
};

}  // namespace

Result<std::vector<std::string>> DropCopies(std::vector<fs::path>& files) {
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
