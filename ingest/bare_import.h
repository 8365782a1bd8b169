#pragma once

// Bare files: each is recognised by itself; those of one format are one export of one or more periods
// (docs/formats/bare-files.md).  One thread.

#include <filesystem>
#include <map>
#include <vector>

#include "base/result.h"
#include "ingest/discover/discover.h"
#include "ingest/find_periods.h"
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
  Result<void> RunFormat(FoundDelivery found);
  Result<void> RefuseEmpty(lake::Delivery delivery, const OpenedFiles& opened);
  /// Adds the files of other days that the months were read from; true when there were some.  Of months of which
  /// a file is `gone` nothing can be read anew.
  Result<bool> JoinOtherDays(const lake::Delivery& delivery,
                             const std::vector<PeriodFiles>& periods, FoundDelivery& found,
                             std::map<Period, std::filesystem::path>& gone);
  Result<void> RunPeriods(const FoundDelivery& found, const lake::Delivery& delivery,
                          const OpenedFiles& opened, const std::vector<PeriodFiles>& periods,
                          const std::map<Period, std::filesystem::path>& gone);

  lake::Catalog& catalog_;
  const ImportOptions& options_;
  Outcomes& outcomes_;
  PeriodImport& periods_;
};

}  // namespace farthing::ingest
