#pragma once

// Which absent columns matter.  AWS leaves columns out of legacy reports where a bill does not use them, and a
// query of CUR 2.0 may leave out any: only the bill's own lines and sums tell the one from the other.
// Pure; const-safe.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "ingest/source_columns.h"

namespace farthing::ingest {

/// A bill as far as it tells which columns it needs.
struct BillContent {
  Detection detection{billing::SourceFamily::kCur};
  std::set<std::string> columns;          ///< canonical names that its files have
  std::set<std::string> line_types;       ///< AWS's types of its lines
  std::map<std::string, Decimal> totals;  ///< by source column
};

/// Returns the columns that the registry needs of bills with discounts or reservations only, that this bill has
/// and its files lack.  Mapped without knowing, their absence would read as "none".
std::set<std::string> TakenForNone(const BillContent& bill);

/// Returns the absent columns because of which some figure of the bill may be unknown.
std::vector<std::string> MissedColumns(const BillContent& bill);

}  // namespace farthing::ingest
