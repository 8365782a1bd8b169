#include "connect/lifecycle.h"

#include <algorithm>
#include "base/shell_words.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{24} * 3600 * 1'000'000;
constexpr int kEndNoticeDays = 30;
constexpr int kDeletionNoticeDays = 14;

Instant PlusDays(Instant instant, std::int64_t days) {
  return {instant.micros + days * kDayMicros};
}

/// Days until then, counting a begun day; never negative.
std::int64_t DaysUntil(Instant now, Instant then) {
  return std::max<std::int64_t>(0, (then.micros - now.micros + kDayMicros - 1) / kDayMicros);
}

std::string InDays(std::int64_t days) {
  return days == 1 ? "in 1 day" : "in " + std::to_string(days) + " days";
}

/// The first instant after the term's last day, if there is a term.
std::optional<Instant> TermEnd(const Settings& settings) {
  if (!settings.end_date) return std::nullopt;
  const Result<Instant> last_day = ParseInstant(*settings.end_date);
  if (!last_day.ok()) return std::nullopt;  // Validate has refused it already
  return PlusDays(*last_day, 1);
}

Instant TermStart(const Connection& connection) {
  if (!connection.settings.term_start) return connection.created;
  const Result<Instant> first_day = ParseInstant(*connection.settings.term_start);
  return first_day.ok() ? *first_day : connection.created;
}

}  // namespace

std::vector<State> Next(State from) {
  switch (from) {
    case State::kDraft: return {State::kVerifying, State::kDisabled, State::kDisconnected};
    case State::kVerifying:
      return {State::kDraft,    State::kWaiting,  State::kCollecting,  State::kConnected,
              State::kDegraded, State::kDisabled, State::kDisconnected};
    case State::kWaiting:
      return {State::kVerifying, State::kCollecting, State::kDegraded, State::kDisabled,
              State::kDisconnected};
    case State::kCollecting:
      return {State::kVerifying, State::kWaiting,  State::kConnected,
              State::kDegraded,  State::kDisabled, State::kDisconnected};
    case State::kConnected:
      return {State::kVerifying, State::kCollecting, State::kDegraded, State::kDisabled,
              State::kDisconnected};
    case State::kDegraded:
      return {State::kVerifying, State::kWaiting,  State::kCollecting,
              State::kConnected, State::kDisabled, State::kDisconnected};
    case State::kDisabled: return {State::kVerifying, State::kDisconnected};
    case State::kDisconnected: return {};
  }
  return {};
}

bool MayFollow(State from, State to) {
  if (from == to) return true;
  const std::vector<State> next = Next(from);
  return std::find(next.begin(), next.end(), to) != next.end();
}

bool MayCollect(State state) {
  return state == State::kWaiting || state == State::kCollecting || state == State::kConnected ||
         state == State::kDegraded;
}

std::string Describe(const Connection& connection, Instant now) {
  switch (connection.state) {
    case State::kDraft:
      if (!connection.cause.empty()) return "being set up; its checks failed: " + connection.cause;
      return connection.settings.role_arn.empty()
                 ? "being set up: verify it"
                 : "being set up: create the role in AWS, then verify";
    case State::kVerifying:
      return "the first checks are running, or were interrupted: then verify again";
    case State::kWaiting:
      if (connection.settings.type == ConnectionType::kDirectory ||
          connection.settings.type == ConnectionType::kBucket) {
        return "verified; no bill was collected yet";
      }
      return "verified; waiting for AWS's first delivery, which takes up to 24 hours (rarely 48)";
    case State::kCollecting: return "deliveries are being fetched and imported";
    case State::kConnected:
      return connection.settings.type == ConnectionType::kLinkedKeys
                 ? "verified only: its keys work and its account counts as connected; its bill, "
                   "resources "
                   "included, comes through its payer, and nothing is collected with these keys"
                 : "connected: everything that was delivered is in the lake";
    case State::kDegraded: return "something fails, data that is there stays: " + connection.cause;
    case State::kDisabled: {
      std::string text = "disabled: " + connection.cause;
      if (connection.delete_after) {
        text += "; deleted for good " + InDays(DaysUntil(now, *connection.delete_after)) + " (" +
                DayString(*connection.delete_after) + ") unless it is enabled before";
      }
      return text;
    }
    case State::kDisconnected:
      return connection.delete_after ? "its deletion was interrupted; collect ends it"
                                     : "disconnected: credentials are destroyed";
  }
  return "";
}

TermAction TermAt(const Connection& connection, Instant now) {
  using Kind = TermAction::Kind;
  const std::string name = connection.settings.name;
  if (connection.state == State::kDisconnected) {
    if (!connection.delete_after) return {};
    return {Kind::kDelete,
            "the deletion of connection " + name + " was interrupted and is ended",
            "",
            "",
            {}};
  }
  if (connection.state == State::kDisabled) {
    if (!connection.delete_after) return {};
    const std::int64_t days = DaysUntil(now, *connection.delete_after);
    if (now >= *connection.delete_after) {
      return {Kind::kDelete,
              "connection " + name + " was disabled for " + std::to_string(kDisabledDays) +
                  " days after its term and is deleted for good with its bills",
              "",
              "",
              {}};
    }
    if (days > kDeletionNoticeDays) return {};
    return {
        Kind::kDeletionSoon,
        "connection " + name + " will be deleted for good with its bills " + InDays(days) +
            "; what goes: " + CommandLine({"farthing", "connections", "delete", name, "--dry-run"}),
        "",
        "",
        {}};
  }
  const std::optional<Instant> end = TermEnd(connection.settings);
  if (!end) return {};
  if (now < *end) {
    const std::int64_t days = DaysUntil(now, *end);
    if (days > kEndNoticeDays) return {};
    const std::string then = connection.settings.auto_renew
                                 ? " and is renewed then"
                                 : " and is disabled then, because it does not renew itself";
    return {Kind::kEndsSoon,
            "the term of connection " + name + " ends " + InDays(days) + then,
            "",
            "",
            {}};
  }
  if (connection.settings.auto_renew) {
    // The next term is as long as this one; a long absence may skip several.
    const Instant start = TermStart(connection);
    const std::int64_t term =
        std::max(kDayMicros, (end->micros - start.micros) / kDayMicros * kDayMicros);
    Instant next = *end;
    while (next <= now) next.micros += term;
    const std::string last_day = DayString(PlusDays(next, -1));
    return {Kind::kRenew,
            "the term of connection " + name + " was renewed until " + last_day,
            DayString({next.micros - term}),
            last_day,
            {}};
  }
  // The 90 days are given in full, also where nothing ran when the term ended.
  const Instant delete_after = PlusDays(std::max(*end, now), kDisabledDays);
  return {Kind::kDisable,
          "the term of connection " + name + " ended on " + *connection.settings.end_date +
              "; it is disabled and will be deleted for good with its bills on " +
              DayString(delete_after),
          "", "", delete_after};
}

}  // namespace farthing::connect
