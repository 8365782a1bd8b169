#include "ingest/mapping/set_interner.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <tuple>

#include "base/files.h"

namespace farthing::ingest {

struct SetInterner::File {
  std::filesystem::path path;
  std::FILE* stream = nullptr;
  int error_number = 0;
  ~File() {
    if (stream != nullptr) std::fclose(stream);
  }
  void Write(const std::string& line) {
    if (error_number == 0 && std::fwrite(line.data(), 1, line.size(), stream) != line.size()) {
      error_number = errno;
    }
  }
};

std::size_t SetInterner::Hash::operator()(std::string_view text) const {
  return XXH3_64bits(text.data(), text.size());
}

SetInterner::SetInterner(std::unique_ptr<File> file, std::size_t budget_bytes)
    : file_(std::move(file)), budget_bytes_(budget_bytes) {}

SetInterner::~SetInterner() = default;

Result<std::unique_ptr<SetInterner>> SetInterner::Create(const std::filesystem::path& path,
                                                         std::size_t budget_bytes) {
  auto file = std::make_unique<File>();
  file->path = path;
  file->stream = std::fopen(path.c_str(), "wb");
  if (file->stream == nullptr) return ErrnoError("creating", path, errno);
  return std::unique_ptr<SetInterner>(new SetInterner(std::move(file), budget_bytes));
}

std::int32_t SetInterner::Number(std::string_view raw,
                                 const std::function<std::vector<SetEntry>()>& entries) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_raw_.find(raw); known != by_raw_.end()) return known->second;
  }
  std::vector<SetEntry> content = entries();
  const std::lock_guard lock(mutex_);
  if (const auto known = by_raw_.find(raw); known != by_raw_.end()) return known->second;
  if (used_bytes_ > budget_bytes_) {
    by_raw_.clear();
    by_content_.clear();
    used_bytes_ = 0;
  }
  const std::int32_t number = Add(std::move(content));
  by_raw_.emplace(raw, number);
  used_bytes_ += raw.size() + 96;  // about what a node of the table costs
  return number;
}

std::int32_t SetInterner::Add(std::vector<SetEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const SetEntry& a, const SetEntry& b) {
    return std::tie(a.column, a.key) < std::tie(b.column, b.key);
  });
  boost::json::object row;
  for (const SetEntry& entry : entries) {
    boost::json::value& column = row[entry.column];
    if (!column.is_object()) column.emplace_object();
    column.get_object()[entry.key] = entry.value;
    keys_[entry.column].insert(entry.key);
  }
  std::string content = boost::json::serialize(row);
  if (const auto known = by_content_.find(content); known != by_content_.end())
    return known->second;
  const std::int32_t number = next_++;
  row["id"] = number;
  file_->Write(boost::json::serialize(row) + "\n");
  used_bytes_ += content.size() + 96;
  by_content_.emplace(std::move(content), number);
  return number;
}

std::int32_t SetCache::Number(std::string_view raw,
                              const std::function<std::vector<SetEntry>()>& entries) {
  Slot& slot = slots_[XXH3_64bits(raw.data(), raw.size()) % kSlots];
  if (slot.number < 0 || slot.raw != raw) {
    slot.number = interner_.Number(raw, entries);
    slot.raw = raw;
  }
  return slot.number;
}

Result<void> SetInterner::Finish() {
  if (std::fflush(file_->stream) != 0 && file_->error_number == 0) file_->error_number = errno;
  if (file_->error_number != 0) return ErrnoError("writing", file_->path, file_->error_number);
  return {};
}

}  // namespace farthing::ingest
