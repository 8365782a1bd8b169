#include "connect/collect.h"

#include <algorithm>
#include <set>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/checks.h"
#include "connect/collected.h"
#include "connect/cost_explorer_fit.h"
#include "connect/discovery.h"
#include "connect/download_folder.h"
#include "connect/import_policy.h"
#include "connect/lifecycle.h"
#include "connect/remote_deliveries.h"
#include "ingest/keep_accounts.h"

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{64} << 20;
constexpr std::int64_t kSettledAfterMicros = 30 * 60 * std::int64_t{1'000'000};
constexpr int kTransfers = 3;
constexpr int kRestarts = 3;  // of a delivery that is overwritten while it is read

bool IsFinal(const std::string& outcome) {
  return outcome != "incomplete" && outcome != "unfinished";
}

std::vector<std::string> KeysOf(const RemoteDelivery& delivery) {
  std::vector<std::string> keys;
  for (const aws::S3Object& file : delivery.files) keys.push_back(file.key);
  return keys;
}

class Collector {
 public:
  Collector(Store& store, lake::Catalog& catalog, const Connection& connection,
            std::shared_ptr<aws::Client> client, const CollectOptions& options)
      : store_(store),
        catalog_(catalog),
        connection_(connection),
        client_(std::move(client)),
        s3_(BucketOf(connection, client_)),
        options_(options),
        log_(store.database(), connection.id),
        folder_(catalog.layout().data() / "downloads" / connection.id) {}

  Result<CollectSummary> Run() {
    summary_.connection_id = connection_.id;
    summary_.connection_name = connection_.settings.name;
    TRY(Locate());
    TRY_ASSIGN(known_, log_.All());
    TRY_ASSIGN(accounts_, AccountsToImport(store_, connection_));
    TRY(List());
    for (const PeriodManifests& group : GroupManifests(*listing_)) {
      TRY(CheckCancelled());
      TRY(CollectPeriod(group, kRestarts));
    }
    TRY(folder_.Clear());  // what an interrupted download left of what is no longer wanted
    summary_.requests = client_->counts().requests;
    return std::move(summary_);
  }

 private:
  const ExportPlace& place() const { return place_; }

  /// Completes bucket and prefix by asking AWS, when the settings leave that to it.
  Result<void> Locate() {
    place_ = connection_.settings.export_place;
    if (!place_.bucket.empty()) return {};
    const DiscoveredExports found = DiscoverExports(*client_);
    for (const DiscoveredExport& candidate : found.exports) {
      if (!candidate.readable) continue;
      if (!place_.name.empty() && candidate.place.name != place_.name) continue;
      if (place_.kind && candidate.place.kind != place_.kind) continue;
      place_ = candidate.place;
      return {};
    }
    if (!found.refused.empty()) return Error(found.refused.front());
    return Error(Errc::kNotFound,
                 "connection " + connection_.settings.name + " has no export to collect")
        .Hint("farthing check " + connection_.settings.name + " says what is missing");
  }

  Result<void> List() {
    Report("listing", 0, 0);
    std::vector<aws::S3Object> objects;
    TRY(s3_.List(place().bucket, DeliveryPrefix(place()), "", [&](const aws::Listing& page) {
      objects.insert(objects.end(), page.objects.begin(), page.objects.end());
      return true;
    }));
    listing_.emplace(std::move(objects));
    return {};
  }

  bool IsWanted(std::optional<Period> period) const {
    if (!period) return true;
    return (!options_.first || *period >= *options_.first) &&
           (!options_.last || *period <= *options_.last);
  }

  /// True when this manifest and all its files are as they were when we dealt with them.
  bool IsUnchanged(const aws::S3Object& manifest) const {
    const auto known = known_.find(manifest.key);
    return known != known_.end() && IsFinal(known->second.outcome) &&
           known->second.etag == manifest.etag &&
           known->second.files_signature == Signature(known->second.files);
  }

  /// What a delivery was made into: its files, and whose lines were kept of them.
  std::string Signature(const std::vector<std::string>& files) const {
    const std::string signature = FilesSignature(files, *listing_);
    return accounts_ ? ingest::WithAccounts(signature, *accounts_) : signature;
  }

  /// Of a period's manifests the first complete one counts; older ones are read only while the newest is torn.
  Result<void> CollectPeriod(const PeriodManifests& group, int restarts) {
    if (!IsWanted(group.period)) return {};
    for (const aws::S3Object& manifest : group.manifests) {
      if (!options_.again && IsUnchanged(manifest)) return {};
      Result<std::string> text = GetManifest(manifest);
      if (!text.ok() && text.error().code() == Errc::kConflict && restarts > 0) {
        return Restart(group, restarts);
      }
      if (!text.ok()) return std::move(text).error().Wrap(manifest.key);
      Result<std::optional<RemoteDelivery>> delivery =
          ReadRemoteDelivery(manifest, group.period, *text, *listing_);
      if (!delivery.ok()) {
        TRY(NoteUnready(manifest, group.period, std::move(delivery).error()));
        continue;  // an older, complete one may stand in
      }
      if (!*delivery || !IsWanted((*delivery)->period)) continue;
      if (IsBeingWritten(**delivery)) {
        TRY(NoteUnfinished(**delivery));
        continue;
      }
      Result<void> collected = FetchAndImport(**delivery, *text);
      if (!collected.ok() && collected.error().code() == Errc::kConflict &&
          !aws::AwsCode(collected.error()).empty() && restarts > 0) {
        return Restart(group, restarts);
      }
      return collected;
    }
    return {};
  }

  /// A transfer that breaks amid the bytes is begun anew; the client retries all else.
  Result<std::string> GetManifest(const aws::S3Object& manifest) {
    for (int tries = 1;; ++tries) {
      Result<std::string> text =
          s3_.Get(place().bucket, manifest.key, kManifestLimit, manifest.etag);
      const bool broke = !text.ok() && text.error().code() == Errc::kUnavailable;
      if (!broke || tries == kTransfers) return text;
    }
  }

  /// AWS overwrites the files first and the manifest last: files that are younger are half of the next
  /// delivery.  Where something else copies bills their order says nothing, so what stays as it is counts in the end.
  bool IsBeingWritten(const RemoteDelivery& delivery) const {
    if (!HasYoungerFiles(delivery)) return false;
    const Collected* known = KnownAs("unfinished", delivery);
    return known == nullptr || known->collected_at.micros + kSettledAfterMicros > Now().micros;
  }

  const Collected* KnownAs(std::string_view outcome, const RemoteDelivery& delivery) const {
    const auto known = known_.find(delivery.manifest.key);
    if (known == known_.end() || known->second.outcome != outcome) return nullptr;
    const bool same = known->second.etag == delivery.manifest.etag &&
                      known->second.files_signature == Signature(KeysOf(delivery));
    return same ? &known->second : nullptr;
  }

  Result<void> NoteUnfinished(const RemoteDelivery& delivery) {
    CollectedDelivery seen;
    seen.manifest_key = delivery.manifest.key;
    seen.period = delivery.period;
    seen.outcome = "unfinished";
    seen.reason =
        "files are younger than their manifest: AWS is writing; the next collection looks again";
    if (KnownAs(seen.outcome, delivery) == nullptr) TRY(Remember(delivery, seen));
    summary_.deliveries.push_back(std::move(seen));
    return {};
  }

  /// AWS has overwritten something since it was listed: look again and begin this period anew.
  Result<void> Restart(const PeriodManifests& group, int restarts) {
    Note("AWS delivered " + group.folder + " again while it was read; started anew");
    TRY(List());
    for (const PeriodManifests& again : GroupManifests(*listing_)) {
      if (again.folder == group.folder) return CollectPeriod(again, restarts - 1);
    }
    return {};
  }

  Result<void> FetchAndImport(const RemoteDelivery& delivery, const std::string& manifest_text) {
    TRY(store_.SetState(connection_.id, State::kCollecting, ""));
    const std::string name = delivery.period ? ToString(*delivery.period) : delivery.manifest.key;
    TRY(folder_.CheckRoom(delivery.size_bytes, options_.disk_limit_bytes, name));
    std::vector<aws::Download> downloads;
    std::vector<fs::path> files;
    for (const aws::S3Object& object : delivery.files) {
      TRY_ASSIGN(fs::path file, folder_.FileOf(object.key));
      files.push_back(file);
      downloads.push_back({place().bucket, object, std::move(file)});
    }
    TRY(folder_.KeepOnly(files));
    for (const fs::path& file : files) TRY(MakeDirectories(file.parent_path()));
    std::atomic<std::uint64_t> bytes{0};
    aws::DownloadOptions download;
    download.parallel = options_.parallel;
    download.cancellation = options_.cancellation;
    download.on_bytes = [&](std::uint64_t count) {
      const std::uint64_t so_far = bytes += count;
      Report("downloading " + name, so_far, delivery.size_bytes);
    };
    TRY(aws::DownloadAll(s3_, downloads, download));
    summary_.bytes += bytes;
    // Overwritten exports put the manifest last: if it is still the same, so are the files it names.
    TRY_ASSIGN(const aws::S3Object now, s3_.Head(place().bucket, delivery.manifest.key));
    if (now.etag != delivery.manifest.etag) {
      return Error(Errc::kConflict, delivery.manifest.key + " was written again")
          .With(aws::kCodeDetail, "PreconditionFailed");
    }
    TRY_ASSIGN(const fs::path manifest, folder_.FileOf(delivery.manifest.key));
    TRY(MakeDirectories(manifest.parent_path()));
    TRY(RemoveTree(manifest));
    TRY(WriteFileDurably(manifest, manifest_text));
    TRY(Import(delivery, name));
    return folder_.Clear();
  }

  Result<void> Import(const RemoteDelivery& delivery, const std::string& name) {
    ingest::ImportOptions import;
    import.tolerated_rows = options_.tolerated_rows;
    import.accounts = accounts_;
    import.copy_of = ingest::CopyOf{folder_.bucket(), "s3://" + place().bucket};
    import.observer = [&](const ingest::Progress& progress) {
      if (!options_.observer) return;
      options_.observer({connection_.settings.name, "importing " + name, progress.bytes,
                         progress.total_bytes, progress.rows});
    };
    TRY_ASSIGN(const ingest::ImportSummary imported,
               ingest::Import(catalog_, folder_.bucket(), import));
    for (const ingest::Outcome& outcome : imported.outcomes) {
      CollectedDelivery collected;
      collected.manifest_key = delivery.manifest.key;
      collected.period = delivery.period;
      collected.outcome = ToString(outcome.kind);
      collected.size_bytes = delivery.size_bytes;
      if (outcome.load) collected.lines = outcome.load->line_count;
      const bool left_out = outcome.load && outcome.load->left_out;
      if (outcome.error || left_out) collected.reason = outcome.delivery.reason;
      TRY(Remember(delivery, collected));
      TRY(log_.LinkExport(outcome.delivery.export_id));
      TRY(store_.Record(connection_.id, "delivery",
                        name + " " + collected.outcome +
                            (collected.reason.empty() ? "" : ": " + collected.reason)));
      summary_.deliveries.push_back(std::move(collected));
    }
    for (const std::string& note : imported.notes) Note(note);
    return {};
  }

  Result<void> Remember(const RemoteDelivery& delivery, const CollectedDelivery& outcome) {
    Collected collected;
    collected.manifest_key = delivery.manifest.key;
    collected.etag = delivery.manifest.etag;
    collected.files = KeysOf(delivery);
    collected.files_signature = Signature(collected.files);
    collected.period = delivery.period;
    collected.outcome = outcome.outcome;
    collected.reason = outcome.reason;
    collected.size_bytes = delivery.size_bytes;
    collected.delivered_at = delivery.manifest.last_modified;
    collected.collected_at = Now();
    return log_.Save(collected);
  }

  /// A manifest that is torn or names files that are not there: said once, tried again next time.
  Result<void> NoteUnready(const aws::S3Object& manifest, std::optional<Period> period,
                           Error error) {
    Collected collected;
    collected.manifest_key = manifest.key;
    collected.etag = manifest.etag;
    collected.period = period;
    collected.outcome = "incomplete";
    collected.reason = error.message();
    collected.delivered_at = manifest.last_modified;
    collected.collected_at = Now();
    TRY(log_.Save(collected));
    summary_.deliveries.push_back(
        {manifest.key, period, collected.outcome,
         error.message() + (error.hint().empty() ? "" : "; fix: " + error.hint()), 0, 0});
    return {};
  }

  Result<void> CheckCancelled() const {
    if (options_.cancellation != nullptr && options_.cancellation->cancelled()) {
      return Error(Errc::kDeadline, "stopped; what was collected stays").With("cancelled", "true");
    }
    return {};
  }

  void Note(std::string text) { summary_.notes.push_back(std::move(text)); }
  void Report(const std::string& what, std::uint64_t bytes, std::uint64_t total) const {
    if (options_.observer) options_.observer({connection_.settings.name, what, bytes, total, 0});
  }

  Store& store_;
  lake::Catalog& catalog_;
  const Connection& connection_;
  std::shared_ptr<aws::Client> client_;
  aws::S3 s3_;
  const CollectOptions& options_;
  CollectedLog log_;
  DownloadFolder folder_;
  ExportPlace place_;
  std::map<std::string, Collected> known_;
  std::optional<std::set<std::string>> accounts_;  ///< whose lines are kept; absent: all
  std::optional<BucketListing> listing_;
  CollectSummary summary_;
};

/// A directory that something else fills: import reads it where it lies.
Result<CollectSummary> CollectDirectory(Store& store, lake::Catalog& catalog,
                                        const Connection& connection,
                                        const CollectOptions& options) {
  CollectSummary summary;
  summary.connection_id = connection.id;
  summary.connection_name = connection.settings.name;
  ingest::ImportOptions import;
  import.tolerated_rows = options.tolerated_rows;
  TRY_ASSIGN(import.accounts, AccountsToImport(store, connection));
  TRY_ASSIGN(const ingest::ImportSummary imported,
             ingest::Import(catalog, connection.settings.directory, import));
  CollectedLog log(store.database(), connection.id);
  for (const ingest::Outcome& outcome : imported.outcomes) {
    TRY(log.LinkExport(outcome.delivery.export_id));
    if (outcome.kind == ingest::Outcome::Kind::kUnchanged) continue;
    summary.deliveries.push_back({outcome.delivery.manifest, outcome.delivery.period,
                                  std::string(ToString(outcome.kind)), outcome.delivery.reason,
                                  outcome.load ? outcome.load->line_count : 0, 0});
  }
  summary.notes = imported.notes;
  return summary;
}

/// What the last checks found failing, unless collecting has just shown that it works.
Result<std::string> StandingFailure(Store& store, const CollectSummary& summary) {
  TRY_ASSIGN(const std::string text, store.LastReport(summary.connection_id));
  if (text.empty()) return std::string();
  TRY_ASSIGN(CheckReport report, ParseCheckReport(text));
  std::set<std::string, std::less<>> shown{"credentials", "identity", "bucket-region",
                                           "bucket-list", "directory"};
  const bool has_read =
      std::any_of(summary.deliveries.begin(), summary.deliveries.end(),
                  [](const CollectedDelivery& delivery) { return delivery.outcome == "loaded"; });
  if (has_read) shown.insert({"bucket-read", "bucket-key", "delivery"});
  std::erase_if(report.results, [&](const CheckResult& r) { return shown.contains(r.id); });
  return report.FirstFailure();
}

Result<void> Settle(Store& store, const Connection& connection, CollectSummary& summary) {
  CollectedLog log(store.database(), connection.id);
  TRY_ASSIGN(const auto known, log.All());
  TRY_ASSIGN(const std::vector<std::int64_t> exports, log.Exports());
  const bool is_directory = connection.settings.type == ConnectionType::kDirectory;
  const bool loaded = HasLoaded(known) || (is_directory && !exports.empty());
  std::string cause = CauseIn(known);
  if (is_directory) {
    for (const CollectedDelivery& delivery : summary.deliveries) {
      if (delivery.outcome == "quarantined") cause = delivery.reason;
    }
  }
  if (cause.empty()) {
    TRY_ASSIGN(cause, StandingFailure(store, summary));
  }
  Store::Times times;
  times.collected = Now();
  for (const auto& [key, collected] : known) {
    if (collected.delivered_at && (!times.delivery || *collected.delivered_at > *times.delivery)) {
      times.delivery = collected.delivered_at;
    }
  }
  TRY(store.Touch(connection.id, times));
  TRY_ASSIGN(const auto was_ready, store.LastEvent(connection.id, "bill-data-ready"));
  if (loaded && !was_ready) {
    summary.bill_data_ready = true;
    TRY(store.Record(connection.id, "bill-data-ready",
                     "bill data of connection " + connection.settings.name + " is ready"));
  }
  summary.state = !cause.empty() ? State::kDegraded : loaded ? State::kConnected : State::kWaiting;
  TRY_ASSIGN(const Connection now, store.Find(connection.id));
  if (!MayFollow(now.state, summary.state)) {  // the first bills came from a directory
    TRY(store.SetState(connection.id, State::kCollecting, ""));
  }
  TRY(store.SetState(connection.id, summary.state, cause));
  return {};
}

/// Every failure says what to do, also where AWS says nothing (a refused HEAD has no body).
Error Advised(Error error, const std::string& connection) {
  if (!error.hint().empty()) return error;
  return std::move(error).Hint("farthing check " + connection +
                               " finds the cause; what was collected stays");
}

}  // namespace

Result<CollectSummary> Collect(Store& store, Vault& vault, lake::Catalog& catalog,
                               const Platform& platform, const std::string& name,
                               const CollectOptions& options) {
  TRY_ASSIGN(Connection connection, store.Find(name));
  const Settings& settings = connection.settings;
  if (settings.type == ConnectionType::kLinkedKeys) {
    return Error(Errc::kInvalidArgument,
                 "connection " + settings.name + " contributes resources only")
        .Hint("its bill arrives through its payer's connection");
  }
  if (!MayCollect(connection.state)) {
    return Error(Errc::kConflict,
                 "connection " + settings.name + " is " + std::string(Name(connection.state)))
        .Hint(connection.state == State::kDraft
                  ? "verify it first: farthing check " + settings.name
                  : "enable it first: farthing connections enable " + settings.name);
  }
  const fs::path directory = catalog.layout().data() / "downloads" / connection.id;
  TRY(MakeDirectories(directory));
  TRY_ASSIGN(const auto lock, DirectoryLock::Acquire(directory / "lock"));
  Result<CollectSummary> summary = [&]() -> Result<CollectSummary> {
    if (settings.type == ConnectionType::kDirectory) {
      return CollectDirectory(store, catalog, connection, options);
    }
    TRY_ASSIGN(auto client, ClientFor(connection, platform, vault));
    if (options.cancellation != nullptr) {
      client = client->WithLimits(std::chrono::milliseconds(0), options.cancellation);
    }
    return Collector(store, catalog, connection, std::move(client), options).Run();
  }();
  // New bills take the place of what Cost Explorer filled; should this fail, the next collection does it.
  const Result<std::vector<Fit>> fits = FitCostExplorer(store, catalog);
  if (summary.ok() && !fits.ok()) {
    summary->notes.push_back("Cost Explorer's days are not fitted yet: " + fits.error().message());
  }
  if (!summary.ok()) {
    // Being stopped is no fault of the connection.
    const bool stopped = summary.error().detail("cancelled") == "true";
    TRY(store.SetState(connection.id, stopped ? connection.state : State::kDegraded,
                       stopped ? connection.cause : summary.error().message()));
    return Advised(std::move(summary).error(), settings.name);
  }
  TRY(Settle(store, connection, *summary));
  return summary;
}

}  // namespace farthing::connect
