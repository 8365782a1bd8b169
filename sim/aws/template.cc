#include "sim/aws/template.h"

#include <algorithm>
#include <regex>
#include <set>

#include "base/text.h"

namespace farthing::rehearsal {
namespace {

Error Invalid(std::string message) { return Refuse(400, "ValidationError", std::move(message)); }

std::string KeyOf(const json::object::value_type& member) {
  return {member.key().data(), member.key().size()};
}

/// Names inside "${…}" of a Sub text; "${!x}" is literal.
std::vector<std::string> SubNames(const std::string& text) {
  std::vector<std::string> names;
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    if (text[at + 2] != '!') names.push_back(text.substr(at + 2, end - at - 2));
  }
  return names;
}

/// Collects the logical ids that a value refers to.
void Collect(const json::value& value, std::set<std::string>& names) {
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) Collect(item, names);
    return;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    const std::string key = KeyOf(member);
    const json::value& argument = member.value();
    if (key == "Ref" && argument.is_string()) {
      names.emplace(View(argument.get_string()));
    } else if (key == "Fn::GetAtt") {
      const std::string name = argument.is_string() ? std::string(View(argument.get_string()))
                               : argument.is_array() && !argument.get_array().empty()
                                   ? TextOf({{"a", argument.get_array()[0]}}, "a")
                                   : "";
      names.insert(name.substr(0, name.find('.')));
    } else if (key == "Fn::Sub") {
      const json::value& text =
          argument.is_array() && !argument.get_array().empty() ? argument.get_array()[0] : argument;
      if (text.is_string()) {
        for (const std::string& name : SubNames(std::string(View(text.get_string()))))
          names.insert(name.substr(0, name.find('.')));
      }
      Collect(argument, names);
    } else {
      Collect(argument, names);
    }
  }
}

/// A text that is a number or a boolean in JSON is one in a template too.
std::string Printed(const json::value& value) {
  return value.is_string() ? std::string(View(value.get_string())) : json::serialize(value);
}

Result<void> CheckParameter(const std::string& name, const json::object& rules,
                            const std::string& value) {
  if (const std::string pattern = TextOf(rules, "AllowedPattern");
      !pattern.empty() && !std::regex_match(value, std::regex(pattern))) {
    return Invalid("Parameter '" + name + "' must match pattern " + pattern);
  }
  if (const json::array* values = ArrayOf(rules, "AllowedValues")) {
    const bool listed = std::any_of(values->begin(), values->end(), [&](const json::value& each) {
      return Printed(each) == value;
    });
    if (!listed) return Invalid("Parameter '" + name + "' must be one of AllowedValues");
  }
  const auto size = static_cast<std::int64_t>(value.size());
  if (size < NumberOf(rules, "MinLength", 0))
    return Invalid("Parameter '" + name + "' must contain at least " +
                   std::to_string(NumberOf(rules, "MinLength", 0)) + " characters");
  if (size > NumberOf(rules, "MaxLength", 4096))
    return Invalid("Parameter '" + name + "' must contain at most " +
                   std::to_string(NumberOf(rules, "MaxLength", 4096)) + " characters");
  return {};
}

}  // namespace

Result<Template> Template::Parse(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object())
    return Invalid("Template format error: the rehearsal AWS reads templates in JSON");
  Template parsed;
  parsed.document_ = value.get_object();
  static constexpr std::string_view kSections[] = {"AWSTemplateFormatVersion",
                                                   "Description",
                                                   "Metadata",
                                                   "Parameters",
                                                   "Mappings",
                                                   "Conditions",
                                                   "Resources",
                                                   "Outputs",
                                                   "Rules"};
  for (const auto& member : parsed.document_) {
    const std::string key = KeyOf(member);
    if (std::find(std::begin(kSections), std::end(kSections), key) == std::end(kSections))
      return Invalid("Invalid template property or properties [" + key + "]");
  }
  const json::object* resources = ObjectOf(parsed.document_, "Resources");
  if (resources == nullptr || resources->empty())
    return Invalid("Template format error: At least one Resources member must be defined.");
  for (const auto& member : *resources) {
    if (!member.value().is_object() || TextOf(member.value().get_object(), "Type").empty())
      return Invalid("Template format error: [/Resources/" + KeyOf(member) +
                     "] Every Resources object must contain a Type member.");
  }
  return parsed;
}

const json::object& Template::section(std::string_view name) const {
  static const json::object kNone;
  const json::object* found = ObjectOf(document_, name);
  return found == nullptr ? kNone : *found;
}

Result<StackParameters> Template::Complete(const StackParameters& given) const {
  const json::object& declared = section("Parameters");
  for (const auto& [name, value] : given) {
    if (!declared.contains(name))
      return Invalid("Parameters: [" + name + "] do not exist in the template");
  }
  StackParameters values;
  std::vector<std::string> missing;
  for (const auto& member : declared) {
    const std::string name = KeyOf(member);
    const json::object& rules = member.value().as_object();
    const auto found = given.find(name);
    if (found == given.end() && !rules.contains("Default")) {
      missing.push_back(name);
      continue;
    }
    const std::string value = found != given.end() ? found->second : Printed(rules.at("Default"));
    TRY(CheckParameter(name, rules, value));
    values[name] = value;
  }
  if (!missing.empty())
    return Invalid("Parameters: [" + Join(missing, ", ") + "] must have values");
  return values;
}

Result<std::vector<std::string>> Template::Order() const {
  std::map<std::string, std::set<std::string>> needs;
  for (const auto& member : resources()) {
    const json::object& resource = member.value().get_object();
    std::set<std::string> names;
    Collect(member.value(), names);
    if (const std::string one = TextOf(resource, "DependsOn"); !one.empty()) names.insert(one);
    for (const std::string& each : TextsOf(resource, "DependsOn")) {
      if (!resources().contains(each))
        return Invalid("Template format error: Unresolved resource dependencies [" + each +
                       "] in the Resources block of the template");
      names.insert(each);
    }
    for (const std::string& name : names) {
      const bool pseudo = name.starts_with("AWS::");
      if (!pseudo && !resources().contains(name) && !section("Parameters").contains(name))
        return Invalid("Template format error: Unresolved resource dependencies [" + name +
                       "] in the Resources block of the template");
    }
    std::erase_if(names, [&](const std::string& name) { return !resources().contains(name); });
    needs[KeyOf(member)] = std::move(names);
  }
  std::vector<std::string> order;
  while (!needs.empty()) {
    const auto ready = std::find_if(needs.begin(), needs.end(),
                                    [](const auto& each) { return each.second.empty(); });
    if (ready == needs.end())
      return Invalid("Circular dependency between resources: [" + needs.begin()->first + "]");
    const std::string name = ready->first;
    order.push_back(name);
    needs.erase(ready);
    for (auto& each : needs) each.second.erase(name);
  }
  return order;
}

std::string Template::NeededCapability() const {
  std::string needed;
  for (const auto& member : resources()) {
    const json::object& resource = member.value().get_object();
    if (!TextOf(resource, "Type").starts_with("AWS::IAM::")) continue;
    if (needed.empty()) needed = "CAPABILITY_IAM";
    const json::object* properties = ObjectOf(resource, "Properties");
    const bool named =
        properties != nullptr &&
        (properties->contains("RoleName") || properties->contains("ManagedPolicyName") ||
         properties->contains("UserName") || properties->contains("GroupName"));
    if (named) needed = "CAPABILITY_NAMED_IAM";
  }
  return needed;
}

Result<json::value> Resolver::Ref(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return Invalid("Unresolved reference: " + name);
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
    return Invalid("Template error: a text is needed");
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
    return Invalid("Template error: unresolved condition " + condition);
  return Truth(conditions.at(condition));
}

Result<std::optional<json::value>> Resolver::Call(std::string_view function,
                                                  const json::value& argument) const {
  using Value = std::optional<json::value>;
  if (function == "Ref") {
    if (!argument.is_string()) return Invalid("Template error: Ref takes a name");
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
    if (!text.is_string()) return Invalid("Template error: Fn::Sub takes a text");
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
      return Invalid("Template error: resource does not support attribute " + name +
                     " in Fn::GetAtt");
    return Value(found->second);
  }
  const json::array* list = argument.if_array();
  if (list == nullptr) return Invalid("Template error: " + std::string(function) + " takes a list");
  if (function == "Fn::If") {
    if (list->size() != 3 || !(*list)[0].is_string())
      return Invalid("Template error: Fn::If requires a list argument with three elements");
    TRY_ASSIGN(const bool holds, Holds(std::string(View((*list)[0].get_string()))));
    return ResolveAny((*list)[holds ? 1 : 2]);
  }
  if (function == "Fn::Equals") {
    if (list->size() != 2)
      return Invalid(
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
      return Invalid("Template error: Fn::Select cannot select nonexistent value at index " +
                     number);
    return Value(parts.get_array()[index]);
  }
  return Invalid("Template error: the rehearsal AWS has no " + std::string(function));
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
