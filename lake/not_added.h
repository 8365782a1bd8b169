#pragma once

// What a reader must know of loads that were not elected: that the elected ones lack accounts or money of theirs.
// Pure but for the figures asked for; const-safe.

#include <string>
#include <vector>

#include "lake/catalog.h"

namespace farthing::lake {

/// What the elected loads lack or have otherwise: another sum than the one that stands for the bill, accounts that are
/// in none, another payer.  Empty where they agree.  A delivered export of fewer accounts, such as a member's, has a
/// smaller sum.
std::string Difference(const Candidate& other, const std::vector<Candidate>& candidates,
                       const FiguresOf& figures_of);

/// A note for answers that read `elected_export` in `period`.
struct NotAdded {
  Period period;
  std::string elected_export;
  std::string note;
};
/// One for each load that was not elected and has a difference.
std::vector<NotAdded> NotesOfNotAdded(const std::vector<Candidate>& candidates);

}  // namespace farthing::lake
