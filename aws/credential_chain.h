#pragma once

// The operator's own identity: AWS's default credential chain (SDK reference guide, "Standardized
// credential providers", 2026-11).  What a tenant types never reaches it.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/client.h"
#include "aws/credentials.h"

namespace farthing::aws {

/// What the chain reads of the machine; cli/ fills it from the real one, tests from a map.
struct Machine {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::filesystem::path home;
};

/// The region, endpoint overrides, FIPS, dual-stack, CA bundle and attempts that variables and the chosen profile set.
/// Errors: kInvalidArgument (a value that cannot be read, with its place).
Result<Environment> ReadEnvironment(const Machine& machine, const std::string& profile);

/// Environment → web identity → profile (static keys, role_arn with source_profile or credential_source,
/// web identity, SSO, credential_process) → container → instance metadata v2.  `profile`: AWS_PROFILE when empty.
std::shared_ptr<CredentialsProvider> DefaultChain(const Machine& machine,
                                                  const Environment& environment,
                                                  const std::string& profile);

}  // namespace farthing::aws
