#pragma once

// AWS's config and credentials files as sections of properties (SDK reference guide, "Shared config and credentials
// files", 2026-11).  Reading only; the AWS CLI writes them.  Plain values; const-safe.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credential_chain.h"

namespace farthing::aws {

/// Properties by lower-case name.  One that stands indented below another, as in the "s3 =" block, is
/// named "outer.inner".
using Properties = std::map<std::string, std::string>;

/// Sections by their header as written, blanks made single: "profile x", "default", "sso-session y".
using Sections = std::map<std::string, Properties>;

/// Errors: kInvalidArgument, with file and line.
Result<Sections> ParseSections(std::string_view text, const std::string& file);

/// Both files together.
struct ProfileFiles {
  std::string config_file, credentials_file;  ///< where they were looked for
  Sections config;
  Sections credentials;

  /// The properties of a profile: those of the config file, then those of the credentials file over them.
  /// Nothing when neither file has it.
  std::optional<Properties> Profile(const std::string& name) const;
  /// [sso-session NAME] and [services NAME] of the config file.
  std::optional<Properties> Section(const std::string& kind, const std::string& name) const;
  std::vector<std::string> ProfileNames() const;
};

/// Reads both files from where variables or the home directory put them; absent files are empty.
Result<ProfileFiles> ReadProfileFiles(const Machine& machine);

/// The profile that is meant: `asked`, else AWS_PROFILE, else "default".
struct ChosenProfile {
  std::string name;
  bool asked = false;  ///< named by someone, so it must exist
};
ChosenProfile ChooseProfile(const Machine& machine, const std::string& asked);
/// Errors: kInvalidArgument (a profile that was named does not exist).
Result<Properties> ReadProfile(const ProfileFiles& files, const ChosenProfile& chosen);

/// A variable that is set and not empty, else "".
std::string Variable(const Machine& machine, const std::string& name);
/// "~/x" below the home directory.
std::filesystem::path ExpandHome(const Machine& machine, const std::string& path);
/// A property, "" when absent.
std::string PropertyOf(const Properties& properties, const std::string& name);

}  // namespace farthing::aws
