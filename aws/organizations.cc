#include "aws/organizations.h"

#include "aws/error.h"
#include "aws/protocol_internal.h"

namespace farthing::aws {
namespace {

constexpr JsonService kOrganizations = {Service::kOrganizations, "AWSOrganizationsV20161128"};

using Use = std::function<void(const json::object&)>;

// Every item of a list that comes in pages, empty ones among them.
Result<void> EveryItem(Client& client, const std::string& operation, json::object input,
                       std::string_view list, const Use& use) {
  input["MaxResults"] = 20;
  return EveryPage(client, kOrganizations, operation, std::move(input), "NextToken",
                   [&](const json::object& page) -> Result<void> {
                     for (const json::value& item : ListAt(page, list))
                       if (item.is_object()) use(item.get_object());
                     return {};
                   });
}

}  // namespace

Result<std::optional<Organization>> DescribeOrganization(Client& client) {
  Result<json::object> answer = CallJson(client, kOrganizations, "DescribeOrganization", {});
  if (!answer.ok()) {
    if (AwsCode(answer.error()) == "AWSOrganizationsNotInUseException")
      return std::optional<Organization>();
    return std::move(answer).error();
  }
  const json::object& given = ObjectAt(*answer, "Organization");
  return std::optional(Organization{TextAt(given, "Id"), TextAt(given, "Arn"),
                                    TextAt(given, "MasterAccountId"), TextAt(given, "FeatureSet")});
}

Result<std::vector<OrganizationAccount>> ListAccounts(Client& client) {
  std::vector<OrganizationAccount> accounts;
  TRY(EveryItem(client, "ListAccounts", {}, "Accounts", [&](const json::object& given) {
    // Status was to go in September 2026; State has taken its place.
    const std::string state = TextAt(given, "State");
    accounts.push_back({TextAt(given, "Id"), TextAt(given, "Arn"), TextAt(given, "Name"),
                        TextAt(given, "Email"), state.empty() ? TextAt(given, "Status") : state,
                        TimeAt(given, "JoinedTimestamp")});
  }));
  return accounts;
}

Result<std::vector<OrganizationUnit>> ListUnits(Client& client) {
  std::vector<OrganizationUnit> units;
  TRY(EveryItem(client, "ListRoots", {}, "Roots", [&](const json::object& given) {
    units.push_back({TextAt(given, "Id"), TextAt(given, "Name"), "", {}});
  }));
  for (std::size_t i = 0; i < units.size(); ++i) {  // grows while it is walked
    const std::string parent = units[i].id;
    TRY(EveryItem(
        client, "ListAccountsForParent", {{"ParentId", parent}}, "Accounts",
        [&](const json::object& given) { units[i].account_ids.push_back(TextAt(given, "Id")); }));
    TRY(EveryItem(client, "ListOrganizationalUnitsForParent", {{"ParentId", parent}},
                  "OrganizationalUnits", [&](const json::object& given) {
                    units.push_back({TextAt(given, "Id"), TextAt(given, "Name"), parent, {}});
                  }));
  }
  return units;
}

}  // namespace farthing::aws
