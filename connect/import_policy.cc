#include "connect/import_policy.h"

namespace farthing::connect {
namespace {

/// Also one that was disabled before it ever was verified.
Result<bool> WasVerified(Store& store, const Connection& connection) {
  if (connection.state == State::kDraft || connection.state == State::kVerifying) return false;
  if (connection.state != State::kDisabled) return true;
  TRY_ASSIGN(const std::optional<Event> last, store.LastEvent(connection.id, "state"));
  return !last || !(last->text.starts_with("draft ") || last->text.starts_with("verifying "));
}

}  // namespace

Result<std::optional<std::set<std::string>>> AccountsToImport(Store& store,
                                                              const Connection& connection) {
  if (connection.settings.import_policy == ImportPolicy::kOrganization) {
    return std::optional<std::set<std::string>>();
  }
  std::set<std::string> accounts;
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  for (const Connection& other : connections) {
    if (other.settings.account_id.empty() || other.state == State::kDisconnected) continue;
    TRY_ASSIGN(const bool was_verified, WasVerified(store, other));
    if (was_verified) accounts.insert(other.settings.account_id);
  }
  return std::optional(std::move(accounts));
}

}  // namespace farthing::connect
