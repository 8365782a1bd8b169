// Intrinsic functions.  Source: AWS CloudFormation user guide, "Intrinsic function reference".

#include "base/text.h"
#include "sim/aws/template.h"

namespace farthing::rehearsal {

Result<json::value> Resolver::Ref(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return InvalidTemplate("Unresolved reference: " + name);
  const json::object* rules = ObjectOf(template_.section("Parameters"), name);
  const bool list = rules != nullptr && (TextOf(*rules, "Type") == "CommaDelimitedList" ||
                                         TextOf(*rules, "Type").starts_with("List<"));
  if (!list) return json::value(found->second);
  json::array items;
  for (const std::string& item : Split(found->second, ','))
    items.push_back(json::value(std::string(Trim(item))));
  return json::value(std::move(items));
}

Result<std::string> Resolver::Text(const json::value& value) const {
  TRY_ASSIGN(const json::value resolved, Resolve(value));
  if (resolved.is_object() || resolved.is_array())
    return InvalidTemplate("Template error: a text is needed");
  return Printed(resolved);
}

Result<std::string> Resolver::Substitute(const std::string& text,
                                         const std::map<std::string, std::string>& more) const {
  std::string result;
  std::size_t from = 0;
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", from)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    result += text.substr(from, at - from);
    const std::string name = text.substr(at + 2, end - at - 2);
    from = end + 1;
    if (name.starts_with("!")) {
      result += "${" + name.substr(1) + "}";
    } else if (const auto given = more.find(name); given != more.end()) {
      result += given->second;
    } else if (const auto attribute = attributes_.find(name); attribute != attributes_.end()) {
      result += attribute->second;
    } else {
      TRY_ASSIGN(const json::value value, Ref(name));
      result += Printed(value);
    }
  }
  return result + text.substr(from);
}

Result<bool> Resolver::Truth(const json::value& value) const {
  TRY_ASSIGN(const json::value resolved, Resolve(value));
  return resolved.is_bool() ? resolved.get_bool() : Printed(resolved) == "true";
}

Result<bool> Resolver::Holds(const std::string& condition) const {
  const json::object& conditions = template_.section("Conditions");
  if (!conditions.contains(condition))
    return InvalidTemplate("Template error: unresolved condition " + condition);
  return Truth(conditions.at(condition));
}

Result<std::optional<json::value>> Resolver::Call(std::string_view function,
                                                  const json::value& argument) const {
  using Value = std::optional<json::value>;
  if (function == "Ref") {
    if (!argument.is_string()) return InvalidTemplate("Template error: Ref takes a name");
    const std::string name(View(argument.get_string()));
    if (name == "AWS::NoValue") return Value();
    TRY_ASSIGN(json::value value, Ref(name));
    return Value(std::move(value));
  }
  if (function == "Condition") {
    TRY_ASSIGN(const bool holds, Holds(std::string(View(argument.as_string()))));
    return Value(holds);
  }
  if (function == "Fn::Sub") {
    std::map<std::string, std::string> more;
    const bool list = argument.is_array() && argument.get_array().size() == 2;
    if (list) {
      for (const auto& member : argument.get_array()[1].as_object()) {
        TRY_ASSIGN(more[KeyOf(member)], Text(member.value()));
      }
    }
    const json::value& text = list ? argument.get_array()[0] : argument;
    if (!text.is_string()) return InvalidTemplate("Template error: Fn::Sub takes a text");
    TRY_ASSIGN(const std::string result, Substitute(std::string(View(text.get_string())), more));
    return Value(result);
  }
  if (function == "Fn::GetAtt") {
    std::string name;
    if (argument.is_array() && argument.get_array().size() == 2) {
      name = Printed(argument.get_array()[0]) + "." + Printed(argument.get_array()[1]);
    } else {
      name = Printed(argument);
    }
    const auto found = attributes_.find(name);
    if (found == attributes_.end())
      return InvalidTemplate("Template error: resource does not support attribute " + name +
                             " in Fn::GetAtt");
    return Value(found->second);
  }
  const json::array* list = argument.if_array();
  if (list == nullptr)
    return InvalidTemplate("Template error: " + std::string(function) + " takes a list");
  if (function == "Fn::If") {
    if (list->size() != 3 || !(*list)[0].is_string())
      return InvalidTemplate("Template error: Fn::If requires a list argument with three elements");
    TRY_ASSIGN(const bool holds, Holds(std::string(View((*list)[0].get_string()))));
    return ResolveAny((*list)[holds ? 1 : 2]);
  }
  if (function == "Fn::Equals") {
    if (list->size() != 2)
      return InvalidTemplate(
          "Template error: every Fn::Equals object requires a list of 2 string parameters.");
    TRY_ASSIGN(const std::string left, Text((*list)[0]));
    TRY_ASSIGN(const std::string right, Text((*list)[1]));
    return Value(left == right);
  }
  if (function == "Fn::Not" || function == "Fn::And" || function == "Fn::Or") {
    bool all = true;
    bool any = false;
    for (const json::value& each : *list) {
      TRY_ASSIGN(const bool holds, Truth(each));
      all &= holds;
      any |= holds;
    }
    return Value(function == "Fn::Not" ? !any : function == "Fn::And" ? all : any);
  }
  if (function == "Fn::Join" && list->size() == 2) {
    TRY_ASSIGN(const json::value parts, Resolve((*list)[1]));
    std::vector<std::string> texts;
    for (const json::value& part : parts.as_array()) texts.push_back(Printed(part));
    return Value(Join(texts, Printed((*list)[0])));
  }
  if (function == "Fn::Select" && list->size() == 2) {
    TRY_ASSIGN(const std::string number, Text((*list)[0]));
    TRY_ASSIGN(const json::value parts, Resolve((*list)[1]));
    const auto index = static_cast<std::size_t>(std::atoi(number.c_str()));
    if (!parts.is_array() || index >= parts.get_array().size())
      return InvalidTemplate(
          "Template error: Fn::Select cannot select nonexistent value at index " + number);
    return Value(parts.get_array()[index]);
  }
  return InvalidTemplate("Template error: the rehearsal AWS has no " + std::string(function));
}

Result<std::optional<json::value>> Resolver::ResolveAny(const json::value& value) const {
  using Value = std::optional<json::value>;
  if (const json::array* list = value.if_array()) {
    json::array resolved;
    for (const json::value& item : *list) {
      TRY_ASSIGN(Value each, ResolveAny(item));
      if (each) resolved.push_back(*std::move(each));
    }
    return Value(std::move(resolved));
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return Value(value);
  if (object->size() == 1) {
    const std::string key = KeyOf(*object->begin());
    if (key == "Ref" || key.starts_with("Fn::") ||
        (key == "Condition" && object->begin()->value().is_string()))
      return Call(key, object->begin()->value());
  }
  json::object resolved;
  for (const auto& member : *object) {
    TRY_ASSIGN(Value each, ResolveAny(member.value()));
    if (each) resolved[member.key()] = *std::move(each);
  }
  return Value(std::move(resolved));
}

Result<json::value> Resolver::Resolve(const json::value& value) const {
  TRY_ASSIGN(std::optional<json::value> resolved, ResolveAny(value));
  return resolved ? *std::move(resolved) : json::value(nullptr);
}

}  // namespace farthing::rehearsal
