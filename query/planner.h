#pragma once

// From a request to SQL: picks the coarsest table that can answer, then writes one statement over the
// files of the loads in scope.  Values are bound, names come from the registry.  Pure; const-safe.

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"
#include "query/relation.h"
#include "query/request.h"
#include "query/sql_text.h"
#include "query/tag_values.h"

namespace farthing::query {

enum class ColumnRole { kTime, kKey, kMetric };

struct AnswerColumn {
  std::string name;
  ColumnRole role = ColumnRole::kKey;
  bool is_currency = false;                 ///< the key that holds the currency of the amounts
  const billing::Metric* metric = nullptr;  ///< kMetric only
  std::string unit;                         ///< of a metric
};

struct Plan {
  std::string table;  ///< one of lake::kTables
  Sql sql;
  std::vector<AnswerColumn> columns;
  std::vector<std::string> notes;  ///< what the reader must know about the numbers
  std::vector<lake::Load>
      loads;  ///< read: in scope and charged within the time, by period and export
};

/// What a plan may read.
struct Scope {
  std::vector<lake::Load> loads;  ///< active, within the request's periods
  FileTypes types;                ///< of the chosen table's files that are read (ChargedWithin)
  lake::Layout layout;
  Sums sums = Sums::kAtOnce;  ///< kInParts needs the types of all loads
  /// Tags and cost categories that some active load, in scope or not, has as they were typed.
  std::set<DimensionRef> exact_keys = {};

  KeyMatch MatchOf(const DimensionRef& dimension) const {
    return exact_keys.contains(dimension) ? KeyMatch::kExact : KeyMatch::kLoose;
  }
};

/// Returns the coarsest table that has every column and the time grid the request needs.
std::string_view ChooseTable(const Request& request);

/// True for the dimensions that are the currency of the amounts.
bool IsCurrency(const DimensionRef& dimension);

/// Returns the request with billing_currency as last key where amounts of several currencies would be
/// added up, and a note that says so.  Lines without a currency are of one that is unknown: "" among
/// a load's currencies, or lines and no currency at all.
Request SplitCurrencies(Request request, std::span<const lake::Load> loads,
                        std::vector<std::string>& notes);

/// The columns of the answer: time, keys, metrics.
std::vector<AnswerColumn> ColumnsOf(const Request& request);

/// Writes the statement.  With a limit it asks for one row more, which tells whether there are more.
/// Requires: a valid request (Validate); at least one load in scope.
/// Errors: kInvalidArgument (a tag key that means several tags).
Result<Plan> MakePlan(const Request& request, const Scope& scope);

/// The columns of cost_lines that the request's metrics are made of, each once.
std::vector<std::string> ColumnsBehind(const Request& request);

/// Writes a statement over cost_lines for the lines behind the request: load_id, source_file,
/// source_row and ColumnsBehind, in that order.  `limit` of 0 counts them instead.
/// Errors: as MakePlan.
Result<Sql> LinesBehind(const Request& request, const Scope& scope, std::int64_t limit);

}  // namespace farthing::query
