#pragma once

// What comes once a month or once at all: fees of commitments, support, credits, refunds, taxes.

#include <cstdint>
#include <functional>

#include "base/decimal.h"
#include "sim/line.h"

namespace farthing::sim {

/// How a lease was used in a month.
struct LeaseUse {
  std::int64_t instances, hours;  ///< leased instances; hours of the month
  std::int64_t used;              ///< instance hours, at most instances * hours
};

/// The RIFee of a month: recurring fee, amortised upfront, and what of both went unused.
Line LeaseFee(const BillHead& head, const Reservation& lease, const LeaseUse& use,
              const TimeSpan& span);
/// The upfront Fee of a lease for its year.
Line LeaseUpfront(const BillHead& head, const Reservation& lease, const LeaseUse& use,
                  const TimeSpan& span);
/// The SavingsPlanUpfrontFee of a plan for its year.
Line PlanUpfront(const BillHead& head, const SavingsPlan& plan, Units hourly, const TimeSpan& span);

/// 8.25 % of an account's charges, rounded down to cents; 0 when the charges are negative.
Line TaxOf(const BillHead& head, const Account& account, int128 charges);

/// Emits support, Marketplace, credits, refunds, discount lines and the rest of the line types.
void EmitOneOffs(const BillHead& head, const std::function<void(const Line&)>& emit);

}  // namespace farthing::sim
