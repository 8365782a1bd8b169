#pragma once

// Prints connections.  One thread.

#include <vector>

#include "cli/verb.h"
#include "connect/connection.h"

namespace farthing::cli {

/// A list as table or CSV; whole settings as JSON.
void PrintConnections(const std::vector<connect::Connection>& connections, CliContext& context);
/// One connection with everything a person may want to know.
void PrintConnection(const connect::Connection& connection, CliContext& context);

}  // namespace farthing::cli
