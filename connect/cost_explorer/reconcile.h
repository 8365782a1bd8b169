#pragma once

// The bill against Cost Explorer: by month, service and charge type, exact, with the known causes of what differs.
// One request of US$0.01 a page, paid for through the ledger.  One thread per call.

#include <string>
#include <vector>

#include "base/decimal.h"
#include "connect/installation.h"
#include "connect/spending.h"

namespace farthing::connect {

struct ReconcileOptions {
  std::optional<Period>
      period;  ///< absent: the month before and the current one, where there are bills
  std::function<Instant()> now = Now;
  const http::Cancellation* cancellation = nullptr;
};

struct ReconcilePlan {
  std::vector<Period> periods;  ///< consecutive, oldest first
  int expected_requests = 0;
  SpendingState spending;
};
/// Errors: kNotFound (no bill of these months), kInvalidArgument (no AWS account behind the connection).
Result<ReconcilePlan> PlanReconcile(Installation& installation, const std::string& connection,
                                    const ReconcileOptions& options);

/// The part of a difference that a known cause accounts for, by figures of its own.
struct Explanation {
  std::string cause;
  Decimal amount;  ///< signed as the difference, and no more of it than those figures are
};
/// A service and charge type whose figures differ.
struct ReconcileRow {
  Period period;
  std::string service, charge_type;
  Decimal cost_explorer, bill, difference;  ///< Cost Explorer minus bill
  std::vector<Explanation> explanations;
  Decimal unexplained;  ///< the difference minus what is explained
  std::string likely;   ///< what the unexplained rest may come from, without proof; or ""
};
struct ReconcileTotal {
  Period period;
  Decimal cost_explorer, bill, difference;
  Decimal
      unexplained;  ///< sizes of the rows' unexplained rests added up: they never cancel each other
  int compared = 0, differing = 0, without_cause = 0;
  bool estimated = false;  ///< Cost Explorer says that it may change
  bool is_final = false;   ///< every line of the bill is on an invoice
  std::string bill_until;  ///< last day with usage in the bill
};
struct Reconciliation {
  std::string connection_id, connection_name;
  std::string metric;  ///< "unblended_cost", or "billed_cost" where the bill has no other
  std::vector<ReconcileRow> rows;
  std::vector<ReconcileTotal> totals;
  int requests = 0;
  SpendingState spending;
  bool has_unexplained() const;
};
/// Asks Cost Explorer for the months, and for the last days of an open one that differs; compares; records the outcome as an event "reconciled".  Errors: kTooLarge (cap), aws/error.h.
Result<Reconciliation> Reconcile(Installation& installation, const std::string& connection,
                                 const ReconcileOptions& options);

/// True where bills of the month are there and every line of them is on an invoice.
Result<bool> HasFinalBill(lake::Catalog& catalog, const Connection& connection, Period month);

/// True when a schedule should reconcile a connection that may ask Cost Explorer and has bills: once a week, and once
/// more when the bill of the month before has become final.
Result<bool> ReconcileDue(Installation& installation, const Connection& connection, Instant now);
/// For schedules: Reconcile where that is due; nothing where it is not.
/// Errors: as Reconcile; kTooLarge also where the cap leaves less than what it probably costs, before anything is spent.
Result<std::optional<Reconciliation>> ReconcileIfDue(Installation& installation,
                                                     const std::string& connection,
                                                     const ReconcileOptions& options);

/// A figure on either side, before it is explained, and what stands beside it to explain a difference.
struct ReconcileCell {
  Period period;
  std::string service, charge_type;  ///< as ComparableService and ComparableType give them
  Decimal cost_explorer, bill;
  Decimal refunds = {};       ///< in `bill`: of refunds and credits
  Decimal marketplace = {};   ///< in `bill`: of what others sell through AWS Marketplace
  Decimal not_invoiced = {};  ///< in `bill`: of lines that are on no invoice yet
  Decimal last_days_cost_explorer = {}, last_days_bill = {};
};
struct ReconcileContext {
  Instant now;
  std::set<Period> estimated;
  std::map<Period, std::string> bill_until;  ///< last day with usage in the bill
  std::map<Period, std::string>
      last_days;  ///< from that day on; only where Cost Explorer was asked
};
/// True while Cost Explorer and the bill of the month may still lag by different hours.
bool IsOpen(Period period, const ReconcileContext& context);
/// Returns the cells that differ, largest first within their month, each as far as it is explained.  Pure.
Result<std::vector<ReconcileRow>> ExplainDifferences(const std::vector<ReconcileCell>& cells,
                                                     const ReconcileContext& context);
/// One name for a service on both sides: "EC2 - Other" belongs to "Amazon Elastic Compute Cloud".
std::string ComparableService(std::string_view service);
/// One name for a charge type: "Recurring reservation fee" is "RIFee".
std::string ComparableType(std::string_view type);

}  // namespace farthing::connect
