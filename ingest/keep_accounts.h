#pragma once

// The import policy: of staged lines those of some accounts are kept, the rest is counted and summed.  Works on
// a staged load that nobody reads yet.  One thread.

#include <set>
#include <string>

#include "base/result.h"
#include "engine/duckdb.h"
#include "lake/catalog.h"
#include "lake/layout.h"
#include "lake/left_out.h"

namespace farthing::ingest {

/// Leaves in the staged cost_lines those of `accounts` and of the payer itself.
Result<lake::LeftOut> KeepAccounts(engine::Connection& connection, const lake::Layout& layout,
                                   const lake::Load& load, const std::set<std::string>& accounts);

/// Drops staged sets that no kept line names, and returns the keys of those that stay: what accounts that are left
/// out tag their resources with is not kept either.  Requires: KeepAccounts and lake::StageSets.
struct KeptKeys {
  std::vector<std::string> tags, cost_categories;
};
Result<KeptKeys> DropUnusedSets(engine::Connection& connection, const lake::Layout& layout,
                                const lake::Load& load);

/// What the policy makes of a delivery's fingerprint: other accounts are another content.
std::string WithAccounts(const std::string& fingerprint, const std::set<std::string>& accounts);

}  // namespace farthing::ingest
