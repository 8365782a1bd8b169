#pragma once

// One thread's part of a CsvSource: takes blocks, sorts their records, fills DuckDB's chunks
// with them and reports the bad ones.  One thread.

#include <duckdb.h>

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/csv/csv_columns.h"
#include "ingest/csv/csv_maps.h"
#include "ingest/csv/csv_records.h"
#include "ingest/csv/csv_source.h"

namespace farthing::ingest {

class CsvWorker {
 public:
  explicit CsvWorker(CsvSource& source);
  ~CsvWorker();

  /// Fills the chunk with the next rows; leaves it empty at the end or after a failure.
  void Fill(duckdb_data_chunk output);

 private:
  class Record;

  // These return false after a failure.
  bool NextBlock();
  bool ReplaceBadBytes();
  bool SplitRecords();
  bool SortRecords();
  bool KeepThoseBeforeFailure();
  void ChooseRecords(std::size_t limit);
  bool Convert(duckdb_data_chunk output);
  bool DropBadRecords();
  bool KeepTotals();
  struct Fault {
    std::string column;  ///< empty: of the whole record
    std::string message;
    std::string hint = {};  ///< empty: a new delivery is the fix
    lake::RowIssue::Fate fate = lake::RowIssue::Fate::kSetAside;
  };
  bool ReportBad(std::uint32_t record, const Fault& fault);

  bool IsOfPeriod(std::uint32_t record);
  void ConvertColumn(std::size_t column, duckdb_vector vector);
  void ConvertSets(duckdb_data_chunk output);
  void ConvertPlace(duckdb_data_chunk output);
  /// The text of a field without quotes; empty where the value is absent.
  std::string_view Cell(std::uint32_t record, std::size_t field);
  std::string CellOf(std::uint32_t record, std::string_view column);
  const CsvFile& file() const;

  CsvSource& source_;
  std::vector<CsvColumn> columns_;  ///< by emitted column
  CsvMaps maps_;
  SetCache tags_;
  SetCache attributes_;

  std::optional<TextBlock> block_;
  const CsvPlan* plan_ = nullptr;  ///< of the block's file
  CsvRecords records_;
  struct SortedRecord {
    std::string_view sku;
    std::string_view cost;
    std::uint32_t record;
    auto operator<=>(const SortedRecord&) const = default;
  };
  std::vector<SortedRecord> sorted_;  ///< the block's records of the period
  std::size_t next_record_ = 0;       ///< into sorted_

  std::vector<std::uint32_t> chosen_;    ///< records of the chunk in hand
  std::vector<std::string_view> cells_;  ///< of the column in hand
  std::deque<std::string> unquoted_;     ///< texts of the chunk in hand that are not in the block
  struct BadRecord {
    std::size_t index;  ///< into chosen_
    Fault fault;
  };
  std::vector<BadRecord> bad_;
  std::string raw_set_;
};

}  // namespace farthing::ingest
