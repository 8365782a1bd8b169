#include "connect/exports/member_accounts.h"

#include <map>

#include "aws/organizations.h"

namespace farthing::connect {
namespace {

/// The unit of each account as a path of names.
std::map<std::string, std::string> UnitPaths(const std::vector<aws::OrganizationUnit>& units) {
  std::map<std::string, std::string> path_of_unit, path_of_account;
  for (const aws::OrganizationUnit& unit : units) {  // parents come first
    const auto parent = path_of_unit.find(unit.parent);
    const std::string path =
        parent == path_of_unit.end() ? unit.name : parent->second + "/" + unit.name;
    path_of_unit[unit.id] = path;
    for (const std::string& account : unit.account_ids) path_of_account[account] = path;
  }
  return path_of_account;
}

Result<std::vector<MemberAccount>> Ask(aws::Client& client, const Connection& connection) {
  TRY_ASSIGN(const std::optional<aws::Organization> organization,
             aws::DescribeOrganization(client));
  if (!organization) {
    MemberAccount alone;
    alone.id = connection.settings.account_id;
    alone.state = "ACTIVE";
    return std::vector<MemberAccount>{alone};
  }
  TRY_ASSIGN(const std::vector<aws::OrganizationAccount> listed, aws::ListAccounts(client));
  TRY_ASSIGN(const std::vector<aws::OrganizationUnit> units, aws::ListUnits(client));
  std::map<std::string, std::string> paths = UnitPaths(units);
  std::vector<MemberAccount> accounts;
  for (const aws::OrganizationAccount& one : listed) {
    accounts.push_back({one.id, one.name, one.email, one.state, one.joined, paths[one.id],
                        one.id == organization->management_account_id, ""});
  }
  return accounts;
}

}  // namespace

Result<MemberAccounts> RefreshMemberAccounts(Store& store, aws::Client& client,
                                             const Connection& connection, Instant now) {
  TRY_ASSIGN(const std::vector<MemberAccount> accounts, Ask(client, connection));
  engine::SqliteDatabase& database = store.database();
  const auto replace = [&]() -> Result<void> {
    TRY(database.Run("DELETE FROM member_accounts WHERE connection_id = ?", {connection.id}));
    for (const MemberAccount& one : accounts) {
      TRY(database.Run("INSERT INTO member_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       {connection.id, one.id, one.name, one.email, one.state, one.joined, one.unit,
                        static_cast<std::int64_t>(one.is_management), ToString(now)}));
    }
    return {};
  };
  TRY(database.Transaction(replace));
  return KeptMemberAccounts(store, connection);
}

Result<MemberAccounts> KeptMemberAccounts(Store& store, const Connection& connection) {
  std::map<std::string, std::string> own;
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  for (const Connection& one : connections) {
    if (one.state == State::kDisconnected || one.settings.account_id.empty()) continue;
    own.emplace(one.settings.account_id, one.settings.name);
  }
  MemberAccounts kept;
  TRY(store.database().Each(
      "SELECT account_id, name, email, state, joined, unit, is_management, refreshed_at FROM "
      "member_accounts WHERE connection_id = ? ORDER BY name, account_id",
      {connection.id}, [&](const engine::SqliteRow& row) {
        kept.accounts.push_back({row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4),
                                 row.Text(5), row.Int(6) != 0, own[row.Text(0)]});
        if (const auto at = ParseInstant(row.Text(7)); at.ok()) kept.refreshed = *at;
      }));
  return kept;
}

}  // namespace farthing::connect
