#pragma once

// The bill against Cost Explorer on the terminal, for the verb reconcile and for the watch.

#include <string>
#include <vector>

#include "cli/verb.h"
#include "connect/reconcile.h"

namespace farthing::cli {

/// A line for each month: both sums, their difference and how much of it is unexplained.
std::string TotalLines(const connect::Reconciliation& reconciliation);
/// The totals, then every figure that differs, with its cause.
void PrintReconciliation(const std::vector<connect::Reconciliation>& all, CliContext& context);

}  // namespace farthing::cli
