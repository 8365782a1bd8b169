#pragma once

// Whether we may: the cheapest call of an action whose answer nobody here needs yet.  Read-only, one request.

#include <string_view>

#include "aws/client.h"

namespace farthing::aws {

/// Calls an action such as "ec2:DescribeVolumes" for as little as it can return.
/// Errors: the refusal; kInvalidArgument (an action without a probe).
Result<void> Probe(Client& client, std::string_view action);
/// True when Probe knows the action.
bool HasProbe(std::string_view action);

}  // namespace farthing::aws
