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

/// Creates a stack as the caller; what goes wrong with a resource rolls it back and shows in its events.
struct StackOrder {
  std::string name, template_body;
  std::map<std::string, std::string> parameters;
  std::vector<std::string> capabilities;
  bool rollback = true;
};
/// Errors: ValidationError, InsufficientCapabilitiesException, AlreadyExistsException; AccessDenied.
Result<Stack*> CreateStack(World& world, const Operation& as, const StackOrder& order);

/// Reads a template from S3, by its https URL, as the caller.
Result<std::string> ReadTemplate(World& world, const Operation& as, const std::string& url);

}  // namespace farthing::rehearsal
