// CloudFormation's API: stacks, change sets (which `aws cloudformation deploy` uses), events, resources.
// Source: AWS CloudFormation API reference.

#include <algorithm>

#include "sim/aws/services.h"
#include "sim/aws/stack_life.h"

namespace farthing::rehearsal {
namespace {

Error Invalid(std::string message) { return Refuse(400, "ValidationError", std::move(message)); }

Account& AccountOf(World& world, const Operation& operation) {
  return *world.FindAccount(operation.caller.account_id);
}

/// Finds a stack by name or id.
Stack* FindStack(World& world, const Operation& operation, const std::string& name) {
  for (auto& [key, stack] : AccountOf(world, operation).stacks) {
    if (!key.starts_with(operation.region + "/") || stack.status == "REVIEW_IN_PROGRESS") continue;
    if (stack.name == name || stack.id == name) return &stack;
  }
  return nullptr;
}

Result<void> Check(const World& world, const Operation& operation) {
  const std::string& name = operation.Parameter("StackName");
  const std::string arn = "arn:aws:cloudformation:" + operation.region + ":" +
                          operation.caller.account_id + ":stack/" +
                          (name.empty() ? "*" : name + "/*");
  return CheckAccess(world, operation,
                     {.action = "cloudformation:" + operation.action, .resource = arn});
}

/// An order to create a stack or, where one has the name, to update it: then it may keep what the stack has.
Result<StackOrder> ReadOrder(World& world, const Operation& operation) {
  const Stack* existing = FindStack(world, operation, operation.Parameter("StackName"));
  StackOrder order{.name = existing == nullptr ? operation.Parameter("StackName") : existing->name,
                   .template_body = operation.Parameter("TemplateBody"),
                   .parameters = {},
                   .capabilities = operation.ParameterList("Capabilities")};
  if (const std::string& url = operation.Parameter("TemplateURL"); !url.empty()) {
    TRY_ASSIGN(order.template_body, ReadTemplate(world, operation, url));
  } else if (existing != nullptr && operation.Parameter("UsePreviousTemplate") == "true") {
    order.template_body = existing->template_body;
  } else if (order.template_body.size() > 51'200) {
    return Invalid(
        "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member "
        "must have length less than or equal to 51200");
  }
  for (int i = 1;; ++i) {
    const std::string stem = "Parameters.member." + std::to_string(i) + ".";
    const std::string& key = operation.Parameter(stem + "ParameterKey");
    if (key.empty()) break;
    if (operation.Parameter(stem + "UsePreviousValue") != "true") {
      order.parameters[key] = operation.Parameter(stem + "ParameterValue");
      continue;
    }
    if (existing == nullptr) return Invalid("Invalid input for parameter key " + key);
    for (const auto& [name, value] : existing->parameters) {
      if (name == key) order.parameters[key] = value;
    }
  }
  const std::string& on_failure = operation.Parameter("OnFailure");
  order.rollback = on_failure != "DO_NOTHING" && operation.Parameter("DisableRollback") != "true";
  const bool valid = !order.name.empty() && order.name.size() <= 128 &&
                     std::isalpha(static_cast<unsigned char>(order.name[0])) != 0 &&
                     std::all_of(order.name.begin(), order.name.end(),
                                 [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
  if (!valid)
    return Invalid("1 validation error detected: Value '" + order.name +
                   "' at 'stackName' failed to satisfy constraint: Member must satisfy regular "
                   "expression pattern: [a-zA-Z][-a-zA-Z0-9]*");
  return order;
}

std::string Time(Instant instant) { return MilliTime(instant); }

std::string StackXml(const Stack& stack) {
  std::string xml = Xml("StackId", stack.id) + Xml("StackName", stack.name) +
                    Xml("CreationTime", Time(stack.created)) + Xml("StackStatus", stack.status) +
                    XmlFlag("DisableRollback", false);
  if (!stack.reason.empty()) xml += Xml("StackStatusReason", stack.reason);
  std::string parameters;
  for (const auto& [key, value] : stack.parameters)
    parameters += XmlNode("member", Xml("ParameterKey", key) + Xml("ParameterValue", value));
  std::string outputs;
  for (const auto& [key, value] : stack.outputs)
    outputs += XmlNode("member", Xml("OutputKey", key) + Xml("OutputValue", value));
  std::string capabilities;
  for (const std::string& each : stack.capabilities) capabilities += Xml("member", each);
  return xml + XmlNode("Parameters", parameters) + XmlNode("Outputs", outputs) +
         XmlNode("Capabilities", capabilities);
}

Result<Reply> DescribeStacks(World& world, const Operation& operation) {
  const std::string& name = operation.Parameter("StackName");
  std::string members;
  if (!name.empty()) {
    const Stack* stack = FindStack(world, operation, name);
    if (stack == nullptr) return Invalid("Stack with id " + name + " does not exist");
    members = XmlNode("member", StackXml(*stack));
  } else {
    for (const auto& [key, stack] : AccountOf(world, operation).stacks) {
      if (key.starts_with(operation.region + "/")) members += XmlNode("member", StackXml(stack));
    }
  }
  Reply reply;
  reply.xml = XmlNode("Stacks", members);
  return reply;
}

Result<Reply> DescribeParts(World& world, const Operation& operation) {
  const std::string& name = operation.Parameter("StackName");
  const Stack* stack = FindStack(world, operation, name);
  if (stack == nullptr) return Invalid("Stack [" + name + "] does not exist");
  Reply reply;
  if (operation.action == "DescribeStackEvents") {
    std::string members;
    std::size_t number = stack->events.size();
    for (auto event = stack->events.rbegin(); event != stack->events.rend(); ++event, --number) {
      members += XmlNode(
          "member", Xml("EventId", event->logical_id + "-" + std::to_string(number)) +
                        Xml("StackId", stack->id) + Xml("StackName", stack->name) +
                        Xml("LogicalResourceId", event->logical_id) +
                        Xml("PhysicalResourceId", event->physical_id) +
                        Xml("ResourceType", event->type) + Xml("Timestamp", Time(event->at)) +
                        Xml("ResourceStatus", event->status) +
                        (event->reason.empty() ? "" : Xml("ResourceStatusReason", event->reason)));
    }
    reply.xml = XmlNode("StackEvents", members);
    return reply;
  }
  if (operation.action == "GetTemplate") {
    reply.xml = Xml("TemplateBody", stack->template_body);
    return reply;
  }
  std::string members;
  for (const Stack::Resource& resource : stack->resources) {
    members += XmlNode(
        "member",
        Xml("StackId", stack->id) + Xml("StackName", stack->name) +
            Xml("LogicalResourceId", resource.logical_id) +
            Xml("PhysicalResourceId", resource.physical_id) + Xml("ResourceType", resource.type) +
            Xml(operation.action == "ListStackResources" ? "LastUpdatedTimestamp" : "Timestamp",
                Time(resource.at)) +
            Xml("ResourceStatus", resource.status));
  }
  reply.xml = XmlNode(
      operation.action == "ListStackResources" ? "StackResourceSummaries" : "StackResources",
      members);
  return reply;
}

Result<Reply> DeleteStack(World& world, const Operation& operation) {
  Stack* stack = FindStack(world, operation, operation.Parameter("StackName"));
  if (stack == nullptr) return Reply{};
  TRY(RemoveStack(world, operation, *stack));
  return Reply{};
}

/// ValidateTemplate, and GetTemplateSummary, which may also name a stack.
Result<Reply> Validate(World& world, const Operation& operation) {
  std::string body = operation.Parameter("TemplateBody");
  if (const std::string& url = operation.Parameter("TemplateURL"); !url.empty()) {
    TRY_ASSIGN(body, ReadTemplate(world, operation, url));
  }
  if (const Stack* stack = FindStack(world, operation, operation.Parameter("StackName"))) {
    body = stack->template_body;
  }
  TRY_ASSIGN(const Template of, Template::Parse(body));
  TRY(of.Order());
  std::string parameters;
  for (const auto& member : of.section("Parameters")) {
    const json::object& rules = member.value().as_object();
    parameters += XmlNode(
        "member", Xml("ParameterKey", std::string_view(member.key().data(), member.key().size())) +
                      Xml("DefaultValue", TextOf(rules, "Default")) + XmlFlag("NoEcho", false));
  }
  Reply reply;
  reply.xml = XmlNode("Parameters", parameters) + Xml("Description", of.description());
  if (const std::string needed = of.NeededCapability(); !needed.empty())
    reply.xml += XmlNode("Capabilities", Xml("member", needed));
  return reply;
}

Result<Reply> Update(World& world, const Operation& operation) {
  const std::string& name = operation.Parameter("StackName");
  Stack* stack = FindStack(world, operation, name);
  if (stack == nullptr) return Invalid("Stack [" + name + "] does not exist");
  TRY_ASSIGN(const StackOrder order, ReadOrder(world, operation));
  TRY(UpdateStack(world, operation, *stack, order));
  Reply reply;
  reply.xml = Xml("StackId", stack->id);
  return reply;
}

/// What a change set would do, or that it would do nothing, which makes it a failed one.
Result<std::string> ChangesXml(World& world, const Operation& operation) {
  std::string xml = Xml("StackName", operation.Parameter("StackName"));
  std::string changes;
  const Stack* stack = FindStack(world, operation, operation.Parameter("StackName"));
  if (stack != nullptr) {
    TRY_ASSIGN(const StackOrder order, ReadOrder(world, operation));
    TRY_ASSIGN(const auto planned, PlanUpdate(world, operation, *stack, order));
    if (planned.empty()) {
      return xml + Xml("ExecutionStatus", "UNAVAILABLE") + Xml("Status", "FAILED") +
             Xml("StatusReason",
                 "The submitted information didn't contain changes. Submit different information "
                 "to create a change set.") +
             XmlNode("Changes", "");
    }
    for (const StackChange& change : planned) {
      std::string inner =
          Xml("Action", change.action) + Xml("LogicalResourceId", change.logical_id);
      if (!change.physical_id.empty()) inner += Xml("PhysicalResourceId", change.physical_id);
      inner += Xml("ResourceType", change.type);
      changes += XmlNode("member", Xml("Type", "Resource") + XmlNode("ResourceChange", inner));
    }
  }
  return xml + Xml("ExecutionStatus", "AVAILABLE") + Xml("Status", "CREATE_COMPLETE") +
         XmlNode("Changes", changes);
}

/// Change sets create or update a stack: kept on the world until they are executed.
Result<Reply> ChangeSet(World& world, const Operation& operation) {
  const std::string& name = operation.Parameter("ChangeSetName");
  const std::string id = name.starts_with("arn:")
                             ? name
                             : "arn:aws:cloudformation:" + operation.region + ":" +
                                   operation.caller.account_id + ":changeSet/" + name;
  Reply reply;
  if (operation.action == "CreateChangeSet") {
    TRY_ASSIGN(const StackOrder order, ReadOrder(world, operation));
    TRY_ASSIGN(const Template of, Template::Parse(order.template_body));
    TRY(of.Complete(order.parameters));
    world.change_sets[id] = operation.parameters;
    reply.xml = Xml("Id", id) + Xml("StackId", order.name);
    return reply;
  }
  const auto found = world.change_sets.find(id);
  if (found == world.change_sets.end())
    return Refuse(404, "ChangeSetNotFound", "ChangeSet [" + name + "] does not exist");
  Operation meant = operation;
  meant.parameters = found->second;
  if (operation.action == "DescribeChangeSet") {
    TRY_ASSIGN(const std::string changes, ChangesXml(world, meant));
    reply.xml =
        Xml("ChangeSetId", id) + Xml("ChangeSetName", id.substr(id.rfind('/') + 1)) + changes;
    return reply;
  }
  if (operation.action == "ExecuteChangeSet") {
    world.change_sets.erase(found);
    if (FindStack(world, operation, meant.Parameter("StackName")) != nullptr)
      return Update(world, meant);
    TRY_ASSIGN(const StackOrder order, ReadOrder(world, meant));
    TRY(CreateStack(world, meant, order));
  } else {
    world.change_sets.erase(found);
  }
  return reply;
}

}  // namespace

Result<Reply> AnswerCloudFormation(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  if (action == "CreateStack") {
    TRY_ASSIGN(const StackOrder order, ReadOrder(world, operation));
    TRY_ASSIGN(const Stack* stack, CreateStack(world, operation, order));
    Reply reply;
    reply.xml = Xml("StackId", stack->id);
    return reply;
  }
  if (action == "UpdateStack") return Update(world, operation);
  static constexpr std::string_view kParts[] = {"DescribeStackEvents", "DescribeStackResources",
                                                "ListStackResources", "GetTemplate"};
  static constexpr std::string_view kChangeSets[] = {"CreateChangeSet", "DescribeChangeSet",
                                                     "ExecuteChangeSet", "DeleteChangeSet"};
  const bool part = std::find(std::begin(kParts), std::end(kParts), action) != std::end(kParts);
  const bool change =
      std::find(std::begin(kChangeSets), std::end(kChangeSets), action) != std::end(kChangeSets);
  if (!part && !change && action != "DescribeStacks" && action != "DeleteStack" &&
      action != "ValidateTemplate" && action != "GetTemplateSummary")
    return UnknownAction(operation);
  TRY(Check(world, operation));
  if (part) return DescribeParts(world, operation);
  if (change) return ChangeSet(world, operation);
  if (action == "DescribeStacks") return DescribeStacks(world, operation);
  return action == "DeleteStack" ? DeleteStack(world, operation) : Validate(world, operation);
}

}  // namespace farthing::rehearsal
