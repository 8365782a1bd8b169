#include "cli/records.h"

#include <boost/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/render.h"

namespace farthing::cli {
namespace {

TextTable ToTable(const Records& records) {
  TextTable table;
  for (const std::string& column : records.columns) table.columns.push_back({column, false});
  for (const auto& row : records.rows) table.rows.emplace_back(row.begin(), row.end());
  return table;
}

void PrintJson(const Records& records, std::ostream& out) {
  boost::json::array array;
  for (const auto& row : records.rows) {
    boost::json::object object;
    for (std::size_t i = 0; i < row.size(); ++i) object[records.columns[i]] = row[i];
    array.push_back(std::move(object));
  }
  out << boost::json::serialize(array) << '\n';
}

}  // namespace

void PrintRecords(const Records& records, CliContext& context) {
  std::ostringstream text;
  CliContext whole = context;
  whole.width = 0;  // reasons are never shortened
  if (context.format == "table") PrintTable(ToTable(records), whole, text);
  PrintRecords(records, text.str(), context);
}

void PrintRecords(const Records& records, const std::string& text, CliContext& context) {
  if (context.format == "json") {
    PrintJson(records, context.out);
  } else if (context.format == "csv") {
    PrintCsv(Cells(records.columns.begin(), records.columns.end()), context.out);
    for (const auto& row : records.rows) PrintCsv(Cells(row.begin(), row.end()), context.out);
  } else {
    context.out << text;
  }
}

}  // namespace farthing::cli
