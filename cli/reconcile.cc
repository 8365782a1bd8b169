// farthing reconcile: the bill against Cost Explorer.

#include "connect/cost_explorer/reconcile.h"

#include <ostream>

#include "cli/installation.h"
#include "cli/reconcile_report.h"
#include "cli/spending_question.h"

namespace farthing::cli {
namespace {

struct ReconcileFlags {
  std::string connection, period;
  bool yes = false;
};

Result<void> RunReconcile(const ReconcileFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  connect::ReconcileOptions options;
  if (!flags.period.empty()) {
    TRY_ASSIGN(options.period, ParsePeriod(flags.period));
  }
  std::vector<std::string> names;
  if (!flags.connection.empty()) {
    names.push_back(flags.connection);
  } else {
    TRY_ASSIGN(const std::vector<connect::Connection> all, parts.store.List());
    for (const connect::Connection& one : all) {
      if (one.settings.permission_sets.contains(connect::PermissionSet::kCostExplorer))
        names.push_back(one.id);
    }
    if (names.empty()) {
      return Error(Errc::kNotFound, "no connection may ask Cost Explorer")
          .Hint("name one, or add the permission set cost-explorer to it");
    }
  }
  std::vector<connect::Reconciliation> outcomes;
  for (const std::string& name : names) {
    TRY_ASSIGN(const connect::ReconcilePlan plan, PlanReconcile(parts, name, options));
    context.err << "comparing " << plan.periods.size()
                << (plan.periods.size() == 1 ? " month" : " months")
                << " with Cost Explorer: about US$" << connect::Dollars(plan.expected_requests)
                << '\n';
    TRY(MaySpend(plan.expected_requests, plan.spending, flags.yes, context));
    TRY_ASSIGN(connect::Reconciliation outcome, Reconcile(parts, name, options));
    outcomes.push_back(std::move(outcome));
  }
  PrintReconciliation(outcomes, context);
  return FailWhereUnexplained(outcomes);
}

}  // namespace

void AddReconcileVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "reconcile",
                       "Compare the bill with Cost Explorer, with the cause of each difference");
  auto flags = std::make_shared<ReconcileFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id; else all that may ask");
  verb->add_option("--period", flags->period, "One month; else the last one and the current")
      ->type_name("PERIOD");
  verb->add_flag("--yes", flags->yes, "Spend without asking");
  verb->footer(
      "By month, service and charge type, exact.  Costs US$0.01 a request: one, and one more for "
      "the last\n"
      "days of each month that is still open and differs.  A cause explains no more than its own "
      "figures\n"
      "amount to; where a rest stays unexplained the exit code is 5.\n\n"
      "Examples:\n  farthing reconcile production --period 2026-01\n"
      "  farthing reconcile --yes --format json");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunReconcile(*flags, context); }; });
}

}  // namespace farthing::cli
