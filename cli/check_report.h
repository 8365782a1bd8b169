#pragma once

// Prints checks as they run and as a report.  One thread.

#include <string>

#include "cli/verb.h"
#include "connect/checks/checks.h"

namespace farthing::cli {

/// Prints each result as it comes, with cause and fix where there is something to do.
void PrintCheck(const connect::CheckResult& result, CliContext& context);
/// Prints the sum, or the whole report under --format json and csv.
void PrintCheckReport(const connect::CheckReport& report, CliContext& context);
/// "20 passed, 1 warning, 0 failed".
std::string CountsOf(const connect::CheckReport& report);
/// An observer that prints live where a person reads, and nothing for programs.
std::function<void(const connect::CheckResult&, bool)> LiveChecks(CliContext& context);

/// kPermissionDenied with the first failure when something has failed; else success.
Result<void> FailWhereChecksFailed(const connect::CheckReport& report);

}  // namespace farthing::cli
