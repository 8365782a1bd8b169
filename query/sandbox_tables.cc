#include "query/sandbox_tables.h"

#include <algorithm>

#include "base/text.h"
#include "billing/registry.h"
#include "query/relation.h"

namespace farthing::query {
namespace {

/// A small table of the catalog: column names, and rows of text.
struct SmallTable {
  std::string name;
  std::vector<std::string> columns;  ///< "name TYPE"
  std::vector<std::vector<std::string>> rows;
};

Result<void> CreateSmall(engine::Connection& connection, const SmallTable& table) {
  std::vector<std::string> casts;
  std::vector<std::string> names;
  for (const std::string& column : table.columns) {
    const std::size_t space = column.find(' ');
    const std::string name = engine::QuoteIdentifier(column.substr(0, space));
    names.push_back(name);
    casts.push_back("CAST(nullif(" + name + ", '') AS " + column.substr(space + 1) + ") AS " +
                    name);
  }
  std::vector<std::string> rows;
  for (const auto& row : table.rows) {
    std::vector<std::string> values;
    for (const std::string& value : row) values.push_back(engine::QuoteLiteral(value));
    rows.push_back("(" + Join(values, ", ") + ")");
  }
  const std::vector<std::string> nothing(names.size(), "''");
  const std::string values = rows.empty() ? "(" + Join(nothing, ", ") + ")" : Join(rows, ", ");
  return connection.Execute("CREATE VIEW " + table.name + " AS SELECT " + Join(casts, ", ") +
                            " FROM (VALUES " + values + ") AS rows(" + Join(names, ", ") + ")" +
                            (rows.empty() ? " WHERE false" : ""));
}

Result<SmallTable> ExportsTable(Session& session) {
  SmallTable table{"exports", {"name VARCHAR", "format VARCHAR", "source VARCHAR"}, {}};
  TRY_ASSIGN(const auto exports, session.catalog().Exports());
  for (const lake::Export& one : exports) table.rows.push_back({one.name, one.format, one.source});
  return table;
}

Result<SmallTable> DeliveriesTable(Session& session) {
  SmallTable table{
      "deliveries",
      {"delivery_id VARCHAR", "export VARCHAR", "billing_period VARCHAR", "status VARCHAR",
       "reason VARCHAR", "seen_at TIMESTAMP", "manifest VARCHAR", "version_key VARCHAR"},
      {}};
  TRY_ASSIGN(const auto deliveries, session.catalog().Deliveries());
  for (const lake::Delivery& delivery : deliveries) {
    table.rows.push_back({delivery.id, delivery.export_name, ToString(delivery.period),
                          std::string(lake::ToString(delivery.status)), delivery.reason,
                          delivery.seen_at, delivery.manifest, delivery.version_key});
  }
  return table;
}

Result<SmallTable> LoadsTable(Session& session) {
  SmallTable table{"loads",
                   {"load_id VARCHAR", "export VARCHAR", "billing_period VARCHAR", "format VARCHAR",
                    "delivery_id VARCHAR", "line_count BIGINT", "created_at TIMESTAMP",
                    "complete BOOLEAN", "elected BOOLEAN", "election VARCHAR"},
                   {}};
  TRY_ASSIGN(const auto candidates, session.catalog().Candidates({}));
  for (const lake::Candidate& candidate : candidates) {
    const lake::Load& load = candidate.load;
    table.rows.push_back({load.id, load.export_name, ToString(load.period), load.format,
                          load.delivery_id, std::to_string(load.line_count), load.created_at,
                          load.complete ? "true" : "false", candidate.elected ? "true" : "false",
                          candidate.reason});
  }
  return table;
}

Result<SmallTable> VersionsTable(Session& session) {
  SmallTable table{"versions",
                   {"version BIGINT", "export VARCHAR", "billing_period VARCHAR", "load_id VARCHAR",
                    "active_from TIMESTAMP", "active_to TIMESTAMP"},
                   {}};
  TRY_ASSIGN(const auto versions, session.catalog().Versions());
  for (const lake::Version& version : versions) {
    table.rows.push_back({std::to_string(version.number), version.export_name,
                          ToString(version.period), version.load_id, version.active_from,
                          version.active_to});
  }
  return table;
}

std::string_view TypeOf(billing::ColumnKind kind) {
  switch (kind) {
    case billing::ColumnKind::kText: return "VARCHAR";
    case billing::ColumnKind::kTime: return "TIMESTAMP";
    case billing::ColumnKind::kKey: return "INTEGER";
    case billing::ColumnKind::kAmount:
    case billing::ColumnKind::kQuantity: break;
  }
  return "DECIMAL(18,10)";
}

// What stands for a table of a lake without loads.
std::string NoRows(std::string_view table) {
  std::string columns;
  if (table == lake::kTagSets) {
    columns =
        "CAST(NULL AS INTEGER) AS tag_set_id, CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS tags, "
        "CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS cost_categories, ";
  } else if (table == lake::kAttributeSets) {
    columns =
        "CAST(NULL AS INTEGER) AS attribute_set_id, CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS "
        "product, "
        "CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS attributes, ";
  } else {
    columns = "CAST(NULL AS DATE) AS charge_day, CAST(NULL AS BIGINT) AS line_count, ";
    for (const billing::LakeColumn& column : billing::LakeColumns()) {
      columns += "CAST(NULL AS " + std::string(TypeOf(column.kind)) + ") AS " +
                 std::string(column.name) + ", ";
    }
  }
  return "(SELECT " + columns +
         "CAST(NULL AS VARCHAR) AS billing_period, CAST(NULL AS VARCHAR) AS load_id WHERE false)";
}

bool Mentions(std::string_view sql, std::string_view word) {
  return sql.find(word) != std::string_view::npos;
}

// The joins to tags and attributes cost time even where their columns are not asked for.
bool MentionsMaps(std::string_view sql) {
  std::string without_counts(sql);
  for (std::size_t at = 0; (at = without_counts.find("count(*)", at)) != std::string::npos;)
    without_counts.erase(at, 8);
  for (const std::string_view word : {"tags", "cost_categories", "product", "attributes", "*",
                                      "columns", "describe", "summarize", "table"}) {
    if (Mentions(without_counts, word)) return true;
  }
  return std::string_view(without_counts).starts_with("from");
}

class ViewMaker {
 public:
  ViewMaker(Session& session, engine::Connection& connection, std::vector<lake::Load> loads)
      : session_(session), connection_(connection), loads_(std::move(loads)) {}

  Result<void> Create(std::string_view table) {
    TRY_ASSIGN(const std::string relation, Relation(table));
    return connection_.Execute("CREATE VIEW " + std::string(table) + " AS FROM " + relation);
  }

  Result<void> CreateLines(bool with_maps) {
    TRY_ASSIGN(const std::string lines, Relation(lake::kCostLines));
    std::string columns = "lines.*, " + ExportName() + " AS export";
    std::string joins;
    if (with_maps) {
      TRY_ASSIGN(const std::string tags, Relation(lake::kTagSets));
      TRY_ASSIGN(const std::string attributes, Relation(lake::kAttributeSets));
      columns += ", tags, cost_categories, product, attributes";
      joins = " LEFT JOIN (SELECT load_id, tag_set_id, tags, cost_categories FROM " + tags +
              ") AS tag_values ON lines.load_id = tag_values.load_id AND lines.tag_set_id = "
              "tag_values.tag_set_id "
              "LEFT JOIN (SELECT load_id, attribute_set_id, product, attributes FROM " +
              attributes +
              ") AS attribute_values ON lines.load_id = attribute_values.load_id AND "
              "lines.attribute_set_id = attribute_values.attribute_set_id";
    }
    return connection_.Execute("CREATE VIEW cost_lines AS SELECT " + columns + " FROM " + lines +
                               " AS lines" + joins);
  }

 private:
  Result<std::string> Relation(std::string_view table) {
    if (loads_.empty()) return NoRows(table);
    TRY_ASSIGN(const FileTypes types, session_.Types(table, loads_));
    return query::Relation(session_.catalog().layout(), table, loads_, types);
  }

  std::string ExportName() const {
    if (loads_.empty()) return "CAST(NULL AS VARCHAR)";
    std::string name = "CASE lines.load_id";
    for (const lake::Load& load : loads_) {
      name += " WHEN " + engine::QuoteLiteral(load.id) + " THEN " +
              engine::QuoteLiteral(load.export_name);
    }
    return name + " END";
  }

  Session& session_;
  engine::Connection& connection_;
  std::vector<lake::Load> loads_;
};

}  // namespace

Result<void> CreateTables(Session& session, engine::Connection& connection, std::string_view sql) {
  const std::string lower = ToLower(sql);
  const bool lists_tables = Mentions(lower, "show") || Mentions(lower, "information_schema") ||
                            Mentions(lower, "duckdb_");
  const auto wanted = [&](std::string_view name) { return lists_tables || Mentions(lower, name); };

  constexpr std::pair<std::string_view, Result<SmallTable> (*)(Session&)> kSmall[] = {
      {"exports", ExportsTable},
      {"deliveries", DeliveriesTable},
      {"loads", LoadsTable},
      {"versions", VersionsTable}};
  for (const auto& [name, make] : kSmall) {
    if (!wanted(name)) continue;
    TRY_ASSIGN(const SmallTable table, make(session));
    TRY(CreateSmall(connection, table));
  }
  TRY_ASSIGN(std::vector<lake::Load> loads, session.Loads({}));
  ViewMaker maker(session, connection, std::move(loads));
  for (const std::string_view table : lake::kTables) {
    if (!wanted(table)) continue;
    if (table == lake::kCostLines) {
      TRY(maker.CreateLines(lists_tables || MentionsMaps(lower)));
    } else {
      TRY(maker.Create(table));
    }
  }
  return {};
}

}  // namespace farthing::query
