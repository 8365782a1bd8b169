#include "lake/verify.h"

#include "lake/stage.h"

namespace farthing::lake {
namespace {

// The figures of the load kept in the catalog, in the shape of a table's totals.
TableTotals Recorded(const Load& load) {
  TableTotals totals;
  totals.line_count = load.line_count;
  for (const auto& [name, sum] : load.totals) {
    if (!name.starts_with("source:")) totals.sums[name] = sum;
  }
  return totals;
}

Result<void> ProveLoad(engine::Connection& connection, const Layout& layout, const Load& load) {
  TRY_ASSIGN(const TableTotals lines,
             AddUp(connection, kCostLines, layout.Files(kCostLines, load.period, load.id)));
  TRY(ProveEqual(Recorded(load), lines, "cost_lines against the source"));
  for (const std::string_view table : {kCostResourceDaily, kCostDaily}) {
    TRY_ASSIGN(const TableTotals rollup,
               AddUp(connection, table, layout.Files(table, load.period, load.id)));
    TRY(ProveEqual(lines, rollup, table));
  }
  return {};
}

}  // namespace

Result<Proof> Verify(engine::Connection& connection, const Layout& layout, const Load& load) {
  const Result<void> proven = ProveLoad(connection, layout, load);
  Proof proof{load, proven.ok(), ""};
  proof.detail = proven.ok() ? std::to_string(load.line_count) + " lines, " +
                                   std::to_string(load.totals.size()) + " sums, two rollups"
                             : proven.error().message();
  return proof;
}

}  // namespace farthing::lake
