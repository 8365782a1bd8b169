#include "connect/import_policy.h"

namespace farthing::connect {

Result<std::optional<std::set<std::string>>> AccountsToImport(Store& store,
                                                              const Connection& connection) {
  if (connection.settings.import_policy == ImportPolicy::kOrganization) {
    return std::optional<std::set<std::string>>();
  }
  std::set<std::string> accounts;
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  for (const Connection& other : connections) {
    const bool counts = other.state != State::kDraft && other.state != State::kDisconnected;
    if (counts && !other.settings.account_id.empty()) accounts.insert(other.settings.account_id);
  }
  return std::optional(std::move(accounts));
}

}  // namespace farthing::connect
