#pragma once

// What is there and what is not: account × day × export, compressed to ranges, each gap with its cause; and how
// fresh each export is.  Asks nothing of AWS.  One thread per call.

#include <optional>
#include <string>
#include <vector>

#include "connect/store.h"
#include "lake/catalog.h"

namespace farthing::connect {

enum class CellStatus {
  kCovered,       ///< the bill has it
  kFilled,        ///< Cost Explorer filled it
  kPending,       ///< AWS has not delivered it yet, and need not have
  kLate,          ///< AWS should have delivered it
  kDenied,        ///< the last check was refused something
  kUnreachable,   ///< where bills lie is not there, or does not answer
  kQuarantined,   ///< delivered, but it cannot be read or is incomplete
  kStopped,       ///< the export is unhealthy or gone
  kBeforeExport,  ///< before the export existed
  kNotJoined,     ///< the account had no charges before: it joined or was opened later
  kNoCharges,     ///< the account has no charges any more: closed, or moved away
  kLeftOut,  ///< delivered, and left out by the connection's import policy; the cause counts and sums
  kNotCollected,  ///< it was not fetched: the connection does not collect, or has not yet
  kThroughPayer,  ///< the bill comes through another connection, the payer's
  kAbsent,        ///< nobody announces deliveries, and no bill for it lies there
};
std::string_view Name(CellStatus status);  ///< "covered", "filled-by-cost-explorer", …
/// One character for a map on a terminal.
char Symbol(CellStatus status);

struct CoverageSpan {
  std::string connection, export_name, account;
  std::string first_day, last_day;  ///< inclusive
  CellStatus status = CellStatus::kCovered;
  std::string cause;  ///< a sentence; empty for kCovered
};

struct Freshness {
  std::string connection, export_name;
  std::optional<Instant> last_delivery;  ///< of this export, that could be read
  std::string covered_until;             ///< last day with usage; "" when nothing is there
  std::string final_until;   ///< last month whose lines are all invoiced, "2026-01"; or ""
  bool is_estimated = true;  ///< the newest month may still change
  std::string problem;       ///< why nothing new comes, or cannot be read; or ""
};

/// What the import policy left out of a month's bill.
struct PeriodLeftOut {
  std::string connection, export_name;
  Period period;
  lake::LeftOut left_out;
};

struct CoverageMap {
  std::vector<CoverageSpan> spans;  ///< by connection, export, account, day
  std::vector<Freshness> exports;
  std::vector<PeriodLeftOut> left_out;  ///< by connection, export, month
};

/// Maps one connection or, with "", all.  Days are from the first bill, the first answer of Cost Explorer or the
/// connection's first month, until `now`.
Result<CoverageMap> MapCoverage(Store& store, lake::Catalog& catalog, const std::string& connection,
                                Instant now);

}  // namespace farthing::connect
