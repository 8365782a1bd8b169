#pragma once

// The vocabulary of a bill: every column of the lake, every metric and dimension a question may name.
// Generated tables (schema/*.json, scripts/gen) behind a small interface; no I/O.  Const-safe.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing::billing {

/// The families of source columns; each lake column has one expression per family.
enum class SourceFamily { kCur, kFocus, kCostExplorer };

/// What the lake calls data that Cost Explorer answered; docs/formats/cost-explorer.md.
inline constexpr std::string_view kCostExplorerFormat = "cost_explorer";
/// The family of a load's format: "cur1", "cur2", "focus" or "cost_explorer".
SourceFamily FamilyOf(std::string_view format);

enum class ColumnKind {
  kText,      ///< VARCHAR; absent is NULL, never ''
  kTime,      ///< TIMESTAMP, UTC
  kAmount,    ///< DECIMAL in the line's currency; NULL: the source lacks the input
  kQuantity,  ///< DECIMAL in a unit of usage; NULL as above
  kKey,       ///< INTEGER or BIGINT number into another table or file
};

/// In which tables a column is kept.
enum class Rollup {
  kLines,     ///< cost_lines only
  kResource,  ///< cost_lines and cost_resource_daily
  kDaily,     ///< these and cost_daily
  kDay,       ///< the time that rollups cut to a day: `charge_day` there
};

/// A source column that a lake column is made of.
struct Need {
  std::string_view column;
  std::string_view line_types;  ///< AWS line item types that need it, spaces between; empty: all
  std::string_view bill_with;   ///< only bills with "discounts" or "reservations"; empty: all bills
};

struct LakeColumn {
  std::string_view name;
  ColumnKind kind;
  Rollup rollup;
  std::string_view unit;
  std::string_view meaning;
  std::string_view cur;    ///< SQL over CUR source columns; "$T" stands for the column's type
  std::string_view focus;  ///< SQL over FOCUS source columns
  std::string_view cost_explorer;   ///< SQL over the columns of Cost Explorer's answers
  std::span<const Need> cur_needs;  ///< without these the column is unknown (NULL)
  std::span<const Need> focus_needs;
  std::span<const Need> cost_explorer_needs;
  std::string_view reference;  ///< document and section

  std::string_view Expression(SourceFamily family) const;
  std::span<const Need> Needs(SourceFamily family) const;
};

/// All columns of cost_lines, in file order.
std::span<const LakeColumn> LakeColumns();
const LakeColumn* FindLakeColumn(std::string_view name);

struct Metric {
  std::string_view name;        ///< as typed after --metric
  std::string_view column;      ///< the lake column it adds up; empty for counts
  std::string_view lines_sql;   ///< aggregate over cost_lines
  std::string_view rollup_sql;  ///< the same over a rollup; empty: needs lines
  Rollup finest;                ///< coarsest table that can answer: kDaily, kResource or kLines
  ColumnKind kind;              ///< kAmount, kQuantity, or kKey for counts
  std::string_view unit;
  bool additive;                   ///< parts add up to the whole over any dimension
  std::string_view cost_explorer;  ///< Cost Explorer's name of the same metric, or empty
  std::string_view meaning;
};
std::span<const Metric> Metrics();
const Metric* FindMetric(std::string_view name);

struct Dimension {
  std::string_view name;  ///< as typed after --by
  std::string_view sql;   ///< expression over lake columns; text or time
  Rollup finest;          ///< coarsest table that has its columns
  std::string_view
      columns;  ///< lake columns it is made of, spaces between; empty: the catalog knows it
  std::string_view meaning;
};
/// Fixed dimensions; `tag:KEY`, `cost_category:NAME`, `product:KEY` and `attribute:KEY` exist beside them.
std::span<const Dimension> Dimensions();
const Dimension* FindDimension(std::string_view name);

}  // namespace farthing::billing
