#pragma once

// Cost Explorer's dimensions of a line, and its filter expressions.  Private to sim/aws.
// Source: AWS Cost Explorer API reference, "GetCostAndUsage" and "Expression".

#include <memory>

#include "sim/aws/operation.h"
#include "sim/line.h"

namespace farthing::rehearsal {

/// What costs are grouped and filtered by.
struct CostKey {
  enum class Type { kDimension, kTag, kCostCategory } type = Type::kDimension;
  std::string name;
};

/// Returns the value Cost Explorer shows: "Amazon Elastic Compute Cloud - Compute", "NoRegion", "" for
/// an absent tag.  Tags that are not activated are absent.
std::string CostValue(const World& world, const CostKey& key, const sim::Line& line);
bool IsCostDimension(std::string_view name);

/// A filter; an empty one lets everything pass.
class CostFilter {
 public:
  /// Errors: ValidationException.
  static Result<CostFilter> Parse(const json::object* expression);
  bool Matches(const World& world, const sim::Line& line) const;

 private:
  enum class Kind { kAll, kAnd, kOr, kNot, kValues };
  Kind kind_ = Kind::kAll;
  std::vector<CostFilter> parts_;
  CostKey key_;
  std::vector<std::string> values_;
  bool absent_ = false, ignore_case_ = false;
};

}  // namespace farthing::rehearsal
