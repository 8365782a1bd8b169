#pragma once

// What creating and updating a stack share.  Private to sim/aws.

#include "sim/aws/operation.h"
#include "sim/aws/stack_resources.h"
#include "sim/aws/template.h"

namespace farthing::rehearsal {

void AddEvent(World& world, Stack& stack, const Stack::Resource& of, const std::string& status,
              const std::string& reason = {});
/// Moves the stack itself to that status.
void AddStackEvent(World& world, Stack& stack, const std::string& status,
                   const std::string& reason = {});
/// "Resource handler returned message: …", as events give it.
std::string HandlerReason(const Error& error);

/// Errors: InsufficientCapabilitiesException.
Result<void> CheckCapabilities(const Template& of, const std::vector<std::string>& given);
/// A resolver that knows the pseudo parameters.  Requires: `of` outlives it.
Resolver NewResolver(const Template& of, const StackParameters& parameters, const Operation& as,
                     const Stack& stack);
/// What Ref and GetAtt give for the resource from now on.
void Refer(Resolver& resolver, const Stack::Resource& resource);
/// A declared resource before it is made; absent when its condition does not hold.
Result<std::optional<Stack::Resource>> Declared(const World& world, const Template& of,
                                                const Resolver& resolver,
                                                const std::string& logical_id);
/// Its properties, resolved.
Result<json::object> PropertiesOf(const Template& of, const Resolver& resolver,
                                  const std::string& logical_id);
/// Makes the resource and completes it; events say how it went.
Result<void> MakeDeclared(World& world, const Operation& as, const Template& of, Resolver& resolver,
                          Stack& stack, Stack::Resource& resource);
/// True for resources that exist: made or updated.
bool IsThere(const Stack::Resource& resource);
Result<void> TakeOutputs(const Template& of, const Resolver& resolver, Stack& stack);

}  // namespace farthing::rehearsal
