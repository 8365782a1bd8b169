#pragma once

// Answers on the screen and in files: aligned tables, CSV, JSON.  Numbers are text all the way and
// printed as they are.  One thread.

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/result.h"
#include "cli/verb.h"
#include "query/session.h"

namespace farthing::cli {

using Cells = std::vector<std::optional<std::string>>;

struct TableColumn {
  std::string name;
  bool is_number = false;  ///< right-aligned and never shortened
};

/// A table with a line above the footer rows.  Absent cells are blank.  On a terminal, text columns
/// are shortened with … until a row fits the width.
struct TextTable {
  std::vector<TableColumn> columns;
  std::vector<Cells> rows;
  std::vector<Cells> footer = {};
};
void PrintTable(const TextTable& table, const CliContext& context, std::ostream& out);

/// Writes one CSV record; absent cells are empty fields.
void PrintCsv(const Cells& cells, std::ostream& out);
/// Writes the header of an answer: its labels as typed.
void PrintCsvHeader(const std::vector<query::AnswerColumn>& columns, std::ostream& out);

/// Returns the answer as a table: rows, remainder "(other)", totals "total".
TextTable ToTable(const query::Answer& answer);
/// Returns the rows with the remainder's key cells filled: "(other)".
Cells RemainderCells(const std::vector<query::AnswerColumn>& columns, const query::AnswerRow& row);

/// {"columns": […], "rows": [{label: text or null}], "remainder": […], "notes": […], "loads": […]}
boost::json::object ToJson(const query::Answer& answer);
boost::json::array ToJson(const std::vector<lake::Load>& loads);
boost::json::array ToJson(const std::vector<std::string>& texts);

/// Prints "note: …" lines to the error stream.
void PrintNotes(const std::vector<std::string>& notes, CliContext& context);

}  // namespace farthing::cli
