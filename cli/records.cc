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

boost::json::object ToJson(const Records& records, const std::vector<std::string>& row) {
  boost::json::object object;
  for (std::size_t i = 0; i < row.size(); ++i) object[records.columns[i]] = row[i];
  return object;
}

void PrintJson(const Records& records, std::ostream& out) {
  boost::json::array array;
  for (const auto& row : records.rows) array.push_back(ToJson(records, row));
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
    PrintHeading(records, context);
    PrintRecordLines(records, context);
  } else {
    context.out << text;
  }
}

void PrintHeading(const Records& records, CliContext& context) {
  if (context.format != "csv") return;
  PrintCsv(Cells(records.columns.begin(), records.columns.end()), context.out);
}

void PrintRecordLines(const Records& records, CliContext& context) {
  for (const auto& row : records.rows) {
    if (context.format == "json") {
      context.out << boost::json::serialize(ToJson(records, row)) << '\n';
    } else {
      PrintCsv(Cells(row.begin(), row.end()), context.out);
    }
  }
  context.out << std::flush;
}

}  // namespace farthing::cli
