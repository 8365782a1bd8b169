#pragma once

// Small bills as text, for tests: a few lines with sensible cells, of which a test names only those it is
// about.  Plain values.

#include <map>
#include <string>
#include <vector>

#include "base/time.h"

namespace farthing::testkit {

/// Column name → text.
using Cells = std::map<std::string, std::string>;

/// One line of a bill.  `cells` replaces or adds cells by the name they have in that format.
struct Line {
  std::string cost = "1";
  std::string type = "Usage";  ///< LineItemType, in FOCUS the ChargeCategory
  Cells cells = {};
};

struct Sheet {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  /// Comma-separated text with a header row; cells are quoted where they must be.
  std::string Csv() const;
  /// Takes a column out.
  Sheet Without(const std::string& column) const;
};

inline constexpr Period kJanuary{2026, 1};

/// Legacy CUR with headers such as lineItem/UnblendedCost.
Sheet Cur1(const std::vector<Line>& lines, Period period = kJanuary);
/// CUR 2.0 with headers such as line_item_unblended_cost and the maps product and resource_tags.
Sheet Cur2(const std::vector<Line>& lines, Period period = kJanuary);
/// FOCUS 1.2.
Sheet Focus(const std::vector<Line>& lines, Period period = kJanuary);

/// AWS's rule for Parquet column names: lineItem/UnblendedCost → line_item_unblended_cost.
std::string SnakeCase(const std::string& header);
/// The sheet with all headers in that spelling.
Sheet SnakeCased(Sheet sheet);

/// A legacy manifest that lists no columns; keys as they are in the bucket.
std::string LegacyManifest(const std::string& assembly, const std::vector<std::string>& keys,
                           Period period = kJanuary, const std::string& name = "bill");
/// A Data Exports manifest; `files` are s3:// URIs.
std::string ExportManifest(const std::string& execution, const std::vector<std::string>& files,
                           const std::string& name = "bill2");

/// "20260101-20260201", the folder of a month in legacy buckets.
std::string DateRange(Period period);

}  // namespace farthing::testkit
