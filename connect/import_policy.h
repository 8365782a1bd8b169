#pragma once

// Whose lines a connection may bring into the lake: those of every account of its bill, or of accounts that have a
// connection of their own.  One thread.

#include <optional>
#include <set>
#include <string>

#include "connect/store.h"

namespace farthing::connect {

/// The accounts for ingest::ImportOptions::accounts; absent under the policy "organization".  An account counts from
/// when its connection has first been verified until it is disconnected: one that is disabled or fails keeps its history.
Result<std::optional<std::set<std::string>>> AccountsToImport(Store& store,
                                                              const Connection& connection);

}  // namespace farthing::connect
