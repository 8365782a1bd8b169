#include "query/fact_source.h"

#include <algorithm>
#include <array>

#include "billing/registry.h"
#include "query/tag_values.h"

namespace farthing::query {
namespace {

/// A table of sets and how facts point into it.
struct SetTable {
  std::string_view table;
  std::string_view id;
  std::string_view name;  ///< of the WITH query
  bool (*holds)(const DimensionRef&);
};
constexpr std::array<SetTable, 2> kSetTables = {{
    {lake::kTagSets, "tag_set_id", "tag_values", IsInTagSet},
    {lake::kAttributeSets, "attribute_set_id", "attribute_values", IsInAttributeSet},
}};

template <typename Visit>
void EachSetTable(const ColumnNames& names, const Visit& visit) {
  const std::vector<DimensionRef>& dimensions = names.dimensions();
  for (const SetTable& set : kSetTables) {
    if (std::any_of(dimensions.begin(), dimensions.end(), set.holds)) visit(set);
  }
}

}  // namespace

bool IsInSet(const DimensionRef& dimension) { return dimension.kind != DimensionKind::kRegistered; }

bool NamesSets(const Filter& filter) {
  bool found = false;
  EachDimension(filter,
                [&](const DimensionRef& dimension) { found = found || IsInSet(dimension); });
  return found;
}

std::string ColumnNames::NameOf(const DimensionRef& dimension) {
  auto found = std::find(dimensions_.begin(), dimensions_.end(), dimension);
  const auto index = found - dimensions_.begin();
  if (found == dimensions_.end()) dimensions_.push_back(dimension);
  return letter_ + std::to_string(index);
}

std::string FactSource::Relation() const {
  return scope_.sums == Sums::kInParts
             ? RelationInParts(scope_.layout, table_, read_, scope_.types)
             : query::Relation(scope_.layout, table_, read_, scope_.types);
}

Sql FactSource::Expression(const DimensionRef& dimension) const {
  const billing::Dimension* registered = billing::FindDimension(dimension.name);
  CHECK(registered != nullptr);
  const bool is_format = registered->sql == "data_source";
  if (registered->sql != "export_name" && !is_format) return Sql(registered->sql);
  Sql name("CASE load_id");
  for (const lake::Load& load : scope_.loads) {
    name +=
        " WHEN " + Bound(load.id) + " THEN " + Bound(is_format ? load.format : load.export_name);
  }
  return name + " END";
}

std::string FactSource::TimeExpression() const {
  const std::string day = is_lines() ? "CAST(charge_period_start AS DATE)" : "charge_day";
  switch (request_.time.grain) {
    case Grain::kHour: return "date_trunc('hour', charge_period_start)";
    case Grain::kDay: return day;
    case Grain::kMonth: return "CAST(date_trunc('month', " + day + ") AS DATE)";
    case Grain::kPeriod: return "billing_period";
    case Grain::kNone: break;
  }
  CHECK(request_.time.grain != Grain::kNone);
  return "";
}

std::vector<Sql> FactSource::TimeConditions() const {
  const std::string_view column = is_lines() ? "charge_period_start" : "charge_day";
  const auto compare = [&](std::string_view comparison, Instant instant) {
    if (!is_lines())
      return Sql(column) + comparison + "CAST(" + Bound(DayString(instant)) + " AS DATE)";
    return Sql(column) + comparison + "CAST(" + Bound(ToString(instant)) + " AS TIMESTAMP)";
  };
  std::vector<Sql> conditions;
  if (request_.time.start) conditions.push_back(compare(" >= ", *request_.time.start));
  if (request_.time.end) conditions.push_back(compare(" < ", *request_.time.end));
  return conditions;
}

Result<std::vector<Sql>> FactSource::SetQueries(ColumnNames& set_names) const {
  std::vector<Sql> queries;
  for (const SetTable& set : kSetTables) {
    Sql columns;
    for (const DimensionRef& dimension : set_names.dimensions()) {
      if (!set.holds(dimension)) continue;
      TRY_ASSIGN(const Sql value, SetValue(dimension, scope_.loads, scope_.MatchOf(dimension)));
      columns += ", " + value + " AS " + set_names.NameOf(dimension);
    }
    if (columns.text.empty()) continue;
    queries.push_back(std::string(set.name) + " AS (SELECT load_id, " + std::string(set.id) +
                      columns + " FROM " + query::Relation(scope_.layout, set.table, read_, {}) +
                      ")");
  }
  return queries;
}

std::string FactSource::SetJoins(const ColumnNames& set_names) const {
  std::string joins;
  EachSetTable(set_names, [&](const SetTable& set) {
    joins +=
        " LEFT JOIN " + std::string(set.name) + " USING (load_id, " + std::string(set.id) + ")";
  });
  return joins;
}

std::vector<std::string> FactSource::SetIds(const ColumnNames& set_names) const {
  std::vector<std::string> ids;
  EachSetTable(set_names, [&](const SetTable& set) { ids.emplace_back(set.id); });
  return ids;
}

}  // namespace farthing::query
