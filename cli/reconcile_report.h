#pragma once

// The bill against Cost Explorer on the terminal, for the verb reconcile and for the watch.

#include <string>
#include <vector>

#include "cli/verb.h"
#include "connect/cost_explorer/reconcile.h"

namespace farthing::cli {

/// A line for each month: both sums, their difference and how much of it is unexplained.
std::string TotalLines(const connect::Reconciliation& reconciliation);
/// The totals, then every figure that differs, with its cause.
void PrintReconciliation(const std::vector<connect::Reconciliation>& all, CliContext& context);

/// The error of a verb: kConflict where a difference has no known cause or is larger than what its causes amount to.
Result<void> FailWhereUnexplained(const std::vector<connect::Reconciliation>& all);

}  // namespace farthing::cli
