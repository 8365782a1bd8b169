#pragma once

// What an import policy leaves out of a bill: counted and summed to the last digit, not kept.  kept + left out is the
// whole bill; imports prove it before they publish.  Const-safe.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/decimal.h"

namespace farthing::lake {

struct LeftOut {
  std::vector<std::string> kept_accounts;  ///< sorted; the payer's own lines are kept besides
  std::vector<std::string> accounts;       ///< sorted: whose lines were left out
  std::int64_t line_count = 0;
  std::map<std::string, Decimal> totals;  ///< lake column → exact sum
  std::string metric;  ///< what `costs` adds up: "unblended_cost" or "billed_cost"
  std::map<std::string, Decimal> costs;  ///< by currency
};

/// One sentence: how many lines of how many accounts, and what they cost in each currency.
std::string Describe(const LeftOut& left_out);

}  // namespace farthing::lake
