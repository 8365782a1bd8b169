#include "cli/first_day_report.h"

#include <ostream>

#include "cli/records.h"

namespace farthing::cli {

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

void PrintFirstDay(const connect::FirstDayOutcome& outcome, CliContext& context) {
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
  for (const connect::Fit& fit : outcome.fits) {
    if (!fit.left_out || fit.left_out->line_count == 0) continue;
    context.out << ToString(fit.period) << ": " << Describe(*fit.left_out) << '\n';
  }
  for (const std::string& note : outcome.notes) context.out << "note: " << note << '\n';
  context.out << outcome.requests << " requests, US$" << connect::Dollars(outcome.requests)
              << "; this month US$" << connect::Dollars(outcome.spending.spent) << " of US$"
              << connect::Dollars(outcome.spending.cap) << '\n';
  if (!outcome.filled.empty()) context.out << "see them with: farthing cost --by data_source\n";
}

}  // namespace farthing::cli
