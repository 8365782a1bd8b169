#pragma once

// Lines of the bill as CSV text.  A format is a list of columns; each column knows how to write its
// cell of a line.  A RowWriter belongs to one thread.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/line.h"

namespace farthing::sim {

class RowWriter;

enum class ColumnType { kText, kNumber, kTime, kTextMap, kNumberMap };

struct Column {
  std::string name;
  ColumnType type = ColumnType::kText;
  void (*write)(const Line& line, RowWriter& row) = nullptr;  ///< nullptr: no line has it
  std::string absent = {};  ///< the cell of a line without a value: nothing, "0.0", or ""
};
using Columns = std::vector<Column>;

/// Columns in the order of the files.  Legacy names are "category/Name", all others final.
Columns LegacyColumns();
Columns Cur2Columns();
Columns FocusColumns();    ///< 1.2
Columns Focus10Columns();  ///< 1.0, which AWS still exports beside it

/// Returns the name that Parquet and CUR 2.0 give a legacy column or a tag:
/// "savingsPlan/SavingsPlanARN" -> "savings_plan_savings_plan_a_r_n".
/// Source: AWS CUR user guide, "Running Athena queries", column naming rule.
std::string SnakeName(std::string_view name);

/// How numbers look: 0.000000447 in legacy files, Java's 4.47E-7 in data exports.
enum class Notation { kPlain, kJava };

class RowWriter {
 public:
  explicit RowWriter(Notation notation) : notation_(notation) {}

  void WriteHeader(const Columns& columns);
  void WriteRow(const Columns& columns, const Line& line);

  /// What has been written since the last Clear.
  const std::string& text() const { return text_; }
  void Clear() { text_.clear(); }

  // Cells, for the functions of columns.  Empty text and empty tags count as absent.
  void Absent() { text_ += *absent_; }
  void Text(std::string_view value);
  void Text(std::initializer_list<std::string_view> parts);
  void Number(Units value);
  void Rate(Units value);  ///< text with ten decimals
  void Time(std::string_view value);
  using Entry = std::pair<std::string_view, std::string_view>;
  void Map(std::initializer_list<Entry> entries);
  void NumberMap(std::string_view key, Units value);  ///< empty for zero

 private:
  Notation notation_;
  const std::string* absent_ = nullptr;
  std::string text_, scratch_;
};

}  // namespace farthing::sim
