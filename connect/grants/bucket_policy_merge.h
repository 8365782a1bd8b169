#pragma once

// What a bucket policy lacks so that AWS may deliver: missing statements are added, everything else stays as it is,
// also what we do not understand.  Pure functions; const-safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/grants/policy_document.h"

namespace farthing::connect {

struct PolicyMerge {
  std::string policy;              ///< the whole new policy; "" when nothing is missing
  std::vector<std::string> kept;   ///< Sid of each statement that stays, or "statement 2"
  std::vector<std::string> added;  ///< each new statement, as JSON of several lines
  /// Statements that deny and could stop deliveries; AWS alone decides whether they do.
  std::vector<std::string> in_the_way;
};

/// AWS's limit for bucket policies.  Source: S3 user guide, "Bucket policies".
inline constexpr std::size_t kBucketPolicyLimit = 20'480;

/// Adds what `wanted` allows and `existing` ("" for none) does not.  A statement that denies is added to an empty
/// policy only: in a bucket that others use it would change what they may do.
/// Errors: kCorrupt (the existing policy is no JSON), kTooLarge.
Result<PolicyMerge> MergeBucketPolicy(std::string_view existing, const PolicyDocument& wanted);

}  // namespace farthing::connect
