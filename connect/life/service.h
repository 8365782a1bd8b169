#pragma once

// What people and schedules do with connections: verify, edit, enable, disable, end of term; connect/life/deletion.h has their
// ends.  The rules live here, so that the command line and the server cannot differ.  One thread per call.

#include <optional>
#include <string>
#include <vector>

#include "connect/checks/checks.h"
#include "connect/installation.h"
#include "connect/lifecycle.h"
#include "connect/store.h"

namespace farthing::connect {

/// Creates a draft and stores its secret.
/// Errors: Store::Create's; CheckPayerFirst's (connect/life/payer_first.h).
Result<Connection> CreateConnection(Installation& installation, Settings settings,
                                    const std::string& secret);

/// Runs the checks, keeps the report, fills settings that AWS could tell, and moves the state: a draft
/// stays one while something keeps its bills away, one with other failures is degraded and collects, a healthy one waits
/// or is connected.
/// A disabled connection is checked and stays disabled.
/// Errors: kConflict (disconnected; or an agreement is demanded and not recorded).
Result<CheckReport> Verify(Installation& installation, const std::string& connection,
                           CheckOptions options);

/// Checks the new settings first and replaces the old ones only when nothing fails that the edit is about or that did not
/// fail without it; then fills in what AWS could tell and settles the state.  `secret`, when set, replaces the stored one
/// together with them; until then it is stored nowhere.  AWS is not asked about name, term, group, agreement, EDP, cap and
/// import policy, which may be edited in any state, nor about a draft.
/// Errors: kInvalidArgument with the first failure (the report is its detail "check"), kConflict (disconnected),
/// Store::Edit's.
struct EditOutcome {
  Connection connection;
  CheckReport report;  ///< without results where AWS was not asked
};
Result<EditOutcome> EditVerified(Installation& installation, const std::string& connection,
                                 Settings settings, const std::optional<std::string>& secret,
                                 CheckOptions options);

/// A person's decision; no deletion follows from it.
Result<Connection> Disable(Installation& installation, const std::string& connection,
                           const std::string& why);

/// Verifies a disabled connection and, when nothing keeps its bills away, ends its being disabled.
/// Errors: Verify's; kConflict (its term has ended: it needs another one first).
Result<CheckReport> Enable(Installation& installation, const std::string& connection,
                           CheckOptions options);

/// Looks at every connection's term and acts: renews, disables, deletes.  Returns what was said.
Result<std::vector<TermAction>> ApplyTerms(Installation& installation, Instant now);

}  // namespace farthing::connect
