#pragma once

// What the first day costs and brought, for the verb first-day and for the watch.

#include <iosfwd>

#include "cli/verb.h"
#include "connect/cost_explorer/first_day.h"

namespace farthing::cli {

/// The price before anything is spent, or why there is nothing to ask for.
void PrintPlan(const connect::FirstDayPlan& plan, std::ostream& out);
/// Each month with what the bills have replaced, and what was spent.
void PrintFirstDay(const connect::FirstDayOutcome& outcome, CliContext& context);

}  // namespace farthing::cli
