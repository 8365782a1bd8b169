#include "lake/rollups.h"

#include <vector>

#include "base/files.h"
#include "lake/rollup_pieces.h"
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
         (source.where.empty() ? "" : " WHERE " + source.where) + " GROUP BY ALL";
}

// Of one price the amounts are alike: a third less disk than in the order of time (docs/benchmarks.md).
std::string OrderOf(std::string_view table) {
  return std::string(" ORDER BY service_code, usage_type, line_item_type, ") +
         (table == kCostResourceDaily ? "sku_id, resource_id, charge_day"
                                      : "list_cost, charge_day");
}

// Writes a rollup of each source, and of several what they make together: groups stand in several of the results.
Result<void> RollUp(engine::Connection& connection, std::string_view table,
                    const std::vector<Source>& sources, const fs::path& scratch,
                    const fs::path& target, std::int64_t groups_at_once) {
  const auto part = [](std::size_t number) {
    return "part-" + std::to_string(number) + ".parquet";
  };
  const auto write = [&](const Source& source, std::size_t number) {
    return connection.Execute(
        CopySql(RollupSql(table, source) + OrderOf(table), target / part(number)));
  };
  if (sources.size() == 1) return write(sources[0], 0);
  TRY(MakeDirectories(scratch));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    TRY(connection.Execute(
        CopyScratchSql(RollupSql(table, sources[i]) + " ORDER BY charge_day", scratch / part(i))));
  }
  Source parts{table, engine::GlobOf(scratch.string()) + "/*.parquet", ""};
  TRY_ASSIGN(const std::vector<std::string> pieces,
             PiecesOfRollup(connection, table, parts.files, groups_at_once));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    parts.where = pieces[i];
    TRY(write(parts, i));
  }
  return RemoveTree(scratch);
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
  const fs::path scratch = layout.staging(load_id) / "rollups-in-parts";

  TRY_ASSIGN(const std::vector<fs::path> files_of_lines, ListTree(lines));
  std::vector<Source> sources;
  for (const fs::path& file : files_of_lines) {
    TRY_ASSIGN(const std::vector<std::string> pieces,
               PiecesOfLines(connection, file, groups_at_once));
    for (const std::string& piece : pieces) {
      sources.push_back({kCostLines, engine::GlobOf(file.string()), piece});
    }
  }
  TRY(RollUp(connection, kCostResourceDaily, sources, scratch, resources, groups_at_once));

  TRY_ASSIGN(const std::vector<fs::path> files_of_resources, ListTree(resources));
  sources.clear();
  for (const fs::path& file : files_of_resources) {
    sources.push_back({kCostResourceDaily, engine::GlobOf(file.string()), ""});
  }
  TRY(RollUp(connection, kCostDaily, sources, scratch, days, groups_at_once));
  return RemoveTree(scratch);
}

}  // namespace farthing::lake
