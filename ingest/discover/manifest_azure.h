#pragma once

// The manifest.json that Azure Cost Management lays beside each run of an export.  docs/formats/manifests.md.
// Const-safe.  Source: Microsoft Learn, "Tutorial: Improved exports experience" (a manifest describes the parts of a
// run) and manifests that public readers of such exports work with; no document specifies the members.

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "ingest/discover/manifest.h"

namespace farthing::ingest {

bool IsAzureManifest(const boost::json::object& object);

/// Requires: IsAzureManifest.
/// Errors: kCorrupt (lacks what it must have), kInvalidArgument (not of one month).
Result<Manifest> ParseAzureManifest(const boost::json::object& object);

}  // namespace farthing::ingest
