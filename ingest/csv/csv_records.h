#pragma once

// A block of CSV text taken apart into records and fields, and the places in it that are not UTF-8.
// Borrows the text.  One thread.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace farthing::ingest {

class CsvRecords {
 public:
  /// A record with another number of fields than the header.
  struct Ragged {
    std::uint32_t record;
    std::size_t field_count;
  };

  /// Takes apart `text`: whole records, ended by line feeds, of which each should have `field_count` fields.
  void Split(std::string_view text, std::size_t field_count);

  std::uint32_t count() const { return static_cast<std::uint32_t>(records_.size()); }
  /// False for ragged records and blank lines: their fields cannot be told.
  bool IsWhole(std::uint32_t record) const { return records_[record] != kNoFields; }
  const std::vector<Ragged>& ragged() const { return ragged_; }

  /// Raw text of a field, quotes included.  Requires: the record is whole.
  std::string_view Field(std::uint32_t record, std::size_t field) const {
    return Span(record, field, field);
  }
  /// Raw text from the start of field `first` to the end of field `last`.
  std::string_view Span(std::uint32_t record, std::size_t first, std::size_t last) const;

 private:
  static constexpr std::uint32_t kNoFields = UINT32_MAX;
  std::string_view text_;
  std::size_t field_count_ = 0;
  std::vector<std::uint32_t> separators_;
  std::vector<std::uint32_t> records_;  ///< by record: index of its first separator
  std::vector<Ragged> ragged_;
};

/// The first bytes of a record that are not UTF-8.
struct BadBytes {
  std::uint32_t record;
  std::size_t field;
  std::size_t offset;  ///< from the start of the record
};

/// Returns a place for each record with bytes that are not UTF-8, in order.
std::vector<BadBytes> FindBadBytes(std::string_view text);

}  // namespace farthing::ingest
