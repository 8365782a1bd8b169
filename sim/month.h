#pragma once

// What happens in the organisation in one month, as lines of its bill.

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "sim/line.h"

namespace farthing::sim {

/// The fewest lines in which a month with every line type fits.
constexpr std::int64_t kMinMonthLines = 500;

struct MonthOptions {
  std::uint64_t seed = 1;
  Period first;   ///< the bill's first month: commitments are bought then, for a year
  Period period;  ///< the month to emit
  std::int64_t lines = kMinMonthLines;
  int restatement = 0;  ///< > 0: a later delivery, in which some usage has grown
};

/// Hands exactly `options.lines` lines to the sink; equal options give equal lines.
///
/// A line of usage covers an hour.  Months of less than about 30,000 lines keep only every n-th
/// hour, so that all days have charges; commitments then exist in those hours only.
/// Per hour: covered usage + negation = 0 for every plan, usage type, zone and account; used
/// commitment = Σ effective cost.  Per month: Σ RI effective + unused = fee + amortised upfront.
void EmitMonth(const MonthOptions& options, const BillHead& head,
               const std::function<void(const Line&)>& sink);

}  // namespace farthing::sim
