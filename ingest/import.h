#pragma once

// Import: from a path to published loads.  The pipeline's front door; one thread, one writer at a time.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// Where a long import stands; handed to the observer a few times a second.
struct Progress {
  std::string export_name;
  Period period;
  std::string phase;  ///< "reading", "rolling up", "proving", "publishing"
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;        ///< packed bytes read
  std::uint64_t total_bytes = 0;  ///< of the delivery; 0 when unknown
};

/// Files that are a copy: what lies below `local` is recorded as lying below `origin`.
struct CopyOf {
  std::filesystem::path local;
  std::string origin;  ///< "s3://bucket"
};

/// Which bill (an export's identity) holds a month of an export: under one name a second bill would replace it.
using HeldMonths = std::map<std::pair<std::int64_t, Period>, std::string>;

struct ImportOptions {
  std::optional<std::string> name;  ///< --name
  std::optional<CopyOf> copy_of;    ///< set by collecting, whose copies do not stay
  std::int64_t tolerated_rows = 0;  ///< --tolerate-bad-rows
  /// Whose lines are kept besides the payer's own; what is left out is counted and summed.  Absent: all.
  std::optional<std::set<std::string>> accounts;
  bool all_versions = false;  ///< load superseded deliveries too, oldest first
  int threads = 0;            ///< 0: one per core; at most one per 150 MiB of memory
  std::uint64_t memory_bytes = std::uint64_t{900} << 20;  ///< DuckDB's share of the memory
  std::function<void(const Progress&)> observer;
  HeldMonths* held =
      nullptr;  ///< shared by the imports of one command; absent: one import for itself
};

/// What became of one delivery.
struct Outcome {
  enum class Kind { kLoaded, kUnchanged, kDuplicate, kQuarantined, kSuperseded };
  Kind kind = Kind::kLoaded;
  lake::Delivery delivery;
  std::optional<lake::Load> load;  ///< of kLoaded
  std::optional<Error> error;      ///< of kQuarantined
};
std::string_view ToString(Outcome::Kind kind);

struct ImportSummary {
  std::vector<Outcome> outcomes;
  std::vector<std::string> notes;
};

/// Imports everything found at `path`.  A delivery that cannot be read is quarantined with its reason and
/// the others go on; the old versions stay active.
/// Errors: kNotFound (nothing there), kConflict (another import is writing), kUnavailable.
Result<ImportSummary> Import(lake::Catalog& catalog, const std::filesystem::path& path,
                             const ImportOptions& options);
/// The same of several bare files of one folder, which are one bill (GroupPaths of ingest/discover/discover.h).
Result<ImportSummary> Import(lake::Catalog& catalog,
                             const std::vector<std::filesystem::path>& group,
                             const ImportOptions& options);

}  // namespace farthing::ingest
