#pragma once

// A synthetic AWS organisation's bill, as AWS writes it into a bucket, with its exact totals.
// For the demo and for tests: every line type, awkward texts, exact conservation laws.  The same
// options give the same bytes of CSV.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"

namespace farthing::sim {

enum class BillFormat { kCur1Csv, kCur1Parquet, kCur2Csv, kCur2Parquet, kFocusCsv, kFocusParquet };

/// Parses "cur1-csv", "cur1-parquet", "cur2-csv", "cur2-parquet", "focus-csv", "focus-parquet".
/// Errors: kInvalidArgument.
Result<BillFormat> ParseBillFormat(std::string_view text);
std::string_view Name(BillFormat format);

struct BillOptions {
  std::uint64_t seed = 1;
  std::int64_t lines = 10'000;  ///< CUR lines of all months; FOCUS has about as many
  Period first{2026, 1};
  int months = 2;
  std::vector<BillFormat> formats;
  std::filesystem::path out;  ///< becomes the copy of a bucket; made when absent
  enum class Layout { kOverwrite, kCreateNew } layout = Layout::kOverwrite;
  bool open_last_month = true;  ///< the last month has no invoice ids yet
  std::string currency = "USD";
  /// 2, 3, …: a later delivery, which restates the last month and repeats the others unchanged.
  int delivery = 1;
  std::int64_t lines_per_file = 1'000'000;
};

struct Totals {
  std::int64_t rows = 0;
  Decimal unblended, net_unblended, blended, amortized, net_amortized;
  bool operator==(const Totals&) const = default;
};

/// Totals of a month as the CUR has it; services by line_item_product_code.
struct MonthTotals {
  Totals all;
  std::map<std::string, Totals> by_line_type, by_service, by_account;
  std::int64_t focus_rows = 0;  ///< Σ BilledCost = net_unblended, Σ EffectiveCost = net_amortized
};

struct BillTotals {
  std::map<std::string, MonthTotals> months;  ///< by "2026-01"
};

/// Writes the files of every format below `out`/billing/<format>, manifests last, and
/// `out`/EXPECTED.json with the totals that are returned.  Files of an earlier delivery are
/// overwritten or, with kCreateNew, left beside the new ones.
///
/// Errors: kInvalidArgument (fewer than 500 lines a month, no months), kTooLarge, kUnavailable.
Result<BillTotals> WriteBill(const BillOptions& options);

}  // namespace farthing::sim
