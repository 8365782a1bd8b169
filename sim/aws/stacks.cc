// A stack's life: made in the order of its references, rolled back when one resource fails.

#include <algorithm>

#include "aws/error.h"
#include "base/text.h"
#include "http/message.h"
#include "sim/aws/services.h"
#include "sim/aws/stack_life.h"

namespace farthing::rehearsal {

void AddEvent(World& world, Stack& stack, const Stack::Resource& of, const std::string& status,
              const std::string& reason) {
  stack.events.push_back({of.logical_id, of.physical_id, of.type, status, reason, world.now()});
}

void AddStackEvent(World& world, Stack& stack, const std::string& status,
                   const std::string& reason) {
  stack.status = status;
  if (!reason.empty()) stack.reason = reason;
  stack.events.push_back(
      {stack.name, stack.id, "AWS::CloudFormation::Stack", status, reason, world.now()});
}

std::string HandlerReason(const Error& error) {
  return "Resource handler returned message: \"" + error.message() +
         "\" (Code: " + std::string(error.detail(aws::kCodeDetail)) + ")";
}

Result<void> CheckCapabilities(const Template& of, const std::vector<std::string>& given) {
  const std::string needed = of.NeededCapability();
  const auto has = [&](std::string_view name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  const bool fits = needed.empty() || has("CAPABILITY_NAMED_IAM") ||
                    (needed == "CAPABILITY_IAM" && has("CAPABILITY_IAM"));
  if (fits) return {};
  return Refuse(400, "InsufficientCapabilitiesException",
                "Requires capabilities : [" + needed + "]");
}

Resolver NewResolver(const Template& of, const StackParameters& parameters, const Operation& as,
                     const Stack& stack) {
  Resolver resolver(of, parameters);
  resolver.SetRef("AWS::AccountId", as.caller.account_id);
  resolver.SetRef("AWS::Region", as.region);
  resolver.SetRef("AWS::Partition", "aws");
  resolver.SetRef("AWS::URLSuffix", "amazonaws.com");
  resolver.SetRef("AWS::StackName", stack.name);
  resolver.SetRef("AWS::StackId", stack.id);
  return resolver;
}

void Refer(Resolver& resolver, const Stack::Resource& resource) {
  resolver.SetRef(resource.logical_id, resource.physical_id);
  for (const auto& [name, value] : resource.attributes)
    resolver.SetAttribute(resource.logical_id + "." + name, value);
}

Result<std::optional<Stack::Resource>> Declared(const World& world, const Template& of,
                                                const Resolver& resolver,
                                                const std::string& logical_id) {
  const json::object& declared = of.resources().at(logical_id).get_object();
  if (const std::string condition = TextOf(declared, "Condition"); !condition.empty()) {
    TRY_ASSIGN(const bool holds, resolver.Holds(condition));
    if (!holds) return std::optional<Stack::Resource>();
  }
  Stack::Resource resource;
  resource.logical_id = logical_id;
  resource.type = TextOf(declared, "Type");
  resource.retain = TextOf(declared, "DeletionPolicy") == "Retain";
  resource.at = world.now();
  return std::optional<Stack::Resource>(std::move(resource));
}

Result<json::object> PropertiesOf(const Template& of, const Resolver& resolver,
                                  const std::string& logical_id) {
  const json::object& declared = of.resources().at(logical_id).get_object();
  if (!declared.contains("Properties")) return json::object();
  TRY_ASSIGN(json::value properties, resolver.Resolve(declared.at("Properties")));
  return std::move(properties.as_object());
}

Result<void> MakeDeclared(World& world, const Operation& as, const Template& of, Resolver& resolver,
                          Stack& stack, Stack::Resource& resource) {
  AddEvent(world, stack, resource, "CREATE_IN_PROGRESS");
  const auto make = [&]() -> Result<MadeResource> {
    TRY_ASSIGN(resource.properties, PropertiesOf(of, resolver, resource.logical_id));
    return MakeResource(
        world, as,
        {resource.logical_id, resource.type, stack.name, as.region, resource.properties});
  };
  Result<MadeResource> made = make();
  if (!made.ok()) {
    const std::string reason = HandlerReason(made.error());
    resource.status = "CREATE_FAILED";
    AddEvent(world, stack, resource, "CREATE_FAILED", reason);
    return Refuse(
        400, "ValidationError",
        "The following resource(s) failed to create: [" + resource.logical_id + "]. " + reason);
  }
  resource.physical_id = made->physical_id;
  resource.attributes = made->attributes;
  resource.status = "CREATE_COMPLETE";
  Refer(resolver, resource);
  AddEvent(world, stack, resource, "CREATE_COMPLETE");
  return {};
}

bool IsThere(const Stack::Resource& resource) {
  return resource.status == "CREATE_COMPLETE" || resource.status == "UPDATE_COMPLETE";
}

Result<void> TakeOutputs(const Template& of, const Resolver& resolver, Stack& stack) {
  stack.outputs.clear();
  for (const auto& member : of.section("Outputs")) {
    const json::object& output = member.value().as_object();
    if (const std::string condition = TextOf(output, "Condition"); !condition.empty()) {
      TRY_ASSIGN(const bool holds, resolver.Holds(condition));
      if (!holds) continue;
    }
    TRY_ASSIGN(const json::value value, resolver.Resolve(output.at("Value")));
    stack.outputs.emplace_back(
        std::string(member.key().data(), member.key().size()),
        value.is_string() ? std::string(View(value.get_string())) : json::serialize(value));
  }
  return {};
}

namespace {

/// Makes the resources; returns what failed.
Result<void> MakeAll(World& world, const Operation& as, const Template& of, Resolver& resolver,
                     const std::vector<std::string>& order, Stack& stack) {
  for (const std::string& logical_id : order) {
    TRY_ASSIGN(auto resource, Declared(world, of, resolver, logical_id));
    if (!resource) continue;
    Result<void> made = MakeDeclared(world, as, of, resolver, stack, *resource);
    stack.resources.push_back(*std::move(resource));
    TRY(std::move(made));
  }
  return {};
}

void RollBack(World& world, const Operation& as, Stack& stack, const std::string& why) {
  AddStackEvent(world, stack, "ROLLBACK_IN_PROGRESS", why);
  for (auto resource = stack.resources.rbegin(); resource != stack.resources.rend(); ++resource) {
    if (!IsThere(*resource) || resource->retain) continue;
    const auto removed = RemoveResource(world, as, resource->type, resource->physical_id);
    resource->status = removed.ok() ? "DELETE_COMPLETE" : "DELETE_FAILED";
    AddEvent(world, stack, *resource, resource->status,
             removed.ok() ? "" : removed.error().message());
  }
  AddStackEvent(world, stack, "ROLLBACK_COMPLETE");
}

}  // namespace

Result<Stack*> CreateStack(World& world, const Operation& as, const StackOrder& order) {
  const std::string stem = "arn:aws:cloudformation:" + as.region + ":" + as.caller.account_id +
                           ":stack/" + order.name + "/";
  Operation cloudformation = as;
  cloudformation.protocol = Protocol::kQuery;
  TRY(CheckAccess(world, cloudformation,
                  {.action = "cloudformation:CreateStack", .resource = stem + "*"}));
  TRY_ASSIGN(const Template of, Template::Parse(order.template_body));
  auto& stacks = world.FindAccount(as.caller.account_id)->stacks;
  const std::string key = as.region + "/" + order.name;
  if (stacks.contains(key))
    return Refuse(400, "AlreadyExistsException", "Stack [" + order.name + "] already exists");
  TRY(CheckCapabilities(of, order.capabilities));
  TRY_ASSIGN(const StackParameters parameters, of.Complete(order.parameters));
  TRY_ASSIGN(const std::vector<std::string> sequence, of.Order());

  Stack& stack = stacks[key];
  stack.id = stem + world.Uuid();
  stack.name = order.name;
  stack.template_body = order.template_body;
  stack.created = world.now();
  stack.capabilities = order.capabilities;
  stack.parameters.assign(parameters.begin(), parameters.end());
  Resolver resolver = NewResolver(of, parameters, as, stack);
  AddStackEvent(world, stack, "CREATE_IN_PROGRESS", "User Initiated");
  const auto made = MakeAll(world, as, of, resolver, sequence, stack);
  if (!made.ok()) {
    if (order.rollback) {
      RollBack(world, as, stack, made.error().message());
    } else {
      AddStackEvent(world, stack, "CREATE_FAILED", made.error().message());
    }
    return &stack;
  }
  TRY(TakeOutputs(of, resolver, stack));
  stack.reason.clear();
  AddStackEvent(world, stack, "CREATE_COMPLETE");
  return &stack;
}

Result<std::string> ReadTemplate(World& world, const Operation& as, const std::string& url) {
  const Error refused = Refuse(400, "ValidationError", "TemplateURL must be a supported URL.");
  const auto parsed = http::ParseUrl(url);
  if (!parsed.ok()) return refused;
  const std::string path = http::PercentDecode(parsed->path.substr(1));
  const auto s3 = parsed->host.find(".s3");
  std::string bucket =
      s3 == std::string::npos ? path.substr(0, path.find('/')) : parsed->host.substr(0, s3);
  const auto slash = path.find('/');
  const std::string key = s3 != std::string::npos      ? path
                          : slash == std::string::npos ? ""
                                                       : path.substr(slash + 1);
  if (!world.buckets.contains(bucket) || key.empty()) return refused;
  TRY_ASSIGN(const Reply reply, CallS3(world, as, {"GET", bucket, key, {}, {}, ""}));
  return reply.body;
}

Result<void> RemoveStack(World& world, const Operation& as, Stack& stack) {
  for (auto resource = stack.resources.rbegin(); resource != stack.resources.rend(); ++resource) {
    if (!IsThere(*resource) || resource->retain) continue;
    if (const auto removed = RemoveResource(world, as, resource->type, resource->physical_id);
        !removed.ok()) {
      stack.status = "DELETE_FAILED";
      stack.reason = "The following resource(s) failed to delete: [" + resource->logical_id +
                     "]. " + removed.error().message();
      return {};
    }
    resource->status = "DELETE_COMPLETE";
  }
  const std::string name = stack.name;
  world.FindAccount(as.caller.account_id)->stacks.erase(as.region + "/" + name);
  return {};
}

}  // namespace farthing::rehearsal
