#pragma once

// What is due, and when to look again: a pure function of connections, what was last tried, and the time.  Whoever
// watches does what is due, notes when it was tried, and asks again.  Const-safe.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connect/connection.h"

namespace farthing::connect {

enum class Task {
  kTerms,     ///< of all connections at once: end dates and deletions
  kCollect,   ///< new deliveries
  kVerify,    ///< every check, the refusal without external ID among them; drift is told
  kAccounts,  ///< names and units of member accounts
  kFirstDay,  ///< FillWhileWaiting of connect/cost_explorer/first_day.h: only with a cap that a person set, until bills arrive
  kReconcile,  ///< a daily look whether it is due; ReconcileIfDue of connect/cost_explorer/reconcile.h, under the connection's cap
};
std::string_view Name(Task task);  ///< "collect", …

struct Due {
  Task task = Task::kCollect;
  std::string connection_id;  ///< empty: of the installation
  bool operator==(const Due&) const = default;
  auto operator<=>(const Due&) const = default;
};

struct ScheduleSettings {
  std::int64_t collect_seconds = 4 * 3600;  ///< AWS delivers up to three times a day
  std::int64_t daily_seconds = 24 * 3600;   ///< the other tasks
};

/// When something was last tried, whatever came of it: a failure is not repeated at once.
using Attempts = std::map<Due, Instant>;
/// What the store knows of earlier runs: verified and collected.
Attempts StoredAttempts(const std::vector<Connection>& connections);

struct Agenda {
  std::vector<Due> due;  ///< in the order to do them: terms, then each connection's in turn
  Instant next;          ///< when something becomes due after these, had they been done now
};
/// Draft, disabled and disconnected connections have no tasks.  Intervals differ by up to a tenth either way, by
/// connection and turn, so that installations do not ask AWS in step.
Agenda WhatIsDue(const std::vector<Connection>& connections, const Attempts& attempts,
                 const ScheduleSettings& settings, Instant now);

/// Whether what was due still makes sense: an earlier task, or a person, may have ended or changed the connection.
bool IsStillWanted(const Due& due, const std::vector<Connection>& connections);

}  // namespace farthing::connect
