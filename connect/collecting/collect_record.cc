#include "connect/collecting/collect_record.h"

#include <algorithm>

#include "connect/collecting/collect_delivery.h"
#include "connect/import_policy.h"
#include "ingest/keep_accounts.h"

namespace farthing::connect {
namespace {

std::vector<std::string> KeysOf(const RemoteDelivery& delivery) {
  std::vector<std::string> keys;
  for (const aws::S3Object& file : delivery.files) keys.push_back(file.key);
  return keys;
}

Collected Seen(const aws::S3Object& manifest, std::optional<Period> period, std::string outcome,
               std::string reason) {
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

}  // namespace

CollectRecord::CollectRecord(Store& store, const Connection& connection)
    : store_(store), connection_(connection), log_(store.database(), connection.id) {
  summary_.connection_id = connection.id;
  summary_.connection_name = connection.settings.name;
}

Result<void> CollectRecord::Open() {
  TRY_ASSIGN(known_, log_.All());
  TRY_ASSIGN(accounts_, AccountsToImport(store_, connection_));
  return {};
}

bool CollectRecord::HasSettled() const {
  return std::any_of(known_.begin(), known_.end(),
                     [](const auto& each) { return each.second.IsSettled(); });
}

bool CollectRecord::IsUnchanged(const aws::S3Object& manifest, const BucketListing& listing) const {
  const auto known = known_.find(manifest.key);
  if (known == known_.end() || !known->second.IsSettled()) return false;
  if (known->second.etag != manifest.etag) return false;
  const std::vector<std::string>& files = known->second.files;
  return known->second.files_signature == Signature(files, listing) ||
         std::any_of(files.begin(), files.end(),
                     [&](const std::string& key) { return listing.Find(key) == nullptr; });
}

bool CollectRecord::IsIn(const RemoteDelivery& delivery, const PeriodManifests& group,
                         const BucketListing& listing) const {
  const Collected* newest = nullptr;
  for (const aws::S3Object& manifest : group.manifests) {
    const auto known = known_.find(manifest.key);
    if (known == known_.end() || !known->second.IsSettled()) continue;
    if (newest == nullptr || known->second.collected_at > newest->collected_at) {
      newest = &known->second;
    }
  }
  return newest != nullptr && newest->manifest_key != delivery.manifest.key && IsBill(*newest) &&
         newest->files_signature == Signature(KeysOf(delivery), listing);
}

std::optional<Instant> CollectRecord::UnfinishedSince(const RemoteDelivery& delivery,
                                                      const BucketListing& listing) const {
  const auto known = known_.find(delivery.manifest.key);
  if (known == known_.end() || known->second.outcome != "unfinished") return std::nullopt;
  const bool same = known->second.etag == delivery.manifest.etag &&
                    known->second.files_signature == Signature(KeysOf(delivery), listing);
  return same ? std::optional(known->second.collected_at) : std::nullopt;
}

/// What a delivery was made into: its files, and whose lines were kept of them.
std::string CollectRecord::Signature(const std::vector<std::string>& files,
                                     const BucketListing& listing) const {
  const std::string signature = FilesSignature(files, listing);
  return accounts_ ? ingest::WithAccounts(signature, *accounts_) : signature;
}

Result<void> CollectRecord::NoteImported(const RemoteDelivery& delivery,
                                         const BucketListing& listing,
                                         const ingest::ImportSummary& imported) {
  for (const ingest::Outcome& outcome : imported.outcomes) {
    CollectedDelivery collected;
    collected.manifest_key = delivery.manifest.key;
    collected.period = delivery.period;
    collected.outcome = ToString(outcome.kind);
    collected.size_bytes = delivery.size_bytes;
    if (outcome.load) collected.lines = outcome.load->line_count;
    const bool left_out = outcome.load && outcome.load->left_out;
    if (outcome.error || left_out) collected.reason = outcome.delivery.reason;
    TRY(Remember(delivery, listing, collected));
    TRY(log_.LinkExport(outcome.delivery.export_id));
    TRY(store_.Record(connection_.id, "delivery",
                      NameOf(delivery) + " " + collected.outcome +
                          (collected.reason.empty() ? "" : ": " + collected.reason)));
    summary_.deliveries.push_back(std::move(collected));
  }
  summary_.notes.insert(summary_.notes.end(), imported.notes.begin(), imported.notes.end());
  return {};
}

Result<void> CollectRecord::NoteIsIn(const RemoteDelivery& delivery, const BucketListing& listing) {
  CollectedDelivery same;
  same.outcome = "unchanged";
  same.size_bytes = delivery.size_bytes;
  return Remember(delivery, listing, same);
}

Result<void> CollectRecord::NoteUnfinished(const RemoteDelivery& delivery,
                                           const BucketListing& listing) {
  CollectedDelivery seen;
  seen.manifest_key = delivery.manifest.key;
  seen.period = delivery.period;
  seen.outcome = "unfinished";
  seen.reason =
      "files are younger than their manifest: AWS is writing; the next collection looks again";
  if (!UnfinishedSince(delivery, listing)) TRY(Remember(delivery, listing, seen));
  summary_.deliveries.push_back(std::move(seen));
  return {};
}

Result<void> CollectRecord::Remember(const RemoteDelivery& delivery, const BucketListing& listing,
                                     const CollectedDelivery& outcome) {
  Collected collected = Seen(delivery.manifest, delivery.period, outcome.outcome, outcome.reason);
  collected.files = KeysOf(delivery);
  collected.files_signature = Signature(collected.files, listing);
  collected.size_bytes = outcome.size_bytes;
  return log_.Save(collected);
}

Result<void> CollectRecord::NoteIncomplete(const aws::S3Object& manifest,
                                           std::optional<Period> period, const Error& error) {
  TRY(log_.Save(Seen(manifest, period, "incomplete", error.message())));
  summary_.deliveries.push_back(
      {manifest.key, period, "incomplete",
       error.message() + (error.hint().empty() ? "" : "; fix: " + error.hint()), 0, 0});
  return {};
}

Result<void> CollectRecord::NoteFailed(const aws::S3Object& manifest, std::optional<Period> period,
                                       Error error) {
  const bool denied = error.code() == Errc::kPermissionDenied;
  TRY(log_.Save(Seen(manifest, period, denied ? "denied" : "failed", error.message())));
  summary_.failures.push_back({manifest.key, period, std::move(error)});
  return {};
}

}  // namespace farthing::connect
