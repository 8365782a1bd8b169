#include "lake/rollups.h"

#include <algorithm>
#include <vector>

#include "base/files.h"
#include "lake/stage.h"

namespace farthing::lake {
namespace {

using billing::ColumnKind;
using billing::LakeColumn;
using billing::Rollup;

struct Source {
  std::string_view table;
  std::string files;  ///< a glob
  std::string where;  ///< condition; empty: all
};

// SELECT that groups a source to the columns of `table`.
std::string RollupSql(std::string_view table, const Source& source) {
  const bool from_lines = source.table == kCostLines;
  std::string sql = from_lines ? "SELECT CAST(charge_period_start AS DATE) AS charge_day"
                               : std::string("SELECT charge_day");
  std::string sums = from_lines ? ", count(*) AS line_count"
                                : std::string(", CAST(sum(line_count) AS BIGINT) AS line_count");
  for (const LakeColumn& column : billing::LakeColumns()) {
    if (!KeepsColumn(column, table)) continue;
    const std::string name = engine::QuoteIdentifier(column.name);
    if (IsNumber(column)) {
      // A sum of which a part is unknown is unknown.
      sums += ", CASE WHEN count(" + name + ") = count(*) THEN sum(" + name + ") END AS " + name;
    } else {
      sql += ", " + name;
    }
  }
  return sql + sums + " FROM " + ReadParquet(source.files) +
         (source.where.empty() ? "" : " WHERE " + source.where) +
         " GROUP BY ALL ORDER BY charge_day, service_code";
}

// Rolls up each file of lines for itself; the groups of a day stand in several of the results.
Result<void> RollUpFiles(engine::Connection& connection, const std::vector<fs::path>& files,
                         const fs::path& directory) {
  TRY(MakeDirectories(directory));
  for (const fs::path& file : files) {
    const Source lines{kCostLines, engine::GlobOf(file.string()), ""};
    TRY(connection.Execute(
        CopySql(RollupSql(kCostResourceDaily, lines), directory / file.filename())));
  }
  return {};
}

// Conditions on charge_day that together take every row once, each at most `rows_at_once` rows or one day.
Result<std::vector<std::string>> DayRanges(engine::Connection& connection, const std::string& files,
                                           std::int64_t rows_at_once) {
  TRY_ASSIGN(const engine::Table days,
             connection.Query("SELECT charge_day, count(*) FROM " + ReadParquet(files) +
                              " GROUP BY 1 ORDER BY 1 NULLS FIRST"));
  std::vector<std::string> ranges;
  std::string from;  // the first day of the range; empty: the range has no start
  std::int64_t rows = 0;
  const auto at_least = [&] {
    return from.empty() ? std::string() : "charge_day >= DATE " + engine::QuoteLiteral(from);
  };
  for (const auto& day : days.rows) {
    const std::int64_t rows_of_day = std::stoll(day[1].value_or("0"));
    if (rows > 0 && day[0] && rows + rows_of_day > rows_at_once) {
      const std::string before = "charge_day < DATE " + engine::QuoteLiteral(*day[0]);
      ranges.push_back(from.empty() ? "(charge_day IS NULL OR " + before + ")"
                                    : at_least() + " AND " + before);
      from = *day[0];
      rows = 0;
    }
    rows += rows_of_day;
  }
  ranges.push_back(at_least());
  return ranges;
}

}  // namespace

bool IsNumber(const LakeColumn& column) {
  return column.kind == ColumnKind::kAmount || column.kind == ColumnKind::kQuantity;
}

bool KeepsColumn(const LakeColumn& column, std::string_view table) {
  switch (column.rollup) {
    case Rollup::kLines: return table == kCostLines;
    case Rollup::kResource: return table != kCostDaily;
    case Rollup::kDaily: return true;
    case Rollup::kDay: return false;
  }
  return false;
}

Result<void> StageRollups(engine::Connection& connection, const Layout& layout, Period period,
                          const std::string& load_id, std::int64_t groups_at_once) {
  TRY_ASSIGN(const fs::path resources,
             StagingDirectory(layout, kCostResourceDaily, period, load_id));
  TRY_ASSIGN(const fs::path days, StagingDirectory(layout, kCostDaily, period, load_id));
  TRY_ASSIGN(const fs::path lines, StagingDirectory(layout, kCostLines, period, load_id));
  TRY_ASSIGN(const std::vector<fs::path> files, ListTree(lines));
  const fs::path partial = layout.staging(load_id) / "rollups-of-files";
  Source source{kCostLines, layout.StagedFiles(kCostLines, period, load_id), ""};
  std::vector<std::string> ranges = {""};
  if (files.size() > 1) {
    TRY(RollUpFiles(connection, files, partial));
    source = {kCostResourceDaily, engine::GlobOf(partial.string()) + "/*.parquet", ""};
    TRY_ASSIGN(ranges, DayRanges(connection, source.files, groups_at_once));
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::string name = "part-" + std::to_string(i) + ".parquet";
    source.where = ranges[i];
    TRY(connection.Execute(CopySql(RollupSql(kCostResourceDaily, source), resources / name)));
    const Source of_resources{kCostResourceDaily, engine::GlobOf((resources / name).string()), ""};
    TRY(connection.Execute(CopySql(RollupSql(kCostDaily, of_resources), days / name)));
  }
  return RemoveTree(partial);
}

}  // namespace farthing::lake
