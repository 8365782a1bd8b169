#pragma once

// What --tolerate-bad-rows has kept out of the lake: how many rows, and what they cost as far as that can be read.
// Free functions; thread-safe.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "lake/catalog.h"

namespace farthing::lake {

struct RowsSetAside {
  std::int64_t count = 0;
  std::int64_t unreadable = 0;           ///< of them, those whose cost cannot be read
  std::map<std::string, Decimal> costs;  ///< of the others, by currency
};

RowsSetAside CountSetAside(const std::vector<RowIssue>& issues);
/// "12.5 USD and what 1 unreadable row costs".
std::string CostText(const RowsSetAside& rows);
/// One sentence for people; empty where no row is set aside.
std::string Describe(const RowsSetAside& rows);

}  // namespace farthing::lake
