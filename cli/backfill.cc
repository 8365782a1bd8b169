// farthing backfill: earlier months, from the bucket or by AWS Support.

#include <ostream>

#include "cli/installation.h"
#include "cli/records.h"
#include "connect/collect.h"
#include "connect/support_request.h"

namespace farthing::cli {
namespace {

struct BackfillFlags {
  std::string connection, from;
  bool list = false;
};

/// Collects from the oldest to the newest month that lies in the bucket; the rest of that range is known already.
Result<void> CollectMonths(connect::Installation& parts, const connect::Connection& connection,
                           const connect::BackfillPlan& plan, CliContext& context) {
  connect::CollectOptions options;
  for (const connect::BackfillMonth& month : plan.months) {
    if (month.source != connect::BackfillMonth::Source::kBucket) continue;
    if (!options.first) options.first = month.period;
    options.last = month.period;
  }
  if (!options.first) return {};
  TRY_ASSIGN(
      const connect::CollectSummary summary,
      Collect(parts.store, parts.vault, parts.catalog, parts.platform, connection.id, options));
  for (const connect::CollectedDelivery& delivery : summary.deliveries) {
    context.err << (delivery.period ? ToString(*delivery.period) : delivery.manifest_key) << "  "
                << delivery.outcome << (delivery.reason.empty() ? "" : ": " + delivery.reason)
                << '\n';
  }
  return {};
}

Result<void> RunBackfill(const BackfillFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Period from, ParsePeriod(flags.from));
  TRY_ASSIGN(const connect::Connection connection, parts.store.Find(flags.connection));
  TRY_ASSIGN(connect::BackfillPlan plan, PlanBackfill(parts, connection.id, from, Now()));
  if (!flags.list) {
    TRY(CollectMonths(parts, connection, plan, context));
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
  if (to_ask.empty()) return {};
  const connect::SupportRequest request = WriteSupportRequest(connection, to_ask);
  std::ostream& out = context.format == "table" ? context.out : context.err;
  out << "\nonly AWS Support can deliver these; open a case with this text:\n\n" << request.text;
  return {};
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
