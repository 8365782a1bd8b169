#include "cli/watch_connections.h"

#include <algorithm>
#include <ostream>

#include "cli/check_report.h"
#include "cli/first_day_report.h"
#include "cli/reconcile_report.h"
#include "connect/exports/member_accounts.h"

namespace farthing::cli {
namespace {

using connect::Connection;
using connect::Due;
using connect::Task;

/// Connections that another process makes are noticed after this.
constexpr std::chrono::minutes kLookAgain{2};

/// Says only what a person must know: failures and what has changed since the last time.
Result<void> VerifyOne(OpenInstallation& installation, const std::string& id, CliContext& context) {
  connect::CheckOptions options;
  options.is_scheduled = true;
  TRY_ASSIGN(options.platform_principal, installation.store().Setting("platform_principal"));
  connect::Installation parts = installation.parts();
  TRY_ASSIGN(const connect::CheckReport report, Verify(parts, id, options));
  if (context.format != "table") {
    PrintCheckReport(report, context);
    return {};
  }
  context.out << report.connection_name << "  verified: " << CountsOf(report) << '\n';
  for (const connect::CheckResult& result : report.results) {
    const bool drift = result.id == "drift" && result.status == connect::CheckStatus::kWarning;
    if (drift || result.status == connect::CheckStatus::kFail) PrintCheck(result, context);
  }
  return {};
}

Result<void> RefreshAccounts(OpenInstallation& installation, const Connection& connection) {
  TRY_ASSIGN(const auto client,
             ClientFor(connection, installation.platform(), installation.vault()));
  TRY(RefreshMemberAccounts(installation.store(), *client, connection, Now()));
  return {};
}

/// The price is said before anything is spent.
Result<void> FillFirst(OpenInstallation& installation, const std::string& id,
                       const StopSignals& signals, CliContext& context) {
  connect::Installation parts = installation.parts();
  TRY_ASSIGN(const Connection connection, parts.store.Find(id));
  connect::FirstDayOptions options;
  options.cancellation = signals.cancellation();
  options.on_plan = [&](const connect::FirstDayPlan& plan) {
    if (context.format != "table") return;
    context.out << connection.settings.name << "  ";
    PrintPlan(plan, context.out);
  };
  TRY_ASSIGN(std::optional<connect::FirstDayOutcome> outcome, FillWhileWaiting(parts, id, options));
  if (!outcome) return {};
  PrintFirstDay(*outcome, context);
  if (outcome->stopped) return std::move(*outcome->stopped);
  return {};
}

/// On a terminal the totals, and the figures behind them only where something is unexplained.
Result<void> ReconcileOne(OpenInstallation& installation, const std::string& id,
                          const StopSignals& signals, CliContext& context) {
  connect::Installation parts = installation.parts();
  connect::ReconcileOptions options;
  options.cancellation = signals.cancellation();
  TRY_ASSIGN(const std::optional<connect::Reconciliation> outcome,
             ReconcileIfDue(parts, id, options));
  if (!outcome) return {};
  if (context.format == "table" && !outcome->has_unexplained()) {
    context.out << TotalLines(*outcome);
  } else {
    PrintReconciliation({*outcome}, context);
  }
  return {};
}

Result<void> Do(const Due& due, OpenInstallation& installation, const WatchOptions& options,
                const StopSignals& signals, CliContext& context) {
  connect::Installation parts = installation.parts();
  switch (due.task) {
    case Task::kTerms: {
      TRY_ASSIGN(const std::vector<connect::TermAction> terms, ApplyTerms(parts, Now()));
      for (const connect::TermAction& term : terms) {
        context.err << "note: " << term.sentence << '\n';
      }
      return {};
    }
    case Task::kVerify: return VerifyOne(installation, due.connection_id, context);
    case Task::kCollect: return options.collect(due.connection_id);
    case Task::kAccounts: {
      TRY_ASSIGN(const Connection connection, parts.store.Find(due.connection_id));
      return RefreshAccounts(installation, connection);
    }
    case Task::kFirstDay: return FillFirst(installation, due.connection_id, signals, context);
    case Task::kReconcile: return ReconcileOne(installation, due.connection_id, signals, context);
  }
  return {};
}

Result<std::vector<Connection>> Watched(connect::Store& store, const std::string& name) {
  if (name.empty()) return store.List();
  TRY_ASSIGN(const Connection one, store.Find(name));
  return std::vector<Connection>{one};
}

}  // namespace

Result<void> WatchConnections(OpenInstallation& installation, const WatchOptions& options,
                              StopSignals& signals, CliContext& context) {
  connect::Store& store = installation.store();
  TRY_ASSIGN(std::vector<Connection> connections, Watched(store, options.connection));
  connect::Attempts attempts = StoredAttempts(connections);
  // Whoever starts a watch wants a look now, however recent the last one was.
  std::erase_if(attempts, [](const auto& each) { return each.first.task == Task::kCollect; });
  while (!signals.stopped()) {
    const connect::Agenda agenda = WhatIsDue(connections, attempts, options.schedule, Now());
    for (const Due& due : agenda.due) {
      if (signals.stopped()) break;
      TRY_ASSIGN(connections, store.List());
      if (!IsStillWanted(due, connections)) continue;
      const Result<void> done = Do(due, installation, options, signals, context);
      attempts[due] = Now();
      if (!done.ok() && done.error().detail("cancelled") != "true") {
        PrintError(done.error(), context);
      }
      context.out << std::flush;
    }
    TRY_ASSIGN(connections, Watched(store, options.connection));
    const Instant now = Now();
    const Instant next = WhatIsDue(connections, attempts, options.schedule, now).next;
    const std::chrono::milliseconds pause(
        std::max<std::int64_t>(0, next.micros - now.micros) / 1000 + 1);
    if (!signals.stopped()) signals.WaitFor(std::min<std::chrono::milliseconds>(pause, kLookAgain));
  }
  return {};
}

}  // namespace farthing::cli
