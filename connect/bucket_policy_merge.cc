#include "connect/bucket_policy_merge.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "base/text.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;

bool NamesPrincipal(const PolicyStatement& statement,
                    const std::pair<std::string, std::string>& who) {
  return std::any_of(statement.principals.begin(), statement.principals.end(),
                     [&](const auto& p) { return p.first == "*" || p == who; });
}

/// Whether a condition holds whenever `ours` do: the same key, and values that include all of ours.
bool IsImplied(const PolicyCondition& condition, const std::vector<PolicyCondition>& ours) {
  if (condition.operation == "Bool" && EqualsIgnoreCase(condition.key, "aws:SecureTransport")) {
    return condition.values == std::vector<std::string>{"true"};
  }
  const bool literal =
      condition.operation == "StringEquals" || condition.operation == "StringEqualsIgnoreCase";
  const bool pattern = condition.operation == "StringLike" || condition.operation == "ArnLike" ||
                       condition.operation == "ArnEquals";  // which knows * as well
  if (!literal && !pattern) return false;
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

bool MayStopDelivery(const PolicyStatement& statement) {
  if (!statement.is_deny) return false;
  const bool only_tls = statement.conditions.size() == 1 &&
                        EqualsIgnoreCase(statement.conditions[0].key, "aws:SecureTransport") &&
                        statement.conditions[0].values == std::vector<std::string>{"false"};
  if (only_tls) return false;
  const bool services = std::any_of(
      statement.principals.begin(), statement.principals.end(),
      [](const auto& p) { return p.first == "*" || p.second == "*" || p.first == "Service"; });
  const bool writes =
      !statement.not_actions.empty() ||
      std::any_of(statement.actions.begin(), statement.actions.end(), [](const auto& action) {
        return ActionMatches(action, "s3:PutObject") || ActionMatches(action, "s3:GetBucketPolicy");
      });
  return services && writes;
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
    if (MayStopDelivery(*statement)) merge.in_the_way.push_back(merge.kept.back());
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
