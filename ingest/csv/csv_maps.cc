#include "ingest/csv/csv_maps.h"

#include <xxhash.h>

#include <algorithm>
#include <boost/json.hpp>

#include "ingest/csv/csv_scan.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kMostTexts = 10'000;

}  // namespace

std::size_t CsvMaps::Hash::operator()(std::string_view text) const {
  return XXH3_64bits(text.data(), text.size());
}

void CsvMaps::Read(const CsvPlan& plan, const CsvRecords& records,
                   std::span<const std::uint32_t> chosen) {
  if (schema_ != plan.schema) {
    schema_ = plan.schema;
    maps_.clear();
    for (const MapPlan& map : plan.maps) maps_.push_back({map, {}, {}});
  }
  for (Map& map : maps_) {
    if (map.known.size() > kMostTexts) map.known.clear();
    map.of_chosen.clear();
    for (const std::uint32_t record : chosen) {
      map.of_chosen.push_back(Find(map, records.Field(record, map.plan.field)));
    }
  }
}

const CsvMaps::Content* CsvMaps::Find(Map& map, std::string_view raw) {
  const auto known = map.known.find(raw);
  if (known != map.known.end()) return &known->second;
  return &map.known.emplace(raw, Parse(map.plan, raw)).first->second;
}

CsvMaps::Content CsvMaps::Parse(const MapPlan& plan, std::string_view raw) {
  Content content;
  content.values.resize(plan.keys.size());
  std::string scratch;
  const std::string_view text = Unquote(raw, scratch);
  if (IsAbsent(plan.role, text)) return content;
  boost::json::object rest;
  for (SetEntry& entry : MapEntries({plan.role.use, ""}, text)) {
    const auto key = std::find(plan.keys.begin(), plan.keys.end(), entry.key);
    if (key == plan.keys.end()) {
      rest[entry.key] = entry.value;
    } else {
      content.values[static_cast<std::size_t>(key - plan.keys.begin())] = entry.value;
    }
  }
  if (!rest.empty()) content.rest = boost::json::serialize(rest);
  return content;
}

std::optional<std::string_view> CsvMaps::Rest(std::size_t i, std::size_t field) const {
  for (const Map& map : maps_) {
    if (map.plan.field == field) return map.of_chosen[i]->rest;
  }
  return std::nullopt;
}

}  // namespace farthing::ingest
