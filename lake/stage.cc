#include "lake/stage.h"

#include <set>
#include <vector>

#include "base/files.h"
#include "lake/load_files.h"

namespace farthing::lake {
namespace {

// A dictionary of more values costs more to build than it saves (docs/benchmarks.md).
constexpr std::string_view kParquet =
    "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1, ROW_GROUP_SIZE 122880, "
    "DICTIONARY_SIZE_LIMIT 8192";

Result<std::vector<std::string>> Distinct(engine::Connection& connection, const std::string& files,
                                          const std::string& column) {
  TRY_ASSIGN(const engine::Table table,
             connection.Query("SELECT DISTINCT " + column + " FROM " + ReadParquet(files) +
                              " WHERE " + column + " IS NOT NULL ORDER BY 1"));
  std::vector<std::string> values;
  for (const auto& row : table.rows) values.push_back(row[0].value_or(""));
  return values;
}

}  // namespace

Result<fs::path> StagingDirectory(const Layout& layout, std::string_view table, Period period,
                                  const std::string& load_id) {
  fs::path directory = layout.staging(load_id) / Layout::Partition(table, period, load_id);
  TRY(MakeDirectories(directory));
  return directory;
}

std::string ReadParquet(const std::string& files) {
  return "read_parquet(" + engine::QuoteLiteral(files) +
         ", union_by_name = true, hive_partitioning = false)";
}

std::string CopySql(const std::string& select, const fs::path& file) {
  return "COPY (" + select + ") TO " + engine::QuoteLiteral(file.string()) + " (" +
         std::string(kParquet) + ")";
}

std::string CopyScratchSql(const std::string& select, const fs::path& file) {
  return "COPY (" + select + ") TO " + engine::QuoteLiteral(file.string()) +
         " (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 10240)";
}

std::string CopyLinesSql(const std::string& select, const fs::path& directory) {
  return "COPY (" + select + ") TO " + engine::QuoteLiteral(directory.string()) + " (" +
         std::string(kParquet) +
         ", ROW_GROUPS_PER_FILE 8, FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE true)";
}

Result<void> StageSets(engine::Connection& connection, const Layout& layout, std::string_view table,
                       const fs::path& json_lines, Period period, const std::string& load_id) {
  const bool tags = table == kTagSets;
  const std::string first = tags ? "tags" : "product";
  const std::string second = tags ? "cost_categories" : "attributes";
  TRY_ASSIGN(const fs::path directory, StagingDirectory(layout, table, period, load_id));
  const auto map = [](const std::string& name) {
    return ", coalesce(" + name + ", MAP {}) AS " + name;
  };
  return connection.Execute(
      CopySql("SELECT id AS " + std::string(tags ? "tag_set_id" : "attribute_set_id") + map(first) +
                  map(second) + " FROM read_json(" + engine::QuoteLiteral(json_lines.string()) +
                  ", format = 'newline_delimited', maximum_object_size = 67108864, columns = {id: "
                  "'INTEGER', " +
                  first + ": 'MAP(VARCHAR, VARCHAR)', " + second +
                  ": 'MAP(VARCHAR, VARCHAR)'}) ORDER BY id",
              directory / "part-0.parquet"));
}

Result<void> CollectFacts(engine::Connection& connection, const std::string& daily_files,
                          Load& load) {
  TRY_ASSIGN(load.currencies, Distinct(connection, daily_files, "billing_currency"));
  TRY_ASSIGN(load.billing_accounts, Distinct(connection, daily_files, "billing_account_id"));
  TRY_ASSIGN(load.sub_accounts, Distinct(connection, daily_files, "sub_account_id"));
  TRY_ASSIGN(load.providers, Distinct(connection, daily_files, "provider_name"));
  TRY_ASSIGN(
      const engine::Table days,
      connection.Query("SELECT min(charge_day), max(charge_day) FROM " + ReadParquet(daily_files)));
  load.first_charge_day = days.rows.at(0)[0].value_or("");
  load.last_charge_day = days.rows.at(0)[1].value_or("");
  return {};
}

Result<void> Publish(Catalog& catalog, const Delivery& delivery, Load load) {
  const Layout& layout = catalog.layout();
  TRY_ASSIGN(load.files, ListFiles(layout.staging(load.id), load));
  TRY(SyncTree(layout.staging(load.id)));
  for (const std::string_view table : kTables) {
    const fs::path partition = Layout::Partition(table, load.period, load.id);
    TRY(MakeDirectoriesDurably((layout.lake() / partition).parent_path()));
    TRY(RenameDurably(layout.staging(load.id) / partition, layout.lake() / partition));
  }
  TRY(catalog.Publish(delivery, load));
  [[maybe_unused]] const Result<void> removed =
      RemoveTree(layout.staging(load.id));  // or the next Sweep does
  return {};
}

Result<void> Sweep(Catalog& catalog) {
  const Layout& layout = catalog.layout();
  TRY(RemoveTree(layout.staging()));
  TRY_ASSIGN(const std::vector<std::string> ids, catalog.LoadIds());
  const std::set<std::string> known(ids.begin(), ids.end());
  std::error_code code;
  for (const std::string_view table : kTables) {
    for (const auto& period : fs::directory_iterator(layout.lake() / table, code)) {
      for (const auto& load : fs::directory_iterator(period.path(), code)) {
        const std::string folder = load.path().filename().string();
        if (folder.starts_with("load_id=") && !known.contains(folder.substr(8))) {
          TRY(RemoveTree(load.path()));
        }
      }
    }
  }
  return {};
}

Result<void> Forget(Catalog& catalog, std::int64_t export_id) {
  TRY_ASSIGN(const auto lock, DirectoryLock::Acquire(catalog.layout().lock()));
  TRY(catalog.ForgetExport(export_id));
  return Sweep(catalog);
}

}  // namespace farthing::lake
