// `farthing accounts`: the accounts of an organisation, with names and units, and which are connected themselves.

#include <ostream>

#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "connect/exports/member_accounts.h"

namespace farthing::cli {
namespace {

using connect::Connection;
using connect::MemberAccounts;

/// The one that is named, or the only one that knows an organisation.
Result<Connection> ChooseConnection(connect::Store& store, const std::string& name) {
  if (!name.empty()) return store.Find(name);
  TRY_ASSIGN(const std::vector<Connection> all, store.List());
  std::vector<Connection> fitting;
  for (const Connection& one : all) {
    const bool may = one.settings.permission_sets.contains(connect::PermissionSet::kOrganization) &&
                     one.state != connect::State::kDisconnected;
    if (may) fitting.push_back(one);
  }
  if (fitting.size() == 1) return fitting.front();
  return Error(fitting.empty() ? Errc::kNotFound : Errc::kInvalidArgument,
               fitting.empty() ? "no connection may read the organisation"
                               : "several connections read an organisation")
      .Hint(fitting.empty()
                ? "add the set to one and update its role: farthing connections edit NAME --with "
                  "read-billing,organization"
                : "name one: farthing accounts CONNECTION");
}

void Print(const MemberAccounts& kept, CliContext& context) {
  Records records{{"account", "name", "state", "unit", "management", "connection"}, {}};
  for (const connect::MemberAccount& one : kept.accounts) {
    records.rows.push_back(
        {one.id, one.name, one.state, one.unit, one.is_management ? "yes" : "", one.connection});
  }
  PrintRecords(records, context);
  if (kept.refreshed && context.format == "table") {
    context.err << "note: as of " << ToString(*kept.refreshed) << "; --refresh asks again\n";
  }
}

Result<void> RunAccounts(const std::string& name, bool refresh, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Store& store = installation->store();
  TRY_ASSIGN(const Connection connection, ChooseConnection(store, name));
  TRY_ASSIGN(MemberAccounts kept, KeptMemberAccounts(store, connection));
  if (refresh || !kept.refreshed) {
    TRY_ASSIGN(const auto client,
               ClientFor(connection, installation->platform(), installation->vault()));
    TRY_ASSIGN(kept, RefreshMemberAccounts(store, *client, connection, Now()));
  }
  Print(kept, context);
  return {};
}

}  // namespace

void AddAccountsVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "accounts",
                       "Member accounts with names and units, and which are connected themselves");
  auto name = std::make_shared<std::string>();
  auto refresh = std::make_shared<bool>(false);
  verb->add_option("CONNECTION", *name,
                   "Name or id; left out: the one that may read Organizations");
  verb->add_flag("--refresh", *refresh,
                 "Ask AWS again; else what was last told is shown, also offline");
  verb->footer(
      "Examples:\n  farthing accounts\n  farthing accounts production --refresh --format csv");
  verb->callback([=, &context] {
    context.action = [=, &context] { return RunAccounts(*name, *refresh, context); };
  });
}

}  // namespace farthing::cli
