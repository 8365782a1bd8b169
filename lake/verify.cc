#include "lake/verify.h"

#include "base/text.h"
#include "lake/load_files.h"
#include "lake/prove.h"
#include "lake/rows_set_aside.h"

namespace farthing::lake {
namespace {

// Every set that a line names is there.
Result<void> ProveSets(engine::Connection& connection, const Layout& layout, const Load& load,
                       std::string_view table, const std::string& id) {
  const auto files = [&](std::string_view name) {
    return "read_parquet(" + engine::QuoteLiteral(layout.Files(name, load.period, load.id)) +
           ", hive_partitioning = false)";
  };
  TRY_ASSIGN(const engine::Table missing,
             connection.Query("SELECT count(*) FROM (SELECT DISTINCT " + id + " FROM " +
                              files(kCostLines) + " WHERE " + id + " IS NOT NULL) ANTI JOIN " +
                              files(table) + " USING (" + id + ")"));
  const std::string count = missing.rows.at(0)[0].value_or("0");
  if (count == "0") return {};
  return Error(Errc::kCorrupt, std::string(table) + " lacks " + count + " sets that lines name");
}

Result<void> ProveLoad(engine::Connection& connection, const Layout& layout, const Load& load) {
  TRY(CheckFilesExist(layout, load));
  TRY_ASSIGN(const LineSums lines,
             LineSums::Of(connection, layout.Files(kCostLines, load.period, load.id)));
  TRY(ProveRecorded(load, lines.total()));
  if (lines.total().unavailable != load.unavailable) {
    return Error(Errc::kCorrupt, "amounts that every line had are missing in some: " +
                                     Join(lines.total().unavailable, ", "));
  }
  TRY(ProveSource(load, lines.total()));
  for (const std::string_view table : {kCostResourceDaily, kCostDaily}) {
    TRY(lines.Prove(table, layout.Files(table, load.period, load.id)));
  }
  TRY(ProveSets(connection, layout, load, kTagSets, "tag_set_id"));
  return ProveSets(connection, layout, load, kAttributeSets, "attribute_set_id");
}

}  // namespace

Result<Proof> Verify(engine::Connection& connection, const Layout& layout, const Load& load) {
  Result<void> proven = ProveLoad(connection, layout, load);
  // A figure that differs says more than a size; a file that cannot be read says less.
  if (proven.ok() || proven.error().code() != Errc::kCorrupt) {
    if (Result<void> whole = CheckFiles(layout, load); !whole.ok()) proven = std::move(whole);
  }
  Proof proof{load, proven.ok(), ""};
  proof.detail = proven.ok() ? std::to_string(load.line_count) + " lines, " +
                                   std::to_string(load.totals.size()) + " sums, two rollups"
                             : proven.error().message();
  const std::string rows = Describe(CountSetAside(load.issues));
  if (!rows.empty()) proof.detail += "; " + rows;
  return proof;
}

}  // namespace farthing::lake
