#include "connect/grants/bucket_policy_merge.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "base/text.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

using Principals = std::vector<std::pair<std::string, std::string>>;

bool NamesPrincipal(const PolicyStatement& statement, const Principals::value_type& who) {
  const auto is_in = [&who](const Principals& principals) {
    return std::any_of(principals.begin(), principals.end(), [&who](const auto& p) {
      return p.first == "*" || (p.first == "AWS" && p.second == "*") || p == who;
    });
  };
  return statement.not_principals.empty() ? is_in(statement.principals)
                                          : !is_in(statement.not_principals);
}

/// "ForAnyValue:StringLikeIfExists" → "StringLike": AWS's services send every key we know with one value.
std::string_view BareOperation(std::string_view operation) {
  operation = operation.substr(operation.find(':') + 1);
  constexpr std::string_view kIfExists = "IfExists";
  if (operation.ends_with(kIfExists)) operation.remove_suffix(kIfExists.size());
  return operation;
}

/// Whether the values of a condition take in all that ours of the same key can be.
bool TakesIn(const PolicyCondition& condition, bool literal,
             const std::vector<PolicyCondition>& ours) {
  const auto mine = std::find_if(ours.begin(), ours.end(), [&](const PolicyCondition& one) {
    return EqualsIgnoreCase(one.key, condition.key);
  });
  if (mine == ours.end()) return false;
  return std::all_of(mine->values.begin(), mine->values.end(), [&](const std::string& needed) {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const std::string& granted) {
                         return literal ? granted == needed && needed.find('*') == std::string::npos
                                        : ResourceCovers(granted, needed);
                       });
  });
}

/// What a Bool condition says of AWS's services, which use TLS; absent where it is about something else.
std::optional<bool> OfServices(const PolicyCondition& condition) {
  if (BareOperation(condition.operation) != "Bool" || condition.values.size() != 1) return {};
  if (!EqualsIgnoreCase(condition.key, "aws:SecureTransport") &&
      !EqualsIgnoreCase(condition.key, "aws:PrincipalIsAWSService")) {
    return {};
  }
  return EqualsIgnoreCase(condition.values[0], "true");
}

/// Whether a condition holds whenever `ours` do: the same key, and values that include all of ours.
bool IsImplied(const PolicyCondition& condition, const std::vector<PolicyCondition>& ours) {
  if (const std::optional<bool> holds = OfServices(condition)) return *holds;
  const std::string_view operation = BareOperation(condition.operation);
  const bool literal = operation == "StringEquals" || operation == "StringEqualsIgnoreCase";
  const bool pattern = operation == "StringLike" || operation == "ArnLike" ||
                       operation == "ArnEquals";  // which knows * as well
  return (literal || pattern) && TakesIn(condition, literal, ours);
}

/// Whether a condition never holds where `ours` do.
bool IsExcluded(const PolicyCondition& condition, const std::vector<PolicyCondition>& ours) {
  if (const std::optional<bool> holds = OfServices(condition)) return !*holds;
  const std::string_view operation = BareOperation(condition.operation);
  const bool literal = operation == "StringNotEquals" || operation == "StringNotEqualsIgnoreCase";
  const bool pattern =
      operation == "StringNotLike" || operation == "ArnNotLike" || operation == "ArnNotEquals";
  return (literal || pattern) && TakesIn(condition, literal, ours);
}

struct Grant {
  std::pair<std::string, std::string> principal;
  std::string action, resource;
};

bool Allows(const PolicyStatement& statement, const Grant& grant,
            const std::vector<PolicyCondition>& ours) {
  return !statement.is_deny && NamesPrincipal(statement, grant.principal) &&
         std::any_of(statement.actions.begin(), statement.actions.end(),
                     [&](const auto& action) { return ActionMatches(action, grant.action); }) &&
         std::any_of(
             statement.resources.begin(), statement.resources.end(),
             [&](const auto& resource) { return ResourceCovers(resource, grant.resource); }) &&
         std::all_of(statement.conditions.begin(), statement.conditions.end(),
                     [&](const auto& condition) { return IsImplied(condition, ours); });
}

/// Buckets and objects are different resources: GetBucketPolicy never meets an object.
bool Meets(const std::string& action, const std::string& resource) {
  const bool of_object = action == "s3:PutObject";
  return of_object == (resource.find('/') != std::string::npos);
}

bool IsAllowed(const PolicyStatement& wanted, const std::vector<PolicyStatement>& existing) {
  for (const auto& principal : wanted.principals) {
    for (const std::string& action : wanted.actions) {
      for (const std::string& resource : wanted.resources) {
        if (!Meets(action, resource)) continue;
        const bool found = std::any_of(existing.begin(), existing.end(), [&](const auto& each) {
          return Allows(each, {principal, action, resource}, wanted.conditions);
        });
        if (!found) return false;
      }
    }
  }
  return true;
}

/// Whether some resource may be named by both patterns.
bool MayMeet(std::string_view one, std::string_view other) {
  if (ResourceCovers(one, other) || ResourceCovers(other, one)) return true;
  const std::size_t first = one.find_first_of("*?"), second = other.find_first_of("*?");
  if (first == std::string_view::npos || second == std::string_view::npos) return false;
  const std::size_t known = std::min(first, second);
  return one.substr(0, known) == other.substr(0, known);
}

bool MayDeny(const PolicyStatement& statement, const std::string& action,
             const std::string& resource) {
  const auto names = [&](const std::string& pattern) { return ActionMatches(pattern, action); };
  const bool action_is_named =
      statement.not_actions.empty()
          ? std::any_of(statement.actions.begin(), statement.actions.end(), names)
          : std::none_of(statement.not_actions.begin(), statement.not_actions.end(), names);
  if (!action_is_named) return false;
  if (statement.not_resources.empty()) {
    return std::any_of(statement.resources.begin(), statement.resources.end(),
                       [&](const std::string& denied) { return MayMeet(denied, resource); });
  }
  return std::none_of(statement.not_resources.begin(), statement.not_resources.end(),
                      [&](const std::string& spared) { return ResourceCovers(spared, resource); });
}

bool MayStopDelivery(const PolicyStatement& statement, const PolicyStatement& delivery) {
  if (!statement.is_deny || delivery.is_deny) return false;
  const bool never = std::any_of(
      statement.conditions.begin(), statement.conditions.end(),
      [&](const auto& condition) { return IsExcluded(condition, delivery.conditions); });
  if (never) return false;
  for (const auto& principal : delivery.principals) {
    if (!NamesPrincipal(statement, principal)) continue;
    for (const std::string& action : delivery.actions) {
      for (const std::string& resource : delivery.resources) {
        if (Meets(action, resource) && MayDeny(statement, action, resource)) return true;
      }
    }
  }
  return false;
}

/// Whatever cannot be read as a statement allows nothing that we know of, and stays.
std::optional<PolicyStatement> Read(const json::value& value) {
  const json::object whole{{"Statement", json::array{value}}};
  Result<PolicyDocument> document = ParsePolicyDocument(json::serialize(whole));
  if (!document.ok()) return std::nullopt;
  return document->statements[0];
}

std::string Print(const PolicyStatement& statement) {
  const Node tree = ToTree({{statement}}, PolicyTexts::kLiterals);
  return PrintJson(tree.Find("Statement")->items[0]);
}

Error Unreadable() {
  return Error(Errc::kCorrupt, "the bucket's policy cannot be read as JSON")
      .Hint("nothing was changed; look at it in the S3 console, under Permissions");
}

Result<json::object> ReadPolicy(std::string_view existing) {
  if (existing.empty()) return json::object{{"Version", "2012-10-17"}};
  boost::system::error_code failed;
  json::value root = json::parse(json::string_view(existing.data(), existing.size()), failed);
  if (failed || !root.is_object()) return Unreadable();
  return std::move(root.get_object());
}

}  // namespace

Result<PolicyMerge> MergeBucketPolicy(std::string_view existing, const PolicyDocument& wanted) {
  TRY_ASSIGN(json::object policy, ReadPolicy(existing));
  json::value& listed = policy["Statement"];
  if (listed.is_object()) listed = json::array{listed};
  if (listed.is_null()) listed.emplace_array();
  if (!listed.is_array()) return Unreadable();
  json::array& statements = listed.get_array();

  PolicyMerge merge;
  std::vector<PolicyStatement> known;
  std::set<std::string> sids;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    std::optional<PolicyStatement> statement = Read(statements[i]);
    const bool named = statement && !statement->sid.empty();
    merge.kept.push_back(named ? statement->sid : "statement " + std::to_string(i + 1));
    if (!statement) continue;
    const bool stops =
        std::any_of(wanted.statements.begin(), wanted.statements.end(),
                    [&](const auto& delivery) { return MayStopDelivery(*statement, delivery); });
    if (stops) merge.in_the_way.push_back(merge.kept.back());
    sids.insert(statement->sid);
    known.push_back(*std::move(statement));
  }

  const bool is_new = statements.empty();
  for (PolicyStatement statement : wanted.statements) {
    if (statement.is_deny ? !is_new : IsAllowed(statement, known)) continue;
    const std::string sid = statement.sid;
    for (int number = 2; sids.contains(statement.sid); ++number) {
      statement.sid = sid + std::to_string(number);
    }
    sids.insert(statement.sid);
    merge.added.push_back(Print(statement));
    statements.push_back(json::parse(merge.added.back()));
  }
  if (merge.added.empty()) return merge;
  merge.policy = json::serialize(policy);
  if (merge.policy.size() > kBucketPolicyLimit) {
    return Error(Errc::kTooLarge, "the bucket's policy would pass AWS's limit of 20 KB")
        .Hint(
            "its owner should merge statements of it, or the export should get a bucket of its "
            "own");
  }
  return merge;
}

}  // namespace farthing::connect
