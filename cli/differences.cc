#include "cli/differences.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

Cells ToCells(const query::DiffRow& row) {
  Cells cells = row.keys;
  for (const query::Change& change : row.changes) {
    cells.insert(cells.end(), {change.from, change.to, change.change});
  }
  return cells;
}

}  // namespace

TextTable ToTable(const query::Differences& differences, const SideNames& sides) {
  TextTable table;
  for (const query::AnswerColumn& key : differences.keys)
    table.columns.push_back({key.name, false});
  for (const query::AnswerColumn& metric : differences.metrics) {
    table.columns.push_back({metric.name + "_" + sides.from, true});
    table.columns.push_back({metric.name + "_" + sides.to, true});
    table.columns.push_back({metric.name + "_change", true});
  }
  for (const query::DiffRow& row : differences.rows) table.rows.push_back(ToCells(row));
  for (const query::DiffRow& row : differences.totals) {
    Cells cells = ToCells(row);
    if (!differences.keys.empty() && !cells.front()) cells.front() = "total";
    table.footer.push_back(std::move(cells));
  }
  return table;
}

json::array RowsToJson(const TextTable& table, const std::vector<Cells>& rows) {
  json::array array;
  for (const Cells& row : rows) {
    json::object object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      object[table.columns[i].name] = row[i] ? json::value(*row[i]) : json::value(nullptr);
    }
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace farthing::cli
