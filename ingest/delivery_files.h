#pragma once

// The files of a delivery as they were read: what makes it the same as another.  Free functions; thread-safe.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// Measures and hashes each file.  Errors: kNotFound, kPermissionDenied, kUnavailable.
Result<std::vector<lake::DeliveryFile>> HashFiles(const std::vector<std::filesystem::path>& files);

/// The content, whatever the order of the files.
std::string Fingerprint(const std::vector<lake::DeliveryFile>& files);

/// A bucket copy that is being written while we read gives a torn delivery.  Errors: kConflict.
Result<void> CheckUnchanged(const lake::Delivery& delivery);

}  // namespace farthing::ingest
