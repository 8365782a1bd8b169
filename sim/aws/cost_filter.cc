#include "sim/aws/cost_filter.h"

#include <algorithm>

#include "base/text.h"

namespace farthing::rehearsal {
namespace {

using sim::Line;

std::string Or(std::string_view value, std::string_view otherwise) {
  return std::string(value.empty() ? otherwise : value);
}

std::string Service(const Line& line) {
  if (line.type == sim::LineType::kTax) return "Tax";
  if (line.product->code != "AmazonEC2") return std::string(line.product->name);
  return line.product->family == "Compute Instance" ? "Amazon Elastic Compute Cloud - Compute"
                                                    : "EC2 - Other";
}

std::string PurchaseType(const Line& line) {
  if (line.plan != nullptr) return "Savings Plans";
  if (line.reservation != nullptr) return "Standard Reserved Instances";
  return line.product->offer == sim::Offer::kSpot ? "Spot Instances" : "On Demand Instances";
}

std::string UsageType(const Line& line) {
  return (line.region == nullptr ? std::string() : std::string(line.region->usage_prefix)) +
         std::string(line.usage_type);
}

struct Dimension {
  std::string_view name;
  std::string (*value)(const Line& line);
};
constexpr Dimension kDimensions[] = {
    {"SERVICE", Service},
    {"LINKED_ACCOUNT", [](const Line& line) { return std::string(line.account->id); }},
    {"PAYER_ACCOUNT", [](const Line& line) { return std::string(line.head->payer->id); }},
    {"RECORD_TYPE", [](const Line& line) { return std::string(sim::Name(line.type)); }},
    {"REGION",
     [](const Line& line) {
       return line.region == nullptr ? std::string("NoRegion") : std::string(line.region->code);
     }},
    {"AZ", [](const Line& line) { return Or(line.zone, "NoAZ"); }},
    {"USAGE_TYPE", UsageType},
    {"OPERATION", [](const Line& line) { return Or(line.product->operation, "NoOperation"); }},
    {"INSTANCE_TYPE",
     [](const Line& line) { return Or(line.product->instance_type, "NoInstanceType"); }},
    {"PURCHASE_TYPE", PurchaseType},
    {"PLATFORM",
     [](const Line& line) {
       return std::string(line.product->instance_type.empty() ? "NoPlatform" : "Linux/UNIX");
     }},
    {"OPERATING_SYSTEM",
     [](const Line& line) {
       return std::string(line.product->instance_type.empty() ? "NoOperatingSystem" : "Linux");
     }},
    {"TENANCY",
     [](const Line& line) {
       return std::string(line.product->instance_type.empty() ? "NoTenancy" : "Shared");
     }},
    {"LEGAL_ENTITY_NAME", [](const Line& line) { return std::string(line.product->seller); }},
    {"INVOICING_ENTITY", [](const Line&) { return std::string("Amazon Web Services, Inc."); }},
    {"BILLING_ENTITY",
     [](const Line& line) {
       return std::string(sim::IsMarketplace(line) ? "AWS Marketplace" : "AWS");
     }},
    {"RESERVATION_ID",
     [](const Line& line) {
       return line.reservation == nullptr ? std::string("NoReservation")
                                          : std::string(line.reservation->arn);
     }},
    {"SUBSCRIPTION_ID",
     [](const Line& line) {
       return line.reservation == nullptr ? std::string("NoSubscription")
                                          : std::string(line.reservation->arn);
     }},
    {"SAVINGS_PLAN_ARN",
     [](const Line& line) {
       return line.plan == nullptr ? std::string("NoSavingsPlan") : std::string(line.plan->arn);
     }},
    {"SAVINGS_PLANS_TYPE",
     [](const Line& line) {
       return line.plan == nullptr ? std::string("NoSavingsPlansType")
                                   : std::string(line.plan->offering);
     }},
    {"RESOURCE_ID", [](const Line& line) { return Or(line.resource_id, "NoResourceId"); }},
};

std::string TagValue(const World& world, const std::string& key, const Line& line) {
  const auto active = std::find_if(world.tags.begin(), world.tags.end(),
                                   [&](const AllocationTag& tag) { return tag.key == key; });
  if (active == world.tags.end() || !active->active) return {};
  const sim::TagSet& tags = *line.tags;
  if (key == "CostCenter") return std::string(tags.cost_center);
  if (key == "Env") return std::string(tags.environment);
  if (key == "team") return std::string(tags.team);
  return key == "aws:createdBy" ? std::string(tags.created_by) : std::string();
}

Error Invalid(std::string message) {
  return Refuse(400, "ValidationException", std::move(message));
}

}  // namespace

bool IsCostDimension(std::string_view name) {
  return std::any_of(std::begin(kDimensions), std::end(kDimensions),
                     [&](const Dimension& each) { return each.name == name; });
}

std::string CostValue(const World& world, const CostKey& key, const Line& line) {
  if (key.type == CostKey::Type::kTag) return TagValue(world, key.name, line);
  if (key.type == CostKey::Type::kCostCategory) return {};
  for (const Dimension& dimension : kDimensions) {
    if (dimension.name == key.name) return dimension.value(line);
  }
  return {};
}

Result<CostFilter> CostFilter::Parse(const json::object* expression) {
  CostFilter filter;
  if (expression == nullptr) return filter;
  if (expression->size() != 1)
    return Invalid(
        "Expression has more than one roots. Only one root level expression is allowed for an "
        "expression object");
  const std::string root(expression->begin()->key().data(), expression->begin()->key().size());
  const json::value& value = expression->begin()->value();
  if (root == "And" || root == "Or") {
    filter.kind_ = root == "And" ? Kind::kAnd : Kind::kOr;
    const json::array* members = value.if_array();
    if (members == nullptr || members->size() < 2)
      return Invalid("And/Or expression must have at least 2 operands");
    for (const json::value& member : *members) {
      TRY_ASSIGN(CostFilter part, Parse(member.if_object()));
      filter.parts_.push_back(std::move(part));
    }
    return filter;
  }
  if (root == "Not") {
    filter.kind_ = Kind::kNot;
    TRY_ASSIGN(CostFilter part, Parse(value.if_object()));
    filter.parts_.push_back(std::move(part));
    return filter;
  }
  const bool known = root == "Dimensions" || root == "Tags" || root == "CostCategories";
  if (!known || !value.is_object()) return Invalid("Invalid expression: " + root);
  const json::object& object = value.get_object();
  filter.kind_ = Kind::kValues;
  filter.key_.name = TextOf(object, "Key");
  filter.key_.type = root == "Dimensions" ? CostKey::Type::kDimension
                     : root == "Tags"     ? CostKey::Type::kTag
                                          : CostKey::Type::kCostCategory;
  if (root == "Dimensions" && !IsCostDimension(filter.key_.name))
    return Invalid("Invalid dimension: " + filter.key_.name);
  filter.values_ = TextsOf(object, "Values");
  for (const std::string& option : TextsOf(object, "MatchOptions")) {
    if (option == "ABSENT" && root != "Dimensions") {
      filter.absent_ = true;
    } else if (option == "CASE_INSENSITIVE") {
      filter.ignore_case_ = true;
    } else if (option != "EQUALS" && option != "CASE_SENSITIVE") {
      return Invalid("MatchOptions " + option + " is not supported here");
    }
  }
  return filter;
}

bool CostFilter::Matches(const World& world, const Line& line) const {
  const auto matches = [&](const CostFilter& part) { return part.Matches(world, line); };
  switch (kind_) {
    case Kind::kAll: return true;
    case Kind::kAnd: return std::all_of(parts_.begin(), parts_.end(), matches);
    case Kind::kOr: return std::any_of(parts_.begin(), parts_.end(), matches);
    case Kind::kNot: return !matches(parts_.front());
    case Kind::kValues: break;
  }
  const std::string value = CostValue(world, key_, line);
  if (absent_) return value.empty();
  return std::any_of(values_.begin(), values_.end(), [&](const std::string& wanted) {
    return ignore_case_ ? EqualsIgnoreCase(wanted, value) : wanted == value;
  });
}

}  // namespace farthing::rehearsal
