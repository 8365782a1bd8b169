#include "lake/account_figures.h"

#include <algorithm>

#include "engine/duckdb.h"
#include "lake/catalog.h"
#include "lake/stage.h"

namespace farthing::lake {
namespace {

// The amount by which bills are compared; NULL where the source has neither.
std::string CostOf(const Load& load) {
  for (const char* metric : {"unblended_cost", "billed_cost"}) {
    const auto& unknown = load.unavailable;
    if (std::find(unknown.begin(), unknown.end(), metric) == unknown.end()) return metric;
  }
  return "NULL::DECIMAL(38, 0)";
}

}  // namespace

Result<AccountsOfLoad> CollectAccounts(engine::Connection& connection,
                                       const std::string& daily_files, const Load& load) {
  const auto date = [](Instant instant) { return "DATE '" + DayString(instant) + "'"; };
  TRY_ASSIGN(
      const engine::Table found,
      connection.Query("SELECT sub_account_id, coalesce(billing_currency, ''), coalesce(bit_or("
                       "1::BIGINT << (day(charge_day) - 1)) FILTER (charge_category = 'Usage' AND "
                       "charge_day >= " +
                       date(load.period.start()) + " AND charge_day < " + date(load.period.end()) +
                       "), 0), sum(" + CostOf(load) + ") FROM " + ReadParquet(daily_files) +
                       " WHERE sub_account_id IS NOT NULL GROUP BY 1, 2"));
  AccountsOfLoad accounts;
  for (const auto& row : found.rows) {
    AccountFigures& figures = accounts[row.at(0).value_or("")];
    figures.usage_days |= static_cast<std::uint32_t>(std::stoul(row.at(2).value_or("0")));
    if (!row.at(3)) continue;
    TRY_ASSIGN(figures.costs[row.at(1).value_or("")], ParseDecimal(*row.at(3)));
  }
  return accounts;
}

Result<void> SaveAccounts(engine::SqliteDatabase& database, const Load& load) {
  const auto save = [&](const std::string& account, std::uint32_t usage_days,
                        const std::string& currency, const engine::SqliteValue& cost) {
    return database.Run(
        "INSERT INTO account_figures (load_id, account, currency, usage_days, cost)"
        " VALUES (?, ?, ?, ?, ?)",
        {load.id, account, currency, std::int64_t{usage_days}, cost});
  };
  for (const auto& [account, figures] : load.accounts) {
    if (figures.costs.empty()) TRY(save(account, figures.usage_days, "", {}));
    for (const auto& [currency, cost] : figures.costs) {
      TRY(save(account, figures.usage_days, currency, ToString(Canonical(cost))));
    }
  }
  return {};
}

Result<std::optional<AccountFigures>> FindAccount(engine::SqliteDatabase& database,
                                                  const std::string& load_id,
                                                  const std::string& account) {
  std::optional<AccountFigures> figures;
  Result<void> state;
  TRY(database.Each(
      "SELECT usage_days, currency, cost FROM account_figures WHERE load_id = ? AND account = ?",
      {load_id, account}, [&](const engine::SqliteRow& row) {
        if (!figures) figures.emplace();
        figures->usage_days |= static_cast<std::uint32_t>(row.Int(0));
        if (row.IsNull(2)) return;
        Result<Decimal> cost = ParseDecimal(row.Text(2));
        if (cost.ok()) {
          figures->costs[row.Text(1)] = *cost;
        } else {
          state = Error(Errc::kCorrupt, "the catalog holds unreadable figures of " + account);
        }
      }));
  TRY(state);
  return figures;
}

}  // namespace farthing::lake
