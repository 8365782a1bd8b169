#pragma once

// What a person can do about a refusal of AWS.  Const-safe.

#include <string_view>

#include "aws/error.h"

namespace farthing::aws {

struct Remedy {
  std::string_view fix;  ///< what to do; "" where we know nothing
  std::string_view
      denied_by;  ///< the policy that denies; "" where the refusal is no denial or AWS does not say
};
/// `action` is "sts:AssumeRole".
Remedy RemedyOf(const ServiceError& refused, std::string_view action);

}  // namespace farthing::aws
