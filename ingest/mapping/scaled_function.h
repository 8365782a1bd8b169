#pragma once

// scaled(x, net, gross) for the registry's expressions: x * net / gross, cut off at x's last decimal.

#include <duckdb.h>

#include "base/result.h"
#include "ingest/mapping/amounts.h"

namespace farthing::ingest {

/// Registers scaled over three decimals of one type.  NULL when any is NULL or gross is zero.
/// Products pass through 256 bits, so nothing overflows.  Thread-safe.
Result<void> RegisterScaled(duckdb_connection connection, DecimalType type);

/// a * b / c rounded towards zero.  Requires: c is not zero; the quotient fits 128 bits.
int128 MultiplyDivide(int128 a, int128 b, int128 c);

}  // namespace farthing::ingest
