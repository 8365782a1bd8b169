#include "cli/records.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

namespace farthing::cli {
namespace {

std::size_t CharactersIn(const std::string& text) {  // UTF-8 continuation bytes take no room
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void PrintTable(const Records& records, std::ostream& out) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < records.columns.size(); ++i) {
    std::size_t width = CharactersIn(records.columns[i]);
    for (const auto& row : records.rows) width = std::max(width, CharactersIn(row[i]));
    widths.push_back(width);
  }
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - CharactersIn(row[i]) + 2, ' ');
    }
    out << line << '\n';
  };
  print(records.columns);
  for (const auto& row : records.rows) print(row);
}

void PrintCsv(const Records& records, std::ostream& out) {
  const auto print = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) out << (i > 0 ? "," : "") << CsvField(row[i]);
    out << '\n';
  };
  print(records.columns);
  for (const auto& row : records.rows) print(row);
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
    PrintCsv(records, context.out);
  } else {
    PrintTable(records, context.out);
  }
  return {};
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace farthing::cli
