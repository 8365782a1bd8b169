#include "ingest/period_import.h"

#include "base/files.h"
#include "base/text.h"
#include "ingest/delivery_files.h"
#include "ingest/discover/status_table.h"
#include "ingest/keep_accounts.h"
#include "ingest/load.h"
#include "ingest/mapping/manifest_columns.h"
#include "lake/rows_set_aside.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

// What the lines do not say of the bill: whose it is, and that it is not all of it.
void AddFactsOfManifest(const FoundDelivery& found, lake::Load& load) {
  if (load.billing_accounts.empty() && load.sub_accounts.empty() && !found.owner.empty()) {
    load.billing_accounts.push_back(found.owner);
    load.notes.push_back("no column says payer or account: taken for the bill of " + found.owner +
                         ", which owns the export");
  }
  if (!found.condition.empty()) {
    load.condition = found.condition;
    load.notes.push_back("the export's query has a WHERE, it may leave lines out: " +
                         load.condition);
  }
}

// Azure's manifest says how many lines its files hold: a copy that was cut off at the end of a line shows nowhere else.
Result<void> CheckRows(const FoundDelivery& found, const lake::Load& load) {
  const std::int64_t left_out = load.left_out ? load.left_out->line_count : 0;
  const std::int64_t set_aside = lake::CountSetAside(load.issues).count;
  const std::int64_t rows = load.line_count + left_out + set_aside;
  if (!found.row_count || rows == *found.row_count) return {};
  return Error(Errc::kCorrupt, "the files hold " + std::to_string(rows) +
                                   " lines, the manifest says " + std::to_string(*found.row_count) +
                                   ": " + found.manifest.string())
      .Hint("copy the run's folder again from the storage account");
}

// Under one name the month of a second bill would replace that of the first.
Error HeldByAnother(const OpenedFiles& files, const lake::Delivery& delivery) {
  return Error(Errc::kInvalidArgument,
               files.Place() + ": another bill that is imported under the name " +
                   delivery.export_name + " holds " + ToString(delivery.period) + " as well")
      .Hint("import each by itself under a name of its own, or without --name");
}

}  // namespace

Result<void> PeriodImport::Run(const FoundDelivery& found, const OpenedFiles& files,
                               lake::Delivery delivery) {
  if (options_.accounts) {
    delivery.fingerprint = WithAccounts(delivery.fingerprint, *options_.accounts);
  }
  const std::pair month(delivery.export_id, delivery.period);
  TRY_ASSIGN(const bool known, outcomes_.IsKnown(delivery));
  if (known) {
    held_.emplace(month, found.export_identity);
    return {};
  }
  const auto holder = held_.find(month);
  if (holder != held_.end() && holder->second != found.export_identity) {
    Error held = HeldByAnother(files, delivery);
    return outcomes_.Refuse(std::move(delivery), std::move(held));
  }
  if (!found.status_table.empty()) {
    Result<void> ready = CheckNotUpdating(found.status_table);
    if (!ready.ok()) return outcomes_.Refuse(std::move(delivery), std::move(ready).error());
  }
  lake::Load load;
  load.id = NewUlid();
  load.delivery_id = delivery.id;
  load.export_id = delivery.export_id;
  load.export_name = delivery.export_name;
  load.period = delivery.period;
  load.created_at = ToString(Now());
  load.complete = !delivery.manifest.empty();
  load.fills_around = found.fills_around;
  const OtherPeriods others = load.complete ? OtherPeriods::kRefuse : OtherPeriods::kSkip;
  Result<void> staged = StageLoad(catalog_.layout(), files, others, options_, load);
  for (std::string& note : CompareColumns(found.columns, files.ColumnNames())) {
    load.notes.push_back(std::move(note));
  }
  if (staged.ok()) staged = CheckRows(found, load);
  if (staged.ok()) staged = CheckUnchanged(delivery);
  if (!staged.ok()) {
    TRY(RemoveTree(catalog_.layout().staging(load.id)));
    return outcomes_.Refuse(std::move(delivery), std::move(staged).error());
  }
  AddFactsOfManifest(found, load);
  if (load.left_out) delivery.reason = Describe(*load.left_out);
  if (const std::string rows = Describe(lake::CountSetAside(load.issues)); !rows.empty())
    delivery.reason += (delivery.reason.empty() ? "" : "; ") + rows;
  Report("publishing", load);
  Result<void> published = lake::Publish(catalog_, outcomes_.AtOrigin(delivery), load);
  if (!published.ok()) {
    [[maybe_unused]] const Result<void> removed = RemoveTree(catalog_.layout().staging(load.id));
    return outcomes_.Stop(std::move(delivery), std::move(published).error());
  }
  held_.emplace(month, found.export_identity);
  outcomes_.NoteLoaded(std::move(delivery), std::move(load));
  return {};
}

void PeriodImport::Report(const char* phase, const lake::Load& load) const {
  if (!options_.observer) return;
  options_.observer({load.export_name, load.period, phase, load.line_count, 0, 0});
}

}  // namespace farthing::ingest
