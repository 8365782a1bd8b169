#include "query/attribute_keys.h"

#include "billing/registry.h"
#include "query/relation.h"
#include "query/tag_values.h"

namespace farthing::query {

Result<void> CheckAttributeExists(const DimensionRef& dimension, engine::Connection& connection,
                                  const lake::Layout& layout,
                                  const std::vector<lake::Load>& loads) {
  if (!IsInAttributeSet(dimension) || loads.empty()) return {};
  const std::string sets = Relation(layout, lake::kAttributeSets, loads, {});
  TRY_ASSIGN(const Sql value, SetValue(dimension, loads, KeyMatch::kExact));
  const Sql first = "SELECT 1 FROM " + sets + " WHERE " + value + " IS NOT NULL LIMIT 1";
  TRY_ASSIGN(const engine::Table found, connection.Query(first.text, first.parameters));
  if (!found.rows.empty()) return {};
  TRY_ASSIGN(const engine::Table keys,
             connection.Query("SELECT DISTINCT unnest(map_keys(" +
                              std::string(MapColumn(dimension.kind)) + ")) FROM " + sets));
  std::vector<std::string> known;
  for (const auto& row : keys.rows) known.push_back(row[0].value_or(""));
  for (const billing::Dimension& each : billing::Dimensions()) known.emplace_back(each.name);
  return Error(Errc::kInvalidArgument, "no bill has " + ToString(dimension))
      .Hint(DidYouMean(dimension.name, known));
}

}  // namespace farthing::query
