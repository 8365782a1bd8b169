#pragma once

// What became of a collection's deliveries: in the log, by which the next one knows what is new, in the summary and among
// the connection's events.  For connect/collecting/collect_bucket.cc.  One thread per object.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "connect/collected.h"
#include "connect/collecting/collect.h"
#include "connect/collecting/remote_deliveries.h"

namespace farthing::connect {

class CollectRecord {
 public:
  /// Refers to the store and the connection.
  CollectRecord(Store& store, const Connection& connection);
  /// Reads what earlier collections left, and whose lines this one keeps.
  Result<void> Open();

  /// Whose lines are kept; absent: all.
  const std::optional<std::set<std::string>>& accounts() const { return accounts_; }
  CollectSummary& summary() { return summary_; }

  /// True when some earlier collection was done with a delivery.
  bool HasSettled() const;
  /// True when there is nothing to take that we have not dealt with: this manifest and all its files are as they were,
  /// or some of the files are gone, as by a lifecycle rule that leaves the manifest.
  bool IsUnchanged(const aws::S3Object& manifest, const BucketListing& listing) const;
  /// True when what the period's newest manifest brought in consists of the same files: AWS tells a delivery by two.
  bool IsIn(const RemoteDelivery& delivery, const PeriodManifests& group,
            const BucketListing& listing) const;
  /// The exports of the lake that came through this connection.
  Result<std::vector<std::int64_t>> Exports() { return log_.Exports(); }
  /// When this delivery, as it lies there now, was first seen unfinished; absent: it was not.
  std::optional<Instant> UnfinishedSince(const RemoteDelivery& delivery,
                                         const BucketListing& listing) const;

  Result<void> NoteImported(const RemoteDelivery& delivery, const BucketListing& listing,
                            const ingest::ImportSummary& imported);
  /// Its files came in by another manifest.
  Result<void> NoteIsIn(const RemoteDelivery& delivery, const BucketListing& listing);
  /// AWS is writing it.
  Result<void> NoteUnfinished(const RemoteDelivery& delivery, const BucketListing& listing);
  /// A manifest that is torn or names files that are not there: said once, tried again next time.
  Result<void> NoteIncomplete(const aws::S3Object& manifest, std::optional<Period> period,
                              const Error& error);
  /// Remembered so that the next verification and the coverage map know it; tried again next time.
  Result<void> NoteFailed(const aws::S3Object& manifest, std::optional<Period> period, Error error);

 private:
  std::string Signature(const std::vector<std::string>& files, const BucketListing& listing) const;
  Result<void> Remember(const RemoteDelivery& delivery, const BucketListing& listing,
                        const CollectedDelivery& outcome);

  Store& store_;
  const Connection& connection_;
  CollectedLog log_;
  std::map<std::string, Collected> known_;  ///< before this collection, by key of the manifest
  std::optional<std::set<std::string>> accounts_;
  CollectSummary summary_;
};

}  // namespace farthing::connect
