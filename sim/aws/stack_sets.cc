// Service-managed stack sets: one stack in each member account of the targets, never in the management account.
// Source: AWS CloudFormation user guide, "StackSets and AWS Organizations".

#include <algorithm>

#include "sim/aws/services.h"
#include "sim/aws/stack_calls.h"

namespace farthing::rehearsal {
namespace {

/// The member accounts below the targets of a stack set; never the management account.
std::vector<std::string> MembersOf(const World& world, const json::object& properties) {
  std::vector<std::string> targets;
  if (const json::array* groups = ArrayOf(properties, "StackInstancesGroup")) {
    for (const json::value& group : *groups) {
      const json::object* chosen = ObjectOf(group.as_object(), "DeploymentTargets");
      for (const std::string& unit : chosen == nullptr ? std::vector<std::string>()
                                                       : TextsOf(*chosen, "OrganizationalUnitIds"))
        targets.push_back(unit);
    }
  }
  std::vector<std::string> members;
  for (const auto& [id, account] : world.accounts) {
    const auto path = world.OrganizationPath(id);
    const bool inside = std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
      return std::find(path.begin(), path.end(), target) != path.end();
    });
    if (inside && id != world.payer) members.push_back(id);
  }
  return members;
}

/// CloudFormation's service role does in a member account whatever a stack needs.
Operation InMember(const Operation& as, const std::string& account_id) {
  Operation member = as;
  member.caller = {};
  member.caller.account_id = account_id;
  member.caller.root = true;
  return member;
}

std::string StackNameOf(const std::string& set_id) {
  return "StackSet-" + set_id.substr(0, set_id.find(':'));
}

Result<void> RemoveFrom(World& world, const Operation& as, const std::string& set_id,
                        const std::string& account_id) {
  Account* account = world.FindAccount(account_id);
  if (account == nullptr) return {};
  const auto stack = account->stacks.find(as.region + "/" + StackNameOf(set_id));
  if (stack == account->stacks.end()) return {};
  return RemoveStack(world, InMember(as, account_id), stack->second);
}

json::object& SetOf(World& world, const std::string& set_id) {
  for (json::object& each : world.stack_sets) {
    if (TextOf(each, "StackSetId") == set_id) return each;
  }
  return world.stack_sets.emplace_back(
      json::object{{"StackSetId", set_id},
                   {"StackSetName", set_id.substr(0, set_id.find(':'))},
                   {"Accounts", json::array()}});
}

}  // namespace

Result<void> DeployStackSet(World& world, const Operation& as, const ResourceOrder& order,
                            const Deployment& deployment) {
  const json::object& properties = order.properties;
  const std::string name = TextOf(properties, "StackSetName");
  if (TextOf(properties, "PermissionModel") != "SERVICE_MANAGED")
    return Refuse(400, "ValidationError", "the rehearsal AWS has service-managed stack sets only");
  if (!world.organization_all_features)
    return Refuse(400, "ValidationError",
                  "You must enable organizations access to operate a service managed stack set");
  TRY(CheckAccess(world, as,
                  {.action = deployment.action,
                   .resource = "arn:aws:cloudformation:" + as.region + ":" + as.caller.account_id +
                               ":stackset/" + name + ":*"}));
  StackOrder stack{.name = StackNameOf(deployment.set_id),
                   .template_body = TextOf(properties, "TemplateBody"),
                   .parameters = {},
                   .capabilities = TextsOf(properties, "Capabilities")};
  if (const json::array* parameters = ArrayOf(properties, "Parameters")) {
    for (const json::value& each : *parameters)
      stack.parameters[TextOf(each.as_object(), "ParameterKey")] =
          TextOf(each.as_object(), "ParameterValue");
  }
  const std::vector<std::string> members = MembersOf(world, properties);
  for (const std::string& id : members) {
    const Operation member = InMember(as, id);
    auto& stacks = world.FindAccount(id)->stacks;
    const auto existing = stacks.find(as.region + "/" + stack.name);
    if (existing == stacks.end()) {
      TRY(CreateStack(world, member, stack));
      continue;
    }
    TRY_ASSIGN(const auto changes, PlanUpdate(world, member, existing->second, stack));
    if (!changes.empty()) TRY(UpdateStack(world, member, existing->second, stack));
  }
  json::object& set = SetOf(world, deployment.set_id);
  for (const std::string& id : TextsOf(set, "Accounts")) {
    if (std::find(members.begin(), members.end(), id) == members.end())
      TRY(RemoveFrom(world, as, deployment.set_id, id));
  }
  set["Accounts"] = json::array(members.begin(), members.end());
  return {};
}

Result<void> RemoveStackSet(World& world, const Operation& as, const std::string& set_id) {
  TRY(CheckAccess(world, as,
                  {.action = "cloudformation:DeleteStackSet",
                   .resource = "arn:aws:cloudformation:" + as.region + ":" + as.caller.account_id +
                               ":stackset/" + set_id}));
  const std::vector<std::string> accounts = TextsOf(SetOf(world, set_id), "Accounts");
  for (const std::string& id : accounts) TRY(RemoveFrom(world, as, set_id, id));
  std::erase_if(world.stack_sets,
                [&](const json::object& each) { return TextOf(each, "StackSetId") == set_id; });
  return {};
}

}  // namespace farthing::rehearsal
