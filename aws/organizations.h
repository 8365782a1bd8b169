#pragma once

// AWS Organizations (AWSOrganizationsV20161128): reading only.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

struct Organization {
  std::string id, arn, management_account_id, feature_set;  ///< ALL or CONSOLIDATED_BILLING
};
/// Absent for an account that is in no organisation.
Result<std::optional<Organization>> DescribeOrganization(Client& client);

struct OrganizationAccount {
  std::string id, arn, name, email, state;  ///< ACTIVE, SUSPENDED, PENDING_CLOSURE, …
  std::string joined;
};
Result<std::vector<OrganizationAccount>> ListAccounts(Client& client);

struct OrganizationUnit {
  std::string id, name, parent;  ///< the root has no parent
  std::vector<std::string> account_ids;
};
/// Roots, then units, parents first.
Result<std::vector<OrganizationUnit>> ListUnits(Client& client);

}  // namespace farthing::aws
