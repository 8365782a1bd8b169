#pragma once

// The calls by which stacks make and change their resources.  Private to sim/aws.

#include "sim/aws/operation.h"
#include "sim/aws/stack_resources.h"

namespace farthing::rehearsal {

/// Calls IAM's API as the stack's caller.
Result<Reply> CallQuery(World& world, const Operation& as, const std::string& action,
                        QueryParameters parameters);
/// Calls another service's API as the stack's caller.
Result<Reply> CallJson(World& world, const Operation& as, const std::string& service,
                       const std::string& action, json::object body);

/// A policy, which templates write as an object or as text.
std::string DocumentOf(const json::object& properties, std::string_view name);
/// Properties of a bucket that S3 keeps as XML settings.
Result<void> SetBucket(World& world, const Operation& as, const std::string& name,
                       const json::object& properties);
/// A report's definition as the API takes it: booleans may be written as text.
json::object ReportOf(const json::object& properties);
/// Which stack set is deployed, and by which call.
struct Deployment {
  std::string action;  ///< "cloudformation:UpdateStackSet"
  std::string set_id;
};
/// Makes or updates the stacks of a stack set in its member accounts, and removes those of accounts that the targets
/// no longer hold.
Result<void> DeployStackSet(World& world, const Operation& as, const ResourceOrder& order,
                            const Deployment& deployment);
/// Removes every stack of the set, and the set.
Result<void> RemoveStackSet(World& world, const Operation& as, const std::string& set_id);

}  // namespace farthing::rehearsal
