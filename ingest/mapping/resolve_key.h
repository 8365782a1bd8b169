#pragma once

// From a key in a bucket, as a manifest names it, to the file of a local copy.  Looks at the disk.
// Const-safe.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace farthing::ingest {

/// Finds the local file of a key of a manifest: the longest tail of the key that exists below the
/// manifest's directory or a directory above it, never above `root`.
/// Errors: kNotFound (missing), kPermissionDenied (the key climbs with .., or a link leaves the bucket).
Result<std::filesystem::path> ResolveKey(const std::string& key,
                                         const std::filesystem::path& manifest,
                                         const std::filesystem::path& root);

}  // namespace farthing::ingest
