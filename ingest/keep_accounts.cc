#include "ingest/keep_accounts.h"

#include "base/files.h"
#include "base/text.h"
#include "lake/prove.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

// A line without a sub account is the payer's own.  An account is never NULL here, so that NOT is the rest.
std::string IsKept(const std::set<std::string>& accounts) {
  std::vector<std::string> quoted = {"coalesce(billing_account_id, '')"};
  for (const std::string& account : accounts) quoted.push_back(engine::QuoteLiteral(account));
  return "coalesce(sub_account_id, billing_account_id, '') IN (" + Join(quoted, ", ") + ")";
}

Result<std::vector<std::string>> Texts(engine::Connection& connection, const std::string& sql) {
  TRY_ASSIGN(const engine::Table table, connection.Query(sql));
  std::vector<std::string> texts;
  for (const auto& row : table.rows) texts.push_back(row.at(0).value_or(""));
  return texts;
}

Result<void> SumCosts(engine::Connection& connection, const std::string& lines,
                      lake::LeftOut& left_out) {
  for (const char* metric : {"unblended_cost", "billed_cost"}) {
    if (!left_out.totals.contains(metric)) continue;
    left_out.metric = metric;
    break;
  }
  if (left_out.metric.empty() || left_out.line_count == 0) return {};
  TRY_ASSIGN(const engine::Table sums,
             connection.Query("SELECT coalesce(billing_currency, ''), sum(" + left_out.metric +
                              ") FROM " + lines + " GROUP BY 1 ORDER BY 1"));
  for (const auto& row : sums.rows) {
    TRY_ASSIGN(left_out.costs[row.at(0).value_or("")], ParseDecimal(row.at(1).value_or("0")));
  }
  return {};
}

}  // namespace

Result<lake::LeftOut> KeepAccounts(engine::Connection& connection, const lake::Layout& layout,
                                   const lake::Load& load, const std::set<std::string>& accounts) {
  TRY_ASSIGN(const fs::path directory,
             lake::StagingDirectory(layout, lake::kCostLines, load.period, load.id));
  const fs::path whole = layout.staging(load.id) / "whole-bill";
  const fs::path rest = layout.staging(load.id) / "left-out.parquet";
  TRY(RenameDurably(directory, whole));
  TRY(MakeDirectories(directory));
  const std::string whole_lines = lake::ReadParquet(engine::GlobOf(whole.string()) + "/*.parquet");
  const std::string select = "SELECT * FROM " + whole_lines + " WHERE ";
  TRY(connection.Execute(lake::CopyLinesSql(select + IsKept(accounts), directory)));
  TRY(connection.Execute(lake::CopySql(select + "NOT (" + IsKept(accounts) + ")", rest)));
  const std::string rest_glob = engine::GlobOf(rest.string());
  TRY_ASSIGN(const lake::LineSums sums, lake::LineSums::Of(connection, rest_glob));
  lake::LeftOut left_out;
  left_out.kept_accounts.assign(accounts.begin(), accounts.end());
  left_out.line_count = sums.total().line_count;
  left_out.totals = sums.total().sums;
  TRY_ASSIGN(left_out.accounts,
             Texts(connection, "SELECT DISTINCT sub_account_id FROM " +
                                   lake::ReadParquet(rest_glob) + " ORDER BY 1"));
  TRY(SumCosts(connection, lake::ReadParquet(rest_glob), left_out));
  TRY_ASSIGN(left_out.whole,
             lake::ReachOf(connection, whole_lines, "CAST(charge_period_start AS DATE)"));
  TRY(RemoveTree(whole));
  TRY(RemoveTree(rest));
  return left_out;
}

Result<KeptKeys> DropUnusedSets(engine::Connection& connection, const lake::Layout& layout,
                                const lake::Load& load) {
  const std::string lines =
      lake::ReadParquet(layout.StagedFiles(lake::kCostLines, load.period, load.id));
  for (const auto& [table, id] : {std::pair{lake::kTagSets, "tag_set_id"},
                                  std::pair{lake::kAttributeSets, "attribute_set_id"}}) {
    TRY_ASSIGN(const fs::path directory,
               lake::StagingDirectory(layout, table, load.period, load.id));
    const fs::path file = directory / "part-0.parquet";
    const fs::path all = layout.staging(load.id) / "all-sets.parquet";
    TRY(RenameDurably(file, all));
    const std::string name(id);
    TRY(connection.Execute(lake::CopySql(
        "SELECT * FROM " + lake::ReadParquet(engine::GlobOf(all.string())) + " WHERE " + name +
            " IN (SELECT " + name + " FROM " + lines + ") ORDER BY " + name,
        file)));
    TRY(RemoveTree(all));
  }
  TRY_ASSIGN(const fs::path tag_sets,
             lake::StagingDirectory(layout, lake::kTagSets, load.period, load.id));
  const auto keys = [&](const std::string& map) {
    return Texts(connection,
                 "SELECT DISTINCT unnest(map_keys(" + map + ")) AS key FROM " +
                     lake::ReadParquet(engine::GlobOf((tag_sets / "part-0.parquet").string())) +
                     " ORDER BY key");
  };
  KeptKeys kept;
  TRY_ASSIGN(kept.tags, keys("tags"));
  TRY_ASSIGN(kept.cost_categories, keys("cost_categories"));
  return kept;
}

std::string WithAccounts(const std::string& fingerprint, const std::set<std::string>& accounts) {
  return Sha256(fingerprint + "\nlines of " + Join({accounts.begin(), accounts.end()}, ", "));
}

}  // namespace farthing::ingest
