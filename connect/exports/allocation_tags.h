#pragma once

// Cost allocation tags: activating them and asking for earlier months, within AWS's limits, which are checked before
// AWS is asked wherever we can know.  One thread per call.
// Source: AWS Cost Explorer API reference, "UpdateCostAllocationTagsStatus", "StartCostAllocationTagBackfill".

#include <string>
#include <vector>

#include "aws/cost_explorer.h"
#include "base/time.h"

namespace farthing::connect {

inline constexpr int kTagsPerCall = 20;  ///< more are sent in several calls
inline constexpr int kActiveTagsLimit = 500;
inline constexpr int kBackfillMonths = 12;

/// What a person should know of the limits, in sentences.
std::vector<std::string> TagLimits();

/// Activates or deactivates; keys that have that status already are left out.  Returns the keys that were changed.
/// Errors: kNotFound (a key that AWS does not know, with close ones), kTooLarge (beyond 500 active),
/// kInvalidArgument (refused by AWS, or not the management account), aws/error.h.
enum class TagStatus { kActive, kInactive };
Result<std::vector<std::string>> SetTagStatus(aws::Client& client,
                                              const std::vector<std::string>& keys,
                                              TagStatus status);

/// Asks AWS to apply the active tags to the months from `from` on.
/// Errors: kInvalidArgument (not within the last twelve months), kConflict (one runs, or the last is younger than a
/// day; says when it is possible again), aws/error.h.
Result<void> BackfillTags(aws::Client& client, Period from, Instant now);

}  // namespace farthing::connect
