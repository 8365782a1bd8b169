#pragma once

// Values that a filter asks for and no line has: an empty answer that is a typing mistake reads like "no costs".
// As thread-safe as the session.

#include <string>
#include <vector>

#include "query/session.h"

namespace farthing::query {

/// Says which values the request's filter demands that no line of these loads has, each with the nearest ones.
/// Reads each dimension's values once, so it is for answers that are empty.
/// Errors: as Session::RunOver.
Result<void> NoteUnmatched(Session& session, const Request& request,
                           const std::vector<lake::Load>& loads, std::vector<std::string>& notes);

}  // namespace farthing::query
