#pragma once

// Bare files: each is recognised by itself; those of one format are one export of one or more periods
// (docs/formats/bare-files.md).  One thread.

#include "base/result.h"
#include "ingest/discover.h"
#include "ingest/outcomes.h"
#include "ingest/period_import.h"
#include "lake/catalog.h"

namespace farthing::ingest {

class BareImport {
 public:
  BareImport(lake::Catalog& catalog, const ImportOptions& options, Outcomes& outcomes,
             PeriodImport& periods)
      : catalog_(catalog), options_(options), outcomes_(outcomes), periods_(periods) {}

  /// Imports the files of one folder.  Errors: as PeriodImport::Run.
  Result<void> Run(const FoundDelivery& found);

 private:
  Result<void> Refuse(FoundDelivery found);
  Result<void> RunFormat(const FoundDelivery& found);

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  Outcomes& outcomes_;
  PeriodImport& periods_;
};

}  // namespace farthing::ingest
