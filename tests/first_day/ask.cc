#include "tests/first_day/ask.h"

#include <algorithm>

namespace farthing::connect {

rehearsal::Options AskingWorld() {
  rehearsal::Options options = EmptyWorld();
  options.months = 3;
  options.clock = Must(ParseInstant("2026-11-20T08:00:00Z"));
  return options;
}

Asking::Asking(const rehearsal::Options& options, const std::string& cap, ImportPolicy policy)
    : stage_(options) {
  Settings settings =
      stage_.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer});
  settings.cost_explorer_cap_usd = cap;
  settings.import_policy = policy;
  settings.export_place.kind = ExportKind::kLegacyCur;
  settings.export_place.name = "bills";
  settings.export_place.bucket = "example-first-day";
  settings.export_place.prefix = "bills";
  settings.export_place.bucket_region = "us-east-1";
  connection_ = stage_.Onboard(settings);
  Must(stage_.store().SetState(connection_.id, State::kVerifying, ""));
  connection_ = Must(stage_.store().SetState(connection_.id, State::kWaiting, ""));
}

FirstDayOutcome Asking::Fill(FirstDayOptions options) {
  return Must(FillFirstDay(stage_.parts(), connection_.id, options));
}

Reconciliation Asking::Reconcile(std::optional<Period> period) {
  ReconcileOptions options;
  options.period = period;
  options.now = [this] { return aws().now(); };
  return Must(connect::Reconcile(stage_.parts(), connection_.id, options));
}

CollectSummary Asking::Collect() { return stage_.Gather(connection_); }

void Asking::AddExport() { stage_.AddExport(ExportKind::kLegacyCur, "example-first-day", "bills"); }

int Asking::Requests() {
  const auto requests = aws().Requests();
  return static_cast<int>(std::count_if(
      requests.begin(), requests.end(),
      [](const rehearsal::RequestRecord& request) { return request.action == "GetCostAndUsage"; }));
}

std::map<std::string, Decimal> Asking::Sources(Period month) {
  std::map<std::string, Decimal> sums;
  for (const lake::Load& load : Must(stage_.catalog().ActiveLoads({month, month, {}}))) {
    Decimal& sum = sums[load.format];
    sum = Canonical(Must(Add(sum, load.totals.at("unblended_cost"))));
  }
  return sums;
}

Decimal Asking::Unblended(Period month) {
  Decimal sum;
  for (const auto& [source, part] : Sources(month)) sum = Must(Add(sum, part));
  return Canonical(sum);
}

Period Asking::Before(int months) {
  Period period = Current();
  for (; months > 0; --months) period = PeriodOf({period.start().micros - 1});
  return period;
}

std::size_t Asking::KeptRows(Period month) {
  KeptAnswers answers(stage_.store().database(), stage_.catalog().layout());
  for (const KeptAnswer& answer : Must(answers.List(connection_.id))) {
    if (answer.period == month) return Must(answers.Rows(answer)).size();
  }
  return 0;
}

std::string Asking::LastEvent(const std::string& kind) {
  for (const Event& event : Must(stage_.store().Events(connection_.id, 1000))) {
    if (event.kind == kind) return event.text;
  }
  return {};
}

}  // namespace farthing::connect
