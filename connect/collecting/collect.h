#pragma once

// Collecting: from a bucket to the lake.  One listing finds what is new; a delivery is fetched pinned to
// its ETags into DATA/downloads, handed to import, and removed.  What AWS overwrites meanwhile is started
// anew.  One thread per call; one collection per connection at a time, across processes.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connect/access.h"
#include "connect/store.h"
#include "ingest/import.h"
#include "lake/catalog.h"

namespace farthing::connect {

struct CollectProgress {
  std::string connection, what;  ///< "listing", "downloading 2026-01", "importing 2026-01"
  std::uint64_t bytes = 0, total_bytes = 0;
  std::int64_t rows = 0;
};

struct CollectOptions {
  std::optional<Period> first, last;  ///< only these billing periods; absent: all
  bool again = false;                 ///< fetch also what was collected before
  std::int64_t tolerated_rows = 0;
  int parallel = 8;                                          ///< requests at once
  std::uint64_t disk_limit_bytes = std::uint64_t{64} << 30;  ///< of one delivery on disk
  std::function<void(const CollectProgress&)> observer;
  const http::Cancellation* cancellation = nullptr;
};

/// What became of one delivery that was new.
struct CollectedDelivery {
  std::string manifest_key;
  std::optional<Period> period;
  std::string outcome;  ///< as Collected::outcome
  std::string reason;   ///< why it is not loaded, or what the import policy left out
  std::int64_t lines = 0;
  std::uint64_t size_bytes = 0;
};

/// A delivery that could not be collected for a fault of its own.  What was active before stays; the next
/// collection tries again.
struct CollectFailure {
  std::string manifest_key;
  std::optional<Period> period;
  Error error;
};

struct CollectSummary {
  std::string connection_id, connection_name;
  std::vector<CollectedDelivery> deliveries;  ///< new ones only
  std::vector<CollectFailure> failures;       ///< in the order they were met: newest period first
  std::vector<std::string> notes;
  std::uint64_t requests = 0;     ///< to AWS, retries included
  std::uint64_t bytes = 0;        ///< downloaded
  bool emptied = false;           ///< what was collected is gone from the bucket
  bool bill_data_ready = false;   ///< the first bill of the connection has arrived
  State state = State::kWaiting;  ///< after the collection
};

/// Collects one connection and moves its state: waiting, collecting, connected or degraded.  What is wrong with one
/// delivery does not stop the others: it is among the failures, and the first of them is why the connection is degraded.
/// Errors: what concerns all deliveries.  kConflict (another collection of it runs, or another import; or disabled),
/// kTooLarge (disk full), kUnauthenticated, kUnavailable, kDeadline (cancelled), aws/error.h.
Result<CollectSummary> Collect(Store& store, Vault& vault, lake::Catalog& catalog,
                               const Platform& platform, const std::string& connection,
                               const CollectOptions& options);

}  // namespace farthing::connect
