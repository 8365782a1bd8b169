#pragma once

// What connecting made in AWS, as commands that undo it.  Printed, never run: only the customer writes to AWS.  Pure.

#include <string>
#include <string_view>
#include <vector>

#include "connect/connection.h"

namespace farthing::connect {

/// Lines of a shell, comments between them, for each way to set up.  `identity_arn` is whom the last checks met, "" when
/// none did: it tells the user that has the keys.
std::vector<std::string> AwsLeftovers(const Settings& settings, std::string_view identity_arn);

}  // namespace farthing::connect
