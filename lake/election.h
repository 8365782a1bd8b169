#pragma once

// Which of several exports stands for a bill.  Pure; const-safe.
//
// Exports of the same provider, payer and month describe the same bill: legacy + CUR 2.0 + FOCUS, or a
// payer's and its members'.  Adding them would count the bill twice, so only loads of which something says that they
// are two bills are added: other payers, or accounts of which none is common.  Else one is elected, in this order: the
// user's choice; the one that covers more accounts; one whose query left nothing out; a complete delivery before bare
// files; CUR 2.0 before legacy before FOCUS; more lines; the older export.
//
// Cost Explorer's answers never stand against a bill: they fill the accounts and days that the elected
// loads do not have.  They were cut to fit particular loads (Load::fills_around) and count only while
// every elected load of their bill is one of these.  docs/decisions/0008-cost-explorer.md

#include <string>
#include <string_view>
#include <vector>

#include "lake/catalog.h"

namespace farthing::lake {

/// The user's choice, newest first; period "" means every period.
struct Preference {
  std::int64_t export_id = 0;
  std::string period;
};

/// How the note of a load begins (Load::notes) whose export's query leaves lines out.
inline constexpr std::string_view kFilteredNote = "the export's query has a WHERE";
bool IsFiltered(const Load& load);

/// The id without leading zeros: tools that take ids for numbers cut them off.
std::string PlainAccount(const std::string& id);

/// True for loads that may have lines of the same account and day, to be cut to fit each other: of one month and
/// provider, and of one payer or of common accounts (an account may have changed its payer).
bool MayShareCells(const Load& a, const Load& b);

/// Returns the loads in their order with the outcome for each.
std::vector<Candidate> HoldElection(std::vector<Load> loads,
                                    const std::vector<Preference>& preferences);

}  // namespace farthing::lake
