#include <algorithm>

#include "base/text.h"
#include "billing/registry.h"
#include "lake/rollups.h"
#include "query/conditions.h"
#include "query/fact_source.h"
#include "query/planner.h"

namespace farthing::query {

std::vector<std::string> ColumnsBehind(const Request& request) {
  std::vector<std::string> columns;
  for (const MetricRequest& metric : request.metrics) {
    const std::string column(metric.metric->column.empty() ? "resource_id" : metric.metric->column);
    if (std::find(columns.begin(), columns.end(), column) == columns.end())
      columns.push_back(column);
  }
  return columns;
}

Result<Sql> LinesBehind(const Request& request, const Scope& scope, std::int64_t limit) {
  const FactSource source(request, scope, lake::kCostLines);
  ColumnNames set_names('s');
  const auto expression = [&](const DimensionRef& dimension) {
    return IsInSet(dimension) ? Sql(set_names.NameOf(dimension)) : source.Expression(dimension);
  };
  std::vector<Sql> conditions = source.TimeConditions();
  if (request.filter) conditions.push_back(Condition(WithoutNot(*request.filter), expression));
  std::vector<Sql> of_metrics;
  for (const MetricRequest& metric : request.metrics) {
    if (metric.filter) of_metrics.push_back(Condition(WithoutNot(*metric.filter), expression));
  }
  if (of_metrics.size() == request.metrics.size())
    conditions.push_back("(" + JoinSql(of_metrics, " OR ") + ")");

  std::vector<std::string> columns = {"load_id", "source_file", "source_row"};
  for (const std::string& column : ColumnsBehind(request)) {
    const bool in_parts =
        scope.sums == Sums::kInParts && lake::IsNumber(*billing::FindLakeColumn(column));
    columns.push_back(in_parts ? TextOfParts(OrderedParts(column)) : column);
  }
  Sql statement;
  TRY_ASSIGN(const std::vector<Sql> with, source.SetQueries(set_names));
  if (!with.empty()) statement += "WITH " + JoinSql(with, ", ") + " ";
  statement += limit == 0 ? "SELECT count(*)" : "SELECT " + Join(columns, ", ");
  statement += " FROM " + source.Relation() + " AS facts" + source.SetJoins(set_names) +
               WhereClause(conditions);
  if (limit > 0) statement += " ORDER BY 1, 2, 3 LIMIT " + std::to_string(limit);
  return statement;
}

}  // namespace farthing::query
