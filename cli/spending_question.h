#pragma once

// Asks before the customer's money is spent on Cost Explorer.  One thread.

#include "cli/verb.h"
#include "connect/spending.h"

namespace farthing::cli {

/// Returns when the requests may be made: --yes was said, or a person at the terminal agrees.
/// Errors: kInvalidArgument (declined, or nobody to ask), kTooLarge (nothing is left under the cap).
Result<void> MaySpend(int expected_requests, const connect::SpendingState& spending, bool yes,
                      CliContext& context);

}  // namespace farthing::cli
