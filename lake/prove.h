#pragma once

// The proof that nothing was lost: the source's own totals are those of the lines, and every rollup holds for each of
// its groups what the lines hold.  One thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "engine/duckdb.h"
#include "lake/catalog.h"

namespace farthing::lake {

/// Exact sums of lines: how many there are, and every amount column that has no NULL.
struct TableTotals {
  std::int64_t line_count = 0;
  std::map<std::string, Decimal> sums;   ///< by lake column
  std::vector<std::string> unavailable;  ///< amount columns with NULLs: the source lacks an input
};

/// The lines of a load, added up for each share of the groups that a rollup makes of them: by a hash of all that the
/// rollup groups by, 64 shares for each rollup.  A line in a wrong group is in the wrong share, too, in 63 of 64 cases.
class LineSums {
 public:
  /// Adds up; `files` is a glob of cost_lines.  The sums are a table of the connection, one at a time.
  static Result<LineSums> Of(engine::Connection& connection, const std::string& files);

  const TableTotals& total() const { return total_; }

  /// Proves that the files of a rollup hold the same for each share, and nothing where the lines do not know.
  /// Errors: kCorrupt, naming the first day and service that differ, or else the first value of another dimension, the
  /// column and both figures.
  Result<void> Prove(std::string_view rollup, const std::string& files) const;

 private:
  LineSums(engine::Connection& connection, std::string files)
      : connection_(connection), files_(std::move(files)) {}
  Result<void> AddUp();
  Error WhereItDiffers(std::string_view rollup, const std::string& files) const;

  engine::Connection& connection_;
  std::string files_;
  TableTotals total_;
};

/// Proves that lines hold what the load has on record, and that with what a policy left out this is the source's.
/// Errors: kCorrupt, naming the column and both sums.
Result<void> ProveRecorded(const Load& load, const TableTotals& lines);
Result<void> ProveSource(const Load& load, const TableTotals& lines);

}  // namespace farthing::lake
