#pragma once

// Which of several exports stands for a bill.  Pure; const-safe.
//
// Exports of the same provider, payer and month describe the same bill: legacy + CUR 2.0 + FOCUS, or a
// payer's and its members'.  An export without the payer's column is told by its accounts.  Adding them would count the bill twice, so loads whose accounts overlap are
// never added.  One is elected, in this order: the user's choice; the one that covers more accounts; a
// complete delivery before bare files; CUR 2.0 before legacy before FOCUS; more lines; the older export.
//
// Cost Explorer's answers never stand against a bill: they fill the accounts and days that the elected
// loads do not have.  They were cut to fit particular loads (Load::fills_around) and count only while
// every elected load of their bill is one of these.  docs/decisions/0008-cost-explorer.md

#include <string>
#include <vector>

#include "lake/catalog.h"

namespace farthing::lake {

/// The user's choice, newest first; period "" means every period.
struct Preference {
  std::int64_t export_id = 0;
  std::string period;
};

/// True for loads that may have lines of the same account and day, to be cut to fit each other: of one month and
/// provider, and of one payer or of common accounts (an account may have changed its payer).
bool MayShareCells(const Load& a, const Load& b);

/// Returns the loads in their order with the outcome for each.
std::vector<Candidate> HoldElection(std::vector<Load> loads,
                                    const std::vector<Preference>& preferences);

}  // namespace farthing::lake
