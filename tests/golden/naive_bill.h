#pragma once

// The totals of a bill's CSV files by the simplest means: one character after the other, one decimal after
// the other.  Shares no code with ingest/ but base/decimal.  One thread.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/decimal.h"

namespace farthing::testkit {

/// Lake column → exact sum.
using Sums = std::map<std::string, Decimal>;

struct NaiveBill {
  std::int64_t rows = 0;
  std::map<std::string, Sums> by_currency;   ///< "" where the line names none
  std::map<std::string, Sums> by_line_type;  ///< CUR: line item type; FOCUS: charge category
  Sums total;
};

/// Adds up files of one family; gzip or plain.  Throws when a cell is no number.
NaiveBill AddUpNaively(const std::vector<std::filesystem::path>& files);

}  // namespace farthing::testkit
