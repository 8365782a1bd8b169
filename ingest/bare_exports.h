#pragma once

// Which export the bare files of a folder belong to.  Files of different formats in one folder are different exports,
// each known by folder and format, so that one keeps its name when another comes to lie beside it.  One thread.

#include <set>
#include <string>

#include "base/result.h"
#include "ingest/discover/discover.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// Gives the files of one format their export's identity and, the first time, a name: the folder's, with the format
/// where the folder has several.  `formats` are those that lie there now, e.g. "focus-parquet".
Result<void> ChooseBareExport(lake::Catalog& catalog, const std::string& format,
                              const std::set<std::string>& formats, FoundDelivery& found);

/// Gives a file whose format nobody can tell the export of its folder.
Result<void> ChooseExportOfUnreadable(lake::Catalog& catalog, const std::set<std::string>& formats,
                                      FoundDelivery& found);

}  // namespace farthing::ingest
