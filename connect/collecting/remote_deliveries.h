#pragma once

// What lies in a bucket, as deliveries: manifests grouped by billing period, each with its files.  Pure
// functions over a listing and the texts of manifests.  Const-safe.

#include <optional>
#include <string>
#include <vector>

#include "aws/s3.h"
#include "base/result.h"
#include "base/time.h"

namespace farthing::connect {

/// All objects below a prefix, found by key.
class BucketListing {
 public:
  explicit BucketListing(std::vector<aws::S3Object> objects);
  /// The object, or nullptr.
  const aws::S3Object* Find(std::string_view key) const;
  const std::vector<aws::S3Object>& objects() const { return objects_; }

 private:
  std::vector<aws::S3Object> objects_;  ///< sorted by key
};

/// The manifests of one billing period of one export, the one to believe first.  Of a delivery AWS writes up to two: one
/// for the period, and one beside the files where an assembly or Athena has a folder of its own.
struct PeriodManifests {
  std::string folder;  ///< up to and with the period's folder; its dates for legacy reports
  std::optional<Period> period;
  std::vector<aws::S3Object> manifests;  ///< the period's own newest, then newest first
};
/// Groups every "…-Manifest.json"; newest period first.
std::vector<PeriodManifests> GroupManifests(const BucketListing& listing);

/// A delivery that can be fetched.
struct RemoteDelivery {
  aws::S3Object manifest;
  std::optional<Period> period;
  std::vector<aws::S3Object> files;
  std::uint64_t size_bytes = 0;
};
/// Reads a manifest's text and finds its files in the listing; nothing for JSON of another kind.
/// Errors: kCorrupt (torn manifest), kNotFound (a file that is not there yet, or no more).
Result<std::optional<RemoteDelivery>> ReadRemoteDelivery(const aws::S3Object& manifest,
                                                         std::optional<Period> period,
                                                         std::string_view text,
                                                         const BucketListing& listing);

/// True where a file was written after the manifest that names it.
bool HasYoungerFiles(const RemoteDelivery& delivery);

/// SHA-256 over keys, ETags and sizes: differs as soon as one file was written again or is gone.
std::string FilesSignature(const std::vector<std::string>& keys, const BucketListing& listing);

}  // namespace farthing::connect
