#include "connect/collecting/schedule.h"

#include <algorithm>

#include "connect/cost_explorer/first_day.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint64_t kFineness = 2001;  // steps of a ten-thousandth, from -10 % to +10 %

/// FNV-1a: the same everywhere and for ever, so that a restart does not shift the turns.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return hash;
}

std::int64_t Interval(const Due& due, Instant last, const ScheduleSettings& settings) {
  const std::int64_t seconds =
      due.task == Task::kCollect ? settings.collect_seconds : settings.daily_seconds;
  const std::int64_t micros = seconds * kSecond;
  const std::uint64_t hash =
      Hash(due.connection_id + std::string(Name(due.task)) + std::to_string(last.micros));
  const auto tenth = static_cast<std::int64_t>(hash % kFineness) - 1000;
  return micros + micros / 10'000 * tenth;
}

std::vector<Due> TasksOf(const Connection& connection) {
  if (!MayCollect(connection.state)) return {};
  const Settings& settings = connection.settings;
  std::vector<Due> tasks{{Task::kVerify, connection.id}};
  if (settings.type != ConnectionType::kLinkedKeys)
    tasks.push_back({Task::kCollect, connection.id});
  const bool aws =
      settings.type != ConnectionType::kBucket && settings.type != ConnectionType::kDirectory;
  const bool may_list =
      aws && settings.type != ConnectionType::kMember;  // AWS tells the management account only
  if (may_list && settings.permission_sets.contains(PermissionSet::kOrganization)) {
    tasks.push_back({Task::kAccounts, connection.id});
  }
  const bool has_bill = aws && settings.type != ConnectionType::kLinkedKeys;
  if (has_bill && settings.permission_sets.contains(PermissionSet::kCostExplorer)) {
    if (connection.state == State::kWaiting && MayFillUnasked(connection)) {
      tasks.push_back({Task::kFirstDay, connection.id});
    }
    tasks.push_back({Task::kReconcile, connection.id});
  }
  return tasks;
}

}  // namespace

std::string_view Name(Task task) {
  switch (task) {
    case Task::kTerms: return "terms";
    case Task::kCollect: return "collect";
    case Task::kVerify: return "verify";
    case Task::kAccounts: return "accounts";
    case Task::kFirstDay: return "first-day";
    case Task::kReconcile: return "reconcile";
  }
  return "?";
}

Attempts StoredAttempts(const std::vector<Connection>& connections) {
  Attempts attempts;
  for (const Connection& connection : connections) {
    if (connection.last_checked) {
      attempts[{Task::kVerify, connection.id}] = *connection.last_checked;
    }
    if (connection.last_collected) {
      attempts[{Task::kCollect, connection.id}] = *connection.last_collected;
    }
  }
  return attempts;
}

Agenda WhatIsDue(const std::vector<Connection>& connections, const Attempts& attempts,
                 const ScheduleSettings& settings, Instant now) {
  std::vector<Due> tasks{{Task::kTerms, ""}};
  for (const Connection& connection : connections) {
    for (Due& task : TasksOf(connection)) tasks.push_back(std::move(task));
  }
  Agenda agenda;
  agenda.next = {now.micros + settings.daily_seconds * kSecond};
  for (Due& task : tasks) {
    const auto last = attempts.find(task);
    // A clock that was set back must not silence a task for long.
    const bool known = last != attempts.end() && last->second <= now;
    const Instant at =
        known ? Instant{last->second.micros + Interval(task, last->second, settings)} : now;
    const Instant again{at > now ? at.micros : now.micros + Interval(task, now, settings)};
    agenda.next = std::min(agenda.next, again);
    if (at <= now) agenda.due.push_back(std::move(task));
  }
  return agenda;
}

bool IsStillWanted(const Due& due, const std::vector<Connection>& connections) {
  if (due.connection_id.empty()) return true;
  for (const Connection& connection : connections) {
    if (connection.id != due.connection_id) continue;
    const std::vector<Due> tasks = TasksOf(connection);
    return std::find(tasks.begin(), tasks.end(), due) != tasks.end();
  }
  return false;
}

}  // namespace farthing::connect
