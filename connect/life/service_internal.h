#pragma once

// What service.cc and edit.cc share: from a report of checks to settings and state.

#include <string>

#include "connect/checks/checks.h"
#include "connect/store.h"

namespace farthing::connect {

/// The settings with what AWS has told and nobody has typed.
Settings Completed(Settings settings, const CheckReport& report);

/// Errors: kInvalidArgument (the term would be over before it begins).
Result<void> CheckTermAhead(const Settings& settings, Instant now);

/// Where a connection stands after its checks: what they say, then what was collected.
struct Standing {
  State state;
  std::string cause;
};
Result<Standing> StandingAfter(Store& store, const Connection& before, const CheckReport& report);

}  // namespace farthing::connect
