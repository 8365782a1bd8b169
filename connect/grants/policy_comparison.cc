#include "connect/grants/policy_comparison.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "connect/grants/aws_tables.h"

namespace farthing::connect {
namespace {

/// A needed action on one literal resource.
struct Need {
  const Permission* permission = nullptr;
  std::string resource;
  std::vector<PolicyCondition> conditions;
};

std::vector<Need> LiteralNeeds(const std::vector<Permission>& needed,
                               const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<Need> needs;
  for (const Permission& permission : needed) {
    const PolicyDocument one = WithValues(BuildPolicy({permission}), values);
    for (const PolicyStatement& statement : one.statements) {
      for (const std::string& resource : statement.resources) {
        needs.push_back({&permission, resource, statement.conditions});
      }
    }
  }
  return needs;
}

bool NamesAction(const PolicyStatement& statement, std::string_view action) {
  const auto matches = [action](const std::string& pattern) {
    return ActionMatches(pattern, action);
  };
  if (!statement.not_actions.empty()) {
    return std::none_of(statement.not_actions.begin(), statement.not_actions.end(), matches);
  }
  return std::any_of(statement.actions.begin(), statement.actions.end(), matches);
}

bool NamesResource(const PolicyStatement& statement, std::string_view resource) {
  const auto covers = [resource](const std::string& granted) {
    return ResourceCovers(granted, resource);
  };
  if (!statement.not_resources.empty()) {
    // What is left out must not touch the needed resource from either side.
    return std::none_of(statement.not_resources.begin(), statement.not_resources.end(),
                        [&](const std::string& left_out) {
                          return ResourceCovers(left_out, resource) ||
                                 ResourceCovers(resource, left_out);
                        });
  }
  return std::any_of(statement.resources.begin(), statement.resources.end(), covers);
}

// A condition of a grant does no harm when the need has the same one, and all its values.
bool ConditionsAllow(const PolicyStatement& statement, const Need& need) {
  return std::all_of(statement.conditions.begin(), statement.conditions.end(),
                     [&need](const PolicyCondition& granted) {
                       return std::any_of(
                           need.conditions.begin(), need.conditions.end(),
                           [&granted](const PolicyCondition& wanted) {
                             return EqualsIgnoreCase(wanted.operation, granted.operation) &&
                                    EqualsIgnoreCase(wanted.key, granted.key) &&
                                    std::all_of(wanted.values.begin(), wanted.values.end(),
                                                [&](const auto& value) {
                                                  return std::any_of(
                                                      granted.values.begin(), granted.values.end(),
                                                      [&value](const auto& pattern) {
                                                        return ResourceCovers(pattern, value);
                                                      });
                                                });
                           });
                     });
}

std::string Describe(const std::vector<PolicyCondition>& conditions) {
  std::string text;
  for (const PolicyCondition& condition : conditions) {
    text += (text.empty() ? "" : " and ") + condition.operation + " " + condition.key + " " +
            Join(condition.values, ", ");
  }
  return text;
}

/// "Sid of policy".
std::string PlaceOf(const PolicyStatement& statement, const GrantedPolicy& policy) {
  return (statement.sid.empty() ? "a statement" : statement.sid) + " of " + policy.name;
}

/// What a deny takes of the needed resource: "" for nothing, "*" for all of it.
std::string Taken(const PolicyStatement& deny, std::string_view needed) {
  if (NamesResource(deny, needed)) return "*";
  if (!deny.not_resources.empty()) {
    const bool spared =
        std::any_of(deny.not_resources.begin(), deny.not_resources.end(),
                    [&](const std::string& left_out) { return ResourceCovers(left_out, needed); });
    return spared ? "" : "all but " + Join(deny.not_resources, ", ");
  }
  for (const std::string& resource : deny.resources) {
    if (ResourcesMeet(resource, needed)) return resource;
  }
  return "";
}

/// Why a need is not met; an empty reason when it is.
struct Lack {
  std::string why, denied_by;
};
Lack FindLack(const Need& need, const std::vector<GrantedPolicy>& granted) {
  bool allowed = false;
  std::string nearly;
  for (const GrantedPolicy& policy : granted) {
    for (const PolicyStatement& statement : policy.document.statements) {
      if (!NamesAction(statement, need.permission->action)) continue;
      if (statement.is_deny) {
        // A deny with conditions may not apply to us; it is listed, not judged.
        const std::string taken =
            statement.conditions.empty() ? Taken(statement, need.resource) : "";
        if (taken.empty()) continue;
        const std::string place = PlaceOf(statement, policy);
        return {"denied " + (taken == "*" ? "" : "on " + taken + " ") + "by " + place, place};
      }
      if (!NamesResource(statement, need.resource)) {
        nearly = "granted only on " + Join(statement.resources, ", ");
      } else if (!ConditionsAllow(statement, need)) {
        nearly = "granted only if " + Describe(statement.conditions);
      } else {
        allowed = true;
      }
    }
  }
  if (allowed) return {};
  return {nearly.empty() ? "not granted" : nearly, ""};
}

std::string ServiceOf(std::string_view action) {
  return ToLower(action.substr(0, action.find(':')));
}

/// Collects what one Allow statement grants beyond the needs.
class ExcessFinder {
 public:
  ExcessFinder(const std::vector<Need>& needs, const std::vector<std::string>& tolerated)
      : needs_(needs), tolerated_(tolerated) {}

  void Look(const GrantedPolicy& policy, const PolicyStatement& statement) {
    for (const std::string& pattern : statement.actions) {
      if (pattern == "*" || pattern.starts_with("*:")) {
        Everything(policy, statement, pattern, "*");
      } else {
        LookAt(policy, statement, pattern);
      }
    }
    if (!statement.not_actions.empty()) {
      Everything(policy, statement, "NotAction " + Join(statement.not_actions, ", "), "*");
    }
  }

  std::vector<ExcessGrant> Take() && { return std::move(excess_); }

 private:
  bool IsNeeded(std::string_view action) const {
    return std::any_of(needs_.begin(), needs_.end(), [action](const Need& need) {
      return EqualsIgnoreCase(need.permission->action, action);
    });
  }
  bool IsTolerated(std::string_view action) const {
    return std::any_of(
        tolerated_.begin(), tolerated_.end(),
        [action](const std::string& tolerated) { return EqualsIgnoreCase(tolerated, action); });
  }
  // The statement's resource that goes beyond what the action is needed on; empty when none does.
  std::string WiderResource(const PolicyStatement& statement, std::string_view action) const {
    for (const std::string& granted : statement.resources) {
      const bool within = std::any_of(needs_.begin(), needs_.end(), [&](const Need& need) {
        return EqualsIgnoreCase(need.permission->action, action) &&
               ResourceCovers(need.resource, granted);
      });
      if (!within) return granted;
    }
    if (!statement.not_resources.empty()) return "all but " + Join(statement.not_resources, ", ");
    return "";
  }
  // A listing that is needed below a prefix only and granted without that condition.
  bool LacksCondition(const PolicyStatement& statement, std::string_view action) const {
    return statement.conditions.empty() &&
           std::any_of(needs_.begin(), needs_.end(), [action](const Need& need) {
             return EqualsIgnoreCase(need.permission->action, action) && !need.conditions.empty();
           });
  }

  void LookAt(const GrantedPolicy& policy, const PolicyStatement& statement,
              const std::string& pattern) {
    ExcessGrant grant{policy.name, pattern, ServiceOf(pattern), Join(statement.resources, ", "), {},
                      false,       ""};
    const bool is_pattern = pattern.find_first_of("*?") != std::string::npos;
    std::vector<std::string> actions = is_pattern ? ExpandAction(pattern) : std::vector{pattern};
    for (std::string& action : actions) {
      if (!IsNeeded(action) && !IsTolerated(action)) grant.actions.push_back(std::move(action));
    }
    grant.writes = std::any_of(grant.actions.begin(), grant.actions.end(), IsWrite);
    if (!grant.actions.empty()) {
      grant.why = is_pattern ? "allows " + std::to_string(grant.actions.size()) +
                                   " known actions that nothing here needs"
                             : "no permission set chosen here needs it";
    } else if (is_pattern) {
      grant.why = "a pattern grants more whenever AWS adds an action: name the actions";
    } else if (std::string wider = WiderResource(statement, pattern); !wider.empty()) {
      if (IsTolerated(pattern)) return;
      grant.resource = std::move(wider);
      grant.why = "is needed, but not on this resource";
    } else if (LacksCondition(statement, pattern)) {
      grant.why = "is needed below the prefix only: the condition is missing";
    } else {
      return;
    }
    excess_.push_back(std::move(grant));
  }

  void Everything(const GrantedPolicy& policy, const PolicyStatement& statement,
                  const std::string& pattern, const std::string& service) {
    ExcessGrant grant{policy.name,
                      pattern,
                      service,
                      Join(statement.resources, ", "),
                      {},
                      true,
                      "allows actions of every service"};
    for (const ServiceActions& known : KnownServices()) {
      for (std::string& action : ExpandAction(std::string(known.service) + ":*")) {
        if (NamesAction(statement, action) && !IsNeeded(action))
          grant.actions.push_back(std::move(action));
      }
    }
    excess_.push_back(std::move(grant));
  }

  const std::vector<Need>& needs_;
  const std::vector<std::string>& tolerated_;
  std::vector<ExcessGrant> excess_;
};

// ReadOnlyAccess has more than a thousand patterns: beyond this many in one policy they are told by service.
constexpr std::size_t kPatternsTold = 25;

std::vector<ExcessGrant> ByService(std::vector<ExcessGrant> grants) {
  std::map<std::string, std::size_t> counts;
  for (const ExcessGrant& grant : grants) ++counts[grant.policy];
  std::vector<ExcessGrant> told;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (ExcessGrant& grant : grants) {
    if (counts[grant.policy] <= kPatternsTold) {
      told.push_back(std::move(grant));
      continue;
    }
    const auto [place, is_new] = places.try_emplace({grant.policy, grant.service}, told.size());
    if (is_new) {
      grant.why = "this policy allows far more than is needed";
      told.push_back(std::move(grant));
      continue;
    }
    ExcessGrant& sum = told[place->second];
    sum.pattern += ", " + grant.pattern;
    sum.writes = sum.writes || grant.writes;
    sum.actions.insert(sum.actions.end(), grant.actions.begin(), grant.actions.end());
  }
  for (ExcessGrant& grant : told) {
    std::sort(grant.actions.begin(), grant.actions.end());
    grant.actions.erase(std::unique(grant.actions.begin(), grant.actions.end()),
                        grant.actions.end());
  }
  return told;
}

}  // namespace

bool IsWrite(std::string_view action) {
  constexpr std::array<std::string_view, 11> kReads{"Get",    "List",     "Describe", "BatchGet",
                                                    "Head",   "Search",   "View",     "Select",
                                                    "Lookup", "Simulate", "Validate"};
  const std::string_view verb = action.substr(action.find(':') + 1);
  return std::none_of(kReads.begin(), kReads.end(),
                      [verb](std::string_view read) { return StartsWithIgnoreCase(verb, read); });
}

std::vector<std::string> ExpandAction(std::string_view pattern) {
  std::vector<std::string> actions;
  const std::string_view service = pattern.substr(0, pattern.find(':'));
  for (const ServiceActions& known : KnownServices()) {
    if (!ActionMatches(service, known.service)) continue;
    for (const std::string& name : Split(known.actions, ' ')) {
      std::string action = std::string(known.service) + ":" + name;
      if (ActionMatches(pattern, action)) actions.push_back(std::move(action));
    }
  }
  return actions;
}

PolicyComparison ComparePolicies(const std::vector<GrantedPolicy>& granted,
                                 const std::vector<Permission>& needed,
                                 const std::vector<std::pair<std::string, std::string>>& values,
                                 const std::vector<std::string>& tolerated) {
  PolicyComparison comparison;
  comparison.corrected = WithValues(BuildPolicy(needed), values);
  const std::vector<Need> needs = LiteralNeeds(needed, values);
  for (const Need& need : needs) {
    const bool optional =
        std::find(tolerated.begin(), tolerated.end(), need.permission->action) != tolerated.end();
    Lack lack = optional ? Lack() : FindLack(need, granted);
    if (lack.why.empty()) continue;
    comparison.missing.push_back(
        {std::string(need.permission->action), need.resource, std::string(need.permission->reason),
         std::string(need.permission->needed_by), std::move(lack.why), std::move(lack.denied_by)});
  }
  ExcessFinder finder(needs, tolerated);
  for (const GrantedPolicy& policy : granted) {
    for (const PolicyStatement& statement : policy.document.statements) {
      if (!statement.is_deny) {
        finder.Look(policy, statement);
        continue;
      }
      const auto& names = statement.actions.empty() ? statement.not_actions : statement.actions;
      comparison.denies.push_back(
          {policy.name, statement.sid, names, !statement.conditions.empty()});
    }
  }
  comparison.excess = ByService(std::move(finder).Take());
  return comparison;
}

std::vector<std::string> DenyingStatements(const std::vector<GrantedPolicy>& granted,
                                           std::string_view action) {
  std::vector<std::string> places;
  for (const GrantedPolicy& policy : granted) {
    for (const PolicyStatement& statement : policy.document.statements) {
      if (statement.is_deny && NamesAction(statement, action)) {
        places.push_back(PlaceOf(statement, policy));
      }
    }
  }
  return places;
}

std::vector<MissingAction> OutsideBoundary(
    const GrantedPolicy& boundary, const std::vector<Permission>& needed,
    const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<MissingAction> outside;
  for (const Need& need : LiteralNeeds(needed, values)) {
    const std::string why = FindLack(need, {boundary}).why;
    if (why.empty()) continue;
    outside.push_back({std::string(need.permission->action), need.resource,
                       std::string(need.permission->reason),
                       std::string(need.permission->needed_by),
                       "the permissions boundary " + boundary.name + " leaves it out: " + why});
  }
  return outside;
}

}  // namespace farthing::connect
