#include "ingest/import.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "ingest/bare_exports.h"
#include "ingest/bucket_layout.h"
#include "ingest/copies.h"
#include "ingest/discover.h"
#include "ingest/find_periods.h"
#include "ingest/keep_accounts.h"
#include "ingest/load.h"
#include "ingest/manifest_columns.h"
#include "ingest/opened_files.h"
#include "ingest/status_table.h"
#include "lake/rows_set_aside.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

// One import of one group of paths: the steps from found deliveries to outcomes.
class Importer {
 public:
  Importer(lake::Catalog& catalog, const ImportOptions& options)
      : catalog_(catalog),
        options_(options),
        held_(options.held == nullptr ? own_ : *options.held) {}

  Result<ImportSummary> Run(const PathGroup& group) {
    TRY_ASSIGN(Discovery discovery, Discover(group));
    summary_.notes = std::move(discovery.notes);
    MarkLatest(discovery.deliveries);
    for (FoundDelivery& found : discovery.deliveries) {
      if (options_.name) found.export_name = *options_.name;
      TRY(found.version_key.empty() ? ImportBare(found) : ImportManifested(found));
    }
    return std::move(summary_);
  }

 private:
  static std::filesystem::file_time_type Written(const std::filesystem::path& file) {
    std::error_code code;
    const auto time = std::filesystem::last_write_time(file, code);
    return code ? std::filesystem::file_time_type::min() : time;
  }

  // What orders versions: the period's own manifest, then the time in the version's name (older reports have none
  // there), and only then the time of the file, which copying may have changed.
  static auto Age(const FoundDelivery& found) {
    return std::make_tuple(found.latest, found.version_time, Written(found.manifest),
                           found.version_key);
  }

  // Of several versions of a period only the newest is loaded, unless all are wanted.
  void MarkLatest(std::vector<FoundDelivery>& deliveries) {
    std::stable_sort(deliveries.begin(), deliveries.end(), [](const auto& a, const auto& b) {
      return std::tie(a.export_identity, a.period) < std::tie(b.export_identity, b.period);
    });
    for (std::size_t first = 0; first < deliveries.size();) {
      std::size_t end = first;
      while (end < deliveries.size() &&
             deliveries[end].export_identity == deliveries[first].export_identity &&
             deliveries[end].period == deliveries[first].period) {
        ++end;
      }
      const auto begin = deliveries.begin() + static_cast<std::ptrdiff_t>(first);
      const auto stop = deliveries.begin() + static_cast<std::ptrdiff_t>(end);
      std::sort(begin, stop,
                [](const FoundDelivery& a, const FoundDelivery& b) { return Age(a) < Age(b); });
      for (auto it = begin; it != stop; ++it) {
        it->latest = it + 1 == stop;
        for (auto later = it + 1; later != stop; ++later) it->newer.push_back(later->version_key);
      }
      first = end;
    }
  }

  Result<void> ImportManifested(const FoundDelivery& found) {
    TRY_ASSIGN(lake::Delivery delivery, NewDelivery(found));
    if (found.problem) {
      delivery.fingerprint = found.version_key;
      return Quarantine(std::move(delivery), *found.problem);
    }
    TRY_ASSIGN(const bool passed_over, IsPassedOver(found, delivery));
    if (passed_over) return NoteSuperseded(std::move(delivery));
    TRY_ASSIGN(const std::optional<lake::Delivery> newer, NewerActive(found, delivery));
    if (newer) return NoteOlder(std::move(delivery), *newer);
    if (!found.period) {
      return Quarantine(std::move(delivery),
                        Error(Errc::kCorrupt, found.manifest.string() +
                                                  ": neither the manifest nor its folder says "
                                                  "which billing period this is")
                            .Hint("copy the manifest again from the bucket, "
                                  "with the folders it lies in"));
    }
    TRY(ReadFiles(found.files, delivery));
    // The same figures around another bill are another content.
    for (const std::string& around : found.fills_around) {
      delivery.fingerprint = Sha256(delivery.fingerprint + "\n" + around);
    }
    Result<OpenedFiles> opened = OpenFiles(found.files);
    if (!opened.ok()) return Quarantine(std::move(delivery), std::move(opened).error());
    if (found.is_data_export) opened->detection.is_cur2 = true;  // its query may leave out all maps
    return LoadPeriod(found, *opened, std::move(delivery));
  }

  // Bare files: each is recognised by itself; those of one format are one export of one or more periods.
  Result<void> ImportBare(const FoundDelivery& found) {
    if (found.problem) return RefuseBare(found);
    std::map<std::string, std::vector<std::filesystem::path>> by_format;
    std::vector<std::pair<std::filesystem::path, Error>> unreadable;
    std::set<std::string> formats;
    std::vector<std::filesystem::path> once = found.files;
    TRY_ASSIGN(const std::vector<std::string> copies, DropCopies(once));
    summary_.notes.insert(summary_.notes.end(), copies.begin(), copies.end());
    for (const std::filesystem::path& file : once) {
      Result<OpenedFiles> opened = OpenFiles({file});
      if (!opened.ok()) {
        unreadable.emplace_back(file, std::move(opened).error());
        continue;
      }
      const std::string format = opened->format() + (opened->is_parquet() ? "-parquet" : "-csv");
      by_format[format].push_back(file);
      formats.insert(format);
    }
    for (auto& [file, error] : unreadable) {
      FoundDelivery refused = found;
      refused.files = {file};
      TRY(ChooseExportOfUnreadable(catalog_, formats, refused));
      if (options_.name) refused.export_name = *options_.name;
      TRY_ASSIGN(lake::Delivery delivery, NewDelivery(refused));
      TRY(ReadFiles(refused.files, delivery));
      delivery.version_key = delivery.fingerprint;
      TRY(Quarantine(std::move(delivery), std::move(error)));
    }
    for (const auto& [format, files] : by_format) {
      FoundDelivery part = found;
      part.files = files;
      TRY(ChooseBareExport(catalog_, format, formats, part));
      if (options_.name) part.export_name = *options_.name;
      TRY(ImportBareFormat(part));
    }
    return {};
  }

  // Nothing of it is read, so that its format stays unknown.
  Result<void> RefuseBare(FoundDelivery found) {
    TRY(ChooseExportOfUnreadable(catalog_, {}, found));
    if (options_.name) found.export_name = *options_.name;
    TRY_ASSIGN(lake::Delivery delivery, NewDelivery(found));
    delivery.fingerprint = Sha256(found.problem->message());
    delivery.version_key = delivery.fingerprint;
    return Quarantine(std::move(delivery), *found.problem);
  }

  Result<void> ImportBareFormat(const FoundDelivery& found) {
    TRY_ASSIGN(lake::Delivery delivery, NewDelivery(found));
    TRY(ReadFiles(found.files, delivery));
    delivery.version_key = delivery.fingerprint;
    TRY_ASSIGN(const OpenedFiles opened, OpenFiles(found.files));
    Result<std::vector<PeriodFiles>> periods = FindPeriods(catalog_.layout(), opened, options_);
    if (!periods.ok()) return Quarantine(std::move(delivery), std::move(periods).error());
    if (periods->empty()) {
      return Quarantine(
          std::move(delivery),
          Error(Errc::kInvalidArgument, opened.Place() + ": holds no line items, only a header")
              .Hint("an export that is not ready looks like this; import it again "
                    "when it has been delivered"));
    }
    for (const auto& [period, files] : *periods) {
      lake::Delivery one = delivery;
      one.id = NewUlid();
      one.period = period;
      one.files.clear();
      for (const std::size_t file : files) one.files.push_back(delivery.files[file]);
      one.fingerprint = Fingerprint(one.files);
      one.version_key = one.fingerprint;
      TRY(LoadPeriod(found, opened.Only(files), std::move(one)));
    }
    return {};
  }

  Result<lake::Delivery> NewDelivery(const FoundDelivery& found) {
    std::string full = options_.name ? "named:" + *options_.name : found.export_identity;
    TRY(MatchTorn(found.export_name, full));
    TRY_ASSIGN(const lake::Export exported,
               catalog_.FindOrCreateExport({0, found.export_name, "", Origin(found.source), full}));
    lake::Delivery delivery;
    delivery.id = NewUlid();
    delivery.export_id = exported.id;
    delivery.export_name = exported.name;
    if (found.period) delivery.period = *found.period;
    delivery.version_key = found.version_key;
    delivery.manifest = found.manifest.string();
    delivery.seen_at = ToString(Now());
    return delivery;
  }

  // A torn manifest says no identity: the known export of that name is meant.  If it is the first that is
  // seen of its export, the first good one takes over its name.
  Result<void> MatchTorn(const std::string& name, std::string& identity) {
    TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
    const auto same_name = std::find_if(exports.begin(), exports.end(),
                                        [&](const lake::Export& e) { return e.name == name; });
    if (same_name == exports.end()) return {};
    if (identity.starts_with("torn:")) {
      identity = same_name->identity;
      return {};
    }
    const bool known = std::any_of(exports.begin(), exports.end(),
                                   [&](const lake::Export& e) { return e.identity == identity; });
    if (known || !same_name->identity.starts_with("torn:")) return {};
    return catalog_.Identify(same_name->id, identity);
  }

  // Copies do not stay: what is recorded is where the files came from.
  std::string Origin(const std::string& path) const {
    if (!options_.copy_of) return path;
    const std::string local = options_.copy_of->local.string();
    return path.starts_with(local) ? options_.copy_of->origin + path.substr(local.size()) : path;
  }

  lake::Delivery AtOrigin(lake::Delivery delivery) const {
    delivery.manifest = Origin(delivery.manifest);
    for (lake::DeliveryFile& file : delivery.files) file.path = Origin(file.path);
    return delivery;
  }

  static Result<void> ReadFiles(const std::vector<std::filesystem::path>& files,
                                lake::Delivery& delivery) {
    for (const std::filesystem::path& file : files) {
      TRY_ASSIGN(std::string hash, Sha256OfFile(file));
      std::error_code code;
      delivery.files.push_back({file.string(), std::filesystem::file_size(file, code), hash});
    }
    delivery.fingerprint = Fingerprint(delivery.files);
    return {};
  }

  // The content: what makes a delivery the same as another.
  static std::string Fingerprint(const std::vector<lake::DeliveryFile>& files) {
    std::vector<std::string> hashes;
    for (const lake::DeliveryFile& file : files) hashes.push_back(file.sha256);
    std::sort(hashes.begin(), hashes.end());  // the order of files is irrelevant
    return Sha256(Join(hashes, "\n"));
  }

  Result<void> LoadPeriod(const FoundDelivery& found, const OpenedFiles& files,
                          lake::Delivery delivery) {
    if (options_.accounts) {
      delivery.fingerprint = WithAccounts(delivery.fingerprint, *options_.accounts);
    }
    const std::pair month(delivery.export_id, delivery.period);
    TRY_ASSIGN(const bool known, IsKnown(delivery));
    if (known) {
      held_.emplace(month, found.export_identity);
      return {};
    }
    const auto holder = held_.find(month);
    if (holder != held_.end() && holder->second != found.export_identity) {
      Error held = HeldByAnother(files, delivery);
      return Quarantine(std::move(delivery), std::move(held));
    }
    if (!found.status_table.empty()) {
      Result<void> ready = CheckNotUpdating(found.status_table);
      if (!ready.ok()) return Quarantine(std::move(delivery), std::move(ready).error());
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
    if (staged.ok()) staged = CheckUnchanged(delivery);
    if (!staged.ok()) {
      TRY(RemoveTree(catalog_.layout().staging(load.id)));
      return Quarantine(std::move(delivery), std::move(staged).error());
    }
    AddFactsOfManifest(found, load);
    if (load.left_out) delivery.reason = Describe(*load.left_out);
    if (const std::string rows = Describe(lake::CountSetAside(load.issues)); !rows.empty())
      delivery.reason += (delivery.reason.empty() ? "" : "; ") + rows;
    Report("publishing", load);
    TRY(lake::Publish(catalog_, AtOrigin(delivery), load));
    held_.emplace(month, found.export_identity);
    summary_.outcomes.push_back({Outcome::Kind::kLoaded, std::move(delivery), std::move(load), {}});
    return {};
  }

  // What the lines do not say of the bill: whose it is, and that it is not all of it.
  static void AddFactsOfManifest(const FoundDelivery& found, lake::Load& load) {
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

  // Under one name the month of a second bill would replace that of the first.
  static Error HeldByAnother(const OpenedFiles& files, const lake::Delivery& delivery) {
    return Error(Errc::kInvalidArgument,
                 files.Place() + ": another bill that is imported under the name " +
                     delivery.export_name + " holds " + ToString(delivery.period) + " as well")
        .Hint("import each by itself under a name of its own, or without --name");
  }

  // The same version again is nothing new; the active content under a new id is recorded, not loaded.
  // Older content that comes back under a new id is a restatement like any other.
  Result<bool> IsKnown(const lake::Delivery& delivery) {
    TRY_ASSIGN(const std::optional<lake::Delivery> same,
               catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
    const bool was_read = same && (same->status == lake::DeliveryStatus::kLoaded ||
                                   same->status == lake::DeliveryStatus::kDuplicate);
    if (was_read && same->fingerprint == delivery.fingerprint) {  // else overwritten in place
      summary_.outcomes.push_back({Outcome::Kind::kUnchanged, delivery, {}, {}});
      return true;
    }
    TRY_ASSIGN(const std::optional<lake::Delivery> active,
               catalog_.ActiveDelivery(delivery.export_id, delivery.period));
    if (!active || active->fingerprint != delivery.fingerprint) return false;
    lake::Delivery copy = delivery;
    copy.status = lake::DeliveryStatus::kDuplicate;
    copy.reason = "same content as delivery " + active->id;
    TRY(catalog_.RecordDelivery(AtOrigin(copy)));
    summary_.outcomes.push_back({Outcome::Kind::kDuplicate, std::move(copy), {}, {}});
    return true;
  }

  // An older version counts only before a newer one does: loading it later would bring it back.
  Result<bool> IsPassedOver(const FoundDelivery& found, const lake::Delivery& delivery) {
    if (found.latest || !options_.all_versions) return !found.latest;
    TRY_ASSIGN(const std::optional<lake::Delivery> active,
               catalog_.ActiveDelivery(delivery.export_id, delivery.period));
    return active && std::find(found.newer.begin(), found.newer.end(), active->version_key) !=
                         found.newer.end();
  }

  // Across commands, too, an older version does not replace a newer one: where the names of both say their time.
  Result<std::optional<lake::Delivery>> NewerActive(const FoundDelivery& found,
                                                    const lake::Delivery& delivery) {
    if (!found.version_time || options_.all_versions) return std::optional<lake::Delivery>();
    TRY_ASSIGN(std::optional<lake::Delivery> active,
               catalog_.ActiveDelivery(delivery.export_id, delivery.period));
    if (!active) return active;
    std::vector<std::filesystem::path> places = {active->manifest};
    for (const lake::DeliveryFile& file : active->files) places.emplace_back(file.path);
    const std::optional<Instant> time = TimeOfVersion(active->version_key, places);
    return time && *found.version_time < *time ? std::move(active) : std::nullopt;
  }

  Result<void> NoteOlder(lake::Delivery delivery, const lake::Delivery& active) {
    TRY_ASSIGN(const std::optional<lake::Delivery> known,
               catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
    if (known && known->status != lake::DeliveryStatus::kSuperseded &&
        known->status != lake::DeliveryStatus::kQuarantined) {
      summary_.outcomes.push_back({Outcome::Kind::kUnchanged, std::move(delivery), {}, {}});
      return {};
    }
    delivery.status = lake::DeliveryStatus::kSuperseded;
    delivery.reason = "older than the active version " + active.version_key +
                      "; import it with --all-versions to make it the active one";
    if (!known || known->status != delivery.status)
      TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
    summary_.notes.push_back(delivery.export_name + " " + ToString(delivery.period) + ": version " +
                             delivery.version_key + " is not loaded: " + delivery.reason);
    summary_.outcomes.push_back({Outcome::Kind::kSuperseded, std::move(delivery), {}, {}});
    return {};
  }

  // An older version beside a newer one: noted once, read only on demand.
  Result<void> NoteSuperseded(lake::Delivery delivery) {
    TRY_ASSIGN(const std::optional<lake::Delivery> known,
               catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
    if (known) {
      const bool was_read = options_.all_versions && known->status == lake::DeliveryStatus::kLoaded;
      if (was_read) summary_.outcomes.push_back({Outcome::Kind::kUnchanged, delivery, {}, {}});
      return {};
    }
    delivery.status = lake::DeliveryStatus::kSuperseded;
    delivery.reason = "a newer version was there; a first import with --all-versions reads both";
    TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
    summary_.outcomes.push_back({Outcome::Kind::kSuperseded, std::move(delivery), {}, {}});
    return {};
  }

  void Report(const char* phase, const lake::Load& load) const {
    if (!options_.observer) return;
    options_.observer({load.export_name, load.period, phase, load.line_count, 0, 0});
  }

  // A bucket copy that is being written while we read gives a torn delivery.
  Result<void> CheckUnchanged(const lake::Delivery& delivery) {
    for (const lake::DeliveryFile& file : delivery.files) {
      std::error_code code;
      if (std::filesystem::file_size(file.path, code) != file.size_bytes || code) {
        return Error(Errc::kConflict, file.path + " changed while it was read")
            .Hint("run the same command again when the copy is complete");
      }
    }
    return {};
  }

  Result<void> Quarantine(lake::Delivery delivery, Error error) {
    // A full disk or a damaged lake is no fault of the delivery: stop instead of blaming it.
    if (error.code() == Errc::kUnavailable || error.code() == Errc::kInternal ||
        error.code() == Errc::kTooLarge) {
      const bool has_period = delivery.period != Period{};
      return std::move(error).Wrap("importing " + delivery.export_name +
                                   (has_period ? " " + ToString(delivery.period) : ""));
    }
    delivery.status = lake::DeliveryStatus::kQuarantined;
    delivery.reason = error.message() + (error.hint().empty() ? "" : "; fix: " + error.hint());
    TRY_ASSIGN(const std::optional<lake::Delivery> last,
               catalog_.FindDelivery(delivery.export_id, delivery.period, delivery.version_key));
    const bool is_news = !last || last->fingerprint != delivery.fingerprint ||
                         last->status != delivery.status || last->reason != delivery.reason;
    if (is_news) TRY(catalog_.RecordDelivery(AtOrigin(delivery)));
    summary_.outcomes.push_back(
        {Outcome::Kind::kQuarantined, std::move(delivery), {}, std::move(error)});
    return {};
  }

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  ImportSummary summary_;
  HeldMonths own_;
  HeldMonths& held_;
};

}  // namespace

std::string_view ToString(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kLoaded: return "loaded";
    case Outcome::Kind::kUnchanged: return "unchanged";
    case Outcome::Kind::kDuplicate: return "duplicate";
    case Outcome::Kind::kQuarantined: return "quarantined";
    case Outcome::Kind::kSuperseded: return "superseded";
  }
  return "loaded";
}

Result<ImportSummary> Import(lake::Catalog& catalog, const std::filesystem::path& path,
                             const ImportOptions& options) {
  return Import(catalog, PathGroup{path}, options);
}

Result<ImportSummary> Import(lake::Catalog& catalog, const PathGroup& group,
                             const ImportOptions& options) {
  TRY_ASSIGN(const auto lock, DirectoryLock::Acquire(catalog.layout().lock()));
  TRY(lake::Sweep(catalog));
  Result<ImportSummary> summary = Importer(catalog, options).Run(group);
  // Published or not, nothing staged is needed any more; what cannot be removed now goes next time.
  [[maybe_unused]] const Result<void> removed = RemoveTree(catalog.layout().staging());
  return summary;
}

}  // namespace farthing::ingest
