#pragma once

// CloudFormation templates in JSON: parameters, conditions and intrinsic functions.  Private to sim/aws.
// Source: AWS CloudFormation user guide, "Template sections" and "Intrinsic function reference".

#include <map>
#include <string>
#include <vector>

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

using StackParameters = std::map<std::string, std::string>;

/// The refusal of a template.
Error InvalidTemplate(std::string message);
std::string KeyOf(const json::object::value_type& member);
/// A value as text: a number or a boolean in JSON is its own text in a template.
std::string Printed(const json::value& value);

class Template {
 public:
  /// Errors: ValidationError: no JSON, no resources, a resource without a type, an unknown section.
  static Result<Template> Parse(std::string_view text);

  const json::object& resources() const { return *ObjectOf(document_, "Resources"); }
  std::string description() const { return TextOf(document_, "Description"); }
  /// Empty when there are none.
  const json::object& section(std::string_view name) const;

  /// The values of all parameters, defaults filled in.
  /// Errors: ValidationError: unknown, missing, or against a rule of the parameter.
  Result<StackParameters> Complete(const StackParameters& given) const;
  /// Logical ids, each after those it refers to.  Errors: ValidationError (a circle, an unknown id).
  Result<std::vector<std::string>> Order() const;
  /// "", "CAPABILITY_IAM" or "CAPABILITY_NAMED_IAM": what must be acknowledged.
  std::string NeededCapability() const;

 private:
  json::object document_;
};

/// Puts values in place of functions, for one stack.
class Resolver {
 public:
  Resolver(const Template& of, StackParameters parameters)
      : template_(of), values_(std::move(parameters)) {}

  /// What Ref gives for a name: parameters, pseudo parameters, and resources as they are made.
  void SetRef(const std::string& name, const std::string& value) { values_[name] = value; }
  /// What GetAtt gives: "Role.Arn".
  void SetAttribute(const std::string& name, const std::string& value) {
    attributes_[name] = value;
  }

  /// Resolves all functions inside; members whose value is AWS::NoValue vanish.
  /// Errors: ValidationError.
  Result<json::value> Resolve(const json::value& value) const;
  /// Evaluates a condition by name.  Errors: ValidationError.
  Result<bool> Holds(const std::string& condition) const;

 private:
  Result<std::optional<json::value>> ResolveAny(const json::value& value) const;
  Result<std::optional<json::value>> Call(std::string_view function,
                                          const json::value& argument) const;
  Result<std::string> Text(const json::value& value) const;
  Result<bool> Truth(const json::value& value) const;
  Result<std::string> Substitute(const std::string& text,
                                 const std::map<std::string, std::string>& more) const;
  Result<json::value> Ref(const std::string& name) const;

  const Template& template_;
  std::map<std::string, std::string> values_, attributes_;
};

}  // namespace farthing::rehearsal
