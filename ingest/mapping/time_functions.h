#pragma once

// Times written as text, for reading Parquet: the same spellings as in CSV (base/time.h, ParseInstant).

#include <duckdb.h>

#include "base/result.h"

namespace farthing::ingest {

/// Registers instant_of(text), a TIMESTAMP, and is_instant(text), a BOOLEAN.  NULL stays NULL; text that is no time
/// fails the query of the first.  Thread-safe.
Result<void> RegisterTimes(duckdb_connection connection);

}  // namespace farthing::ingest
