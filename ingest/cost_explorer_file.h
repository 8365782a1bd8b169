#pragma once

// Cost Explorer's answers as files of the format `cost_explorer`: one row per day (or hour), account, service
// and group of charges.  docs/formats/cost-explorer.md.  Pure functions; const-safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::ingest {

/// One figure set of Cost Explorer.  Amounts are its own decimal text.
struct CostExplorerRow {
  std::string payer, account, account_name, service;
  /// "Usage", "Tax", "Credit", "Refund" or "Purchase": the request that asked for it.
  std::string charge_group;
  std::string start, end;  ///< "2026-01-31", or "2026-01-31T23:00:00Z" of hours; end exclusive
  std::string currency;
  std::string unblended, net_unblended, blended, amortized, net_amortized;
  std::string usage_quantity, usage_unit;  ///< both empty where units are mixed
  bool estimated = false;

  std::string day() const { return start.substr(0, 10); }
  bool operator==(const CostExplorerRow&) const = default;
};

/// The rows as CSV with a header; all of one billing month.
std::string WriteCostExplorerCsv(Period period, const std::vector<CostExplorerRow>& rows);
/// Reads what WriteCostExplorerCsv wrote.  Errors: kCorrupt.
Result<std::vector<CostExplorerRow>> ReadCostExplorerCsv(std::string_view csv);

/// What lies beside such a file, so that import finds and versions it as any delivery.
struct CostExplorerDelivery {
  std::string name, identity;  ///< of the export
  std::string version;         ///< a ULID
  Period period;
  std::string file;                       ///< name beside the manifest
  std::vector<std::string> fills_around;  ///< lake/catalog.h, Load
};
std::string WriteCostExplorerManifest(const CostExplorerDelivery& delivery);

}  // namespace farthing::ingest
