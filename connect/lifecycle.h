#pragma once

// The life of a connection as a visible state machine, and what its term says of it.  Pure functions.
//
//   draft → verifying → waiting → collecting → connected ⇄ degraded;  any → disabled → verifying;  any → disconnected

#include <optional>
#include <string>
#include <vector>

#include "connect/connection.h"

namespace farthing::connect {

/// Days a connection stays disabled after its term before it is deleted for good.
inline constexpr int kDisabledDays = 90;

/// True when the state may follow; the same state may always follow itself.
bool MayFollow(State from, State to);
/// The states that may follow, for messages and pages.
std::vector<State> Next(State from);
/// One sentence for a person: what this state means and what happens next.
std::string Describe(const Connection& connection, Instant now);
/// False for disabled, disconnected and draft connections: nothing is asked of AWS for them by schedule.
bool MayCollect(State state);

/// What the calendar demands of a connection now.
struct TermAction {
  enum class Kind { kNone, kEndsSoon, kRenew, kDisable, kDeletionSoon, kDelete };
  Kind kind = Kind::kNone;
  std::string sentence;        ///< to print and to notify; empty for kNone
  std::string new_start_date;  ///< kRenew: the first day of the next term
  std::string new_end_date;    ///< kRenew: its last day; it is as long as the one that ends
  std::optional<Instant> delete_after;  ///< kDisable
};
/// Looks at end date, renewal and the 90 days.  Says so from 30 days before the end and 14 before deletion.
TermAction TermAt(const Connection& connection, Instant now);

}  // namespace farthing::connect
