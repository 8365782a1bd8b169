#pragma once

// One delivery from a bucket into the lake: fetched pinned to its ETags, compared with its manifest once more, handed
// to import, removed from the disk.  For connect/collecting/collect_bucket.cc.  One thread per call.

#include <optional>
#include <set>
#include <string>

#include "aws/s3.h"
#include "connect/collecting/collect.h"
#include "connect/collecting/download_folder.h"
#include "connect/collecting/remote_deliveries.h"

namespace farthing::connect {

/// What bringing in needs besides the delivery; refers to what its owner keeps.
struct Route {
  aws::S3& s3;
  const std::string& bucket;
  const Downloads& downloads;
  lake::Catalog& catalog;
  const std::string& connection_name;
  const std::optional<std::set<std::string>>& accounts;  ///< whose lines are kept; absent: all
  const CollectOptions& options;
};

/// The billing period, or the manifest's key where none is known.
std::string NameOf(const RemoteDelivery& delivery);

struct BroughtIn {
  ingest::ImportSummary imported;
  std::uint64_t bytes = 0;  ///< downloaded now; what an earlier run left is not fetched again
};
/// What was fetched before a failure stays on the disk, to go on with.
/// Errors: kConflict with AWS's code (overwritten meanwhile: list again), kConflict without (another import runs),
/// kTooLarge (more than the limit of a download, with the detail "disk_limit"; or the disk is full), aws/error.h.
Result<BroughtIn> BringIn(const Route& route, const RemoteDelivery& delivery,
                          const std::string& manifest_text);

}  // namespace farthing::connect
