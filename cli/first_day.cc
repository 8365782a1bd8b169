// farthing first-day: Cost Explorer's figures until the bill has come.

#include "connect/first_day.h"

#include <ostream>

#include "cli/installation.h"
#include "cli/records.h"
#include "cli/spending_question.h"

namespace farthing::cli {
namespace {

struct FirstDayFlags {
  std::string connection, from;
  bool hourly = false, again = false, yes = false, estimate = false;
};

void PrintPlan(const connect::FirstDayPlan& plan, std::ostream& out) {
  if (plan.months.empty()) {
    out << "nothing to ask Cost Explorer for:\n";
    for (const std::string& why : plan.left_out) out << "  " << why << '\n';
    return;
  }
  out << "Cost Explorer would be asked for " << plan.months.size()
      << (plan.months.size() == 1 ? " month, " : " months, ") << ToString(plan.months.back())
      << " to " << ToString(plan.months.front()) << ": about " << plan.expected_requests
      << " requests, US$" << connect::Dollars(plan.expected_requests) << " (at least US$"
      << connect::Dollars(plan.least_requests) << "), rests on " << plan.expectation << '\n';
}

void PrintOutcome(const connect::FirstDayOutcome& outcome, CliContext& context) {
  Records records{{"period", "outcome", "rows", "replaced_cells", "difference"}, {}};
  for (const connect::Fit& fit : outcome.fits) {
    const Result<Decimal> difference = Add(fit.cut.cost_explorer, Negate(fit.cut.bill));
    records.rows.push_back({ToString(fit.period), fit.outcome, std::to_string(fit.rows_left),
                            std::to_string(fit.cut.replaced.size()),
                            difference.ok() ? ToString(*difference) : ""});
  }
  for (const Period month : outcome.missing) {
    records.rows.push_back({ToString(month), "missing", "0", "0", ""});
  }
  PrintRecords(records, context);
  if (context.format != "table") return;
  for (const std::string& note : outcome.notes) context.out << "note: " << note << '\n';
  context.out << outcome.requests << " requests, US$" << connect::Dollars(outcome.requests)
              << "; this month US$" << connect::Dollars(outcome.spending.spent) << " of US$"
              << connect::Dollars(outcome.spending.cap) << '\n';
  if (!outcome.filled.empty()) context.out << "see them with: farthing cost --by data_source\n";
}

Result<void> RunFirstDay(const FirstDayFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  connect::FirstDayOptions options;
  options.hourly = flags.hourly;
  options.again = flags.again;
  if (!flags.from.empty()) {
    TRY_ASSIGN(options.first, ParsePeriod(flags.from));
  }
  TRY_ASSIGN(const connect::FirstDayPlan plan, PlanFirstDay(parts, flags.connection, options));
  if (flags.estimate && context.format != "table") {
    Records records{
        {"months", "expected_requests", "expected_usd", "least_usd", "spent_usd", "cap_usd"},
        {{std::to_string(plan.months.size()), std::to_string(plan.expected_requests),
          connect::Dollars(plan.expected_requests), connect::Dollars(plan.least_requests),
          connect::Dollars(plan.spending.spent), connect::Dollars(plan.spending.cap)}}};
    PrintRecords(records, context);
    return {};
  }
  PrintPlan(plan, flags.estimate ? context.out : context.err);
  if (plan.months.empty() || flags.estimate) return {};
  TRY(MaySpend(plan.expected_requests, plan.spending, flags.yes, context));
  options.observer = [&](const std::string& what) {
    if (context.format == "table") context.err << what << '\n';
  };
  TRY_ASSIGN(connect::FirstDayOutcome outcome, FillFirstDay(parts, flags.connection, options));
  PrintOutcome(outcome, context);
  if (outcome.stopped) return std::move(*outcome.stopped);
  return {};
}

}  // namespace

void AddFirstDayVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "first-day", "Fill days that no bill covers yet from Cost Explorer");
  auto flags = std::make_shared<FirstDayFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id")->required();
  verb->add_option("--from", flags->from, "Oldest month, such as 2026-01; else all that AWS keeps")
      ->type_name("PERIOD");
  verb->add_flag("--hourly", flags->hourly, "Hours of the last 14 days, where enabled");
  verb->add_flag("--again", flags->again, "Ask anew for what was answered before");
  verb->add_flag("--estimate", flags->estimate, "Say what it would cost, and ask nothing");
  verb->add_flag("--yes", flags->yes, "Spend without asking");
  verb->footer(
      "Every request costs the AWS account US$0.01.  The price is shown first; the connection's "
      "cap\n"
      "of the month is never passed.  Each day gives way to the bill when that arrives.\n\n"
      "Examples:\n  farthing first-day production --estimate\n  farthing first-day production "
      "--yes");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunFirstDay(*flags, context); }; });
}

}  // namespace farthing::cli
