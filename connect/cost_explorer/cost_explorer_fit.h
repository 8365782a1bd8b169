#pragma once

// What Cost Explorer answered, kept on disk, and cut to fit around the bills of the lake: each account and day
// comes from one of them.  docs/decisions/0008-cost-explorer.md.  One thread per call.

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/decimal.h"
#include "connect/store.h"
#include "ingest/cost_explorer_file.h"
#include "lake/catalog.h"

namespace farthing::connect {

/// What a bill says of an account on a day.
struct Cell {
  std::string account, day;  ///< "2026-01-31", UTC
  auto operator<=>(const Cell&) const = default;
};

/// The cells that one load has.
struct Coverage {
  std::map<Cell, Decimal> cells;  ///< those with lines, and their billed cost
  std::string first_usage_day,
      last_usage_day;     ///< of the bill as a whole, also where a policy keeps a part of it
  bool is_final = false;  ///< every line of the bill is on an invoice
  std::set<std::string> accounts;
  /// True when the load has lines there; or has the account, and usage before and after that day or its final bill.
  bool Has(const Cell& cell) const;
  /// True when the bill has come as far as that day of its month.
  bool Reaches(const std::string& day) const { return is_final || day <= last_usage_day; }
};

/// A kept answer cut to fit.
struct Cut {
  std::vector<ingest::CostExplorerRow> left;
  struct Replaced {
    Cell cell;
    Decimal cost_explorer, bill;  ///< net unblended and billed cost
  };
  std::vector<Replaced> replaced;  ///< by cell
  Decimal cost_explorer, bill;     ///< sums of what was replaced
};
/// Leaves out every row whose cell one of the bills has.  Errors: kCorrupt (an amount), kTooLarge.
Result<Cut> CutAround(const std::vector<ingest::CostExplorerRow>& rows,
                      const std::vector<Coverage>& bills);

/// True where the load is a bill of the connection's account: no answer of Cost Explorer, and for a payer no member's
/// own report.
bool IsBillOf(const lake::Load& load, const Connection& connection);
/// True when every line of the load's bill is on an invoice: such a bill does not change any more.
Result<bool> IsInvoiced(const lake::Layout& layout, const lake::Load& load);

/// A load's days as something to select FROM.
std::string DailyRelation(const lake::Layout& layout, const lake::Load& load);
/// Reads what a load covers from the lake.
Result<Coverage> CoverageOf(const lake::Layout& layout, const lake::Load& load);

/// One month of one connection as Cost Explorer answered it.
struct KeptAnswer {
  std::string connection_id;
  Period period;
  Instant asked_at;
  int rows = 0, requests = 0;  ///< what it held and cost
  /// Loads, and the import policy's accounts; meaningless before the first fit.
  std::vector<std::string> fitted_around;
  bool fitted = false;
};

class KeptAnswers {
 public:
  KeptAnswers(engine::SqliteDatabase& database, const lake::Layout& layout)
      : database_(database), layout_(layout) {}
  /// All of them, or those of one connection; by connection and month.
  Result<std::vector<KeptAnswer>> List(const std::string& connection_id = "");
  /// Replaces what is kept of that month.
  Result<void> Keep(const KeptAnswer& answer, const std::vector<ingest::CostExplorerRow>& rows);
  Result<std::vector<ingest::CostExplorerRow>> Rows(const KeptAnswer& answer);
  Result<void> MarkFitted(const KeptAnswer& answer, const std::vector<std::string>& around);
  /// Forgets what is kept of a connection; what is in the lake stays.
  Result<void> Forget(const std::string& connection_id);
  /// DATA/cost_explorer/<connection>/<month>
  std::filesystem::path Directory(const KeptAnswer& answer) const;

 private:
  engine::SqliteDatabase& database_;
  const lake::Layout& layout_;
};

/// What fitting did to one month.
struct Fit {
  std::string connection_id;
  Period period;
  std::string
      outcome;  ///< "published", "retired" (the bills have everything), "empty", "unchanged"
  Cut cut;      ///< with the rows that were left taken out
  std::size_t rows_left = 0;
  std::optional<lake::LeftOut> left_out;  ///< by the import policy, of what no bill covers
};

/// The export of the lake that a connection's answers are.
std::string CostExplorerIdentity(const std::string& connection_id);

/// Cuts every kept answer anew whose month's elected loads or accounts to import are not those it was cut for, and
/// publishes or retires it; asks nothing of AWS.  Differences between replaced cells and bills are recorded as events.
/// Answers whose connection was deleted are forgotten.  Cheap where nothing has changed.
/// Errors: after all that could be fitted are, the first one's: kConflict (an import is writing), ingest::Import's.
Result<std::vector<Fit>> FitCostExplorer(Store& store, lake::Catalog& catalog);

}  // namespace farthing::connect
