#include "cli/render.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

namespace farthing::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kNarrowest = 8;  // a text column is not shortened below this
constexpr std::string_view kGap = "  ";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t CharactersIn(const std::string& text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

// At most `width` characters; control characters would break the lines and become blanks.
std::string Shorten(std::string text, std::size_t width) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (CharactersIn(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end) {
    if (!IsContinuation(text[end]) && seen++ == width - 1) break;
  }
  return text.substr(0, end) + "…";
}

std::vector<std::size_t> WidthsOf(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = CharactersIn(table.columns[i].name);
    for (const auto* rows : {&table.rows, &table.footer}) {
      for (const Cells& row : *rows) width = std::max(width, CharactersIn(row[i].value_or("")));
    }
    widths.push_back(width);
  }
  return widths;
}

// Takes from the widest text column until everything fits.
void Fit(const TextTable& table, std::size_t total, std::vector<std::size_t>& widths) {
  std::size_t used = kGap.size() * (widths.empty() ? 0 : widths.size() - 1);
  for (const std::size_t width : widths) used += width;
  while (used > total) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (table.columns[i].is_number || widths[i] <= kNarrowest) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
    --used;
  }
}

std::string Line(const TextTable& table, const std::vector<std::size_t>& widths,
                 const Cells& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += kGap;
    const std::string text = Shorten(cells[i].value_or(""), widths[i]);
    const std::string blanks(widths[i] - CharactersIn(text), ' ');
    line += table.columns[i].is_number ? blanks + text : text + blanks;
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

// Fills the first key that is no currency; nothing where there is none.
Cells Labelled(const std::vector<query::AnswerColumn>& columns, Cells cells,
               const std::string& label) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].role == query::ColumnRole::kMetric || columns[i].is_currency) continue;
    cells[i] = label;
    break;
  }
  return cells;
}

json::value ToValue(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::array RowsToJson(const std::vector<query::AnswerColumn>& columns,
                       const std::vector<query::AnswerRow>& rows) {
  json::array array;
  for (const query::AnswerRow& row : rows) {
    json::object object;
    for (std::size_t i = 0; i < row.size(); ++i) object[columns[i].name] = ToValue(row[i]);
    array.push_back(std::move(object));
  }
  return array;
}

std::string_view RoleName(query::ColumnRole role) {
  switch (role) {
    case query::ColumnRole::kTime: return "time";
    case query::ColumnRole::kKey: return "dimension";
    case query::ColumnRole::kMetric: return "metric";
  }
  return "";
}

// Quotes a CSV field where RFC 4180 asks for it.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void PrintTable(const TextTable& table, const CliContext& context, std::ostream& out) {
  std::vector<std::size_t> widths = WidthsOf(table);
  if (context.out_is_terminal && context.width > 0)
    Fit(table, static_cast<std::size_t>(context.width), widths);
  Cells names;
  for (const TableColumn& column : table.columns) names.emplace_back(column.name);
  const std::string header = Line(table, widths, names);
  out << (context.color ? "\033[1m" + header + "\033[0m" : header) << '\n';
  for (const Cells& row : table.rows) out << Line(table, widths, row) << '\n';
  if (table.footer.empty()) return;
  std::size_t width = kGap.size() * (widths.size() - 1);
  for (const std::size_t one : widths) width += one;
  out << std::string(width, '-') << '\n';
  for (const Cells& row : table.footer) out << Line(table, widths, row) << '\n';
}

void PrintCsv(const Cells& cells, std::ostream& out) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out << ',';
    out << CsvField(cells[i].value_or(""));
  }
  out << '\n';
}

void PrintCsvHeader(const std::vector<query::AnswerColumn>& columns, std::ostream& out) {
  Cells names;
  for (const query::AnswerColumn& column : columns) names.emplace_back(column.name);
  PrintCsv(names, out);
}

Cells RemainderCells(const std::vector<query::AnswerColumn>& columns, const query::AnswerRow& row) {
  return Labelled(columns, row, "(other)");
}

TextTable ToTable(const query::Answer& answer) {
  TextTable table;
  bool has_keys = false;
  for (const query::AnswerColumn& column : answer.columns) {
    const bool is_metric = column.role == query::ColumnRole::kMetric;
    table.columns.push_back({column.name, is_metric});
    has_keys = has_keys || !is_metric;
  }
  table.rows = answer.rows;
  for (const query::AnswerRow& row : answer.remainder)
    table.rows.push_back(RemainderCells(answer.columns, row));
  if (!has_keys) return table;
  for (const query::AnswerRow& row : answer.totals)
    table.footer.push_back(Labelled(answer.columns, row, "total"));
  return table;
}

json::array ToJson(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::array ToJson(const std::vector<lake::Load>& loads) {
  json::array array;
  for (const lake::Load& load : loads) {
    array.push_back({{"load_id", load.id},
                     {"export", load.export_name},
                     {"format", load.format},
                     {"billing_period", ToString(load.period)},
                     {"delivery_id", load.delivery_id},
                     {"line_count", load.line_count},
                     {"complete", load.complete}});
  }
  return array;
}

json::object ToJson(const query::Answer& answer) {
  json::array columns;
  for (const query::AnswerColumn& column : answer.columns) {
    json::object object{{"name", column.name}, {"role", RoleName(column.role)}};
    if (!column.unit.empty()) object["unit"] = column.unit;
    columns.push_back(std::move(object));
  }
  json::object object{{"columns", std::move(columns)},
                      {"rows", RowsToJson(answer.columns, answer.rows)}};
  if (!answer.remainder.empty()) object["remainder"] = RowsToJson(answer.columns, answer.remainder);
  if (answer.more) object["more"] = true;
  object["notes"] = ToJson(answer.notes);
  object["loads"] = ToJson(answer.plan.loads);
  return object;
}

void PrintNotes(const std::vector<std::string>& notes, CliContext& context) {
  for (const std::string& note : notes) context.err << "note: " << note << '\n';
}

}  // namespace farthing::cli
