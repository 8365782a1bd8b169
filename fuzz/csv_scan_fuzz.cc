// The scanner that looks at 64 bytes at a time finds what one that looks at single bytes finds.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/csv/csv_scan.h"

namespace {

using farthing::ingest::RecordScan;

struct Naive {
  RecordScan scan;
  std::vector<std::uint32_t> separators;
};

Naive ScanNaively(std::string_view text) {
  Naive found;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') found.scan.inside_quotes = !found.scan.inside_quotes;
    if (found.scan.inside_quotes || (c != ',' && c != '\n')) continue;
    found.separators.push_back(static_cast<std::uint32_t>(at));
    if (c == ',') continue;
    ++found.scan.records;
    found.scan.end = at + 1;
  }
  return found;
}

std::string UnquoteNaively(std::string_view field) {
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return std::string(field);
  std::string text;
  for (std::size_t at = 1; at + 1 < field.size(); ++at) {
    text += field[at];
    if (field[at] == '"' && at + 2 < field.size() && field[at + 1] == '"') ++at;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing::ingest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Naive naive = ScanNaively(text);

  const RecordScan scan = ScanRecords(text);
  CHECK(scan.end == naive.scan.end);
  CHECK(scan.records == naive.scan.records);
  CHECK(scan.inside_quotes == naive.scan.inside_quotes);
  std::vector<std::uint32_t> separators;
  FindSeparators(text, separators);
  CHECK(separators == naive.separators);

  // Reading block by block: whole records first, then the rest.
  if (scan.end > 0) {
    const RecordScan first = FirstRecord(text);
    CHECK(first.records == 1 && first.end <= scan.end);
    const RecordScan whole = ScanRecords(text.substr(0, scan.end));
    const RecordScan rest = ScanRecords(text.substr(scan.end));
    CHECK(whole.records == scan.records && whole.end == scan.end && !whole.inside_quotes);
    CHECK(rest.records == 0 && rest.inside_quotes == scan.inside_quotes);
  }

  std::string scratch;
  std::size_t start = 0;
  for (const std::uint32_t end : separators) {
    const std::string_view field = text.substr(start, end - start);
    CHECK(Unquote(field, scratch) == UnquoteNaively(field));
    start = end + std::size_t{1};
  }
  return 0;
}
