#pragma once

// Several exports of one bill check each other: the elected one against each of the others, by service.
// One thread, as the Session.

#include <vector>

#include "base/result.h"
#include "lake/catalog.h"
#include "query/diff.h"
#include "query/session.h"

namespace farthing::query {

/// The elected export of a bill beside another one of the same bill.  Only the accounts that the
/// other covers are compared; rows are the services whose figures differ.
struct CrossCheck {
  lake::Load elected;
  lake::Load other;
  Differences differences;
};

/// Compares every load that is not elected with the one that stands for its bill: unblended and net
/// amortised cost between CURs, billed and effective cost where FOCUS is involved.
/// Errors: as Session::Run.
Result<std::vector<CrossCheck>> CrossCheckBills(Session& session, const lake::LoadFilter& filter);

}  // namespace farthing::query
