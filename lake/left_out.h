#pragma once

// What an import policy leaves out of a bill: counted and summed to the last digit, not kept.  kept + left out is the
// whole bill; imports prove it before they publish.  Const-safe.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"

namespace farthing::engine {
class Connection;
}

namespace farthing::lake {

/// How far a bill reaches, told by all of its lines: those that are kept of it may end sooner.
struct Reach {
  std::string first_usage_day, last_usage_day;  ///< "2026-01-31"; "" without usage
  bool is_invoiced = false;  ///< every line is on an invoice: it does not change any more
};
/// Reads it from lines or a rollup, `relation`, where `day` is the day of a charge.  Errors: of the engine.
Result<Reach> ReachOf(engine::Connection& connection, const std::string& relation,
                      const std::string& day);

struct LeftOut {
  std::vector<std::string> kept_accounts;  ///< sorted; the payer's own lines are kept besides
  std::vector<std::string> accounts;       ///< sorted: whose lines were left out
  std::int64_t line_count = 0;
  std::map<std::string, Decimal> totals;  ///< lake column → exact sum
  std::string metric;  ///< what `costs` adds up: "unblended_cost" or "billed_cost"
  std::map<std::string, Decimal> costs;  ///< by currency
  std::optional<Reach>
      whole;  ///< of kept + left out; absent: the load was made before this was kept
};

/// One sentence: how many lines of how many accounts, and what they cost in each currency.
std::string Describe(const LeftOut& left_out);

}  // namespace farthing::lake
