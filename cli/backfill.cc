// farthing backfill: earlier months, from the bucket or by AWS Support.

#include <ostream>

#include "cli/collect_report.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "connect/collecting/support_request.h"

namespace farthing::cli {
namespace {

struct BackfillFlags {
  std::string connection, from;
  bool list = false;
};

/// Collects from the oldest to the newest month that lies in the bucket; the rest of that range is known already.
Result<connect::CollectSummary> CollectMonths(connect::Installation& parts,
                                              const connect::Connection& connection,
                                              const connect::BackfillPlan& plan) {
  connect::CollectOptions options;
  for (const connect::BackfillMonth& month : plan.months) {
    if (month.source != connect::BackfillMonth::Source::kBucket) continue;
    if (!options.first) options.first = month.period;
    options.last = month.period;
  }
  if (!options.first) return connect::CollectSummary();
  return Collect(parts.store, parts.vault, parts.catalog, parts.platform, connection.id, options);
}

Result<void> RunBackfill(const BackfillFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Period from, ParsePeriod(flags.from));
  TRY_ASSIGN(const connect::Connection connection, parts.store.Find(flags.connection));
  TRY_ASSIGN(connect::BackfillPlan plan, PlanBackfill(parts, connection.id, from, Now()));
  connect::CollectSummary collected;
  if (!flags.list) {
    TRY_ASSIGN(collected, CollectMonths(parts, connection, plan));
    CliContext aside{context.data, context.err, context.err};  // the answer is the plan
    if (!collected.connection_id.empty()) PrintCollected({collected}, aside);
    TRY_ASSIGN(plan, PlanBackfill(parts, connection.id, from, Now()));
  }
  Records records{{"period", "source", "why"}, {}};
  std::vector<Period> to_ask;
  for (const connect::BackfillMonth& month : plan.months) {
    records.rows.push_back({ToString(month.period), std::string(Name(month.source)), month.why});
    if (month.source == connect::BackfillMonth::Source::kSupport) to_ask.push_back(month.period);
  }
  PrintRecords(records, context);
  for (const std::string& note : plan.notes) context.err << "note: " << note << '\n';
  if (to_ask.empty()) return OutcomeOf(collected);
  const connect::SupportRequest request = WriteSupportRequest(connection, to_ask);
  std::ostream& out = context.format == "table" ? context.out : context.err;
  out << "\nonly AWS Support can deliver these; open a case with this text:\n\n" << request.text;
  return OutcomeOf(collected);
}

}  // namespace

void AddBackfillVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "backfill",
                       "Collect earlier months, and write the request to AWS Support for the rest");
  auto flags = std::make_shared<BackfillFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id")->required();
  verb->add_option("--from", flags->from, "Oldest month wanted, such as 2025-01")
      ->required()
      ->type_name("PERIOD");
  verb->add_flag("--list", flags->list, "Only say which months are missing and why");
  verb->footer(
      "Examples:\n  farthing backfill production --from 2025-01\n"
      "  farthing backfill production --from 2025-01 --list --format csv");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunBackfill(*flags, context); }; });
}

}  // namespace farthing::cli
