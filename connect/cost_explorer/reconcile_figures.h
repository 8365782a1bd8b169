#pragma once

// The figures that a reconciliation compares, by month, service and charge type: the bills of one connection, added up
// in the lake, beside what Cost Explorer answered.  For connect/cost_explorer/reconcile.cc.  One thread.

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "aws/cost_explorer.h"
#include "connect/cost_explorer/reconcile.h"

namespace farthing::connect {

class ReconcileFigures {
 public:
  ReconcileFigures(lake::Catalog& catalog, const Connection& connection)
      : catalog_(catalog), connection_(connection) {}

  /// Adds up the elected bills of these months.
  Result<void> ReadBills(Period first, Period last);
  /// Adds an answer of Cost Explorer to the months that are among `periods`.  What it estimates is noted.
  Result<void> AddAnswer(const aws::CostAnswer& answer, const std::set<Period>& periods);
  /// The same for the last days of one month.
  Result<void> AddLastDays(const aws::CostAnswer& answer, Period period);

  const std::vector<Period>& periods() const { return periods_; }  ///< with bills, oldest first
  std::size_t size() const { return cells_.size(); }
  std::vector<ReconcileCell> List() const;
  /// False for FOCUS, which has billed cost instead, and no types.
  bool has_unblended() const { return has_unblended_; }
  /// Cost Explorer's name of the metric.
  std::string metric() const { return has_unblended_ ? "UnblendedCost" : "NetUnblendedCost"; }
  /// Accounts whose lines the import policy left out of the month: Cost Explorer is asked without them.
  std::set<std::string> LeftOut(Period period) const;
  /// From where on Cost Explorer and the bill may lag: the day before the last one with usage; "" without usage.
  std::string LastDaysFrom(Period period) const;

  const std::set<Period>& estimated() const { return estimated_; }
  const std::map<Period, std::string>& bill_until() const { return bill_until_; }

 private:
  Result<void> AddBill(const lake::Load& load);
  ReconcileCell& CellAt(Period period, const std::string& service, const std::string& type);
  Result<void> AddGroup(const aws::CostGroup& group, Period period,
                        Decimal ReconcileCell::* figure);

  lake::Catalog& catalog_;
  const Connection& connection_;
  std::vector<lake::Load> loads_;
  std::vector<Period> periods_;
  bool has_unblended_ = true;
  std::map<std::tuple<Period, std::string, std::string>, ReconcileCell> cells_;
  std::set<Period> estimated_;
  std::map<Period, std::string> bill_until_;
};

}  // namespace farthing::connect
