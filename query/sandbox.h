#pragma once

// Free SQL over the active lines, read-only: a fresh DuckDB that sees the lake's files and nothing else.
//
//   cost_lines            all columns, billing_period, load_id, export, tags, cost_categories, product,
//                         attributes
//   cost_daily, cost_resource_daily, tag_sets, attribute_sets
//   exports, deliveries, loads, versions          what the catalog knows
//
// One thread, as the Session.

#include <functional>
#include <string>

#include "base/result.h"
#include "query/session.h"

namespace farthing::query {

/// Who takes the answer of a statement; either callback may stop it by an error.
struct SqlReader {
  std::function<void(engine::Monitor)> on_start = nullptr;  ///< for watching the statement
  std::function<Result<void>(const std::vector<engine::Column>&)> on_columns;
  std::function<Result<void>(const engine::Connection::Row&)> on_row;
};

/// Runs one SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.
/// Errors: kInvalidArgument (another statement, or DuckDB's complaint), kTooLarge, kUnavailable.
Result<void> RunSql(Session& session, const std::string& sql, const SqlReader& reader);

/// Refuses statements that do more than read.  Errors: kInvalidArgument.
Result<void> CheckReadOnly(std::string_view sql);

}  // namespace farthing::query
