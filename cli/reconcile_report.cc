#include "cli/reconcile_report.h"

#include <ostream>

#include "cli/records.h"

namespace farthing::cli {

namespace {

/// "5: refunds …; 95: unexplained, perhaps …".
std::string CausesOf(const connect::ReconcileRow& row) {
  std::string text;
  for (const connect::Explanation& one : row.explanations) {
    text += (text.empty() ? "" : "; ") + ToString(one.amount) + ": " + one.cause;
  }
  if (row.unexplained.units == 0) return text;
  return text + (text.empty() ? "" : "; ") + ToString(row.unexplained) + ": unexplained" +
         (row.likely.empty() ? "" : ", " + row.likely);
}

}  // namespace

std::string TotalLines(const connect::Reconciliation& one) {
  std::string lines;
  for (const connect::ReconcileTotal& total : one.totals) {
    lines += one.connection_name + " " + ToString(total.period) + ", " + one.metric +
             ": Cost Explorer " + ToString(total.cost_explorer) + ", bill " + ToString(total.bill) +
             ", difference " + ToString(total.difference) + ", unexplained " +
             ToString(total.unexplained) + " (" + std::to_string(total.differing) + " of " +
             std::to_string(total.compared) + " figures differ" +
             (total.without_cause == 0
                  ? ""
                  : ", " + std::to_string(total.without_cause) + " of them without a known cause") +
             (total.estimated ? ", estimated" : "") + ")\n";
  }
  return lines;
}

void PrintReconciliation(const std::vector<connect::Reconciliation>& all, CliContext& context) {
  Records records{{"connection", "period", "service", "charge_type", "cost_explorer", "bill",
                   "difference", "unexplained", "cause"},
                  {}};
  for (const connect::Reconciliation& one : all) {
    for (const connect::ReconcileTotal& total : one.totals) {
      records.rows.push_back({one.connection_name, ToString(total.period), "(all)", "(all)",
                              ToString(total.cost_explorer), ToString(total.bill),
                              ToString(total.difference), ToString(total.unexplained), ""});
    }
    for (const connect::ReconcileRow& row : one.rows) {
      records.rows.push_back({one.connection_name, ToString(row.period), row.service,
                              row.charge_type, ToString(row.cost_explorer), ToString(row.bill),
                              ToString(row.difference), ToString(row.unexplained), CausesOf(row)});
    }
    if (context.format == "table") context.out << TotalLines(one);
  }
  PrintRecords(records, context);
}

Result<void> FailWhereUnexplained(const std::vector<connect::Reconciliation>& all) {
  Decimal sum;
  int figures = 0;
  for (const connect::Reconciliation& one : all) {
    for (const connect::ReconcileTotal& total : one.totals) {
      figures += total.without_cause;
      TRY_ASSIGN(sum, Add(sum, total.unexplained));
    }
  }
  if (figures == 0) return {};
  return Error(Errc::kConflict, std::to_string(figures) +
                                    " figures of the bill and of Cost Explorer differ without a "
                                    "known cause, by " +
                                    ToString(sum) + " in all")
      .Hint(
          "collect and compare again; a month that is closed and still differs is a case for AWS "
          "Support, the lines behind it: farthing explain");
}

}  // namespace farthing::cli
