// Writes one of two shapes of statement.
//
//   Without tags:  SELECT keys, sums FROM facts WHERE … GROUP BY keys
//   With tags:     WITH facts AS (SELECT keys, load_id, tag_set_id, partial sums … GROUP BY …),
//                       tag_values AS (SELECT load_id, tag_set_id, value FROM tag_sets)
//                  SELECT keys, values, sums FROM facts LEFT JOIN tag_values … GROUP BY …
//
// The second adds up by number first, so that only as many rows as there are sets meet their texts.

#include "query/planner.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "query/blank_dimensions.h"
#include "query/conditions.h"
#include "query/fact_source.h"

namespace farthing::query {
namespace {

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The lake column a metric is made of; empty for the number of lines, which every load knows.
std::string_view ColumnOf(const billing::Metric& metric) {
  const bool counts_resources =
      metric.column.empty() && metric.finest == billing::Rollup::kResource;
  return counts_resources ? "resource_id" : metric.column;
}

// The columns that the load's source lacks of those the lake column is made of.
std::vector<std::string> MissedOf(const billing::LakeColumn& column, const lake::Load& load) {
  std::vector<std::string> missed;
  for (const billing::Need& need : column.Needs(billing::FamilyOf(load.format))) {
    if (Contains(load.missed_columns, need.column)) missed.emplace_back(need.column);
  }
  return missed;
}

bool Lacks(const lake::Load& load, const billing::Metric& metric) {
  if (!metric.column.empty() || ColumnOf(metric).empty()) {
    return Contains(load.unavailable, metric.column);
  }
  return !MissedOf(*billing::FindLakeColumn(ColumnOf(metric)), load).empty();
}

// The loads whose source lacks what the metric needs.
std::vector<std::string> LoadsWithout(const billing::Metric& metric,
                                      const std::vector<lake::Load>& loads) {
  std::vector<std::string> ids;
  for (const lake::Load& load : loads) {
    if (Lacks(load, metric)) ids.push_back(load.id);
  }
  return ids;
}

Sql FilterClause(const Sql& condition) {
  return condition.text.empty() ? Sql() : " FILTER (WHERE " + condition + ")";
}

std::string GroupClause(std::size_t key_count) {
  std::vector<std::string> ordinals;
  for (std::size_t i = 1; i <= key_count; ++i) ordinals.push_back(std::to_string(i));
  return ordinals.empty() ? "" : " GROUP BY " + Join(ordinals, ", ");
}

class Planner {
 public:
  Planner(const Request& request, const Scope& scope, std::string_view table)
      : request_(request), scope_(scope), source_(request, scope, table) {
    query::EachDimension(request,
                         [&](const DimensionRef& dimension) { joins_ |= IsInSet(dimension); });
  }

  Result<Sql> Write() {
    std::vector<Sql> keys = Keys();
    std::vector<Sql> columns = keys;
    for (const MetricRequest& metric : request_.metrics) columns.push_back(Aggregate(metric));
    std::vector<Sql> conditions;
    if (!joins_) conditions = source_.TimeConditions();
    AddConditions(conditions, joins_);

    Sql statement;
    if (joins_) {
      TRY_ASSIGN(std::vector<Sql> with, source_.SetQueries(set_names_));
      with.insert(with.begin(), "facts AS (" + Facts() + ")");
      statement += "WITH " + JoinSql(with, ", ") + " ";
    }
    statement += "SELECT " + JoinSql(Labelled(columns), ", ") + " FROM ";
    statement += joins_ ? "facts" + source_.SetJoins(set_names_) : source_.Relation();
    statement += WhereClause(conditions) + GroupClause(keys.size()) + OrderClause(keys.size());
    if (request_.limit) statement += " LIMIT " + std::to_string(*request_.limit + 1);
    return scope_.sums == Sums::kInParts ? PartsAsText(statement) : statement;
  }

 private:
  // A dimension in the outer SELECT: over the table itself, or a column of facts and sets.
  Sql Expression(const DimensionRef& dimension) {
    if (!joins_) return source_.Expression(dimension);
    return Sql(IsInSet(dimension) ? set_names_.NameOf(dimension) : fact_names_.NameOf(dimension));
  }
  Sql ConditionOf(const Filter& filter) {
    return Condition(filter, [&](const DimensionRef& dimension) { return Expression(dimension); });
  }

  std::vector<Sql> Keys() {
    std::vector<Sql> keys;
    if (request_.time.grain != Grain::kNone)
      keys.push_back(joins_ ? "charge_time" : source_.TimeExpression());
    for (const GroupKey& key : request_.group_by) keys.push_back(Expression(key.dimension));
    return keys;
  }

  // The conjuncts of the request's filter that name sets, or (without joins) all of them.
  void AddConditions(std::vector<Sql>& conditions, bool only_sets) {
    if (!request_.filter) return;
    for (const Filter& part : Conjuncts(*request_.filter)) {
      if (!only_sets || NamesSets(part)) conditions.push_back(ConditionOf(part));
    }
  }

  // A metric's own filter is applied to single facts, unless it names sets or must tell which loads
  // it leaves over: then to sums of facts, by the columns it names.
  bool IsFilteredOutside(const MetricRequest& metric) const {
    return metric.filter && (!joins_ || NamesSets(*metric.filter) || !metric.metric->additive ||
                             !LoadsWithout(*metric.metric, scope_.loads).empty());
  }

  bool IsInParts(const billing::Metric& metric) const {
    return scope_.sums == Sums::kInParts && metric.kind != billing::ColumnKind::kKey &&
           LoadsWithout(metric, scope_.loads).size() < scope_.loads.size();
  }

  // Sorted and cut by the parts, which compare as numbers; text would not.
  Sql PartsAsText(const Sql& statement) const {
    const std::vector<std::string> labels = Labels();
    std::vector<Sql> columns;
    for (const std::string& label : labels) columns.emplace_back(engine::QuoteIdentifier(label));
    const std::size_t first = columns.size() - request_.metrics.size();
    for (std::size_t i = 0; i < request_.metrics.size(); ++i) {
      if (IsInParts(*request_.metrics[i].metric))
        columns[first + i] = TextOfParts(columns[first + i].text);
    }
    return "SELECT " + JoinSql(Labelled(columns), ", ") + " FROM (" + statement + ")";
  }

  Sql Aggregate(const MetricRequest& request) {
    const billing::Metric& metric = *request.metric;
    const std::vector<std::string> without = LoadsWithout(metric, scope_.loads);
    if (without.size() == scope_.loads.size()) return "max(CAST(NULL AS DECIMAL(38,10)))";
    Sql condition;
    if (IsFilteredOutside(request)) condition = ConditionOf(WithoutNot(*request.filter));
    Sql sum = Base(request) + FilterClause(condition);
    if (IsInParts(metric)) {
      sum = SumOfParts(joins_ ? PartialName(request) : metric.column, FilterClause(condition));
    } else if (metric.kind == billing::ColumnKind::kKey) {
      sum = "CAST(coalesce(" + sum + ", 0) AS BIGINT)";
    } else {
      // A one-digit zero, so that the sum's type keeps all its decimals.
      sum = "coalesce(" + sum + ", CAST(0 AS DECIMAL(1,0)))";
    }
    if (without.empty()) return sum;
    return "CASE WHEN bool_or(load_id IN " + BoundList(without) + ")" + FilterClause(condition) +
           " THEN NULL ELSE " + sum + " END";
  }

  Sql Base(const MetricRequest& request) const {
    const billing::Metric& metric = *request.metric;
    if (joins_ && metric.additive) return "sum(" + PartialName(request) + ")";
    return Sql(source_.is_lines() ? metric.lines_sql : metric.rollup_sql);
  }

  std::string PartialName(const MetricRequest& request) const {
    return "p" + std::to_string(&request - request_.metrics.data());
  }

  // The inner query: facts added up by everything the outer one looks at.
  Sql Facts() {
    std::vector<Sql> columns = {"load_id"};
    for (const std::string& id : source_.SetIds(set_names_)) columns.emplace_back(id);
    if (request_.time.grain != Grain::kNone)
      columns.push_back(source_.TimeExpression() + " AS charge_time");
    for (const DimensionRef& dimension : fact_names_.dimensions()) {
      columns.push_back(source_.Expression(dimension) + " AS " + fact_names_.NameOf(dimension));
    }
    if (CountsResources()) columns.emplace_back("resource_id");
    const std::size_t key_count = columns.size();
    for (const MetricRequest& metric : request_.metrics) {
      if (metric.metric->additive) columns.push_back(Partial(metric));
    }
    std::vector<Sql> conditions = source_.TimeConditions();
    if (request_.filter) {
      for (const Filter& part : Conjuncts(*request_.filter)) {
        if (!NamesSets(part)) conditions.push_back(OverFacts(part));
      }
    }
    return "SELECT " + JoinSql(columns, ", ") + " FROM " + source_.Relation() +
           WhereClause(conditions) + GroupClause(key_count);
  }

  Sql Partial(const MetricRequest& request) const {
    const billing::Metric& metric = *request.metric;
    Sql condition;
    if (request.filter && !IsFilteredOutside(request))
      condition = OverFacts(WithoutNot(*request.filter));
    const std::string_view base = source_.is_lines() ? metric.lines_sql : metric.rollup_sql;
    const Sql sum = IsInParts(metric) ? SumOfParts(metric.column, FilterClause(condition))
                                      : Sql(base) + FilterClause(condition);
    return sum + " AS " + PartialName(request);
  }
  Sql OverFacts(const Filter& filter) const {
    return Condition(filter,
                     [&](const DimensionRef& dimension) { return source_.Expression(dimension); });
  }
  bool CountsResources() const {
    return std::any_of(request_.metrics.begin(), request_.metrics.end(),
                       [](const MetricRequest& metric) { return !metric.metric->additive; });
  }

  std::vector<std::string> Labels() const {
    std::vector<std::string> labels;
    if (request_.time.grain != Grain::kNone) labels.emplace_back(ToString(request_.time.grain));
    for (const GroupKey& key : request_.group_by) labels.push_back(key.label);
    for (const MetricRequest& metric : request_.metrics) labels.push_back(metric.label);
    return labels;
  }

  std::vector<Sql> Labelled(const std::vector<Sql>& columns) const {
    const std::vector<std::string> labels = Labels();
    std::vector<Sql> labelled;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      labelled.push_back(columns[i] + " AS " + engine::QuoteIdentifier(labels[i]));
    }
    return labelled;
  }

  // Keys sort with absent first, as "" would; sums sort with unknown last.  All keys follow, so that
  // the order, and what a limit cuts off, is the same every time.
  std::string OrderClause(std::size_t key_count) const {
    const std::vector<std::string> labels = Labels();
    std::vector<OrderKey> order = request_.order_by;
    if (order.empty() && request_.limit) order.push_back({request_.metrics.front().label, true});
    for (std::size_t i = 0; i < key_count; ++i) order.push_back({labels[i], false});
    std::vector<std::string> terms;
    for (const OrderKey& key : order) {
      const auto column = static_cast<std::size_t>(
          std::find(labels.begin(), labels.end(), key.column) - labels.begin());
      const bool nulls_last = column >= key_count || key.descending;
      terms.push_back(std::to_string(column + 1) + (key.descending ? " DESC" : "") +
                      (nulls_last ? " NULLS LAST" : " NULLS FIRST"));
    }
    return terms.empty() ? "" : " ORDER BY " + Join(terms, ", ");
  }

  const Request& request_;
  const Scope& scope_;
  FactSource source_;
  bool joins_ = false;
  ColumnNames fact_names_{'k'};
  ColumnNames set_names_{'s'};
};

// Why an export has no value for the metric: what it lacks, or (in loads that do not know) may lack.
std::string NeedsOf(const billing::Metric& metric, const lake::Load& load) {
  const billing::LakeColumn& column = *billing::FindLakeColumn(ColumnOf(metric));
  std::vector<std::string> names = MissedOf(column, load);
  if (names.empty()) {
    for (const billing::Need& need : column.Needs(billing::FamilyOf(load.format)))
      names.emplace_back(need.column);
  }
  return names.empty() ? "its format has no such figure" : "it needs " + Join(names, ", ");
}

void NoteUnavailable(const Request& request, const std::vector<lake::Load>& loads,
                     std::vector<std::string>& notes) {
  std::set<std::string> seen;
  for (const MetricRequest& metric : request.metrics) {
    const std::vector<std::string> without = LoadsWithout(*metric.metric, loads);
    for (const lake::Load& load : loads) {
      if (std::find(without.begin(), without.end(), load.id) == without.end()) continue;
      std::string note = metric.name + " is empty where export " + load.export_name + " (" +
                         load.format + ") contributes: " + NeedsOf(*metric.metric, load);
      if (seen.insert(note).second) notes.push_back(std::move(note));
    }
  }
}

// False where the filter's conditions on the export or its format keep out every line of the load.
bool MayContribute(const lake::Load& load, const Filter& filter) {
  const auto may = [&](const Filter& part) { return MayContribute(load, part); };
  if (filter.kind == Filter::Kind::kAnd)
    return std::all_of(filter.parts.begin(), filter.parts.end(), may);
  if (filter.kind == Filter::Kind::kOr)
    return std::any_of(filter.parts.begin(), filter.parts.end(), may);
  if (filter.dimension.kind != DimensionKind::kRegistered) return true;
  const std::string_view sql = billing::FindDimension(filter.dimension.name)->sql;
  if (sql == "export_name") return Matches(filter.comparison, filter.values, load.export_name);
  if (sql == "data_source") return Matches(filter.comparison, filter.values, load.format);
  return true;
}

// The loads of which something may be said: what others lack does not matter to the answer.
std::vector<lake::Load> Contributing(const Request& request, std::vector<lake::Load> loads) {
  if (!request.filter) return loads;
  const Filter plain = WithoutNot(*request.filter);
  std::erase_if(loads, [&](const lake::Load& load) { return !MayContribute(load, plain); });
  return loads;
}

}  // namespace

Result<Plan> MakePlan(const Request& request, const Scope& scope) {
  Plan plan;
  plan.table = ChooseTable(request);
  plan.loads = ChargedWithin(request.time, scope.loads);
  plan.columns = ColumnsOf(request);
  TRY_ASSIGN(plan.sql, Planner(request, scope, plan.table).Write());
  const std::vector<lake::Load> contributing = Contributing(request, plan.loads);
  NoteUnavailable(request, contributing, plan.notes);
  std::set<DimensionRef> named;
  EachDimension(request, [&](const DimensionRef& dimension) {
    if (!named.insert(dimension).second) return;
    NoteKeys(dimension, contributing, scope.MatchOf(dimension), plan.notes);
    NoteBlank(dimension, contributing, plan.notes);
  });
  return plan;
}

}  // namespace farthing::query
