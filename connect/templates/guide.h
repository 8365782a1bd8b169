#pragma once

// What a person does in AWS to connect, in order: what to open, what to tick, what to beware of.  Beside the templates,
// for those who set up by hand or want to know what a template does.  Const-safe.

#include <string>
#include <vector>

#include "connect/templates/templates.h"

namespace farthing::connect {

struct Warning {
  std::string id;    ///< "right-account"
  std::string text;  ///< one or two sentences
};

struct Step {
  std::string title;
  std::string link;                ///< page of the console; "" when none
  std::vector<std::string> lines;  ///< what to do
  std::vector<std::string> ticks;  ///< boxes and fields, "field: value"
  std::vector<Warning> warnings;   ///< that belong to this step
};

/// Which template the person uses; kByHand spells everything out.
enum class SetupWay { kByHand, kCloudFormation, kTerraform, kCli };

/// The ordered steps of a plan.
std::vector<Step> GuideSteps(const Plan& plan, SetupWay way);

/// One line of what changes when the sets of a connection change.
struct SetChange {
  bool added = false;  ///< else removed
  std::string action, resource, reason, needed_by;
};
/// What switching from the plan's sets to others changes, action by action.
Result<std::vector<SetChange>> DiffSets(const Plan& plan, const std::set<PermissionSet>& wanted);

}  // namespace farthing::connect
