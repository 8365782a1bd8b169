#include "connect/life/payer_first.h"

#include <algorithm>
#include <chrono>

#include "aws/organizations.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/exports/member_accounts.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

constexpr std::chrono::seconds kPatience{15};

/// The secret before it lies in the vault.
class GivenSecret final : public Secrets {
 public:
  explicit GivenSecret(const std::string& secret) : secret_(secret) {}
  Result<std::string> Get(std::string_view, std::string_view) override { return secret_; }

 private:
  const std::string& secret_;
};

Result<std::vector<Connection>> WorkingPayers(Store& store) {
  TRY_ASSIGN(std::vector<Connection> payers, store.List());
  std::erase_if(payers, [](const Connection& one) {
    const bool is_payer = one.settings.type == ConnectionType::kRole ||
                          one.settings.type == ConnectionType::kPayerKeys;
    return !is_payer || !MayCollect(one.state);
  });
  return payers;
}

Error NotConnected(std::string message, const std::string& account) {
  return Error(Errc::kConflict, std::move(message))
      .With("field", "type")
      .Hint("connect and verify its management account first: " +
            CommandLine({"farthing", "connect", "--name", "NAME", "--account", account,
                         "--role-name", "ROLE"}));
}

std::string NamesOf(const std::vector<Connection>& connections) {
  std::vector<std::string> names;
  for (const Connection& one : connections) {
    names.push_back(one.settings.name + " (" + one.settings.account_id + ")");
  }
  return Join(names, ", ");
}

/// What AWS says to the linked account itself.  Errors: aws/error.h.
Result<std::optional<aws::Organization>> Ask(Installation& installation, const Settings& settings,
                                             const std::string& secret) {
  Connection linked;
  linked.settings = settings;
  GivenSecret secrets(secret);
  TRY_ASSIGN(const auto client, ClientFor(linked, installation.platform, secrets));
  return aws::DescribeOrganization(*client->WithLimits(kPatience, nullptr));
}

Result<bool> IsInBillOf(lake::Catalog& catalog, const Connection& payer,
                        const std::string& account) {
  TRY_ASSIGN(const std::vector<lake::Load> loads, catalog.ActiveLoads({}));
  return std::any_of(loads.begin(), loads.end(), [&](const lake::Load& load) {
    const bool has = std::find(load.sub_accounts.begin(), load.sub_accounts.end(), account) !=
                     load.sub_accounts.end();
    return has && IsBillOf(load, payer);
  });
}

bool Has(const MemberAccounts& members, const std::string& account) {
  return std::any_of(members.accounts.begin(), members.accounts.end(),
                     [&](const MemberAccount& one) { return one.id == account; });
}

enum class Known { kMember, kStranger, kNothing };

/// What a payer's organisation, or else its bills, say of the account.
Result<Known> WhatIsKnown(Installation& installation, const Connection& payer,
                          const std::string& account) {
  TRY_ASSIGN(MemberAccounts members, KeptMemberAccounts(installation.store, payer));
  if (!members.refreshed && payer.settings.permission_sets.contains(PermissionSet::kOrganization)) {
    TRY_ASSIGN(const auto client, ClientFor(payer, installation.platform, installation.vault));
    const std::shared_ptr<aws::Client> asking = client->WithLimits(kPatience, nullptr);
    Result<MemberAccounts> asked = RefreshMemberAccounts(installation.store, *asking, payer,
                                                         installation.platform.environment.now());
    if (asked.ok()) members = *std::move(asked);
  }
  if (Has(members, account)) return Known::kMember;
  TRY_ASSIGN(const bool is_billed, IsInBillOf(installation.catalog, payer, account));
  if (is_billed) return Known::kMember;
  return members.refreshed ? Known::kStranger : Known::kNothing;
}

}  // namespace

Result<void> CheckPayerFirst(Installation& installation, const Settings& settings,
                             const std::string& secret) {
  if (settings.type != ConnectionType::kLinkedKeys) return {};
  TRY_ASSIGN(const std::vector<Connection> payers, WorkingPayers(installation.store));
  if (payers.empty()) {
    return NotConnected(
        "no payer is connected yet, through which the linked account's bill arrives", "ID");
  }
  const Result<std::optional<aws::Organization>> organization = Ask(installation, settings, secret);
  if (organization.ok() && !*organization) {
    return Error(Errc::kConflict, "account " + settings.account_id +
                                      " is in no organisation: no payer's bill has its costs")
        .With("field", "type")
        .Hint("connect it by itself: farthing connect --type payer-keys, or with a role");
  }
  if (organization.ok()) {
    const std::string& management = (*organization)->management_account_id;
    const bool is_connected = std::any_of(payers.begin(), payers.end(), [&](const Connection& one) {
      return one.settings.account_id == management;
    });
    if (is_connected) return {};
    return NotConnected("account " + settings.account_id + " belongs to the organisation of " +
                            management +
                            ", whose payer is not connected; connected: " + NamesOf(payers),
                        management);
  }
  bool all_strangers = true;
  for (const Connection& payer : payers) {
    TRY_ASSIGN(const Known known, WhatIsKnown(installation, payer, settings.account_id));
    if (known == Known::kMember) return {};
    all_strangers = all_strangers && known == Known::kStranger;
  }
  if (!all_strangers) return {};
  return NotConnected("account " + settings.account_id +
                          " belongs to none of the connected organisations: " + NamesOf(payers),
                      "ID");
}

Result<void> CheckOwnBill(Store& store, lake::Catalog& catalog, const Connection& connection) {
  const Settings& settings = connection.settings;
  if (settings.type != ConnectionType::kLinkedKeys) return {};
  TRY_ASSIGN(std::vector<Connection> payers, WorkingPayers(store));
  std::string payer = payers.size() == 1 ? payers.front().settings.name : "";
  for (const Connection& one : payers) {
    TRY_ASSIGN(const MemberAccounts members, KeptMemberAccounts(store, one));
    TRY_ASSIGN(const bool is_billed, IsInBillOf(catalog, one, settings.account_id));
    if (is_billed || Has(members, settings.account_id)) payer = one.settings.name;
  }
  return Error(Errc::kInvalidArgument, "connection " + settings.name + " has no bill of its own")
      .Hint("its bill comes through its payer " +
            (payer.empty() ? "account's connection, see farthing connections" : payer));
}

}  // namespace farthing::connect
