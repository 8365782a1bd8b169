#pragma once

// Finds the structure of RFC 4180 text at memory speed: where records end and where fields end.
// Pure functions over a buffer; const-safe.
//
// 64 bytes at a time become three bit masks: commas, line feeds, quotes.  A running xor over the quote
// mask marks the bytes inside quotes; commas and line feeds there are text.  A doubled quote toggles
// twice and so needs no special case.  (Langdale and Lemire, "Parsing Gigabytes of JSON per Second",
// 2019, section 3.1, describes the same idea for JSON.)

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace farthing::ingest {

struct RecordScan {
  std::size_t end = 0;         ///< offset behind the last complete record
  std::size_t records = 0;     ///< complete records before `end`
  bool inside_quotes = false;  ///< the text ends within a quoted field
};

/// Counts the complete records of a text that starts at the beginning of a record.
RecordScan ScanRecords(std::string_view text);

/// Counts the first record only: `end` is 0 when the text holds no complete one.
RecordScan FirstRecord(std::string_view text);

/// Appends the offset of every comma and line feed outside quotes.  `text` is less than 4 GiB.
void FindSeparators(std::string_view text, std::vector<std::uint32_t>& offsets);

/// Returns the text of a field: without its quotes and with doubled quotes halved into `scratch`.
/// Borrows from `field` where nothing needs halving, else from `scratch`.
std::string_view Unquote(std::string_view field, std::string& scratch);

}  // namespace farthing::ingest
