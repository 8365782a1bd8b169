#include "connect/collect_bucket.h"

#include <algorithm>
#include <set>

#include "aws/error.h"
#include "connect/chosen_export.h"
#include "connect/collect_delivery.h"
#include "connect/collected.h"
#include "connect/import_policy.h"
#include "ingest/keep_accounts.h"

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{64} << 20;
constexpr std::int64_t kSettledAfterMicros = 30 * 60 * std::int64_t{1'000'000};
constexpr int kTransfers = 3;
constexpr int kRestarts = 3;  // of a delivery that is overwritten while it is read

std::vector<std::string> KeysOf(const RemoteDelivery& delivery) {
  std::vector<std::string> keys;
  for (const aws::S3Object& file : delivery.files) keys.push_back(file.key);
  return keys;
}

/// AWS's own word that something is not what was listed any more.
bool IsOverwritten(const Error& error) {
  return error.code() == Errc::kConflict && !aws::AwsCode(error).empty();
}

/// True where the fault is of one delivery alone, so that the others can still be had.
bool IsOfOneDelivery(const Error& error) {
  // A role or a bucket that refuses does so for all of them.
  const std::string_view operation = error.detail(aws::kOperationDetail);
  const bool of_object =
      operation.empty() || operation == "s3:GetObject" || operation == "s3:HeadObject";
  switch (error.code()) {
    case Errc::kPermissionDenied:
    case Errc::kNotFound:
    case Errc::kInvalidArgument: return of_object;
    case Errc::kCorrupt: return true;
    case Errc::kConflict: return IsOverwritten(error);                 // else another import runs
    case Errc::kTooLarge: return !error.detail("disk_limit").empty();  // else the disk is full
    case Errc::kUnauthenticated:
    case Errc::kUnavailable:
    case Errc::kDeadline:
    case Errc::kInternal: return false;
  }
  return false;
}

class BucketCollector {
 public:
  BucketCollector(Store& store, lake::Catalog& catalog, const Connection& connection,
                  std::shared_ptr<aws::Client> client, const CollectOptions& options)
      : store_(store),
        catalog_(catalog),
        connection_(connection),
        client_(std::move(client)),
        s3_(BucketOf(connection, client_)),
        options_(options),
        log_(store.database(), connection.id),
        downloads_(catalog.layout().data() / "downloads" / connection.id) {}

  Result<CollectSummary> Run() {
    summary_.connection_id = connection_.id;
    summary_.connection_name = connection_.settings.name;
    TRY_ASSIGN(place_, PlaceMeant(connection_, *client_));
    TRY_ASSIGN(known_, log_.All());
    TRY_ASSIGN(accounts_, AccountsToImport(store_, connection_));
    TRY(List());
    const std::vector<PeriodManifests> groups = GroupManifests(*listing_);
    NoteEmptied(groups);
    for (const PeriodManifests& group : groups) {
      TRY(CheckCancelled());
      TRY(CollectPeriod(group, kRestarts));
    }
    TRY(DropUnwanted());
    summary_.requests = client_->counts().requests;
    return std::move(summary_);
  }

 private:
  Result<void> List() {
    if (options_.observer) options_.observer({connection_.settings.name, "listing", 0, 0, 0});
    std::vector<aws::S3Object> objects;
    TRY(s3_.EachPage(place_.bucket, DeliveryPrefix(place_), "", [&](aws::Listing page) {
      std::move(page.objects.begin(), page.objects.end(), std::back_inserter(objects));
      return true;
    }));
    listing_.emplace(std::move(objects));
    return {};
  }

  /// Removes what an interrupted download left of what nobody wants any more; what failed goes on from there.
  Result<void> DropUnwanted() const {
    if (options_.first || options_.last) return {};  // other months may go on later
    std::set<std::string> failed;
    for (const CollectFailure& failure : summary_.failures) failed.insert(failure.manifest_key);
    return downloads_.KeepOnly(failed);
  }

  bool IsWanted(std::optional<Period> period) const {
    if (!period) return true;
    return (!options_.first || *period >= *options_.first) &&
           (!options_.last || *period <= *options_.last);
  }

  /// True when there is nothing to take that we have not dealt with: this manifest and all its files are as they were,
  /// or some of the files are gone, as by a lifecycle rule that leaves the manifest.
  bool IsUnchanged(const aws::S3Object& manifest) const {
    const auto known = known_.find(manifest.key);
    if (known == known_.end() || !known->second.IsSettled()) return false;
    if (known->second.etag != manifest.etag) return false;
    const std::vector<std::string>& files = known->second.files;
    return known->second.files_signature == Signature(files) ||
           std::any_of(files.begin(), files.end(),
                       [&](const std::string& key) { return listing_->Find(key) == nullptr; });
  }

  /// Silence where deliveries were would pass for "nothing new".
  void NoteEmptied(const std::vector<PeriodManifests>& groups) {
    const bool had = std::any_of(known_.begin(), known_.end(),
                                 [](const auto& each) { return each.second.IsSettled(); });
    if (!groups.empty() || !had) return;
    summary_.notes.push_back(
        "nothing is delivered below s3://" + place_.bucket + "/" + DeliveryPrefix(place_) +
        " any more: the bucket was emptied, or the export delivers elsewhere; what "
        "was collected stays; farthing check " +
        connection_.settings.name + " finds the export");
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
      Result<Step> step = CollectManifest(manifest, group.period);
      if (!step.ok() && IsOverwritten(step.error()) && restarts > 0) {
        return Restart(group, restarts);
      }
      if (!step.ok() && IsOfOneDelivery(step.error())) {
        return NoteFailed(manifest, group.period, std::move(step).error());
      }
      if (!step.ok()) return std::move(step).error();
      if (*step == Step::kDone) return {};
    }
    return {};
  }

  enum class Step {
    kDone,   ///< the period has its answer
    kOlder,  ///< nothing to take; an older manifest may stand in
  };
  Result<Step> CollectManifest(const aws::S3Object& manifest, std::optional<Period> period) {
    Result<std::string> text = GetManifest(manifest);
    if (!text.ok()) return std::move(text).error().Wrap(manifest.key);
    Result<std::optional<RemoteDelivery>> delivery =
        ReadRemoteDelivery(manifest, period, *text, *listing_);
    if (!delivery.ok()) {
      TRY(NoteIncomplete(manifest, period, std::move(delivery).error()));
      return Step::kOlder;
    }
    if (!*delivery || !IsWanted((*delivery)->period)) return Step::kOlder;
    if (IsBeingWritten(**delivery)) {
      TRY(NoteUnfinished(**delivery));
      return Step::kOlder;
    }
    TRY(store_.SetState(connection_.id, State::kCollecting, ""));
    TRY_ASSIGN(const BroughtIn brought, BringIn({s3_, place_.bucket, downloads_, catalog_,
                                                 connection_.settings.name, accounts_, options_},
                                                **delivery, *text));
    summary_.bytes += brought.bytes;
    TRY(NoteImported(**delivery, brought.imported));
    TRY(downloads_.Of(manifest.key).Clear());
    return Step::kDone;
  }

  /// A transfer that breaks amid the bytes is begun anew; the client retries all else.
  Result<std::string> GetManifest(const aws::S3Object& manifest) {
    for (int tries = 1;; ++tries) {
      Result<std::string> text =
          s3_.Get(place_.bucket, manifest.key, kManifestLimit, manifest.etag);
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

  /// AWS has overwritten something since it was listed: look again and begin this period anew.
  Result<void> Restart(const PeriodManifests& group, int restarts) {
    summary_.notes.push_back("AWS delivered " + group.folder +
                             " again while it was read; started anew");
    TRY(List());
    for (const PeriodManifests& again : GroupManifests(*listing_)) {
      if (again.folder == group.folder) return CollectPeriod(again, restarts - 1);
    }
    return {};
  }

  Result<void> NoteImported(const RemoteDelivery& delivery, const ingest::ImportSummary& imported) {
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
                        NameOf(delivery) + " " + collected.outcome +
                            (collected.reason.empty() ? "" : ": " + collected.reason)));
      summary_.deliveries.push_back(std::move(collected));
    }
    summary_.notes.insert(summary_.notes.end(), imported.notes.begin(), imported.notes.end());
    return {};
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

  Result<void> Remember(const RemoteDelivery& delivery, const CollectedDelivery& outcome) {
    Collected collected = Seen(delivery.manifest, delivery.period, outcome.outcome, outcome.reason);
    collected.files = KeysOf(delivery);
    collected.files_signature = Signature(collected.files);
    collected.size_bytes = outcome.size_bytes;
    return log_.Save(collected);
  }

  /// A manifest that is torn or names files that are not there: said once, tried again next time.
  Result<void> NoteIncomplete(const aws::S3Object& manifest, std::optional<Period> period,
                              const Error& error) {
    TRY(log_.Save(Seen(manifest, period, "incomplete", error.message())));
    summary_.deliveries.push_back(
        {manifest.key, period, "incomplete",
         error.message() + (error.hint().empty() ? "" : "; fix: " + error.hint()), 0, 0});
    return {};
  }

  /// Remembered so that the next verification and the coverage map know it; tried again next time.
  Result<void> NoteFailed(const aws::S3Object& manifest, std::optional<Period> period,
                          Error error) {
    const bool denied = error.code() == Errc::kPermissionDenied;
    TRY(log_.Save(Seen(manifest, period, denied ? "denied" : "failed", error.message())));
    summary_.failures.push_back({manifest.key, period, std::move(error)});
    return {};
  }

  static Collected Seen(const aws::S3Object& manifest, std::optional<Period> period,
                        std::string outcome, std::string reason) {
    Collected collected;
    collected.manifest_key = manifest.key;
    collected.etag = manifest.etag;
    collected.period = period;
    collected.outcome = std::move(outcome);
    collected.reason = std::move(reason);
    collected.delivered_at = manifest.last_modified;
    collected.collected_at = Now();
    return collected;
  }

  Result<void> CheckCancelled() const {
    if (options_.cancellation != nullptr && options_.cancellation->cancelled()) {
      return Error(Errc::kDeadline, "stopped; what was collected stays").With("cancelled", "true");
    }
    return {};
  }

  Store& store_;
  lake::Catalog& catalog_;
  const Connection& connection_;
  std::shared_ptr<aws::Client> client_;
  aws::S3 s3_;
  const CollectOptions& options_;
  CollectedLog log_;
  Downloads downloads_;
  ExportPlace place_;
  std::map<std::string, Collected> known_;
  std::optional<std::set<std::string>> accounts_;  ///< whose lines are kept; absent: all
  std::optional<BucketListing> listing_;
  CollectSummary summary_;
};

}  // namespace

Result<CollectSummary> CollectBucket(Store& store, lake::Catalog& catalog,
                                     const Connection& connection,
                                     std::shared_ptr<aws::Client> client,
                                     const CollectOptions& options) {
  return BucketCollector(store, catalog, connection, std::move(client), options).Run();
}

}  // namespace farthing::connect
