#include "connect/collect.h"

#include <algorithm>
#include <set>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/collected.h"
#include "connect/discovery.h"
#include "connect/lifecycle.h"
#include "connect/remote_deliveries.h"

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{64} << 20;
constexpr int kRestarts = 3;  // of a delivery that is overwritten while it is read

bool IsFinal(const std::string& outcome) { return outcome != "incomplete"; }

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
        log_(store.database(), connection.id) {}

  Result<CollectSummary> Run() {
    summary_.connection_id = connection_.id;
    summary_.connection_name = connection_.settings.name;
    TRY(Locate());
    TRY_ASSIGN(known_, log_.All());
    TRY(List());
    for (const PeriodManifests& group : GroupManifests(*listing_)) {
      TRY(CheckCancelled());
      TRY(CollectPeriod(group, kRestarts));
    }
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
           known->second.files_signature == FilesSignature(known->second.files, *listing_);
  }

  /// Of a period's manifests the first complete one counts; older ones are read only while the newest is torn.
  Result<void> CollectPeriod(const PeriodManifests& group, int restarts) {
    if (!IsWanted(group.period)) return {};
    for (const aws::S3Object& manifest : group.manifests) {
      if (!options_.again && IsUnchanged(manifest)) return {};
      Result<std::string> text =
          s3_.Get(place().bucket, manifest.key, kManifestLimit, manifest.etag);
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
      Result<void> collected = FetchAndImport(**delivery, *text);
      if (!collected.ok() && collected.error().code() == Errc::kConflict &&
          !aws::AwsCode(collected.error()).empty() && restarts > 0) {
        return Restart(group, restarts);
      }
      return collected;
    }
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

  fs::path DownloadRoot() const { return catalog_.layout().data() / "downloads" / connection_.id; }
  /// The mirror of the bucket that import reads.
  Result<fs::path> LocalFile(const std::string& key) const {
    for (const std::string& part : Split(key, '/')) {
      if (part == "." || part == "..") {
        return Error(Errc::kPermissionDenied, "a key that climbs out of its folder: " + key);
      }
    }
    return DownloadRoot() / "bucket" / key;
  }

  Result<void> FetchAndImport(const RemoteDelivery& delivery, const std::string& manifest_text) {
    TRY(store_.SetState(connection_.id, State::kCollecting, ""));
    const std::string name = delivery.period ? ToString(*delivery.period) : delivery.manifest.key;
    TRY(CheckRoom(delivery, name));
    std::vector<aws::Download> downloads;
    for (const aws::S3Object& object : delivery.files) {
      TRY_ASSIGN(fs::path file, LocalFile(object.key));
      TRY(MakeDirectories(file.parent_path()));
      downloads.push_back({place().bucket, object, std::move(file)});
    }
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
    TRY_ASSIGN(const fs::path manifest, LocalFile(delivery.manifest.key));
    TRY(MakeDirectories(manifest.parent_path()));
    TRY(RemoveTree(manifest));
    TRY(WriteFileDurably(manifest, manifest_text));
    TRY(Import(delivery, name));
    return RemoveTree(DownloadRoot() / "bucket");
  }

  Result<void> CheckRoom(const RemoteDelivery& delivery, const std::string& name) const {
    if (delivery.size_bytes > options_.disk_limit_bytes) {
      return Error(Errc::kTooLarge, "the delivery of " + name + " has " +
                                        std::to_string(delivery.size_bytes) +
                                        " bytes, more than the limit for downloads")
          .Hint("raise it with --disk-limit");
    }
    TRY(MakeDirectories(DownloadRoot()));
    std::error_code failed;
    const fs::space_info space = fs::space(DownloadRoot(), failed);
    // The lake's copy is smaller than the files it is made from, but both exist for a while.
    if (!failed && space.available < delivery.size_bytes * 2) {
      return Error(Errc::kTooLarge, "too little room on the disk for the delivery of " + name +
                                        ": " + std::to_string(delivery.size_bytes * 2) +
                                        " bytes are needed, " + std::to_string(space.available) +
                                        " are free")
          .Hint(kFullDiskHint);
    }
    return {};
  }

  Result<void> Import(const RemoteDelivery& delivery, const std::string& name) {
    ingest::ImportOptions import;
    import.tolerated_rows = options_.tolerated_rows;
    import.copy_of = ingest::CopyOf{DownloadRoot() / "bucket", "s3://" + place().bucket};
    import.observer = [&](const ingest::Progress& progress) {
      if (!options_.observer) return;
      options_.observer({connection_.settings.name, "importing " + name, progress.bytes,
                         progress.total_bytes, progress.rows});
    };
    TRY_ASSIGN(const ingest::ImportSummary imported,
               ingest::Import(catalog_, DownloadRoot() / "bucket", import));
    for (const ingest::Outcome& outcome : imported.outcomes) {
      CollectedDelivery collected;
      collected.manifest_key = delivery.manifest.key;
      collected.period = delivery.period;
      collected.outcome = ToString(outcome.kind);
      collected.size_bytes = delivery.size_bytes;
      if (outcome.load) collected.lines = outcome.load->line_count;
      if (outcome.error) collected.reason = outcome.delivery.reason;
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
    for (const aws::S3Object& file : delivery.files) collected.files.push_back(file.key);
    collected.files_signature = FilesSignature(collected.files, *listing_);
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
  ExportPlace place_;
  std::map<std::string, Collected> known_;
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
  Store::Times times;
  times.collected = Now();
  for (const auto& [key, collected] : known) {
    if (collected.delivered_at && (!times.delivery || *collected.delivered_at > *times.delivery)) {
      times.delivery = collected.delivered_at;
    }
  }
  TRY(store.Touch(connection.id, times));
  TRY_ASSIGN(const std::vector<Event> events, store.Events(connection.id, 1'000'000));
  const bool was_ready = std::any_of(events.begin(), events.end(), [](const Event& event) {
    return event.kind == "bill-data-ready";
  });
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
  if (!summary.ok()) {
    TRY(store.SetState(connection.id, State::kDegraded, summary.error().message()));
    return summary;
  }
  TRY(Settle(store, connection, *summary));
  return summary;
}

}  // namespace farthing::connect
