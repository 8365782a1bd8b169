#pragma once

// Proof on demand: every active load against the figures of its source, every rollup against its lines.

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb.h"
#include "lake/catalog.h"

namespace farthing::lake {

/// The outcome for one load.
struct Proof {
  Load load;
  bool ok = false;
  std::string detail;  ///< what was proven, or what differs: table, column, both figures
};

/// Adds up the lake's files of a load again and compares with the figures kept at load time.
/// Errors: only when the proof cannot be carried out; a difference is a Proof that is not ok.
Result<Proof> Verify(engine::Connection& connection, const Layout& layout, const Load& load);

}  // namespace farthing::lake
