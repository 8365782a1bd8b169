#pragma once

// Which of several exports stands for a bill.  Pure but for the figures asked for; const-safe.
//
// Exports of the same provider, payer and month describe the same bill: legacy + CUR 2.0 + FOCUS, or a
// payer's and its members'.  Adding them would count the bill twice, so only loads of which something says that they
// are two bills are added (lake/same_bill.h).  Else one is elected, in this order: the user's choice; the one that
// covers more accounts; one whose query left nothing out; one that has all days of another and more; a complete
// delivery before bare files; CUR 2.0 before legacy before FOCUS; more lines; the older export.
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

/// The figures that a load carries with it.
std::optional<AccountFigures> FiguresInLoad(const Load& load, const std::string& account);

/// Returns the loads in their order with the outcome for each.
std::vector<Candidate> HoldElection(std::vector<Load> loads,
                                    const std::vector<Preference>& preferences,
                                    const FiguresOf& figures_of = FiguresInLoad);

}  // namespace farthing::lake
