#pragma once

// What to do with each field of a CSV file: which become typed columns, which belong to the line's tag
// set, which to its attribute set.  Built once per header.  Immutable; const-safe.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "billing/registry.h"
#include "ingest/mapping/set_interner.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// Fields of the record in hand, by index.
class RecordView {
 public:
  virtual ~RecordView() = default;
  /// Raw text of a field, quotes included.
  virtual std::string_view Field(std::size_t field) const = 0;
  /// Raw text from the start of field `first` to the end of field `last`.
  virtual std::string_view Span(std::size_t first, std::size_t last) const = 0;
  /// Entries of a map field that no typed column takes, in a form that differs when they do.
  virtual std::string_view RestOfMap(std::size_t field) const = 0;
};

/// The fields of a file that make up one interned set.
class SetPlan {
 public:
  void Add(std::size_t field, ColumnRole role);
  /// Appends bytes that differ whenever the set differs between records of the same header.
  void AppendRaw(const RecordView& record, std::string& raw) const;
  std::vector<SetEntry> Entries(const RecordView& record) const;

 private:
  struct Member {
    std::size_t field;
    ColumnRole role;
  };
  struct Run {  // neighbouring fields, hashed in one piece
    std::size_t first;
    std::size_t last;
  };
  std::vector<Member> members_;
  std::vector<Run> runs_;
  std::vector<std::size_t> rests_;  ///< map fields whose entries change from line to line
};

/// Where a typed column of a file comes from.
struct ColumnOrigin {
  std::size_t field = 0;
  std::string map_key;    ///< not empty: the value of this key of a map field
  std::size_t map = 0;    ///< index into CsvPlan::maps
  std::size_t value = 0;  ///< index into MapPlan::keys
};

/// A map field with keys that are typed columns.
struct MapPlan {
  std::size_t field = 0;
  ColumnRole role;
  std::vector<std::string> keys;
};

struct CsvPlan {
  std::string
      schema;  ///< differs between files with different headers: raw sets compare within one
  std::size_t field_count = 0;
  std::vector<std::optional<ColumnOrigin>>
      origins;  ///< by emitted column; absent: not in this file
  std::vector<MapPlan> maps;
  std::vector<std::size_t> sort_fields;  ///< what and at which cost: equal lines stand together
  SetPlan tags;
  SetPlan attributes;
  std::vector<std::string> unknown_columns;
};

/// Plans a header for the emitted columns (names of used source columns).
CsvPlan PlanCsv(billing::SourceFamily family, const std::vector<std::string>& header,
                const std::vector<SourceColumn>& emitted);

/// Returns the used columns that at least one of the headers provides, directly or inside a map.
std::vector<SourceColumn> ProvidedColumns(billing::SourceFamily family,
                                          std::span<const std::vector<std::string>> headers);

/// Returns the entry that a key and value of a column become.
SetEntry EntryOf(const ColumnRole& role, std::string key, std::string value);

/// Returns the entries of a map column given as JSON text; text that is no JSON object becomes one
/// entry, so that nothing is lost.
std::vector<SetEntry> MapEntries(const ColumnRole& role, std::string_view json_text);

/// Drops tags and cost categories whose keys AWS has normalised (user_cost_center) where the same
/// set has the original (user:CostCenter): CUR 2.0 can deliver both.
void DropNormalizedTwins(std::vector<SetEntry>& entries);

/// True for columns that hold key-value pairs.
bool IsMap(ColumnRole::Use use);
/// True for columns of the tag set; others belong to the attribute set.
bool BelongsToTags(ColumnRole::Use use);

/// True for text that stands for no entry.  A tag whose value is the word null has that value.
bool IsAbsent(const ColumnRole& role, std::string_view text);

/// FOCUS files of several providers spell absent values NULL or null.
inline bool IsAbsent(std::string_view text) {
  return text.empty() || (text.size() == 4 && (text == "NULL" || text == "null"));
}

/// Tools written in Python spell absent numbers and times None; as text it is a name that AWS uses.
inline bool IsAbsentValue(std::string_view text) { return IsAbsent(text) || text == "None"; }

}  // namespace farthing::ingest
