#pragma once

// Whether a request is allowed, from all the policies that apply to it, and AWS's words when it is not.
// Const-safe.  Source: IAM user guide, "Policy evaluation logic" and "How permissions boundaries, session
// policies and resource-based policies work together".

#include <optional>
#include <string>
#include <vector>

#include "sim/aws/policy.h"

namespace farthing::rehearsal {

/// The policies of who asks.
struct PolicySet {
  std::vector<Policy> identity = {};                 ///< inline, attached, of groups
  std::optional<std::vector<Policy>> boundary = {};  ///< permissions boundary
  std::optional<std::vector<Policy>> session = {};   ///< given when the role was assumed
  std::vector<std::vector<Policy>> scps =
      {};  ///< of root, units and account: each level must allow
};

/// The policy of what is asked for.
struct ResourcePolicy {
  std::optional<Policy> policy = {};
  std::string owner = {};  ///< account id
  /// Trust policies and key policies: without their consent not even the own account gets in.
  bool required = false;
};

struct Authorization {
  bool allowed = false;
  bool explicitly_denied = false;
  std::string policy_type;  ///< that decided: "identity-based policy", "service control policy", …
};

Authorization Authorize(const PolicySet& policies, const AccessRequest& request,
                        const ResourcePolicy& resource);

/// "User: … is not authorized to perform: … on resource: … because no identity-based policy allows the … action".
std::string DenialMessage(const AccessRequest& request, const Authorization& refused);

}  // namespace farthing::rehearsal
