#pragma once

// The accounts of an organisation with their names and units, kept in the store with the time they were asked for, so
// that names show where AWS cannot be reached.  One thread per call.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "connect/store.h"

namespace farthing::connect {

struct MemberAccount {
  std::string id, name, email, state, joined;  ///< AWS's words: ACTIVE, SUSPENDED, …
  std::string unit;                            ///< names from the root down: "Root/Production/Data"
  bool is_management = false;
  std::string connection;  ///< name of the connection of its own; "" for none
};

struct MemberAccounts {
  std::vector<MemberAccount> accounts;  ///< by name
  std::optional<Instant> refreshed;     ///< absent: never asked
};

/// Asks Organizations and replaces what is kept of the connection.  An account that is in no organisation has itself
/// alone.  Errors: aws/error.h; what was kept stays then.
Result<MemberAccounts> RefreshMemberAccounts(Store& store, aws::Client& client,
                                             const Connection& connection, Instant now);
/// What is kept.
Result<MemberAccounts> KeptMemberAccounts(Store& store, const Connection& connection);

}  // namespace farthing::connect
