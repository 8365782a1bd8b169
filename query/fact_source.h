#pragma once

// The rows a statement starts from: one table of the lake, cut to the request's time, with the values
// of tags and attributes joined where the request names them.  Used by the planner only.
// Const-safe, except that naming columns adds to the list of names.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/planner.h"

namespace farthing::query {

/// Calls `visit(const DimensionRef&)` for every dimension of a request.
template <typename Visit>
void EachDimension(const Request& request, const Visit& visit) {
  for (const GroupKey& key : request.group_by) visit(key.dimension);
  if (request.filter) EachDimension(*request.filter, visit);
  for (const MetricRequest& metric : request.metrics) {
    if (metric.filter) EachDimension(*metric.filter, visit);
  }
}

/// True for dimensions that live in tag_sets or attribute_sets.
bool IsInSet(const DimensionRef& dimension);
bool NamesSets(const Filter& filter);

/// Short names for expressions: the first gets "k0", the next "k1", …; equal ones share a name.
class ColumnNames {
 public:
  explicit ColumnNames(char letter) : letter_(letter) {}
  std::string NameOf(const DimensionRef& dimension);
  const std::vector<DimensionRef>& dimensions() const { return dimensions_; }

 private:
  char letter_;
  std::vector<DimensionRef> dimensions_;
};

class FactSource {
 public:
  FactSource(const Request& request, const Scope& scope, std::string_view table)
      : request_(request),
        scope_(scope),
        table_(table),
        read_(ChargedWithin(request.time, scope.loads)) {}

  std::string_view table() const { return table_; }
  bool is_lines() const { return table_ == lake::kCostLines; }
  std::string Relation() const;
  /// A registered dimension over the table's columns.
  Sql Expression(const DimensionRef& dimension) const;
  /// The time of the request's grain over the table's columns.  Requires: a grain.
  std::string TimeExpression() const;
  /// The conditions of from and to; billing periods are chosen by the loads.
  std::vector<Sql> TimeConditions() const;

  /// Returns "tag_values AS (SELECT …), attribute_values AS (SELECT …)" for the named set columns.
  /// Errors: kInvalidArgument (a tag key that means several tags).
  Result<std::vector<Sql>> SetQueries(ColumnNames& set_names) const;
  /// Returns "LEFT JOIN tag_values USING (…) …" to follow the facts.
  std::string SetJoins(const ColumnNames& set_names) const;
  /// The columns of the facts that those joins need: tag_set_id, attribute_set_id.
  std::vector<std::string> SetIds(const ColumnNames& set_names) const;

 private:
  const Request& request_;
  const Scope& scope_;
  std::string_view table_;
  std::vector<lake::Load> read_;  ///< those of the scope whose files are read
};

}  // namespace farthing::query
