#pragma once

// Folders of days that hold states of a month, each with the lines of the one before, are no parts of it: added up
// they would count lines many times.  Reads the files once, where they lie in several days.  One thread.

#include "base/result.h"
#include "ingest/import.h"
#include "ingest/opened_files.h"
#include "lake/layout.h"

namespace farthing::ingest {

/// Errors: kInvalidArgument (at least half of the lines of a day are in the next one, too), as reading.
Result<void> CheckDaysAreParts(const lake::Layout& layout, const OpenedFiles& files,
                               const ImportOptions& options);

}  // namespace farthing::ingest
