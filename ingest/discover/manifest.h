#pragma once

// Manifests: what AWS or Azure says a delivery consists of.  docs/formats/manifests.md.  Const-safe.
// Source: AWS CUR user guide, "Understanding report versions", and "Understanding export delivery"
// of Data Exports; cur-facts 1.3 and 2.3 for what real files hold.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::ingest {

struct Manifest {
  enum class Kind { kLegacy, kDataExport, kCostExplorer, kAzure };
  Kind kind = Kind::kLegacy;
  std::string name;               ///< report or export name; empty when the manifest does not say
  std::string identity;           ///< report id or export ARN; empty when it does not say
  std::string version_key;        ///< assembly or execution id
  std::string account;            ///< owner of the report or export; empty when unknown
  std::string condition = {};     ///< what follows WHERE in the export's query; empty: all lines
  std::optional<Period> period;   ///< legacy says it; data exports have it in the path
  std::vector<std::string> keys;  ///< data files: keys inside the bucket, in order
  std::vector<std::string> fills_around;  ///< kCostExplorer: lake/catalog.h, Load
  std::string dataset = {};               ///< kAzure: "FocusCost", "ActualCost", …
  std::optional<std::int64_t> row_count;  ///< kAzure: lines of all files
  std::vector<std::string> columns;       ///< as the manifest lists them; may differ from the files
};

/// Parses a manifest; nothing for JSON that is another thing (Redshift's, for instance).
/// Errors: kCorrupt (torn or damaged JSON, or a manifest without what it must have), kInvalidArgument (of several months).
Result<std::optional<Manifest>> ParseManifest(std::string_view json);

}  // namespace farthing::ingest
