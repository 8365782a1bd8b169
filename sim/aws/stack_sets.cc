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

}  // namespace

Result<std::vector<std::string>> DeployStackSet(World& world, const Operation& as,
                                                const ResourceOrder& order,
                                                const std::string& action) {
  const json::object& properties = order.properties;
  const std::string name = TextOf(properties, "StackSetName");
  if (TextOf(properties, "PermissionModel") != "SERVICE_MANAGED")
    return Refuse(400, "ValidationError", "the rehearsal AWS has service-managed stack sets only");
  if (!world.organization_all_features)
    return Refuse(400, "ValidationError",
                  "You must enable organizations access to operate a service managed stack set");
  TRY(CheckAccess(world, as,
                  {.action = action,
                   .resource = "arn:aws:cloudformation:" + as.region + ":" + as.caller.account_id +
                               ":stackset/" + name + ":*"}));
  StackOrder stack{.name = "StackSet-" + name,
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
    Operation member = as;
    member.caller = {};
    member.caller.account_id = id;
    member.caller.root = true;
    auto& stacks = world.FindAccount(id)->stacks;
    const auto existing = stacks.find(as.region + "/" + stack.name);
    if (existing == stacks.end()) {
      TRY(CreateStack(world, member, stack));
      continue;
    }
    TRY_ASSIGN(const auto changes, PlanUpdate(world, member, existing->second, stack));
    if (!changes.empty()) TRY(UpdateStack(world, member, existing->second, stack));
  }
  return members;
}

}  // namespace farthing::rehearsal
