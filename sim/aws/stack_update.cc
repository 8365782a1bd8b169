// Updating a stack: resources are added, changed or replaced in the order of their references, then what is no longer
// wanted is removed; when one fails, everything is put back.
// Source: AWS CloudFormation user guide, "Update behaviors of stack resources", "Stack status codes".

#include <algorithm>

#include "sim/aws/services.h"
#include "sim/aws/stack_life.h"

namespace farthing::rehearsal {
namespace {

/// What an order means for a stack.
struct Wanted {
  Template of;
  StackParameters parameters;
  std::vector<std::string> sequence;
};

Result<Wanted> Read(const StackOrder& order) {
  TRY_ASSIGN(Template of, Template::Parse(order.template_body));
  TRY(CheckCapabilities(of, order.capabilities));
  TRY_ASSIGN(StackParameters parameters, of.Complete(order.parameters));
  TRY_ASSIGN(std::vector<std::string> sequence, of.Order());
  return Wanted{std::move(of), std::move(parameters), std::move(sequence)};
}

Stack::Resource* FindIn(std::vector<Stack::Resource>& resources, const std::string& logical_id) {
  const auto found =
      std::find_if(resources.begin(), resources.end(),
                   [&](const Stack::Resource& each) { return each.logical_id == logical_id; });
  return found == resources.end() ? nullptr : &*found;
}

class StackUpdate {
 public:
  StackUpdate(World& world, const Operation& as, Stack& stack, const Wanted& wanted)
      : world_(world),
        as_(as),
        stack_(stack),
        wanted_(wanted),
        resolver_(NewResolver(wanted.of, wanted.parameters, as, stack)),
        before_(stack.resources) {}

  void Run() {
    AddStackEvent(world_, stack_, "UPDATE_IN_PROGRESS", "User Initiated");
    std::erase_if(stack_.resources, [](const Stack::Resource& each) { return !IsThere(each); });
    Result<void> done = Forward();
    if (done.ok()) done = TakeOutputs(wanted_.of, resolver_, stack_);
    if (!done.ok()) return Back(done.error().message());
    AddStackEvent(world_, stack_, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    CleanUp();
    stack_.reason.clear();
    AddStackEvent(world_, stack_, "UPDATE_COMPLETE");
  }

  bool ok() const { return stack_.status == "UPDATE_COMPLETE"; }

 private:
  Result<void> Forward() {
    for (const std::string& logical_id : wanted_.sequence) {
      TRY_ASSIGN(auto resource, Declared(world_, wanted_.of, resolver_, logical_id));
      if (!resource) continue;
      kept_.push_back(logical_id);
      if (Stack::Resource* existing = FindIn(stack_.resources, logical_id)) {
        TRY(Change(*existing, resource->retain));
        continue;
      }
      TRY(MakeDeclared(world_, as_, wanted_.of, resolver_, stack_, *resource));
      stack_.resources.push_back(*std::move(resource));
      made_.push_back(logical_id);
    }
    return {};
  }

  Result<void> Change(Stack::Resource& resource, bool retain) {
    resource.retain = retain;
    Result<json::object> properties = PropertiesOf(wanted_.of, resolver_, resource.logical_id);
    if (properties.ok() && *properties == resource.properties) {
      Refer(resolver_, resource);
      return {};
    }
    AddEvent(world_, stack_, resource, "UPDATE_IN_PROGRESS");
    changed_.push_back(resource);  // even if it fails: a part may have been done
    const auto update = [&]() -> Result<UpdatedResource> {
      if (!properties.ok()) return std::move(properties).error();
      return UpdateResource(
          world_, as_, {resource.logical_id, resource.type, stack_.name, as_.region, *properties},
          resource);
    };
    Result<UpdatedResource> updated = update();
    if (!updated.ok()) {
      const std::string reason = HandlerReason(updated.error());
      AddEvent(world_, stack_, resource, "UPDATE_FAILED", reason);
      return Refuse(
          400, "ValidationError",
          "The following resource(s) failed to update: [" + resource.logical_id + "]. " + reason);
    }
    if (updated->replaced) replaced_.push_back(resource);
    resource.physical_id = updated->made.physical_id;
    resource.attributes = updated->made.attributes;
    resource.properties = *std::move(properties);
    resource.status = "UPDATE_COMPLETE";
    resource.at = world_.now();
    Refer(resolver_, resource);
    AddEvent(world_, stack_, resource, "UPDATE_COMPLETE");
    return {};
  }

  void Remove(Stack::Resource resource) {
    AddEvent(world_, stack_, resource, "DELETE_IN_PROGRESS");
    if (resource.retain) return AddEvent(world_, stack_, resource, "DELETE_SKIPPED");
    const auto removed = RemoveResource(world_, as_, resource.type, resource.physical_id);
    AddEvent(world_, stack_, resource, removed.ok() ? "DELETE_COMPLETE" : "DELETE_FAILED",
             removed.ok() ? "" : removed.error().message());
  }

  void CleanUp() {
    for (const Stack::Resource& old : replaced_) Remove(old);
    for (auto each = stack_.resources.rbegin(); each != stack_.resources.rend(); ++each) {
      if (std::find(kept_.begin(), kept_.end(), each->logical_id) == kept_.end()) Remove(*each);
    }
    std::erase_if(stack_.resources, [&](const Stack::Resource& each) {
      return std::find(kept_.begin(), kept_.end(), each.logical_id) == kept_.end();
    });
  }

  /// Puts back what was changed, newest first.
  void Back(const std::string& why) {
    AddStackEvent(world_, stack_, "UPDATE_ROLLBACK_IN_PROGRESS", why);
    for (auto logical_id = made_.rbegin(); logical_id != made_.rend(); ++logical_id) {
      Stack::Resource made = *FindIn(stack_.resources, *logical_id);
      made.retain = false;
      Remove(std::move(made));
    }
    for (auto old = changed_.rbegin(); old != changed_.rend(); ++old) {
      const Stack::Resource now = *FindIn(stack_.resources, old->logical_id);
      if (now.physical_id != old->physical_id) {
        Remove(now);
        continue;
      }
      const auto restored = UpdateResource(
          world_, as_, {old->logical_id, old->type, stack_.name, as_.region, old->properties}, now);
      AddEvent(world_, stack_, *old, restored.ok() ? "UPDATE_COMPLETE" : "UPDATE_FAILED",
               restored.ok() ? "" : restored.error().message());
    }
    stack_.resources = before_;
    AddStackEvent(world_, stack_, "UPDATE_ROLLBACK_COMPLETE");
  }

  World& world_;
  const Operation& as_;
  Stack& stack_;
  const Wanted& wanted_;
  Resolver resolver_;
  const std::vector<Stack::Resource> before_;
  std::vector<Stack::Resource> changed_, replaced_;  // as they were
  std::vector<std::string> kept_, made_;             // logical ids
};

}  // namespace

Result<std::vector<StackChange>> PlanUpdate(const World& world, const Operation& as,
                                            const Stack& stack, const StackOrder& order) {
  TRY_ASSIGN(const Wanted wanted, Read(order));
  Resolver resolver = NewResolver(wanted.of, wanted.parameters, as, stack);
  std::vector<Stack::Resource> existing = stack.resources;
  std::erase_if(existing, [](const Stack::Resource& each) { return !IsThere(each); });
  for (const Stack::Resource& each : existing) Refer(resolver, each);
  std::vector<StackChange> changes;
  std::vector<std::string> kept;
  for (const std::string& logical_id : wanted.sequence) {
    TRY_ASSIGN(const auto resource, Declared(world, wanted.of, resolver, logical_id));
    if (!resource) continue;
    kept.push_back(logical_id);
    const Stack::Resource* found = FindIn(existing, logical_id);
    if (found == nullptr) {
      changes.push_back({"Add", logical_id, resource->type, ""});
      continue;
    }
    // What refers to a resource that is yet to be made changes with it.
    const auto properties = PropertiesOf(wanted.of, resolver, logical_id);
    if (properties.ok() && *properties == found->properties) continue;
    changes.push_back({"Modify", logical_id, found->type, found->physical_id});
  }
  for (const Stack::Resource& each : existing) {
    if (std::find(kept.begin(), kept.end(), each.logical_id) != kept.end()) continue;
    changes.push_back({"Remove", each.logical_id, each.type, each.physical_id});
  }
  return changes;
}

Result<void> UpdateStack(World& world, const Operation& as, Stack& stack, const StackOrder& order) {
  Operation cloudformation = as;
  cloudformation.protocol = Protocol::kQuery;
  TRY(CheckAccess(world, cloudformation,
                  {.action = "cloudformation:UpdateStack", .resource = stack.id}));
  if (!stack.status.ends_with("_COMPLETE") || stack.status == "ROLLBACK_COMPLETE") {
    return Refuse(
        400, "ValidationError",
        "Stack:" + stack.id + " is in " + stack.status + " state and can not be updated.");
  }
  TRY_ASSIGN(const std::vector<StackChange> changes, PlanUpdate(world, as, stack, order));
  if (changes.empty()) return Refuse(400, "ValidationError", "No updates are to be performed.");
  TRY_ASSIGN(const Wanted wanted, Read(order));
  StackUpdate update(world, as, stack, wanted);
  update.Run();
  if (!update.ok()) return {};
  stack.template_body = order.template_body;
  stack.capabilities = order.capabilities;
  stack.parameters.assign(wanted.parameters.begin(), wanted.parameters.end());
  return {};
}

}  // namespace farthing::rehearsal
