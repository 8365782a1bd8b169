#pragma once

// The resource types of CloudFormation that templates of a billing connection use.  Each is made by the calls of the
// API that CloudFormation itself would make, with the caller's permissions.  Private to sim/aws.

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

/// A resource to make, its functions resolved.
struct ResourceOrder {
  std::string logical_id, type, stack_name, region;
  json::object properties;
};
struct MadeResource {
  std::string physical_id;  ///< what Ref gives
  std::map<std::string, std::string> attributes;
};
/// Errors: the refusal of the call that failed; ValidationError for types that are not here.
Result<MadeResource> MakeResource(World& world, const Operation& as, const ResourceOrder& order);
/// Errors: the refusal of the call that failed.
Result<void> RemoveResource(World& world, const Operation& as, const std::string& type,
                            const std::string& physical_id);

/// Changes a resource; where a property cannot change, another is made and the old one stays for its stack to remove.
struct UpdatedResource {
  MadeResource made;
  bool replaced = false;
};
/// Errors: the refusal of the call that failed.
Result<UpdatedResource> UpdateResource(World& world, const Operation& as,
                                       const ResourceOrder& order, const Stack::Resource& before);

/// Creates a stack as the caller; what goes wrong with a resource rolls it back and shows in its events.
struct StackOrder {
  std::string name, template_body;
  std::map<std::string, std::string> parameters;
  std::vector<std::string> capabilities;
  bool rollback = true;
};
/// Errors: ValidationError, InsufficientCapabilitiesException, AlreadyExistsException; AccessDenied.
Result<Stack*> CreateStack(World& world, const Operation& as, const StackOrder& order);

/// One resource that an update would touch.
struct StackChange {
  std::string action;  ///< "Add", "Modify" or "Remove"
  std::string logical_id, type, physical_id;
};
/// What an update would change; nothing when the stack is as the order wants it.
/// Errors: ValidationError, InsufficientCapabilitiesException.
Result<std::vector<StackChange>> PlanUpdate(const World& world, const Operation& as,
                                            const Stack& stack, const StackOrder& order);
/// Updates a stack as the caller; what goes wrong with a resource rolls it back and shows in its events.
/// Errors: as PlanUpdate; ValidationError when nothing would change, or the stack may not; AccessDenied.
Result<void> UpdateStack(World& world, const Operation& as, Stack& stack, const StackOrder& order);

/// Removes what a stack has made, last things first, and the stack; what refuses leaves it in DELETE_FAILED.
/// Errors: none of the resources', which the stack tells.
Result<void> RemoveStack(World& world, const Operation& as, Stack& stack);

/// Reads a template from S3, by its https URL, as the caller.
Result<std::string> ReadTemplate(World& world, const Operation& as, const std::string& url);

}  // namespace farthing::rehearsal
