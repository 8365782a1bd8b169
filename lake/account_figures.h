#pragma once

// What a load says of each of its sub accounts: on which days it was used, and what it costs.  Kept beside the load's
// facts, in a table of the catalog, since elections ask for few of them.  Free functions; as thread-safe as the
// database that they are given.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/decimal.h"
#include "base/result.h"
#include "engine/sqlite.h"

namespace farthing::engine {
class Connection;
}

namespace farthing::lake {

struct Load;

struct AccountFigures {
  /// Bit 0 is the first day of the billing period.  Of usage only: taxes and fees carry the date of their month.
  std::uint32_t usage_days = 0;
  std::map<std::string, Decimal>
      costs;  ///< by currency: unblended, else billed cost; empty where unknown
};

/// By sub account, as the load spells it.
using AccountsOfLoad = std::map<std::string, AccountFigures>;

/// Looks up one account of a load; nothing where the load was made before figures were kept.
using FiguresOf =
    std::function<std::optional<AccountFigures>(const Load& load, const std::string& account)>;

/// Reads the figures from a rollup.  Requires: `load.unavailable` and `load.period`.
/// Errors: of the engine.
Result<AccountsOfLoad> CollectAccounts(engine::Connection& connection,
                                       const std::string& daily_files, const Load& load);

/// Writes `load.accounts`.
Result<void> SaveAccounts(engine::SqliteDatabase& database, const Load& load);
/// Errors: kCorrupt.
Result<std::optional<AccountFigures>> FindAccount(engine::SqliteDatabase& database,
                                                  const std::string& load_id,
                                                  const std::string& account);

}  // namespace farthing::lake
