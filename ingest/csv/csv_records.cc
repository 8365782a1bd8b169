#include "ingest/csv/csv_records.h"

#include "base/text.h"
#include "ingest/csv/csv_scan.h"

namespace farthing::ingest {

void CsvRecords::Split(std::string_view text, std::size_t field_count) {
  text_ = text;
  field_count_ = field_count;
  separators_.clear();
  records_.clear();
  ragged_.clear();
  FindSeparators(text, separators_);
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < separators_.size(); ++i) {
    if (text[separators_[i]] != '\n') continue;
    const std::size_t fields = i - first + 1;
    if (fields == field_count) {
      records_.push_back(first);
    } else {
      const std::size_t start = first == 0 ? 0 : separators_[first - 1] + std::size_t{1};
      const std::string_view line = text.substr(start, separators_[i] - start);
      if (!line.empty() && line != "\r") ragged_.push_back({count(), fields});
      records_.push_back(kNoFields);
    }
    first = i + 1;
  }
}

std::string_view CsvRecords::Span(std::uint32_t record, std::size_t first, std::size_t last) const {
  const std::size_t base = records_[record];
  const std::size_t start = base + first == 0 ? 0 : separators_[base + first - 1] + std::size_t{1};
  std::string_view text(text_.data() + start, separators_[base + last] - start);
  if (last + 1 == field_count_ && text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::vector<BadBytes> FindBadBytes(std::string_view text) {
  std::vector<BadBytes> found;
  std::uint32_t record = 0;
  for (;;) {
    const std::size_t at = FindInvalidUtf8(text);
    if (at == std::string_view::npos) return found;
    const RecordScan before = ScanRecords(text.substr(0, at));
    record += static_cast<std::uint32_t>(before.records);
    std::vector<std::uint32_t> separators;
    FindSeparators(text.substr(before.end, at - before.end), separators);
    found.push_back({record, separators.size(), at - before.end});
    text.remove_prefix(before.end);
    text.remove_prefix(FirstRecord(text).end);
    ++record;
  }
}

}  // namespace farthing::ingest
