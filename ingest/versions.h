#pragma once

// Which of several versions of a period counts: the newest, by what manifests and names say, unless all are wanted.
// One thread.

#include <optional>
#include <vector>

#include "base/result.h"
#include "ingest/discover/discover.h"
#include "ingest/import.h"
#include "lake/catalog.h"

namespace farthing::ingest {

/// Orders the deliveries by export, period and age, and marks of each period the newest.
void MarkLatest(std::vector<FoundDelivery>& deliveries);

/// True for an older version beside a newer one.  Where all are wanted, it still counts only before the newer one
/// does: loading it later would bring it back.
Result<bool> IsPassedOver(lake::Catalog& catalog, const ImportOptions& options,
                          const FoundDelivery& found, const lake::Delivery& delivery);

/// The active version where it is newer than the one found: across commands, too, an older version does not replace a
/// newer one, where the names of both say their time.
Result<std::optional<lake::Delivery>> NewerActive(lake::Catalog& catalog,
                                                  const ImportOptions& options,
                                                  const FoundDelivery& found,
                                                  const lake::Delivery& delivery);

}  // namespace farthing::ingest
