#pragma once

// The views of `farthing sql`.  Used by the sandbox only.

#include <string_view>

#include "base/result.h"
#include "query/session.h"

namespace farthing::query {

/// Creates the views that `sql` mentions; the others would only cost time.
Result<void> CreateTables(Session& session, engine::Connection& connection, std::string_view sql);

}  // namespace farthing::query
