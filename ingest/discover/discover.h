#pragma once

// Finds deliveries in a directory, a bucket copy, one manifest or bare files.  Decides by manifests and
// content; file names only help to skip what AWS puts beside the data.  Reads manifests and headers only.
// One thread.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::ingest {

/// A delivery as found, not yet read.
struct FoundDelivery {
  std::string export_name;
  std::string export_identity;
  std::string source;                        ///< directory or file given by the user
  std::optional<Period> period;              ///< absent: bare files, the content says
  std::string version_key;                   ///< absent (empty): bare files
  std::filesystem::path manifest;            ///< empty: bare files
  std::vector<std::filesystem::path> files;  ///< in manifest order
  bool is_data_export = false;               ///< the manifest says CUR 2.0 or FOCUS
  bool latest = false;                       ///< the period's own manifest names this version
  std::optional<Instant> version_time;       ///< as the version's id or folder says it
  std::string owner = {};                    ///< account that owns the export; empty: unknown
  std::string condition = {};                ///< of the export's query: ingest/discover/manifest.h
  std::optional<std::int64_t> row_count = {};  ///< as the manifest says it
  std::vector<std::string> newer;              ///< version keys of the period's later versions
  std::vector<std::string> columns;            ///< as the manifest lists them
  std::vector<std::string> fills_around;       ///< of Cost Explorer's answers: lake/catalog.h, Load
  std::filesystem::path status_table;  ///< Athena's, where one speaks of the files; else empty
  std::optional<Error> problem;  ///< why it cannot be read: torn manifest, missing file, link, …
};

struct Discovery {
  std::vector<FoundDelivery> deliveries;
  std::vector<std::string> notes;  ///< surplus files and the like: seen, not read, why
};

/// Looks at one path given to import.
/// Errors: kNotFound (no such path, or nothing in it), kPermissionDenied.
Result<Discovery> Discover(const std::filesystem::path& path);

/// Paths that are looked at together: one path, or bare files of one folder.
using PathGroup = std::vector<std::filesystem::path>;

/// Puts the bare files among a command's paths together by their folders; all other paths stay by themselves.
/// Files that another of the paths brings with it, such as their manifest, are no bare files.
std::vector<PathGroup> GroupPaths(const std::vector<std::filesystem::path>& paths);

/// The same of a group: several files as if their folder held nothing else.
Result<Discovery> Discover(const PathGroup& group);

}  // namespace farthing::ingest
