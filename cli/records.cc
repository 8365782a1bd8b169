#include "cli/records.h"

#include <boost/json.hpp>
#include <ostream>

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

void AddFormatOption(CLI::App& verb, std::string& format) {
  verb.add_option("--format", format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->default_str("table");
}

Result<void> PrintRecords(const Records& records, const std::string& format, CliContext& context) {
  if (format == "json") {
    PrintJson(records, context.out);
  } else if (format == "csv") {
    PrintCsv(Cells(records.columns.begin(), records.columns.end()), context.out);
    for (const auto& row : records.rows) PrintCsv(Cells(row.begin(), row.end()), context.out);
  } else {
    CliContext whole = context;
    whole.width = 0;  // reasons are never shortened
    PrintTable(ToTable(records), whole, context.out);
  }
  return {};
}

}  // namespace farthing::cli
