#pragma once

// Map fields of CSV records taken apart: the values of typed columns, and the entries that remain.
// The same texts come again and again; each is parsed once while it is remembered.  One thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/csv/csv_plan.h"
#include "ingest/csv/csv_records.h"

namespace farthing::ingest {

class CsvMaps {
 public:
  /// Looks up the maps of some records of one file.  What is returned below lives until the next call.
  void Read(const CsvPlan& plan, const CsvRecords& records, std::span<const std::uint32_t> chosen);

  /// The value of a typed column in the i-th chosen record; empty where absent.
  std::string_view Value(std::size_t i, const ColumnOrigin& origin) const {
    return maps_[origin.map].of_chosen[i]->values[origin.value];
  }
  /// The entries of a map field that no typed column takes, as JSON; nothing for other fields.
  std::optional<std::string_view> Rest(std::size_t i, std::size_t field) const;

 private:
  struct Content {
    std::vector<std::string> values;  ///< by MapPlan::keys
    std::string rest;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  struct Map {
    MapPlan plan;
    std::unordered_map<std::string, Content, Hash, std::equal_to<>> known;  ///< by raw text
    std::vector<const Content*> of_chosen;
  };
  static const Content* Find(Map& map, std::string_view raw);
  static Content Parse(const MapPlan& plan, std::string_view raw);

  std::string schema_;  ///< of the plan that maps_ follow
  std::vector<Map> maps_;
};

}  // namespace farthing::ingest
