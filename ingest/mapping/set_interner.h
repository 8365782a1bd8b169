#pragma once

// Numbers sets of key-value pairs: the tags of a line, or everything else that a line says.  Lines repeat
// few distinct sets, so the lake keeps a number in each line and every set once (docs/formats/lake.md).
// Thread-safe.  Memory is bounded: past a budget the known sets are forgotten (their rows are on disk
// already), which costs repeated rows, never wrong ones.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace farthing::ingest {

/// One key of a set; `column` is the map column of the set's table it belongs to.
struct SetEntry {
  std::string column;  ///< "tags", "cost_categories", "product" or "attributes"
  std::string key;
  std::string value;
};

class SetInterner {
 public:
  /// Writes sets as lines of JSON, {"id": 1, "<column>": {"key": "value"}}, to a new file.
  static Result<std::unique_ptr<SetInterner>> Create(const std::filesystem::path& file,
                                                     std::size_t budget_bytes);
  ~SetInterner();

  /// Returns the number of the set that `raw` stands for; `entries` is asked only for new ones.
  /// Equal sets met in different raw forms get the same number while they are remembered.
  std::int32_t Number(std::string_view raw, const std::function<std::vector<SetEntry>()>& entries);

  /// Flushes.  Errors: kTooLarge (disk full), kUnavailable.
  Result<void> Finish();

  std::int32_t count() const { return next_; }
  /// Distinct keys seen, by column.
  const std::map<std::string, std::set<std::string>>& keys() const { return keys_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  using Known = std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>>;
  struct File;

  SetInterner(std::unique_ptr<File> file, std::size_t budget_bytes);
  std::int32_t Add(std::vector<SetEntry> entries);

  std::mutex mutex_;
  std::unique_ptr<File> file_;
  std::size_t budget_bytes_;
  std::size_t used_bytes_ = 0;
  Known by_raw_;
  Known by_content_;
  std::map<std::string, std::set<std::string>> keys_;
  std::int32_t next_ = 0;
};

/// One thread's view of a SetInterner: remembers recent sets so that most rows take no lock.
/// One thread.
class SetCache {
 public:
  explicit SetCache(SetInterner& interner) : interner_(interner), slots_(kSlots) {}
  /// As SetInterner::Number.
  std::int32_t Number(std::string_view raw, const std::function<std::vector<SetEntry>()>& entries);

 private:
  static constexpr std::size_t kSlots = 4096;
  struct Slot {
    std::string raw;
    std::int32_t number = -1;
  };
  SetInterner& interner_;
  std::vector<Slot> slots_;  ///< by hash; a newcomer takes the place
};

}  // namespace farthing::ingest
