#include "sim/aws/template.h"

#include <algorithm>
#include <regex>
#include <set>

#include "base/text.h"

namespace farthing::rehearsal {
namespace {

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
      const json::array* list = argument.if_array();
      const json::value& text = list != nullptr && !list->empty() ? list->front() : argument;
      // In the form of a list, names of its own come second.
      const json::object* own =
          list != nullptr && list->size() > 1 ? (*list)[1].if_object() : nullptr;
      if (text.is_string()) {
        for (const std::string& name : SubNames(std::string(View(text.get_string())))) {
          if (own == nullptr || !own->contains(name)) names.insert(name.substr(0, name.find('.')));
        }
      }
      Collect(argument, names);
    } else {
      Collect(argument, names);
    }
  }
}

Result<void> CheckParameter(const std::string& name, const json::object& rules,
                            const std::string& value) {
  if (const std::string pattern = TextOf(rules, "AllowedPattern");
      !pattern.empty() && !std::regex_match(value, std::regex(pattern))) {
    return InvalidTemplate("Parameter '" + name + "' must match pattern " + pattern);
  }
  if (const json::array* values = ArrayOf(rules, "AllowedValues")) {
    const bool listed = std::any_of(values->begin(), values->end(), [&](const json::value& each) {
      return Printed(each) == value;
    });
    if (!listed) return InvalidTemplate("Parameter '" + name + "' must be one of AllowedValues");
  }
  const auto size = static_cast<std::int64_t>(value.size());
  if (size < NumberOf(rules, "MinLength", 0))
    return InvalidTemplate("Parameter '" + name + "' must contain at least " +
                           std::to_string(NumberOf(rules, "MinLength", 0)) + " characters");
  if (size > NumberOf(rules, "MaxLength", 4096))
    return InvalidTemplate("Parameter '" + name + "' must contain at most " +
                           std::to_string(NumberOf(rules, "MaxLength", 4096)) + " characters");
  return {};
}

}  // namespace

Error InvalidTemplate(std::string message) {
  return Refuse(400, "ValidationError", std::move(message));
}

std::string KeyOf(const json::object::value_type& member) {
  return {member.key().data(), member.key().size()};
}

std::string Printed(const json::value& value) {
  return value.is_string() ? std::string(View(value.get_string())) : json::serialize(value);
}

Result<Template> Template::Parse(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object())
    return InvalidTemplate("Template format error: the rehearsal AWS reads templates in JSON");
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
      return InvalidTemplate("Invalid template property or properties [" + key + "]");
  }
  const json::object* resources = ObjectOf(parsed.document_, "Resources");
  if (resources == nullptr || resources->empty())
    return InvalidTemplate("Template format error: At least one Resources member must be defined.");
  for (const auto& member : *resources) {
    if (!member.value().is_object() || TextOf(member.value().get_object(), "Type").empty())
      return InvalidTemplate("Template format error: [/Resources/" + KeyOf(member) +
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
      return InvalidTemplate("Parameters: [" + name + "] do not exist in the template");
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
    return InvalidTemplate("Parameters: [" + Join(missing, ", ") + "] must have values");
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
        return InvalidTemplate("Template format error: Unresolved resource dependencies [" + each +
                               "] in the Resources block of the template");
      names.insert(each);
    }
    for (const std::string& name : names) {
      const bool pseudo = name.starts_with("AWS::");
      if (!pseudo && !resources().contains(name) && !section("Parameters").contains(name))
        return InvalidTemplate("Template format error: Unresolved resource dependencies [" + name +
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
      return InvalidTemplate("Circular dependency between resources: [" + needs.begin()->first +
                             "]");
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

}  // namespace farthing::rehearsal
