#pragma once

// IAM policy documents: built, printed and read.  Identity policies, trust policies and bucket policies are one shape.
// Source: IAM user guide, "Grammar of the IAM JSON policy language".  Values; const-safe.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "connect/grants/template_tree.h"

namespace farthing::connect {

struct PolicyCondition {
  std::string operation;  ///< "StringLike"
  std::string key;        ///< "s3:prefix"
  std::vector<std::string> values;
  bool operator==(const PolicyCondition&) const = default;
};

struct PolicyStatement {
  std::string sid;
  bool is_deny = false;
  std::vector<std::string> actions, not_actions;
  std::vector<std::string> resources, not_resources;
  /// {"AWS", "arn:…"}, {"Service", "…"}; everyone is {"*", "*"}.  Empty in identity policies.
  std::vector<std::pair<std::string, std::string>> principals;
  std::vector<PolicyCondition> conditions;
  std::vector<std::string> reasons;  ///< beside each action, or empty; never part of the JSON
  /// Everybody but these; instead of `principals`.
  std::vector<std::pair<std::string, std::string>> not_principals = {};
  bool operator==(const PolicyStatement&) const = default;
};

struct PolicyDocument {
  std::vector<PolicyStatement> statements;
  bool operator==(const PolicyDocument&) const = default;
};

/// Reads a document, as AWS stores them: single values and lists alike, any order.
/// Errors: kInvalidArgument (not JSON, or not a policy).
Result<PolicyDocument> ParsePolicyDocument(std::string_view json);

/// The document as a tree whose texts are patterns (ours) or literals (read from elsewhere).
enum class PolicyTexts { kPatterns, kLiterals };
Node ToTree(const PolicyDocument& document, PolicyTexts texts);
/// Prints literals: what can be pasted into AWS.
std::string ToJson(const PolicyDocument& document);
/// Replaces ${Name} in every text by its value.  Names without a value stay as they are.
PolicyDocument WithValues(const PolicyDocument& document,
                          const std::vector<std::pair<std::string, std::string>>& values);

/// The size that IAM counts: without white space.
std::size_t PolicySize(const PolicyDocument& document);
inline constexpr std::size_t kManagedPolicyLimit = 6144;
inline constexpr std::size_t kInlineRolePolicyLimit = 10240;

/// Whether a pattern with * and ? of a policy matches an action; case does not count.
bool ActionMatches(std::string_view pattern, std::string_view action);
/// The text as IAM writes it where * and ? are patterns and ${…} is a variable: each sign as ${*}, ${?} or ${$}.
/// Source: IAM user guide, "IAM policy elements: Variables and tags", "Using variables with special characters".
std::string EscapeForPolicy(std::string_view text);
/// Whether every resource that `needed` names is also named by `granted`; both may hold * and ?, and them escaped.
bool ResourceCovers(std::string_view granted, std::string_view needed);
/// Whether some resource is named by both; both may hold * and ?, and them escaped.
bool ResourcesMeet(std::string_view one, std::string_view other);

}  // namespace farthing::connect
