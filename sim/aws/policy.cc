#include "sim/aws/policy.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <set>

#include "base/text.h"

namespace farthing::rehearsal {
namespace {

namespace json = boost::json;

std::string Text(json::string_view text) { return {text.data(), text.size()}; }

Error Malformed(std::string message) { return Error(Errc::kInvalidArgument, std::move(message)); }

/// Elements may be one text or a list of them.
Result<std::vector<std::string>> Texts(const json::value& value, std::string_view element) {
  std::vector<std::string> texts;
  const auto add = [&](const json::value& item) -> Result<void> {
    if (item.is_string()) {
      texts.push_back(Text(item.get_string()));
    } else if (item.is_bool()) {
      texts.emplace_back(item.get_bool() ? "true" : "false");
    } else if (item.is_int64()) {
      texts.push_back(std::to_string(item.get_int64()));
    } else {
      return Malformed("Syntax errors in policy: " + std::string(element));
    }
    return {};
  };
  if (!value.is_array()) {
    TRY(add(value));
    return texts;
  }
  for (const json::value& item : value.get_array()) TRY(add(item));
  return texts;
}

bool IsAccountId(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "arn:aws:iam::123456789012:root" and the bare account id mean the same.
std::string_view AccountNamed(std::string_view arn) {
  if (IsAccountId(arn)) return arn;
  const auto last = arn.rfind(':');
  if (last == std::string_view::npos || arn.substr(last) != ":root" || last < 12) return {};
  return arn.substr(last - 12, 12);
}

}  // namespace

namespace {

/// Signs that are themselves: ${*}, ${?} and ${$}, as characters that no name has.
constexpr std::string_view kSigns = "*?$";
std::string WithoutEscapes(std::string_view pattern) {
  std::string plain;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const bool is_escape =
        pattern.substr(at).starts_with("${") && at + 3 < pattern.size() && pattern[at + 3] == '}';
    const std::size_t sign = is_escape ? kSigns.find(pattern[at + 2]) : kSigns.npos;
    plain += sign == kSigns.npos ? pattern[at] : static_cast<char>(sign + 1);
    if (sign != kSigns.npos) at += 3;
  }
  return plain;
}
bool SameSign(char plain, char c) {
  return plain > 0 && plain <= static_cast<char>(kSigns.size())
             ? kSigns[static_cast<std::size_t>(plain - 1)] == c
             : plain == c;
}

}  // namespace

bool WildcardMatch(std::string_view escaped, std::string_view text) {
  const std::string pattern = WithoutEscapes(escaped);
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || SameSign(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool ActionMatch(std::string_view pattern, std::string_view action) {
  return WildcardMatch(ToLower(pattern), ToLower(action));
}

bool ArnMatch(std::string_view pattern, std::string_view arn) {
  if (pattern == "*") return true;
  for (int part = 0; part < 5; ++part) {
    const auto pattern_end = pattern.find(':');
    const auto arn_end = arn.find(':');
    if (pattern_end == std::string_view::npos || arn_end == std::string_view::npos) return false;
    if (!WildcardMatch(pattern.substr(0, pattern_end), arn.substr(0, arn_end))) return false;
    pattern.remove_prefix(pattern_end + 1);
    arn.remove_prefix(arn_end + 1);
  }
  return WildcardMatch(pattern, arn);
}

Result<Policy::Statement> Policy::ParseStatement(const boost::json::object& object,
                                                 PolicyKind kind) {
  Statement statement;
  bool has_action = false;
  bool has_resource = false;
  bool has_principal = false;
  bool has_effect = false;
  for (const auto& member : object) {
    const std::string name = Text(member.key());
    const json::value& value = member.value();
    if (name == "Sid") continue;
    if (name == "Effect") {
      TRY_ASSIGN(const auto effect, Texts(value, "Effect"));
      if (effect.size() != 1 || (effect[0] != "Allow" && effect[0] != "Deny")) {
        return Malformed("Syntax errors in policy: Effect must be Allow or Deny.");
      }
      has_effect = true;
      statement.deny = effect[0] == "Deny";
    } else if (name == "Action" || name == "NotAction") {
      has_action = true;
      statement.not_action = name == "NotAction";
      TRY_ASSIGN(statement.actions, Texts(value, name));
      for (const std::string& action : statement.actions) {
        if (action != "*" && action.find(':') == std::string::npos) {
          return Malformed(
              "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
        }
      }
    } else if (name == "Resource" || name == "NotResource") {
      has_resource = true;
      statement.not_resource = name == "NotResource";
      TRY_ASSIGN(statement.resources, Texts(value, name));
      for (const std::string& resource : statement.resources) {
        if (resource != "*" && !resource.starts_with("arn:")) {
          return Malformed("Resource " + resource + " must be in ARN format or \"*\".");
        }
      }
    } else if (name == "Principal" || name == "NotPrincipal") {
      has_principal = true;
      statement.not_principal = name == "NotPrincipal";
      if (value.is_string()) {
        TRY_ASSIGN(statement.arns, Texts(value, name));
        if (statement.arns[0] != "*") return Malformed("Invalid principal in policy");
        continue;
      }
      if (!value.is_object()) return Malformed("Syntax errors in policy: Principal");
      for (const auto& principal : value.get_object()) {
        TRY_ASSIGN(auto names, Texts(principal.value(), name));
        const std::string type = Text(principal.key());
        if (type != "AWS" && type != "Service" && type != "Federated" && type != "CanonicalUser") {
          return Malformed("Invalid principal in policy: \"" + type + "\"");
        }
        auto& list = type == "AWS" ? statement.arns : statement.services;
        list.insert(list.end(), names.begin(), names.end());
      }
    } else if (name == "Condition") {
      if (!value.is_object()) return Malformed("Syntax errors in policy: Condition");
      for (const auto& operation : value.get_object()) {
        const std::string operation_name = Text(operation.key());
        if (!IsConditionOperator(operation_name) || !operation.value().is_object()) {
          return Malformed("Invalid Condition type : " + operation_name + ".");
        }
        for (const auto& key : operation.value().get_object()) {
          TRY_ASSIGN(auto values, Texts(key.value(), name));
          statement.conditions.push_back({operation_name, Text(key.key()), std::move(values)});
        }
      }
    } else {
      return Malformed("Syntax errors in policy: unknown element " + name + ".");
    }
  }
  if (!has_effect) return Malformed("Missing required field Effect");
  if (!has_action) return Malformed("Policy statement must contain actions.");
  if (kind == PolicyKind::kTrust && has_resource) {
    return Malformed("Has prohibited field Resource");
  }
  if (kind != PolicyKind::kTrust && !has_resource) {
    return Malformed("Policy statement must contain resources.");
  }
  if (kind == PolicyKind::kIdentity && has_principal) {
    return Malformed("Policy document should not specify a principal.");
  }
  if (kind != PolicyKind::kIdentity && !has_principal) {
    return Malformed("Missing required field Principal");
  }
  return statement;
}

namespace {

/// IAM's own rule for names of statements; resources of other services have theirs.
Result<void> CheckSid(const json::object& statement, std::set<std::string>& known) {
  const json::value* sid = statement.if_contains("Sid");
  if (sid == nullptr) return {};
  TRY_ASSIGN(const auto texts, Texts(*sid, "Sid"));
  for (const std::string& text : texts) {
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); })) {
      return Malformed(
          "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
          "expression [0-9A-Za-z]*");
    }
    if (!text.empty() && !known.insert(text).second) {
      return Malformed("Statement IDs (SID) in a single policy must be unique.");
    }
  }
  return {};
}

}  // namespace

Result<Policy> Policy::Parse(std::string_view text, PolicyKind kind) {
  boost::system::error_code failed;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !document.is_object()) return Malformed("This policy contains invalid Json");
  Policy policy;
  policy.has_principals_ = kind != PolicyKind::kIdentity;
  const json::value* statements = document.get_object().if_contains("Statement");
  if (statements == nullptr)
    return Malformed("Syntax errors in policy: Missing required field Statement");
  if (const auto* version = document.get_object().if_contains("Version")) {
    const bool known = version->is_string() && (version->get_string() == "2012-10-17" ||
                                                version->get_string() == "2008-10-17");
    if (!known) return Malformed("Syntax errors in policy: Version");
  }
  json::array list;
  if (statements->is_array()) {
    list = statements->get_array();
  } else {
    list.push_back(*statements);
  }
  std::set<std::string> sids;
  for (const json::value& item : list) {
    if (!item.is_object()) return Malformed("Syntax errors in policy: Statement");
    if (kind != PolicyKind::kResource) TRY(CheckSid(item.get_object(), sids));
    TRY_ASSIGN(auto statement, ParseStatement(item.get_object(), kind));
    policy.statements_.push_back(std::move(statement));
  }
  return policy;
}

Named Policy::NamedBy(const Statement& statement, const Principal& principal) {
  Named named = Named::kNot;
  const auto strongest = [&named](Named found) { named = std::max(named, found); };
  for (const std::string& arn : statement.arns) {
    if (arn == "*") {
      strongest(Named::kEveryone);
    } else if (!principal.arn.empty() && arn == principal.arn) {
      strongest(Named::kExactly);
    } else if (!principal.role_arn.empty() && arn == principal.role_arn) {
      strongest(Named::kRole);
    } else if (!principal.account_id.empty() && AccountNamed(arn) == principal.account_id) {
      strongest(Named::kAccount);
    }
  }
  for (const std::string& service : statement.services) {
    if (!principal.service.empty() && service == principal.service) strongest(Named::kExactly);
  }
  if (!statement.not_principal) return named;
  return named == Named::kNot ? Named::kEveryone : Named::kNot;
}

Verdict Policy::Evaluate(const AccessRequest& request) const {
  Verdict verdict;
  for (const Statement& statement : statements_) {
    const bool action = std::any_of(
        statement.actions.begin(), statement.actions.end(),
        [&](const std::string& pattern) { return ActionMatch(pattern, request.action); });
    if (action == statement.not_action) continue;
    if (!statement.resources.empty()) {
      const bool resource = std::any_of(
          statement.resources.begin(), statement.resources.end(),
          [&](const std::string& pattern) { return WildcardMatch(pattern, request.resource); });
      if (resource == statement.not_resource) continue;
    }
    const Named named = has_principals_ ? NamedBy(statement, request.principal) : Named::kExactly;
    if (named == Named::kNot) continue;
    const bool holds = std::all_of(statement.conditions.begin(), statement.conditions.end(),
                                   [&](const Condition& condition) {
                                     return EvaluateCondition(condition.operation, condition.key,
                                                              condition.values, request.keys);
                                   });
    if (!holds) continue;
    if (statement.deny) {
      verdict.denied = true;
    } else {
      verdict.allowed = true;
      verdict.named = std::max(verdict.named, named);
    }
  }
  return verdict;
}

std::vector<std::string> Policy::PrincipalArns() const {
  std::vector<std::string> arns;
  for (const Statement& statement : statements_) {
    for (const std::string& arn : statement.arns) {
      if (arn != "*") arns.push_back(arn);
    }
  }
  return arns;
}

std::vector<std::string> Policy::AllowedActions() const {
  std::vector<std::string> actions;
  for (const Statement& statement : statements_) {
    if (statement.deny || statement.not_action) continue;
    actions.insert(actions.end(), statement.actions.begin(), statement.actions.end());
  }
  return actions;
}

}  // namespace farthing::rehearsal
