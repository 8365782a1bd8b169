#pragma once

// Which billing periods bare files hold, and in which of them.  Reads the files once.  One thread.

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ingest/import.h"
#include "ingest/opened_files.h"
#include "lake/layout.h"

namespace farthing::ingest {

struct PeriodFiles {
  Period period;
  std::vector<std::size_t>
      files;  ///< numbers of files with rows of the period, or without a good row
};

/// Returns the periods in order; none when the files have only headers.
/// Errors: kInvalidArgument (no billing period column), kCorrupt (rows that do not say their month among
/// those of several, or no readable row at all), as reading.
Result<std::vector<PeriodFiles>> FindPeriods(const lake::Layout& layout, const OpenedFiles& files,
                                             const ImportOptions& options);

}  // namespace farthing::ingest
