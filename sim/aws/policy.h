#pragma once

// Policies of AWS IAM: documents, and what one of them says about one request.  Putting several
// together is authorization.h's business.  Const-safe.
// Source: IAM user guide, "IAM JSON policy elements reference".

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing::rehearsal {

/// Who asks, as policies name it.  Nobody (all empty) is an anonymous caller.
struct Principal {
  std::string arn;         ///< of the user or of the role's session
  std::string role_arn;    ///< of the role behind a session
  std::string account_id;  ///< 12 digits
  std::string service;     ///< "billingreports.amazonaws.com": a service of AWS
};

/// Context keys in lower case, "sts:externalid", each with its values.
using ContextKeys = std::map<std::string, std::vector<std::string>>;

struct AccessRequest {
  std::string action;    ///< "s3:GetObject"
  std::string resource;  ///< an ARN, or "*" for actions that have no resource
  Principal principal;
  ContextKeys keys;
};

/// How the Principal element of an Allow names who asks; later ones are stronger.
enum class Named { kNot, kAccount, kRole, kEveryone, kExactly };

struct Verdict {
  bool denied = false;
  bool allowed = false;
  Named named = Named::kNot;  ///< by the strongest Allow; of resource policies only
};

/// What a document may contain: policies of identities name no principal, all others must.
enum class PolicyKind { kIdentity, kResource, kTrust };

class Policy {
 public:
  /// Errors: kInvalidArgument, with AWS's words for what is malformed.
  static Result<Policy> Parse(std::string_view json, PolicyKind kind);

  Verdict Evaluate(const AccessRequest& request) const;
  /// The ARNs and account ids that Principal elements name, "*" left out.
  std::vector<std::string> PrincipalArns() const;
  /// Every action that an Allow names, as written.
  std::vector<std::string> AllowedActions() const;

 private:
  struct Condition {
    std::string operation, key;
    std::vector<std::string> values;
  };
  struct Statement {
    bool deny = false;
    bool not_action = false, not_resource = false, not_principal = false;
    std::vector<std::string> actions, resources;
    std::vector<std::string> arns, services;  ///< principals
    std::vector<Condition> conditions;
  };
  static Result<Statement> ParseStatement(const boost::json::object& object, PolicyKind kind);
  static Named NamedBy(const Statement& statement, const Principal& principal);

  std::vector<Statement> statements_;
  bool has_principals_ = false;
};

/// Matches "*" (any run) and "?" (one character); "${*}", "${?}" and "${$}" are the signs themselves.
bool WildcardMatch(std::string_view pattern, std::string_view text);
/// Matches action names: case does not count.
bool ActionMatch(std::string_view pattern, std::string_view action);
/// Matches the six parts of an ARN one by one, as ArnLike does.
bool ArnMatch(std::string_view pattern, std::string_view arn);

/// True when the operator is one of AWS's, "ForAnyValue:StringLikeIfExists" included.
bool IsConditionOperator(std::string_view operation);
/// Evaluates one operator on one key.
/// Source: IAM user guide, "Condition operators" and "Multivalued context keys".
bool EvaluateCondition(std::string_view operation, std::string_view key,
                       const std::vector<std::string>& values, const ContextKeys& keys);

}  // namespace farthing::rehearsal
