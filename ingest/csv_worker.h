#pragma once

// One thread's part of a CsvSource: takes blocks apart and fills DuckDB vectors.  One thread.

#include <duckdb.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/csv_source.h"

namespace farthing::ingest {

class CsvWorker {
 public:
  explicit CsvWorker(CsvSource& source);
  ~CsvWorker();

  /// Fills the chunk with the next rows; leaves it empty at the end or after a failure.
  void Fill(duckdb_data_chunk output);

 private:
  class Record;
  struct BadCell {
    std::size_t record;  ///< index into chosen_
    std::string column;
    std::string message;
  };

  bool NextBlock();
  bool FindRecords();
  bool CheckUtf8();
  bool ChooseRecords(std::size_t limit);
  bool KeepPeriod(std::uint32_t record);
  bool Convert(duckdb_data_chunk output);
  void ConvertColumn(std::size_t column, duckdb_vector vector);
  void ConvertText(const ColumnOrigin& origin, duckdb_vector vector);
  void ConvertTime(const ColumnOrigin& origin, const std::string& name, duckdb_vector vector);
  void ConvertAmount(std::size_t column, const ColumnOrigin& origin, duckdb_vector vector);
  void ConvertSets(duckdb_data_chunk output);
  void ConvertPlace(duckdb_data_chunk output);
  bool DropBadRecords();
  bool ReportBad(std::uint32_t record, const std::string& column, const std::string& message,
                 lake::RowIssue::Fate fate = lake::RowIssue::Fate::kSetAside);
  std::string CellOf(std::uint32_t record, std::string_view column);
  std::string_view Field(std::uint32_t record, std::size_t field) const;
  std::string_view Cell(std::uint32_t record, std::size_t field);
  std::string_view ValueOf(std::uint32_t record, const ColumnOrigin& origin);
  std::string_view Keep(std::string_view text);
  const std::string& FileName() const;

  CsvSource& source_;
  std::optional<TextBlock> block_;
  std::optional<TextBlock> previous_;  ///< DuckDB may still look at its strings
  std::string_view text_;              ///< of the block
  const CsvPlan* plan_ = nullptr;
  std::vector<std::uint32_t> separators_;
  std::vector<std::uint32_t> records_;  ///< by record: index of its first separator
  std::size_t next_record_ = 0;
  std::vector<std::uint32_t> chosen_;  ///< records of the chunk in hand
  std::vector<BadCell> bad_;
  std::deque<std::string> kept_;  ///< unquoted text of the chunk in hand
  std::string scratch_;
  std::string raw_;
  struct TimeMemory {
    std::string text;
    std::int64_t micros = 0;
  };
  std::unordered_map<std::size_t, TimeMemory> times_;  ///< by field: the last one parsed
  SetCache tags_;
  SetCache attributes_;
  /// A map text taken apart: the values of typed columns, and the rest as JSON.
  struct MapContent {
    std::vector<std::string> values;
    std::string rest;
  };
  const MapContent& MapOf(std::uint32_t record, std::size_t map);
  std::string_view RestOfMap(std::uint32_t record, std::size_t field);
  std::unordered_map<std::string, MapContent> map_contents_;  ///< by plan and text
  struct MapMemory {
    std::string text;
    const MapContent* content = nullptr;
  };
  std::vector<MapMemory> map_memory_;  ///< by map of the plan: the last one
  std::vector<int128> chunk_totals_;   ///< by emitted column
  std::vector<int128> totals_;
  std::vector<DecimalNeed> needs_;
  std::vector<bool> misfit_;
};

}  // namespace farthing::ingest
