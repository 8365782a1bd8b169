// farthing sql: free SQL over the active lines.

#include <boost/json.hpp>
#include <iostream>
#include <iterator>
#include <ostream>

#include "cli/question.h"
#include "cli/render.h"
#include "cli/watch.h"
#include "query/sandbox.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

bool IsNumber(const std::string& type) {
  return type.starts_with("DECIMAL") || type.ends_with("INT") || type.ends_with("INTEGER") ||
         type == "DOUBLE" || type == "FLOAT";
}

Result<void> PrintSql(query::Session& session, const std::string& sql, CliContext& context) {
  const std::string& format = context.format;
  Watch watch(context, "answering");
  TextTable table;
  json::array columns;
  json::array rows;
  const auto on_columns = [&](const std::vector<engine::Column>& found) -> Result<void> {
    if (format == "csv") watch.Hide();
    Cells names;
    for (const engine::Column& column : found) {
      names.emplace_back(column.name);
      table.columns.push_back({column.name, IsNumber(column.type)});
      columns.push_back({{"name", column.name}, {"type", column.type}});
    }
    if (format == "csv") PrintCsv(names, context.out);
    return {};
  };
  const auto on_row = [&](const Cells& row) -> Result<void> {
    if (format == "csv") {
      PrintCsv(row, context.out);
    } else if (format == "json") {
      json::array cells;
      for (const auto& cell : row)
        cells.push_back(cell ? json::value(*cell) : json::value(nullptr));
      rows.push_back(std::move(cells));
    } else {
      table.rows.push_back(row);
    }
    return {};
  };
  Result<void> done = query::RunSql(
      session, sql,
      {[&](engine::Monitor monitor) { watch.Follow(std::move(monitor)); }, on_columns, on_row});
  if (!done.ok() && done.error().code() == Errc::kInvalidArgument)
    return std::move(done).error().Hint(
        "the tables are those of: farthing sql --help; their columns: farthing sql \"describe "
        "cost_lines\"");
  TRY(std::move(done));
  watch.Hide();
  if (format == "json") {
    context.out << json::serialize(
                       json::object{{"columns", std::move(columns)}, {"rows", std::move(rows)}})
                << '\n';
  } else if (format == "table") {
    PrintTable(table, context, context.out);
  }
  return {};
}

}  // namespace

void AddSqlVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "sql", "Read-only SQL over the active lines");
  auto sql = std::make_shared<std::string>();
  verb->add_option("SQL", *sql, "One SELECT statement, or - to read it from standard input")
      ->required();
  verb->footer(
      "Views: cost_lines (all columns of docs/reference/columns.md, billing_period, load_id, "
      "export, tags,\n"
      "cost_categories, product, attributes), cost_daily, cost_resource_daily, tag_sets, "
      "attribute_sets, and\n"
      "exports, deliveries, loads, versions.  The dialect is DuckDB's.  Nothing can be written, "
      "and no file\n"
      "outside the lake can be read.\n\n"
      "Examples:\n"
      "  farthing sql \"select service_code, sum(unblended_cost) from cost_lines group by all "
      "order by 2 desc\"\n"
      "  farthing sql \"select tags['user:team'], sum(net_amortized_cost) from cost_lines group by "
      "all\"\n"
      "  farthing sql \"describe cost_lines\" --format csv");
  verb->callback([=, &context] {
    context.action = [=, &context]() -> Result<void> {
      if (*sql == "-") sql->assign(std::istreambuf_iterator<char>(std::cin), {});
      std::unique_ptr<query::Session> own;
      TRY_ASSIGN(query::Session * session, SessionOf(context, own));
      return PrintSql(*session, *sql, context);
    };
  });
}

}  // namespace farthing::cli
