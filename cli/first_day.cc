// farthing first-day: Cost Explorer's figures until the bill has come.

#include "connect/cost_explorer/first_day.h"

#include <ostream>

#include "cli/first_day_report.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/spending_question.h"

namespace farthing::cli {
namespace {

struct FirstDayFlags {
  std::string connection, from;
  bool hourly = false, again = false, yes = false, estimate = false;
};

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
  if (plan.months.empty() && context.format != "table") PrintFirstDay({}, context);
  if (plan.months.empty() || flags.estimate) return {};
  TRY(MaySpend(plan.expected_requests, plan.spending, flags.yes, context));
  options.observer = [&](const std::string& what) {
    if (context.format == "table") context.err << what << '\n';
  };
  TRY_ASSIGN(connect::FirstDayOutcome outcome, FillFirstDay(parts, flags.connection, options));
  PrintFirstDay(outcome, context);
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
