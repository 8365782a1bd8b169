#include "ingest/csv/csv_plan.h"

#include <algorithm>
#include <set>

#include "base/decimal.h"
#include "base/files.h"
#include "base/text.h"
#include "billing/tag_key.h"
#include "ingest/csv/csv_scan.h"
#include "ingest/mapping/json_map.h"
#include "ingest/mapping/other_names.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;
using Use = ColumnRole::Use;

// CUR 2.0's Parquet has doubles in its map of amounts: they are spelled the same from either.  Any other number is
// what somebody has written.
std::string TextOf(const ColumnRole& map, JsonMember member) {
  if (!member.is_number || map.use != Use::kAttributeMap) return std::move(member.text);
  const Result<Decimal> exact = ParseDecimal(member.text);
  return exact.ok() ? ToString(*exact) : std::move(member.text);
}

// CUR 2.0's `tags` names the kind of tag in the key: resourceTags/user:team, costCategory/Team.
SetEntry MixedTag(std::string key, std::string value) {
  if (StartsWithIgnoreCase(key, "resourceTags/")) return {"tags", key.substr(13), std::move(value)};
  if (StartsWithIgnoreCase(key, "costCategory/")) {
    return {"cost_categories", key.substr(13), std::move(value)};
  }
  return {"tags", std::move(key), std::move(value)};
}

// Finds columns that are keys of the map in `field`, and plans the map when there are any.
void PlanMap(std::size_t field, const ColumnRole& role, const std::vector<SourceColumn>& emitted,
             CsvPlan& plan) {
  MapPlan map{field, role, {}};
  for (std::size_t column = 0; column < emitted.size(); ++column) {
    const std::optional<std::string> key = KeyInMap(role, emitted[column].name);
    if (!key || plan.origins[column]) continue;
    plan.origins[column] = ColumnOrigin{field, *key, plan.maps.size(), map.keys.size()};
    map.keys.push_back(*key);
  }
  if (!map.keys.empty()) plan.maps.push_back(std::move(map));
}

// The fields by which a block's records are sorted.  Lines of one SKU share most of their texts, and those of
// one cost their amounts: written side by side they take a seventh less of the disk (docs/benchmarks.md).
std::vector<std::size_t> SortFields(SourceFamily family, const std::vector<SourceColumn>& emitted,
                                    const CsvPlan& plan) {
  const std::string_view sku = family == SourceFamily::kFocus ? "SkuId" : "line_item_usage_type";
  std::vector<std::size_t> fields;
  for (const std::string_view name : {sku, MandatoryColumns(family).front()}) {
    for (std::size_t column = 0; column < emitted.size(); ++column) {
      const std::optional<ColumnOrigin>& origin = plan.origins[column];
      if (emitted[column].name == name && origin && origin->map_key.empty()) {
        fields.push_back(origin->field);
      }
    }
  }
  return fields;
}

}  // namespace

bool IsMap(Use use) {
  return use == Use::kTagMap || use == Use::kMixedTagMap || use == Use::kCategoryMap ||
         use == Use::kProductMap || use == Use::kAttributeMap;
}

bool BelongsToTags(Use use) {
  return use == Use::kTag || use == Use::kCostCategory || use == Use::kTagMap ||
         use == Use::kMixedTagMap || use == Use::kCategoryMap;
}

bool IsAbsent(const ColumnRole& role, std::string_view text) {
  const bool said_by_user = role.use == Use::kTag || role.use == Use::kCostCategory;
  if (said_by_user) return text.empty();
  return IsMap(role.use) ? IsAbsentValue(text) : IsAbsent(text);
}

SetEntry EntryOf(const ColumnRole& role, std::string key, std::string value) {
  switch (role.use) {
    case Use::kTag:
    case Use::kTagMap: return {"tags", std::move(key), std::move(value)};
    case Use::kMixedTagMap: return MixedTag(std::move(key), std::move(value));
    case Use::kCostCategory:
    case Use::kCategoryMap: return {"cost_categories", std::move(key), std::move(value)};
    case Use::kProduct:
    case Use::kProductMap: return {"product", std::move(key), std::move(value)};
    case Use::kAttributeMap: return {"attributes", role.name + key, std::move(value)};
    case Use::kAttribute:
    case Use::kUsed:
    case Use::kIgnored: return {"attributes", std::move(key), std::move(value)};
  }
  return {"attributes", std::move(key), std::move(value)};
}

std::vector<SetEntry> MapEntries(const ColumnRole& role, std::string_view json_text) {
  std::vector<SetEntry> entries;
  std::optional<std::vector<JsonMember>> members = ReadJsonMap(json_text);
  if (!members) {
    entries.push_back(EntryOf(role, "unreadable", std::string(json_text)));
    return entries;
  }
  for (JsonMember& member : *members) {
    std::string key = member.key;
    entries.push_back(EntryOf(role, std::move(key), TextOf(role, std::move(member))));
  }
  return entries;
}

void DropNormalizedTwins(std::vector<SetEntry>& entries) {
  std::set<std::pair<std::string, std::string>> originals;
  for (const SetEntry& entry : entries) {
    std::string normalized = billing::NormalizeTagKey(entry.key);
    if (normalized != entry.key) originals.emplace(entry.column, std::move(normalized));
  }
  std::erase_if(entries, [&](const SetEntry& entry) {
    return originals.contains({entry.column, entry.key});
  });
}

void SetPlan::Add(std::size_t field, ColumnRole role) {
  if (role.use == Use::kAttributeMap) {
    rests_.push_back(field);
  } else if (!runs_.empty() && runs_.back().last + 1 == field) {
    runs_.back().last = field;
  } else {
    runs_.push_back({field, field});
  }
  members_.push_back({field, std::move(role)});
}

void SetPlan::AppendRaw(const RecordView& record, std::string& raw) const {
  for (const Run& run : runs_) {
    raw += record.Span(run.first, run.last);
    raw += '\n';  // cannot stand unquoted inside a record
  }
  for (const std::size_t field : rests_) {
    raw += record.RestOfMap(field);
    raw += '\n';
  }
}

std::vector<SetEntry> SetPlan::Entries(const RecordView& record) const {
  std::vector<SetEntry> entries;
  std::string scratch;
  bool mixed = false;
  for (const Member& member : members_) {
    const Use use = member.role.use;
    const std::string_view text = use == Use::kAttributeMap
                                      ? record.RestOfMap(member.field)
                                      : Unquote(record.Field(member.field), scratch);
    if (IsAbsent(member.role, text)) continue;
    if (IsMap(use)) {
      for (SetEntry& entry : MapEntries(member.role, text)) entries.push_back(std::move(entry));
    } else {
      entries.push_back(EntryOf(member.role, member.role.name, std::string(text)));
    }
    mixed = mixed || use == Use::kMixedTagMap;
  }
  if (mixed) DropNormalizedTwins(entries);
  return entries;
}

CsvPlan PlanCsv(SourceFamily family, const std::vector<std::string>& header,
                const std::vector<SourceColumn>& emitted) {
  CsvPlan plan;
  plan.schema = Sha256(Join(header, "\n")).substr(0, 16);
  plan.field_count = header.size();
  plan.origins.resize(emitted.size());
  std::vector<std::pair<std::size_t, ColumnRole>> maps;
  std::vector<ColumnRole> roles = RolesOf(family, header);
  for (std::size_t field = 0; field < header.size(); ++field) {
    ColumnRole role = std::move(roles[field]);
    if (role.use == Use::kUsed) {
      const auto column = std::find_if(emitted.begin(), emitted.end(),
                                       [&](const SourceColumn& c) { return c.name == role.name; });
      CHECK(column != emitted.end());
      auto& origin = plan.origins[static_cast<std::size_t>(column - emitted.begin())];
      if (!origin) {
        origin = ColumnOrigin{field, "", 0, 0};
        continue;
      }
      role = {Use::kAttribute, header[field], true};  // a second column of the same meaning
    }
    if (role.unknown) plan.unknown_columns.push_back(header[field]);
    if (role.use == Use::kIgnored) continue;
    if (IsMap(role.use)) maps.emplace_back(field, role);
    (BelongsToTags(role.use) ? plan.tags : plan.attributes).Add(field, std::move(role));
  }
  for (const auto& [field, role] : maps) PlanMap(field, role, emitted, plan);
  plan.sort_fields = SortFields(family, emitted, plan);
  return plan;
}

std::vector<SourceColumn> ProvidedColumns(SourceFamily family,
                                          std::span<const std::vector<std::string>> headers) {
  std::set<std::string> provided;
  std::vector<ColumnRole> maps;
  for (const std::vector<std::string>& header : headers) {
    for (ColumnRole& role : RolesOf(family, header)) {
      if (role.use == Use::kUsed) provided.insert(role.name);
      if (IsMap(role.use)) maps.push_back(std::move(role));
    }
  }
  std::vector<SourceColumn> columns;
  for (const SourceColumn& column : UsedColumns(family)) {
    const bool in_map = std::any_of(maps.begin(), maps.end(), [&](const ColumnRole& map) {
      return KeyInMap(map, column.name).has_value();
    });
    if (in_map || provided.contains(column.name)) columns.push_back(column);
  }
  return columns;
}

}  // namespace farthing::ingest
