#pragma once

// Who may assume a role, judged by evaluating its trust policy for a request, not by how it is written.  Only the principal
// and the external ID of the request are known: any other condition is taken to hold where it allows and not to hold where
// it denies, so that a role is never called safer than it is.  Pure functions; const-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/grants/policy_document.h"

namespace farthing::connect {

/// Whether the statement allows or denies a way into a role; tags and the like of a session are none.
bool ConcernsAssuming(const PolicyStatement& statement);

/// Whether `allow` lets in who sends that external ID (absent: none), and no statement of the trust refuses it to them.
/// `principal` is as the policy names it, "arn:aws:iam::123456789012:role/name".
bool LetsIn(const PolicyDocument& trust, const PolicyStatement& allow, const std::string& principal,
            std::optional<std::string_view> external_id);

/// IDs that the trust's conditions name, each pattern by one ID that it matches.
std::vector<std::string> NamedExternalIds(const PolicyDocument& trust);

}  // namespace farthing::connect
