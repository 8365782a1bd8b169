#pragma once

// What was collected from a bucket, so that an unchanged one costs one listing and nothing else.
// One CollectedLog belongs to one thread.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "connect/connection.h"
#include "engine/sqlite.h"
#include "lake/layout.h"

namespace farthing::connect {

/// What became of a manifest.
struct Collected {
  std::string manifest_key, etag;
  std::vector<std::string> files;  ///< keys
  std::string files_signature;     ///< connect/collecting/remote_deliveries.h
  std::optional<Period> period;
  /// "loaded", "unchanged", "duplicate", "superseded", "quarantined", "incomplete", "unfinished"; "denied" and "failed"
  /// where it could not be read at all.
  std::string outcome;
  std::string reason;
  std::uint64_t size_bytes = 0;
  std::optional<Instant> delivered_at;
  Instant collected_at;
  /// False where the next collection tries again although nothing in the bucket has changed.
  bool IsSettled() const;
};

/// True where what was delivered could be read.
bool IsBill(const Collected& collected);
/// "" where this is a bill or becomes one; else the sentence that makes a connection degraded.
std::string CauseOf(const Collected& collected);
/// The sentence that makes a connection degraded: the newest word on a period is no bill.  Of several periods the newest
/// is named.  "" when all is well.
std::string CauseIn(const std::map<std::string, Collected>& known);
/// True when some delivery is in the lake, brought by this connection or by another one.
bool HasLoaded(const std::map<std::string, Collected>& known);

/// Where the connection's deliveries lie while they are fetched and imported.
std::filesystem::path DownloadsOf(const lake::Layout& layout, const Connection& connection);
/// One collection of a connection at a time, across processes; what ends a connection takes it as well.
/// Errors: kConflict (it is being collected).
Result<std::unique_ptr<DirectoryLock>> LockCollecting(const lake::Layout& layout,
                                                      const Connection& connection);

class CollectedLog {
 public:
  CollectedLog(engine::SqliteDatabase& database, std::string connection_id);
  /// By key of the manifest.
  Result<std::map<std::string, Collected>> All();
  Result<void> Save(const Collected& collected);
  /// Forgets everything, the exports too: the next collection fetches anew.
  Result<void> Clear();
  /// Remembers that an export of the lake came through this connection.
  Result<void> LinkExport(std::int64_t export_id);
  Result<std::vector<std::int64_t>> Exports();

 private:
  engine::SqliteDatabase& database_;
  std::string connection_id_;
};

}  // namespace farthing::connect
