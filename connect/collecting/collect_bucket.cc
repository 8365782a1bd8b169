#include "connect/collecting/collect_bucket.h"

#include <algorithm>
#include <set>

#include "aws/error.h"
#include "base/shell_words.h"
#include "connect/collecting/collect_delivery.h"
#include "connect/collecting/collect_record.h"
#include "connect/exports/chosen_export.h"

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{64} << 20;
constexpr std::int64_t kSettledAfterMicros = 30 * 60 * std::int64_t{1'000'000};
constexpr int kTransfers = 3;
constexpr int kRestarts = 3;  // of a delivery that is overwritten while it is read

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
        record_(store, connection),
        downloads_(catalog.layout().data() / "downloads" / connection.id) {}

  Result<CollectSummary> Run() {
    TRY_ASSIGN(place_, PlaceMeant(connection_, *client_));
    TRY(record_.Open());
    TRY(List());
    const std::vector<PeriodManifests> groups = GroupManifests(*listing_);
    NoteEmptied(groups);
    for (const PeriodManifests& group : groups) {
      TRY(CheckCancelled());
      TRY(CollectPeriod(group, kRestarts));
    }
    TRY(DropUnwanted());
    record_.summary().requests = client_->counts().requests;
    return std::move(record_.summary());
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
  Result<void> DropUnwanted() {
    if (options_.first || options_.last) return {};  // other months may go on later
    std::set<std::string> failed;
    for (const CollectFailure& failure : record_.summary().failures)
      failed.insert(failure.manifest_key);
    return downloads_.KeepOnly(failed);
  }

  bool IsWanted(std::optional<Period> period) const {
    if (!period) return true;
    return (!options_.first || *period >= *options_.first) &&
           (!options_.last || *period <= *options_.last);
  }

  /// Silence where deliveries were would pass for "nothing new".
  void NoteEmptied(const std::vector<PeriodManifests>& groups) {
    if (!groups.empty() || !record_.HasSettled()) return;
    record_.summary().emptied = true;
    record_.summary().notes.push_back(
        "nothing is delivered below s3://" + place_.bucket + "/" + DeliveryPrefix(place_) +
        " any more: the bucket was emptied, or the export delivers elsewhere; what "
        "was collected stays; find the export with: " +
        CommandLine({"farthing", "check", connection_.settings.name}));
  }

  /// Of a period's manifests the first complete one counts; older ones are read only while the newest is torn.
  Result<void> CollectPeriod(const PeriodManifests& group, int restarts) {
    if (!IsWanted(group.period)) return {};
    for (const aws::S3Object& manifest : group.manifests) {
      if (!options_.again && record_.IsUnchanged(manifest, *listing_)) return {};
      Result<Step> step = CollectManifest(manifest, group);
      if (!step.ok() && IsOverwritten(step.error()) && restarts > 0) {
        return Restart(group, restarts);
      }
      if (!step.ok() && IsOfOneDelivery(step.error())) {
        return record_.NoteFailed(manifest, group.period, std::move(step).error());
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
  Result<Step> CollectManifest(const aws::S3Object& manifest, const PeriodManifests& group) {
    Result<std::string> text = GetManifest(manifest);
    if (!text.ok()) return std::move(text).error().Wrap(manifest.key);
    Result<std::optional<RemoteDelivery>> delivery =
        ReadRemoteDelivery(manifest, group.period, *text, *listing_);
    if (!delivery.ok()) {
      TRY(record_.NoteIncomplete(manifest, group.period, std::move(delivery).error()));
      return Step::kOlder;
    }
    if (!*delivery || !IsWanted((*delivery)->period)) return Step::kOlder;
    if (IsBeingWritten(**delivery)) {
      TRY(record_.NoteUnfinished(**delivery, *listing_));
      return Step::kOlder;
    }
    if (!options_.again && record_.IsIn(**delivery, group, *listing_)) {
      TRY(record_.NoteIsIn(**delivery, *listing_));
      return Step::kDone;
    }
    TRY(store_.SetState(connection_.id, State::kCollecting, ""));
    TRY_ASSIGN(const BroughtIn brought,
               BringIn({s3_, place_.bucket, downloads_, catalog_, connection_.settings.name,
                        record_.accounts(), options_},
                       **delivery, *text));
    record_.summary().bytes += brought.bytes;
    TRY(RetireReplaced(group, brought.imported));
    TRY(record_.NoteImported(**delivery, *listing_, brought.imported));
    TRY(downloads_.Of(manifest.key).Clear());
    return Step::kDone;
  }

  /// An export that was deleted and made anew under its name has another ARN, and writes over what the first one delivered:
  /// of such a month the first one's version is history, whatever its lines.  Buckets of two clouds may have one name.
  Result<void> RetireReplaced(const PeriodManifests& group, const ingest::ImportSummary& imported) {
    const std::string folder = "s3://" + place_.bucket + "/" + group.folder;
    TRY_ASSIGN(const std::vector<std::int64_t> ours, record_.Exports());
    for (const ingest::Outcome& outcome : imported.outcomes) {
      if (outcome.kind == ingest::Outcome::Kind::kQuarantined) continue;
      const lake::Delivery& taken = outcome.delivery;
      TRY_ASSIGN(const std::vector<lake::Export> exports, catalog_.Exports());
      for (const lake::Export& other : exports) {
        if (other.id == taken.export_id || std::count(ours.begin(), ours.end(), other.id) == 0)
          continue;
        TRY_ASSIGN(const std::optional<lake::Delivery> active,
                   catalog_.ActiveDelivery(other.id, taken.period));
        if (!active || !active->manifest.starts_with(folder)) continue;
        TRY(catalog_.Retire(other.id, taken.period));
        record_.summary().notes.push_back(
            "the export " + other.name + " was deleted and made anew under its name: from now on " +
            ToString(taken.period) + " is what " + taken.export_name +
            " delivers; earlier months that are not delivered again stay those of " + other.name);
      }
    }
    return {};
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
    const std::optional<Instant> since = record_.UnfinishedSince(delivery, *listing_);
    return !since || since->micros + kSettledAfterMicros > Now().micros;
  }

  /// AWS has overwritten something since it was listed: look again and begin this period anew.
  Result<void> Restart(const PeriodManifests& group, int restarts) {
    record_.summary().notes.push_back("AWS delivered " + group.folder +
                                      " again while it was read; started anew");
    TRY(List());
    for (const PeriodManifests& again : GroupManifests(*listing_)) {
      if (again.folder == group.folder) return CollectPeriod(again, restarts - 1);
    }
    return {};
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
  CollectRecord record_;
  Downloads downloads_;
  ExportPlace place_;
  std::optional<BucketListing> listing_;
};

}  // namespace

Result<CollectSummary> CollectBucket(Store& store, lake::Catalog& catalog,
                                     const Connection& connection,
                                     std::shared_ptr<aws::Client> client,
                                     const CollectOptions& options) {
  return BucketCollector(store, catalog, connection, std::move(client), options).Run();
}

}  // namespace farthing::connect
