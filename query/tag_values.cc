#include "query/tag_values.h"

#include <set>

#include "base/text.h"
#include "billing/tag_key.h"

namespace farthing::query {
namespace {

const std::vector<std::string>& StoredKeys(const DimensionRef& dimension, const lake::Load& load) {
  return dimension.kind == DimensionKind::kTag ? load.tag_keys : load.cost_categories;
}

// The map column that holds the values.
std::string_view MapColumn(DimensionKind kind) {
  switch (kind) {
    case DimensionKind::kTag: return "tags";
    case DimensionKind::kCostCategory: return "cost_categories";
    case DimensionKind::kProduct: return "product";
    case DimensionKind::kAttribute: return "attributes";
    case DimensionKind::kRegistered: break;
  }
  return "";
}

Sql Lookup(std::string_view map, std::string_view key) {
  return "nullif(map_extract_value(" + Sql(map) + ", " + Bound(key) + "), '')";
}

}  // namespace

bool IsInTagSet(const DimensionRef& dimension) {
  return dimension.kind == DimensionKind::kTag || dimension.kind == DimensionKind::kCostCategory;
}

bool IsInAttributeSet(const DimensionRef& dimension) {
  return dimension.kind == DimensionKind::kProduct || dimension.kind == DimensionKind::kAttribute;
}

Result<KeysOfLoads> ResolveKey(const DimensionRef& dimension, std::span<const lake::Load> loads) {
  KeysOfLoads keys;
  for (const lake::Load& load : loads) {
    Result<std::string> key = billing::ResolveTagKey(dimension.name, StoredKeys(dimension, load));
    if (!key.ok()) {
      return std::move(key).error().Wrap("export " + load.export_name + ", " +
                                         ToString(load.period));
    }
    if (!key->empty()) keys[*key].push_back(load.id);
  }
  return keys;
}

Result<void> CheckKeyExists(const DimensionRef& dimension, std::span<const lake::Load> loads) {
  if (!IsInTagSet(dimension) || loads.empty()) return {};
  TRY_ASSIGN(const KeysOfLoads keys, ResolveKey(dimension, loads));
  if (!keys.empty()) return {};
  std::set<std::string> known;
  for (const lake::Load& load : loads) {
    for (const std::string& key : StoredKeys(dimension, load)) {
      known.insert(key);
      if (key.starts_with("user:")) known.insert(key.substr(5));
    }
  }
  return Error(Errc::kInvalidArgument, "no bill has " + ToString(dimension))
      .Hint(DidYouMean(dimension.name, {known.begin(), known.end()}));
}

Result<Sql> SetValue(const DimensionRef& dimension, std::span<const lake::Load> loads) {
  const std::string_view map = MapColumn(dimension.kind);
  if (IsInAttributeSet(dimension)) return Lookup(map, dimension.name);
  TRY_ASSIGN(const KeysOfLoads keys, ResolveKey(dimension, loads));
  if (keys.empty()) return Sql("CAST(NULL AS VARCHAR)");
  if (keys.size() == 1) return Lookup(map, keys.begin()->first);
  Sql value("CASE");
  for (const auto& [key, load_ids] : keys) {
    value += " WHEN load_id IN " + BoundList(load_ids) + " THEN " + Lookup(map, key);
  }
  return value + " END";
}

}  // namespace farthing::query
