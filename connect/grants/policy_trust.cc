#include "connect/grants/policy_trust.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kExternalId = "sts:ExternalId";

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!StartsWithIgnoreCase(text, prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() ||
      !EqualsIgnoreCase(text.substr(text.size() - suffix.size()), suffix)) {
    return false;
  }
  text.remove_suffix(suffix.size());
  return true;
}

/// One condition on the external ID; nothing where we do not know the operator.
/// Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
std::optional<bool> Holds(const PolicyCondition& condition, std::optional<std::string_view> id) {
  std::string_view name = condition.operation;
  if (EqualsIgnoreCase(name, "Null")) {
    return std::any_of(condition.values.begin(), condition.values.end(), [&](const auto& value) {
      return EqualsIgnoreCase(value, id ? "false" : "true");
    });
  }
  const bool any = TakePrefix(name, "ForAnyValue:");
  const bool all = TakePrefix(name, "ForAllValues:");
  const bool if_exists = TakeSuffix(name, "IfExists");
  if (!TakePrefix(name, "String")) return std::nullopt;
  const bool negated = TakePrefix(name, "Not");
  bool (*match)(std::string_view pattern, std::string_view id) = nullptr;
  if (EqualsIgnoreCase(name, "Equals")) {
    match = [](std::string_view value, std::string_view one) { return value == one; };
  } else if (EqualsIgnoreCase(name, "EqualsIgnoreCase")) {
    match = [](std::string_view value, std::string_view one) {
      return EqualsIgnoreCase(value, one);
    };
  } else if (EqualsIgnoreCase(name, "Like")) {
    match = ResourceCovers;
  } else {
    return std::nullopt;
  }
  if (!id) return all || if_exists || (negated && !any);
  const bool matches = std::any_of(condition.values.begin(), condition.values.end(),
                                   [&](const std::string& value) { return match(value, *id); });
  return matches != negated;
}

bool ConditionsHold(const PolicyStatement& statement, std::optional<std::string_view> id) {
  return std::all_of(statement.conditions.begin(), statement.conditions.end(),
                     [&](const PolicyCondition& condition) {
                       const std::optional<bool> holds =
                           EqualsIgnoreCase(condition.key, kExternalId) ? Holds(condition, id)
                                                                        : std::nullopt;
                       return holds.value_or(!statement.is_deny);
                     });
}

/// Whether a principal of a policy stands for that one: itself, its whole account, or everybody.
bool StandsFor(const std::string& named, const std::string& principal) {
  if (named == "*" || named == principal) return true;
  const std::vector<std::string> parts = Split(principal, ':');
  if (parts.size() < 6) return false;
  return named == parts[4] || named == parts[0] + ":" + parts[1] + ":iam::" + parts[4] + ":root";
}

bool Refuses(const PolicyStatement& statement, const std::string& principal,
             std::optional<std::string_view> id) {
  if (!statement.is_deny || !ConcernsAssuming(statement)) return false;
  const auto is_meant = [&](const auto& named) { return StandsFor(named.second, principal); };
  const bool meant =
      statement.not_principals.empty()
          ? std::any_of(statement.principals.begin(), statement.principals.end(), is_meant)
          : std::none_of(statement.not_principals.begin(), statement.not_principals.end(),
                         is_meant);
  return meant && ConditionsHold(statement, id);
}

}  // namespace

bool ConcernsAssuming(const PolicyStatement& statement) {
  // Source: IAM user guide, "Methods to assume a role".
  constexpr std::array<std::string_view, 3> kWays{"sts:AssumeRole", "sts:AssumeRoleWithSAML",
                                                  "sts:AssumeRoleWithWebIdentity"};
  return std::any_of(kWays.begin(), kWays.end(), [&](std::string_view way) {
    const auto names = [way](const std::string& pattern) { return ActionMatches(pattern, way); };
    if (!statement.not_actions.empty()) {
      return std::none_of(statement.not_actions.begin(), statement.not_actions.end(), names);
    }
    return std::any_of(statement.actions.begin(), statement.actions.end(), names);
  });
}

bool LetsIn(const PolicyDocument& trust, const PolicyStatement& allow, const std::string& principal,
            std::optional<std::string_view> external_id) {
  return !allow.is_deny && ConcernsAssuming(allow) && ConditionsHold(allow, external_id) &&
         std::none_of(trust.statements.begin(), trust.statements.end(), [&](const auto& statement) {
           return Refuses(statement, principal, external_id);
         });
}

std::vector<std::string> NamedExternalIds(const PolicyDocument& trust) {
  std::vector<std::string> ids;
  for (const PolicyStatement& statement : trust.statements) {
    for (const PolicyCondition& condition : statement.conditions) {
      if (!EqualsIgnoreCase(condition.key, kExternalId)) continue;
      for (std::string id : condition.values) {
        std::replace(id.begin(), id.end(), '*', '0');
        std::replace(id.begin(), id.end(), '?', '0');
        if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
      }
    }
  }
  return ids;
}

}  // namespace farthing::connect
