#include "query/tag_values.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "billing/tag_key.h"

namespace farthing::query {
namespace {

const std::vector<std::string>& StoredKeys(const DimensionRef& dimension, const lake::Load& load) {
  return dimension.kind == DimensionKind::kTag ? load.tag_keys : load.cost_categories;
}

bool IsAsTyped(const DimensionRef& dimension, std::string_view key) {
  return key == dimension.name ||
         (dimension.kind == DimensionKind::kTag && key == "user:" + dimension.name);
}

// A key that lost its capitals and separators on the way, so that it may be any that gives the same.
bool IsAwsSpelling(const DimensionRef& dimension, std::string_view key) {
  const bool is_marked = dimension.kind == DimensionKind::kCostCategory ||
                         key.starts_with("user_") || key.starts_with("aws_");
  return is_marked && billing::NormalizeTagKey(key) == key;
}

std::vector<std::string> Candidates(const DimensionRef& dimension, const lake::Load& load,
                                    KeyMatch match) {
  std::vector<std::string> keys = StoredKeys(dimension, load);
  if (match == KeyMatch::kExact) {
    std::erase_if(keys, [&](const std::string& key) {
      return !IsAsTyped(dimension, key) && !IsAwsSpelling(dimension, key);
    });
  }
  return keys;
}

// What to write instead of a key that no bill has.
std::string NearOrAll(std::string_view name, std::vector<std::string> known) {
  std::string near = DidYouMean(name, known);
  if (!near.empty()) return near;
  if (known.empty()) return "the bills have none: activate them in AWS's billing console";
  std::erase_if(known, [](const std::string& key) { return key.starts_with("user:"); });
  constexpr std::size_t kShown = 12;
  const std::string more =
      known.size() > kShown ? " and " + std::to_string(known.size() - kShown) + " more" : "";
  known.resize(std::min(known.size(), kShown));
  return "the bills have " + Join(known, ", ") + more;
}

Sql Lookup(std::string_view map, std::string_view key) {
  return "nullif(map_extract_value(" + Sql(map) + ", " + Bound(key) + "), '')";
}

}  // namespace

bool IsInTagSet(const DimensionRef& dimension) {
  return dimension.kind == DimensionKind::kTag || dimension.kind == DimensionKind::kCostCategory;
}

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

bool IsInAttributeSet(const DimensionRef& dimension) {
  return dimension.kind == DimensionKind::kProduct || dimension.kind == DimensionKind::kAttribute;
}

KeyMatch MatchOf(const DimensionRef& dimension, std::span<const lake::Load> loads) {
  for (const lake::Load& load : loads) {
    const std::vector<std::string>& keys = StoredKeys(dimension, load);
    if (std::any_of(keys.begin(), keys.end(),
                    [&](const std::string& key) { return IsAsTyped(dimension, key); }))
      return KeyMatch::kExact;
  }
  return KeyMatch::kLoose;
}

Result<KeysOfLoads> ResolveKey(const DimensionRef& dimension, std::span<const lake::Load> loads,
                               KeyMatch match) {
  KeysOfLoads keys;
  for (const lake::Load& load : loads) {
    Result<std::string> key =
        billing::ResolveTagKey(dimension.name, Candidates(dimension, load, match));
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
  TRY_ASSIGN(const KeysOfLoads keys, ResolveKey(dimension, loads, MatchOf(dimension, loads)));
  if (!keys.empty()) return {};
  std::set<std::string> known;
  for (const lake::Load& load : loads) {
    for (const std::string& key : StoredKeys(dimension, load)) {
      known.insert(key);
      if (key.starts_with("user:")) known.insert(key.substr(5));
    }
  }
  return Error(Errc::kInvalidArgument, "no bill has " + ToString(dimension))
      .Hint(NearOrAll(dimension.name, {known.begin(), known.end()}));
}

void NoteKeys(const DimensionRef& dimension, std::span<const lake::Load> loads, KeyMatch match,
              std::vector<std::string>& notes) {
  if (!IsInTagSet(dimension)) return;
  std::set<std::string> read;
  std::set<std::string> not_read;
  for (const lake::Load& load : loads) {
    const Result<std::string> key =
        billing::ResolveTagKey(dimension.name, Candidates(dimension, load, match));
    if (key.ok() && !key->empty()) read.insert(*key);
    const Result<std::string> loose =
        billing::ResolveTagKey(dimension.name, StoredKeys(dimension, load));
    if (loose.ok() && !loose->empty() && (!key.ok() || *key != *loose)) not_read.insert(*loose);
  }
  const std::string name = ToString(dimension);
  if (read.size() > 1)
    notes.push_back(name + " reads several keys as one: " + Join({read.begin(), read.end()}, ", "));
  if (!not_read.empty())
    notes.push_back(name + " is told apart from keys that look alike: " +
                    Join({not_read.begin(), not_read.end()}, ", "));
}

Result<Sql> SetValue(const DimensionRef& dimension, std::span<const lake::Load> loads,
                     KeyMatch match) {
  const std::string_view map = MapColumn(dimension.kind);
  if (IsInAttributeSet(dimension)) return Lookup(map, dimension.name);
  TRY_ASSIGN(const KeysOfLoads keys, ResolveKey(dimension, loads, match));
  if (keys.empty()) return Sql("CAST(NULL AS VARCHAR)");
  if (keys.size() == 1) return Lookup(map, keys.begin()->first);
  Sql value("CASE");
  for (const auto& [key, load_ids] : keys) {
    value += " WHEN load_id IN " + BoundList(load_ids) + " THEN " + Lookup(map, key);
  }
  return value + " END";
}

}  // namespace farthing::query
