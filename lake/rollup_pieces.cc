#include "lake/rollup_pieces.h"

#include "billing/registry.h"
#include "lake/rollups.h"
#include "lake/stage.h"

namespace farthing::lake {
namespace {

// The hash of what a rollup groups by.
std::string HashOfGroup(std::string_view table, const std::string& day) {
  std::string keys = day;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    if (!IsNumber(column) && KeepsColumn(column, table)) {
      keys += ", " + engine::QuoteIdentifier(column.name);
    }
  }
  return "hash(" + keys + ")";
}

// Adds the shares of a range of days, by the hash of the group where the range is too large.
void AddShares(std::string_view table, const std::string& range, std::int64_t shares,
               std::vector<std::string>& pieces) {
  if (shares <= 1) {
    pieces.push_back(range);
    return;
  }
  for (std::int64_t share = 0; share < shares; ++share) {
    pieces.push_back((range.empty() ? "" : range + " AND ") + HashOfGroup(table, "charge_day") +
                     " % " + std::to_string(shares) + " = " + std::to_string(share));
  }
}

}  // namespace

// The estimate is good to a few percent and costs a fiftieth of the import.
Result<std::vector<std::string>> PiecesOfLines(engine::Connection& connection,
                                               const std::filesystem::path& file,
                                               std::int64_t groups_at_once) {
  TRY_ASSIGN(const engine::Table counts,
             connection.Query("SELECT count(*), approx_count_distinct(" +
                              HashOfGroup(kCostResourceDaily, "CAST(charge_period_start AS DATE)") +
                              ") FROM " + ReadParquet(engine::GlobOf(file.string()))));
  const std::int64_t rows = std::stoll(counts.rows.at(0)[0].value_or("0"));
  const std::int64_t groups = std::stoll(counts.rows.at(0)[1].value_or("0"));
  if (groups <= groups_at_once) return std::vector<std::string>{""};
  std::vector<std::string> pieces;
  for (std::int64_t row = 0; row < rows; row += groups_at_once) {
    pieces.push_back("file_row_number >= " + std::to_string(row) + " AND file_row_number < " +
                     std::to_string(row + groups_at_once));
  }
  return pieces;
}

Result<std::vector<std::string>> PiecesOfRollup(engine::Connection& connection,
                                                std::string_view table, const std::string& files,
                                                std::int64_t groups_at_once) {
  TRY_ASSIGN(const engine::Table days,
             connection.Query("SELECT charge_day, count(*) FROM " + ReadParquet(files) +
                              " GROUP BY 1 ORDER BY 1 NULLS FIRST"));
  std::vector<std::string> pieces;
  std::string from;  // the first day of the range; empty: the range has no start
  std::int64_t rows = 0;
  const auto shares = [&] { return (rows + groups_at_once - 1) / groups_at_once; };
  const auto at_least = [&] {
    return from.empty() ? std::string() : "charge_day >= DATE " + engine::QuoteLiteral(from);
  };
  for (const auto& day : days.rows) {
    const std::int64_t rows_of_day = std::stoll(day[1].value_or("0"));
    if (rows > 0 && day[0] && rows + rows_of_day > groups_at_once) {
      const std::string before = "charge_day < DATE " + engine::QuoteLiteral(*day[0]);
      AddShares(
          table,
          from.empty() ? "(charge_day IS NULL OR " + before + ")" : at_least() + " AND " + before,
          shares(), pieces);
      from = *day[0];
      rows = 0;
    }
    rows += rows_of_day;
  }
  AddShares(table, at_least(), shares(), pieces);
  return pieces;
}

}  // namespace farthing::lake
