#pragma once

// What a person can do about a refusal of AWS.  Const-safe.

#include <string_view>

#include "aws/error.h"

namespace farthing::aws {

/// Returns the fix we know, or nothing; `action` is "sts:AssumeRole".
std::string_view FixOf(const ServiceError& refused, std::string_view action);

}  // namespace farthing::aws
