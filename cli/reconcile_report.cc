#include "cli/reconcile_report.h"

#include <ostream>

#include "cli/records.h"

namespace farthing::cli {

std::string TotalLines(const connect::Reconciliation& one) {
  std::string lines;
  for (const connect::ReconcileTotal& total : one.totals) {
    lines += one.connection_name + " " + ToString(total.period) + ", " + one.metric +
             ": Cost Explorer " + ToString(total.cost_explorer) + ", bill " + ToString(total.bill) +
             ", difference " + ToString(total.difference) + ", of it unexplained " +
             ToString(total.unexplained) + " (" + std::to_string(total.differing) + " of " +
             std::to_string(total.compared) + " figures differ" +
             (total.estimated ? ", estimated" : "") + ")\n";
  }
  return lines;
}

void PrintReconciliation(const std::vector<connect::Reconciliation>& all, CliContext& context) {
  Records records{{"connection", "period", "service", "charge_type", "cost_explorer", "bill",
                   "difference", "cause"},
                  {}};
  for (const connect::Reconciliation& one : all) {
    for (const connect::ReconcileTotal& total : one.totals) {
      records.rows.push_back(
          {one.connection_name, ToString(total.period), "(all)", "(all)",
           ToString(total.cost_explorer), ToString(total.bill), ToString(total.difference),
           total.unexplained.units == 0 ? "" : "unexplained: " + ToString(total.unexplained)});
    }
    for (const connect::ReconcileRow& row : one.rows) {
      records.rows.push_back({one.connection_name, ToString(row.period), row.service,
                              row.charge_type, ToString(row.cost_explorer), ToString(row.bill),
                              ToString(row.difference),
                              row.cause.empty() ? "unexplained" : row.cause});
    }
    if (context.format == "table") context.out << TotalLines(one);
  }
  PrintRecords(records, context);
}

}  // namespace farthing::cli
