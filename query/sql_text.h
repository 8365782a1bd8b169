#pragma once

// SQL under construction: text and the values of its `?`, kept together and in order.
// Plain values; const-safe.

#include <string>
#include <string_view>
#include <vector>

#include "engine/duckdb.h"

namespace farthing::query {

struct Sql {
  std::string text;
  std::vector<engine::Parameter> parameters;

  Sql() = default;
  // Implicit: SQL is mostly fixed text.
  Sql(std::string_view fixed) : text(fixed) {}
  Sql(const char* fixed) : text(fixed) {}
  Sql(std::string fixed) : text(std::move(fixed)) {}

  Sql& operator+=(const Sql& more) {
    text += more.text;
    parameters.insert(parameters.end(), more.parameters.begin(), more.parameters.end());
    return *this;
  }
  friend Sql operator+(Sql left, const Sql& right) { return std::move(left += right); }
};

/// `?` with its value.
inline Sql Bound(std::string_view value) {
  Sql sql("?");
  sql.parameters.emplace_back(std::string(value));
  return sql;
}

/// Joins non-empty lists; "" for an empty one.
inline Sql JoinSql(const std::vector<Sql>& parts, std::string_view separator) {
  Sql sql;
  for (const Sql& part : parts) {
    if (&part != &parts.front()) sql += separator;
    sql += part;
  }
  return sql;
}

/// " WHERE a AND b"; "" without conditions.
inline Sql WhereClause(const std::vector<Sql>& conditions) {
  return conditions.empty() ? Sql() : " WHERE " + JoinSql(conditions, " AND ");
}

/// `(?, ?)` with its values.
inline Sql BoundList(const std::vector<std::string>& values) {
  std::vector<Sql> items;
  for (const std::string& value : values) items.push_back(Bound(value));
  return "(" + JoinSql(items, ", ") + ")";
}

}  // namespace farthing::query
