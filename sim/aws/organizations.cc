#include <algorithm>
#include <regex>

#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

std::string OrganizationArn(const World& world, std::string_view kind, std::string_view id) {
  return "arn:aws:organizations::" + world.payer + ":" + std::string(kind) + "/" +
         world.organization_id + "/" + std::string(id);
}

std::string PathOf(const World& world, std::string_view unit) {
  std::string path;
  for (std::string above(unit); !above.empty();) {
    path.insert(0, above + "/");
    std::string parent;
    for (const OrganizationUnit& each : kUnits) {
      if (each.id == above) parent = each.parent;
    }
    above = parent;
  }
  return world.organization_id + "/" + path;
}

json::object AccountJson(const World& world, const Account& account) {
  return {{"Id", account.id},
          {"Arn", OrganizationArn(world, "account", account.id)},
          {"Email", account.email},
          {"Name", account.name},
          {"State", "ACTIVE"},
          {"Paths", json::array{PathOf(world, account.unit) + account.id + "/"}},
          {"JoinedMethod", account.id == world.payer ? "INVITED" : "CREATED"},
          {"JoinedTimestamp", Epoch(account.joined)}};
}

json::object UnitJson(const World& world, const OrganizationUnit& unit) {
  return {{"Id", std::string(unit.id)},
          {"Arn", OrganizationArn(world, "ou", unit.id)},
          {"Name", std::string(unit.name)},
          {"Path", PathOf(world, unit.id)}};
}

/// Lists page by page; after the first page comes one with nothing but a token, as AWS may send it.
Result<Reply> List(const World& world, const Operation& operation, std::string_view name,
                   const json::array& items) {
  Reply reply;
  json::array& shown = reply.json[json::string_view(name.data(), name.size())].emplace_array();
  std::string token = TextOf(operation.body, "NextToken");
  const bool after_empty = token.ends_with("e");
  if (after_empty) token.pop_back();
  const auto asked = NumberOf(operation.body, "MaxResults", 20);
  if (asked < 1 || asked > 20)
    return Refuse(400, "InvalidInputException",
                  "You provided a value that does not match the required pattern.");
  const auto size =
      static_cast<std::size_t>(std::min<std::int64_t>(asked, world.options.organization_page));
  TRY_ASSIGN(const Page page, TakePage(items.size(), token, size, "InvalidInputException"));
  const bool empty = operation.empty_page || (page.begin > 0 && !after_empty && page.begin == size);
  if (empty) {
    reply.json["NextToken"] = (token.empty() ? "1+0/=" : token) + "e";
    return reply;
  }
  for (std::size_t i = page.begin; i < page.end; ++i) shown.push_back(items[i]);
  if (!page.next.empty()) reply.json["NextToken"] = page.next;
  return reply;
}

Result<Reply> ChildrenOf(const World& world, const Operation& operation,
                         const std::string& parent) {
  const bool known = parent == kRootId ||
                     std::any_of(std::begin(kUnits), std::end(kUnits),
                                 [&](const OrganizationUnit& unit) { return unit.id == parent; });
  if (!known)
    return Refuse(400, "ParentNotFoundException", "You specified parent that doesn't exist.");
  json::array items;
  if (operation.action == "ListAccountsForParent") {
    for (const auto& [id, account] : world.accounts) {
      if (account.unit == parent) items.push_back(AccountJson(world, account));
    }
    return List(world, operation, "Accounts", items);
  }
  for (const OrganizationUnit& unit : kUnits) {
    if (unit.parent == parent) items.push_back(UnitJson(world, unit));
  }
  return List(world, operation, "OrganizationalUnits", items);
}

Result<Reply> ParentsOf(const World& world, const Operation& operation, const std::string& child) {
  std::string parent;
  for (const OrganizationUnit& unit : kUnits) {
    if (unit.id == child) parent = unit.parent;
  }
  if (const auto found = world.accounts.find(child); found != world.accounts.end())
    parent = found->second.unit;
  if (parent.empty())
    return Refuse(400, "ChildNotFoundException", "You specified a child that doesn't exist.");
  return List(world, operation, "Parents",
              {{{"Id", parent}, {"Type", parent == kRootId ? "ROOT" : "ORGANIZATIONAL_UNIT"}}});
}

json::object OrganizationJson(const World& world) {
  return {
      {"Id", world.organization_id},
      {"Arn", "arn:aws:organizations::" + world.payer + ":organization/" + world.organization_id},
      {"FeatureSet", world.organization_all_features ? "ALL" : "CONSOLIDATED_BILLING"},
      {"MasterAccountArn", OrganizationArn(world, "account", world.payer)},
      {"MasterAccountId", world.payer},
      {"MasterAccountEmail", world.accounts.at(world.payer).email},
      {"AvailablePolicyTypes", json::array()}};
}

}  // namespace

Result<Reply> AnswerOrganizations(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  TRY(CheckAccess(world, operation, {.action = "organizations:" + action}));
  const Account& caller = *world.FindAccount(operation.caller.account_id);
  if (caller.unit.empty()) {
    return Refuse(400, "AWSOrganizationsNotInUseException",
                  "Your account is not a member of an organization.");
  }
  if (action == "DescribeOrganization") {
    Reply reply;
    reply.json["Organization"] = OrganizationJson(world);
    return reply;
  }
  if (caller.id != world.payer) {
    return Refuse(400, "AccessDeniedException",
                  "You don't have permissions to access this resource.");
  }
  if (action == "ListAccounts") {
    json::array items;
    for (const auto& [id, account] : world.accounts) {
      if (!account.unit.empty()) items.push_back(AccountJson(world, account));
    }
    return List(world, operation, "Accounts", items);
  }
  if (action == "DescribeAccount") {
    const auto found = world.accounts.find(TextOf(operation.body, "AccountId"));
    if (found == world.accounts.end() || found->second.unit.empty())
      return Refuse(400, "AccountNotFoundException",
                    "You specified an account that doesn't exist.");
    Reply reply;
    reply.json["Account"] = AccountJson(world, found->second);
    return reply;
  }
  if (action == "ListRoots") {
    return List(world, operation, "Roots",
                {{{"Id", std::string(kRootId)},
                  {"Arn", OrganizationArn(world, "root", kRootId)},
                  {"Name", "Root"},
                  {"PolicyTypes", json::array()}}});
  }
  if (action == "ListAccountsForParent" || action == "ListOrganizationalUnitsForParent") {
    TRY_ASSIGN(const std::string parent, Required(operation.body, "ParentId"));
    // Source: AWS Organizations API reference, ListAccountsForParent, ParentId.
    static const std::regex form("r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}");
    if (!std::regex_match(parent, form)) {
      return Refuse(400, "InvalidInputException", "You specified an invalid value.");
    }
    return ChildrenOf(world, operation, parent);
  }
  if (action == "ListParents") {
    TRY_ASSIGN(const std::string child, Required(operation.body, "ChildId"));
    return ParentsOf(world, operation, child);
  }
  if (action == "DescribeOrganizationalUnit") {
    for (const OrganizationUnit& unit : kUnits) {
      if (unit.id != TextOf(operation.body, "OrganizationalUnitId")) continue;
      Reply reply;
      reply.json["OrganizationalUnit"] = UnitJson(world, unit);
      return reply;
    }
    return Refuse(400, "OrganizationalUnitNotFoundException",
                  "You specified an organizational unit that doesn't exist.");
  }
  if (action == "ListTagsForResource") {
    json::array items;
    const auto found = world.accounts.find(TextOf(operation.body, "ResourceId"));
    if (found != world.accounts.end())
      items.push_back({{"Key", "name"}, {"Value", found->second.name}});
    return List(world, operation, "Tags", items);
  }
  if (action == "ListDelegatedAdministrators")
    return List(world, operation, "DelegatedAdministrators", {});
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
