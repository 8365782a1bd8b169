// The verbs that list what the lake knows: exports, deliveries, versions, elect.

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "cli/installation.h"
#include "cli/question.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "lake/catalog.h"
#include "lake/rows_set_aside.h"

namespace farthing::cli {
namespace {

std::string PeriodText(Period period) { return period == Period{} ? "unknown" : ToString(period); }

std::string CompleteText(const lake::Load& load) {
  if (lake::CountSetAside(load.issues).count > 0) return "no";
  return load.complete ? "yes" : "unknown";
}

Result<void> ListExports(CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::OpenExisting(lake::Layout(context.data)));
  TRY_ASSIGN(const auto candidates, catalog->Candidates({}));
  TRY_ASSIGN(const auto exports, catalog->Exports());
  Records records{{"export", "format", "period", "billing_account", "accounts", "lines", "complete",
                   "elected", "reason"},
                  {}};
  for (const lake::Candidate& candidate : candidates) {
    const lake::Load& load = candidate.load;
    std::vector<std::string> reasons;
    for (const std::string& reason :
         {candidate.reason, lake::Describe(lake::CountSetAside(load.issues))}) {
      if (!reason.empty()) reasons.push_back(reason);
    }
    records.rows.push_back(
        {load.export_name, load.format, PeriodText(load.period), Join(load.billing_accounts, " "),
         std::to_string(load.sub_accounts.size()), std::to_string(load.line_count),
         CompleteText(load), candidate.elected ? "yes" : "no", Join(reasons, "; ")});
  }
  for (const lake::Export& unloaded : exports) {
    const bool loaded =
        std::any_of(candidates.begin(), candidates.end(),
                    [&](const auto& candidate) { return candidate.load.export_id == unloaded.id; });
    if (loaded) continue;
    const bool fills = unloaded.identity.starts_with("cost-explorer:");
    records.rows.push_back({unloaded.name, "", "", "", "", "0", "", "no",
                            fills ? "the bills have every day that it filled"
                                  : "nothing loaded; farthing deliveries says why"});
  }
  PrintRecords(records, context);
  return {};
}

Result<void> ListDeliveries(CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::OpenExisting(lake::Layout(context.data)));
  TRY_ASSIGN(const auto deliveries, catalog->Deliveries());
  Records records{{"export", "period", "delivery", "version_key", "files", "bytes", "status",
                   "seen_at", "reason"},
                  {}};
  for (const lake::Delivery& delivery : deliveries) {
    std::uint64_t bytes = 0;
    for (const lake::DeliveryFile& file : delivery.files) bytes += file.size_bytes;
    records.rows.push_back({delivery.export_name, PeriodText(delivery.period), delivery.id,
                            delivery.version_key.substr(0, 36),
                            std::to_string(delivery.files.size()), std::to_string(bytes),
                            std::string(lake::ToString(delivery.status)),
                            delivery.seen_at.substr(0, 19) + "Z", delivery.reason});
  }
  PrintRecords(records, context);
  return {};
}

Result<void> ListVersions(CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::OpenExisting(lake::Layout(context.data)));
  TRY_ASSIGN(const auto versions, catalog->Versions());
  Records records{{"export", "period", "version", "load_id", "active_from", "active_to", "lines"},
                  {}};
  for (const lake::Version& version : versions) {
    TRY_ASSIGN(const lake::Load load, catalog->GetLoad(version.load_id));
    records.rows.push_back({version.export_name, PeriodText(version.period),
                            std::to_string(version.number), version.load_id, version.active_from,
                            version.active_to, std::to_string(load.line_count)});
  }
  PrintRecords(records, context);
  return {};
}

Result<void> Elect(const std::string& name, const std::string& period_text, CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::OpenExisting(lake::Layout(context.data)));
  std::optional<Period> period;
  if (!period_text.empty()) {
    TRY_ASSIGN(period, ParsePeriodFlag(period_text));
  }
  TRY(catalog->Elect(name, period));
  TRY(FitAnswers(*catalog, context));
  const std::string where = period ? ToString(*period) : "every period";
  PrintRecords({{"export", "period"}, {{name, where}}},
               name + " now stands for its bill in " + where + "\n", context);
  return {};
}

template <typename List>
void AddListVerb(CLI::App& app, CliContext& context, const char* name, const char* description,
                 const char* footer, List list) {
  auto* verb = AddVerb(app, context, name, description);
  verb->footer(footer);
  verb->callback([=, &context] { context.action = [=, &context] { return list(context); }; });
}

}  // namespace

void AddExportsVerb(CLI::App& app, CliContext& context) {
  AddListVerb(
      app, context, "exports", "What was found: each export, its months, and which one is elected",
      "Several exports of the same account and month are one bill: one is elected, the others are\n"
      "never added to it.\n\nExamples:\n  farthing exports\n  farthing exports --format json",
      ListExports);
}

void AddDeliveriesVerb(CLI::App& app, CliContext& context) {
  AddListVerb(
      app, context, "deliveries", "Every delivery seen, with the reason of those not loaded",
      "Examples:\n  farthing deliveries\n  farthing deliveries --format csv", ListDeliveries);
}

void AddVersionsVerb(CLI::App& app, CliContext& context) {
  AddListVerb(app, context, "versions",
              "Which load is active for each export and month, and since when",
              "Examples:\n  farthing versions", ListVersions);
}

void AddElectVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "elect", "Choose which of several exports stands for a bill");
  auto name = std::make_shared<std::string>();
  auto period = std::make_shared<std::string>();
  verb->add_option("EXPORT", *name, "Name of the export, see: farthing exports")->required();
  verb->add_option("--period", *period, "Only in this billing month, e.g. 2026-01");
  verb->footer(
      "Examples:\n  farthing elect my-cur2\n  farthing elect my-legacy-report --period 2026-01");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return Elect(*name, *period, context); }; });
}

}  // namespace farthing::cli
