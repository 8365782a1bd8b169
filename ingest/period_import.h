#pragma once

// One period of a delivery whose files are open: from what is known of it to the published load.  One thread.

#include "base/result.h"
#include "ingest/discover/discover.h"
#include "ingest/import.h"
#include "ingest/opened_files.h"
#include "ingest/outcomes.h"
#include "lake/catalog.h"

namespace farthing::ingest {

class PeriodImport {
 public:
  PeriodImport(lake::Catalog& catalog, const ImportOptions& options, Outcomes& outcomes)
      : catalog_(catalog),
        options_(options),
        outcomes_(outcomes),
        held_(options.held == nullptr ? own_ : *options.held) {}
  PeriodImport(const PeriodImport&) = delete;
  PeriodImport& operator=(const PeriodImport&) = delete;

  /// Loads `delivery.period` and publishes it, or says why not.
  /// Errors: of the disk and the engine; what the delivery is to blame for is an outcome.
  Result<void> Run(const FoundDelivery& found, const OpenedFiles& files, lake::Delivery delivery);

 private:
  void Report(const char* phase, const lake::Load& load) const;

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  Outcomes& outcomes_;
  HeldMonths own_;
  HeldMonths& held_;
};

}  // namespace farthing::ingest
