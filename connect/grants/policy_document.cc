#include "connect/grants/policy_document.h"

#include <algorithm>
#include <map>

#include <boost/json.hpp>

#include "base/text.h"

namespace farthing::connect {
namespace {

Error Malformed(std::string_view what) {
  return Error(Errc::kInvalidArgument, "not a policy: " + std::string(what));
}

// A policy gives one value or a list of them.
Result<std::vector<std::string>> ReadTexts(const boost::json::value& value, std::string_view name) {
  const auto text = [](const boost::json::value& one) -> std::string {
    return one.is_string() ? std::string(one.get_string()) : boost::json::serialize(one);
  };
  std::vector<std::string> texts;
  if (const auto* list = value.if_array()) {
    for (const boost::json::value& one : *list) {
      if (one.is_structured()) return Malformed(std::string(name) + " holds no text");
      texts.push_back(text(one));
    }
    return texts;
  }
  if (value.is_structured()) return Malformed(std::string(name) + " is neither text nor a list");
  texts.push_back(text(value));
  return texts;
}

Result<std::vector<std::pair<std::string, std::string>>> ReadPrincipals(
    const boost::json::value& value) {
  std::vector<std::pair<std::string, std::string>> principals;
  if (const auto* kinds = value.if_object()) {
    for (const auto& [kind, names] : *kinds) {
      TRY_ASSIGN(const auto texts, ReadTexts(names, "Principal"));
      for (const std::string& name : texts) principals.emplace_back(kind, name);
    }
    return principals;
  }
  if (!value.is_string() || value.get_string() != "*") return Malformed("Principal");
  principals.emplace_back("*", "*");
  return principals;
}

Result<std::vector<PolicyCondition>> ReadConditions(const boost::json::value& value) {
  std::vector<PolicyCondition> conditions;
  const auto* operations = value.if_object();
  if (operations == nullptr) return Malformed("Condition");
  for (const auto& [operation, keys] : *operations) {
    const auto* object = keys.if_object();
    if (object == nullptr) return Malformed("Condition");
    for (const auto& [key, values] : *object) {
      TRY_ASSIGN(auto texts, ReadTexts(values, "Condition"));
      conditions.push_back({operation, key, std::move(texts)});
    }
  }
  return conditions;
}

Result<PolicyStatement> ReadStatement(const boost::json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return Malformed("a statement is not an object");
  PolicyStatement statement;
  bool has_effect = false;
  for (const auto& [name, content] : *object) {
    if (name == "Effect") {
      TRY_ASSIGN(const auto effect, ReadTexts(content, name));
      if (effect != std::vector<std::string>{"Allow"} &&
          effect != std::vector<std::string>{"Deny"}) {
        return Malformed("Effect is neither Allow nor Deny");
      }
      statement.is_deny = effect[0] == "Deny";
      has_effect = true;
    } else if (name == "Sid") {
      TRY_ASSIGN(const auto sid, ReadTexts(content, name));
      statement.sid = Join(sid, "");
    } else if (name == "Action") {
      TRY_ASSIGN(statement.actions, ReadTexts(content, name));
    } else if (name == "NotAction") {
      TRY_ASSIGN(statement.not_actions, ReadTexts(content, name));
    } else if (name == "Resource") {
      TRY_ASSIGN(statement.resources, ReadTexts(content, name));
    } else if (name == "NotResource") {
      TRY_ASSIGN(statement.not_resources, ReadTexts(content, name));
    } else if (name == "Principal") {
      TRY_ASSIGN(statement.principals, ReadPrincipals(content));
    } else if (name == "NotPrincipal") {
      TRY_ASSIGN(statement.not_principals, ReadPrincipals(content));
    } else if (name == "Condition") {
      TRY_ASSIGN(statement.conditions, ReadConditions(content));
    } else {
      return Malformed("unknown element " + std::string(name));
    }
  }
  if (!has_effect) return Malformed("a statement without Effect");
  if (statement.actions.empty() == statement.not_actions.empty()) {
    return Malformed("a statement needs either Action or NotAction");
  }
  return statement;
}

Node Leaf(const std::string& text, PolicyTexts texts) {
  return texts == PolicyTexts::kPatterns ? Pattern(text) : Text(text);
}

// One value stands alone, as AWS's own consoles print it.
Node OneOrMany(const std::vector<std::string>& values, PolicyTexts texts) {
  if (values.size() == 1) return Leaf(values[0], texts);
  std::vector<Node> items;
  for (const std::string& value : values) items.push_back(Leaf(value, texts));
  return List(std::move(items));
}

// Actions keep the list form when they have reasons, so that each can stand beside its action.
Node Actions(const PolicyStatement& statement) {
  if (statement.reasons.empty()) return OneOrMany(statement.actions, PolicyTexts::kLiterals);
  std::vector<Node> items;
  for (std::size_t i = 0; i < statement.actions.size(); ++i) {
    items.push_back(WithComment(Text(statement.actions[i]), statement.reasons[i]));
  }
  return List(std::move(items));
}

Node Principals(const std::vector<std::pair<std::string, std::string>>& principals,
                PolicyTexts texts) {
  if (principals[0].first == "*") return Text("*");
  Node kinds = Map();
  for (std::size_t i = 0; i < principals.size();) {
    std::vector<std::string> names;
    const std::string& kind = principals[i].first;
    while (i < principals.size() && principals[i].first == kind) {
      names.push_back(principals[i++].second);
    }
    kinds.Add(kind, OneOrMany(names, texts));
  }
  return kinds;
}

Node Conditions(const PolicyStatement& statement, PolicyTexts texts) {
  Node operations = Map();
  for (const PolicyCondition& condition : statement.conditions) {
    if (operations.fields.empty() || operations.fields.back().name != condition.operation) {
      operations.Add(condition.operation, Map());
    }
    operations.fields.back().value.Add(condition.key, OneOrMany(condition.values, texts));
  }
  return operations;
}

std::string Substitute(const std::string& pattern,
                       const std::map<std::string, std::string>& values) {
  std::string text;
  for (const Piece& piece : Pieces(pattern)) {
    const auto found = piece.is_name ? values.find(piece.text) : values.end();
    if (found != values.end()) {
      text += found->second;
    } else {
      text += piece.is_name ? "${" + piece.text + "}" : piece.text;
    }
  }
  return text;
}

// Glob matching with one star's memory.  `same` says whether a character of the pattern matches one of the text;
// a '?' of the pattern matches any character that `one` accepts.
template <typename Same, typename One>
bool Glob(std::string_view pattern, std::string_view text, Same same, One one) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' ? one(text[t]) : same(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

Result<PolicyDocument> ParsePolicyDocument(std::string_view json) {
  boost::system::error_code failed;
  const boost::json::value root = boost::json::parse(json, failed);
  if (failed) return Malformed(failed.message());
  const auto* object = root.if_object();
  const auto* statements = object == nullptr ? nullptr : object->if_contains("Statement");
  if (statements == nullptr) return Malformed("it has no Statement");
  PolicyDocument document;
  if (const auto* list = statements->if_array()) {
    for (const boost::json::value& one : *list) {
      TRY_ASSIGN(auto statement, ReadStatement(one));
      document.statements.push_back(std::move(statement));
    }
  } else {
    TRY_ASSIGN(auto statement, ReadStatement(*statements));
    document.statements.push_back(std::move(statement));
  }
  return document;
}

Node ToTree(const PolicyDocument& document, PolicyTexts texts) {
  std::vector<Node> statements;
  for (const PolicyStatement& from : document.statements) {
    Node statement = Map();
    if (!from.sid.empty()) statement.Add("Sid", Text(from.sid));
    statement.Add("Effect", Text(from.is_deny ? "Deny" : "Allow"));
    if (!from.principals.empty()) {
      statement.Add("Principal", Principals(from.principals, texts));
    }
    if (!from.not_principals.empty()) {
      statement.Add("NotPrincipal", Principals(from.not_principals, texts));
    }
    if (!from.actions.empty()) statement.Add("Action", Actions(from));
    if (!from.not_actions.empty()) {
      statement.Add("NotAction", OneOrMany(from.not_actions, PolicyTexts::kLiterals));
    }
    if (!from.resources.empty()) statement.Add("Resource", OneOrMany(from.resources, texts));
    if (!from.not_resources.empty()) {
      statement.Add("NotResource", OneOrMany(from.not_resources, texts));
    }
    if (!from.conditions.empty()) statement.Add("Condition", Conditions(from, texts));
    statements.push_back(std::move(statement));
  }
  return Map({{"Version", Text("2012-10-17")}, {"Statement", List(std::move(statements))}});
}

std::string ToJson(const PolicyDocument& document) {
  return PrintJson(ToTree(document, PolicyTexts::kLiterals));
}

PolicyDocument WithValues(const PolicyDocument& document,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  const std::map<std::string, std::string> by_name(values.begin(), values.end());
  PolicyDocument result = document;
  const auto replace = [&by_name](std::vector<std::string>& texts) {
    for (std::string& text : texts) text = Substitute(text, by_name);
  };
  for (PolicyStatement& statement : result.statements) {
    replace(statement.resources);
    replace(statement.not_resources);
    for (auto& principal : statement.principals) {
      principal.second = Substitute(principal.second, by_name);
    }
    for (PolicyCondition& condition : statement.conditions) replace(condition.values);
  }
  return result;
}

std::size_t PolicySize(const PolicyDocument& document) {
  return PrintCompactJson(ToTree(document, PolicyTexts::kLiterals)).size();
}

bool ActionMatches(std::string_view pattern, std::string_view action) {
  return Glob(
      ToLower(pattern), ToLower(action), [](char a, char b) { return a == b; },
      [](char) { return true; });
}

std::string EscapeForPolicy(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool is_sign = c == '*' || c == '?' || c == '$';
    escaped += is_sign ? "${" + std::string(1, c) + "}" : std::string(1, c);
  }
  return escaped;
}

namespace {

/// Escaped signs as characters that no name of AWS has, so that they are no patterns.
std::string WithoutEscapes(std::string_view pattern) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const std::string_view rest = pattern.substr(at, 4);
    const std::size_t sign = rest == "${*}" ? 1 : rest == "${?}" ? 2 : rest == "${$}" ? 3 : 0;
    text += sign == 0 ? pattern[at] : static_cast<char>(sign);
    if (sign != 0) at += 3;
  }
  return text;
}

}  // namespace

namespace {

/// Whether two patterns without escapes match a common text.  Row by row over `other`: which of its beginnings can be
/// matched together with the beginning of `one` that was read so far.
bool PatternsMeet(std::string_view one, std::string_view other) {
  std::vector<char> row(other.size() + 1, 0), next(other.size() + 1, 0);
  const auto fill = [&other](std::vector<char>& cells, bool is_star) {
    for (std::size_t i = 0; i < other.size(); ++i) {
      if (cells[i] != 0 && (is_star || other[i] == '*')) cells[i + 1] = 1;
    }
  };
  row[0] = 1;
  fill(row, false);
  for (const char c : one) {
    if (c == '*') {
      fill(row, true);
      continue;
    }
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < other.size(); ++i) {
      const char d = other[i];
      if (row[i] == 0) continue;
      if (d == '*') {
        next[i] = 1;
      } else if (c == d || c == '?' || d == '?') {
        next[i + 1] = 1;
      }
    }
    fill(next, false);
    row.swap(next);
  }
  return row.back() != 0;
}

}  // namespace

bool ResourcesMeet(std::string_view one, std::string_view other) {
  return PatternsMeet(WithoutEscapes(one), WithoutEscapes(other));
}

bool ResourceCovers(std::string_view granted, std::string_view needed) {
  // A star in `needed` stands for any text, so only a star in `granted` covers it.
  return Glob(
      WithoutEscapes(granted), WithoutEscapes(needed),
      [](char a, char b) { return a == b && b != '*'; }, [](char b) { return b != '*'; });
}

}  // namespace farthing::connect
