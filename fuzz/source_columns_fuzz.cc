// Any header has a role for every cell and a plan that accounts for every field.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/source_columns.h"

namespace {

using namespace farthing::ingest;
using farthing::billing::SourceFamily;

void CheckRole(SourceFamily family, const std::string& cell) {
  const ColumnRole role = RoleOf(family, cell);
  if (role.use == ColumnRole::Use::kUsed) {
    const SourceColumn* column = FindUsedColumn(family, role.name);
    CHECK(column != nullptr && column->name == role.name);
    CHECK(RoleOf(family, role.name).use == ColumnRole::Use::kUsed);
  }
  const bool is_map = IsMap(role.use);
  const bool nameless = role.use == ColumnRole::Use::kIgnored || is_map;
  CHECK(nameless || !role.name.empty() || role.use == ColumnRole::Use::kProduct);
  for (const SourceColumn& column : UsedColumns(family)) {
    const auto key = KeyInMap(role, column.name);
    CHECK(!key || role.name + *key == column.name);
  }
}

void CheckPlan(SourceFamily family, const std::vector<std::string>& header) {
  const std::vector<std::vector<std::string>> headers{header};
  const std::vector<SourceColumn> provided = ProvidedColumns(family, headers);
  const CsvPlan plan = PlanCsv(family, header, provided);
  CHECK(plan.field_count == header.size());
  CHECK(plan.origins.size() == provided.size());
  for (const auto& origin : plan.origins) {
    CHECK(origin && origin->field < header.size());
    if (origin->map_key.empty()) continue;
    CHECK(plan.maps.at(origin->map).keys.at(origin->value) == origin->map_key);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> header;
  for (const auto& cell : farthing::Split(text, ',')) header.emplace_back(cell);
  const auto detection = DetectFamily(header);
  CHECK(detection.ok() || !detection.error().hint().empty());
  for (const SourceFamily family :
       {SourceFamily::kCur, SourceFamily::kFocus, SourceFamily::kCostExplorer}) {
    for (const std::string& cell : header) CheckRole(family, cell);
    CheckPlan(family, header);
  }
  return 0;
}
