#pragma once

// What the columns that a manifest lists and those that the files have tell of each other.  Const-safe.

#include <string>
#include <vector>

namespace farthing::ingest {

/// Returns a note for each way in which they differ; none when the manifest lists no columns.  Spellings
/// do not count: lineItem/UnblendedCost is line_item_unblended_cost.  The files' columns are what is read.
std::vector<std::string> CompareColumns(const std::vector<std::string>& manifest,
                                        const std::vector<std::string>& files);

}  // namespace farthing::ingest
