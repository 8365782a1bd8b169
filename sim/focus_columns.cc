// The columns of AWS's FOCUS exports.
// Source: AWS Data Exports guide, "FOCUS 1.2 with AWS columns", "FOCUS 1.0 with AWS columns" and "Migrating from FOCUS
// 1.0 to FOCUS 1.2"; FOCUS specification v1.2.

#include <algorithm>

#include "sim/cells.h"

namespace farthing::sim {
namespace {

using Type = ColumnType;

enum class ChargeCategory { kUsage, kPurchase, kTax, kCredit };

ChargeCategory CategoryOf(const Line& line) {
  if (line.part == Line::Part::kPurchase) return ChargeCategory::kPurchase;
  switch (line.type) {
    case LineType::kFee:
    case LineType::kUpfrontFee:
    case LineType::kFlatRateSubscription: return ChargeCategory::kPurchase;
    case LineType::kRefund:
      return line.plan != nullptr ? ChargeCategory::kPurchase : ChargeCategory::kUsage;
    case LineType::kTax: return ChargeCategory::kTax;
    case LineType::kCredit: return ChargeCategory::kCredit;
    default: return ChargeCategory::kUsage;
  }
}

bool IsTax(const Line& line) { return line.type == LineType::kTax; }

bool IsCommitted(const Line& line) {
  return line.type == LineType::kDiscountedUsage || line.type == LineType::kCoveredUsage ||
         line.part == Line::Part::kUnused;
}

void Category(const Line& line, RowWriter& row) {
  switch (CategoryOf(line)) {
    case ChargeCategory::kUsage: return row.Text("Usage");
    case ChargeCategory::kPurchase: return row.Text("Purchase");
    case ChargeCategory::kTax: return row.Text("Tax");
    case ChargeCategory::kCredit: return row.Text("Credit");
  }
}

void Frequency(const Line& line, RowWriter& row) {
  switch (CategoryOf(line)) {
    case ChargeCategory::kUsage:
    case ChargeCategory::kTax: return row.Text("Usage-Based");
    case ChargeCategory::kCredit: return row.Text("One-Time");
    case ChargeCategory::kPurchase: {
      const bool recurring = line.part == Line::Part::kPurchase || line.bill_type == "Anniversary";
      return row.Text(recurring ? "Recurring" : "One-Time");
    }
  }
}

void PricingCategory(const Line& line, RowWriter& row) {
  if (IsTax(line)) return row.Absent();
  row.Text(line.type == LineType::kCredit        ? "Other"
           : IsCommitted(line)                   ? "Committed"
           : line.product->offer == Offer::kSpot ? "Dynamic"
                                                 : "Standard");
}

/// Writes `lease` or `plan` by the commitment of the line, nothing for other lines.
void Commitment(const Line& line, RowWriter& row, std::string_view lease, std::string_view plan) {
  row.Text(line.reservation != nullptr ? lease : line.plan != nullptr ? plan : "");
}

void CommitmentId(const Line& line, RowWriter& row) {
  Commitment(line, row, line.reservation != nullptr ? line.reservation->arn : "",
             line.plan != nullptr ? line.plan->arn : "");
}

void CommitmentStatus(const Line& line, RowWriter& row) {
  row.Text(line.part == Line::Part::kUnused ? "Unused" : IsCommitted(line) ? "Used" : "");
}

void Unit(const Line& line, RowWriter& row) {
  if (IsTax(line)) return row.Absent();
  const std::string_view unit = line.product->unit;
  row.Text(unit == "Hrs" ? "Hours" : unit == "GB-Mo" ? "GB-Months" : unit);
}

void PricingQuantity(const Line& line, RowWriter& row) {
  IsTax(line) ? row.Absent() : row.Number(line.amount);
}

void ConsumedQuantity(const Line& line, RowWriter& row) {
  const bool consumed =
      CategoryOf(line) == ChargeCategory::kUsage && line.part != Line::Part::kUnused;
  consumed ? row.Number(line.amount) : row.Absent();
}

// A discount that stands in a line of its own has no price.
void ListUnitPrice(const Line& line, RowWriter& row) {
  IsTax(line) || line.rate < 0 ? row.Absent() : row.Number(line.rate);
}

void ResourceType(const Line& line, RowWriter& row) {
  const std::string_view id = line.resource_id;
  row.Text(id.starts_with("i-") ? "instance" : id.starts_with("vol-") ? "volume" : "");
}

void Tags(const Line& line, RowWriter& row) {
  row.Map({{"aws_created_by", line.tags->created_by},
           {"user_cost_center", line.tags->cost_center},
           {"user_env", line.tags->environment},
           {"user_team", line.tags->team},
           {"business_unit", line.account->business_unit},
           {"environment", line.account->environment}});
}

void TagsWithoutCategories(const Line& line, RowWriter& row) {
  row.Map({{"aws_created_by", line.tags->created_by},
           {"user_cost_center", line.tags->cost_center},
           {"user_env", line.tags->environment},
           {"user_team", line.tags->team}});
}

void CostCategories(const Line& line, RowWriter& row) {
  row.Map(
      {{"business_unit", line.account->business_unit}, {"environment", line.account->environment}});
}

const std::string kEmptyText = "\"\"";  // a REQUIRED column without a value

}  // namespace

Columns FocusColumns() {
  return {
      {"AvailabilityZone", Type::kText, LineText<&Line::zone>},
      {"BilledCost", Type::kNumber, Amount<BilledCost>},
      {"BillingAccountId", Type::kText, PayerText<&Account::id>},
      {"BillingAccountName", Type::kText, PayerText<&Account::name>},
      {"BillingAccountType", Type::kText, [](auto&, auto& row) { row.Text("Payer Account"); }},
      {"BillingCurrency", Type::kText, Currency},
      {"BillingPeriodEnd", Type::kTime, PeriodTime<&TimeSpan::end>},
      {"BillingPeriodStart", Type::kTime, PeriodTime<&TimeSpan::start>},
      {"CapacityReservationId"},
      {"CapacityReservationStatus"},
      {"ChargeCategory", Type::kText, Category},
      {"ChargeClass", Type::kText,
       [](auto& line, auto& row) { row.Text(line.type == LineType::kRefund ? "Correction" : ""); }},
      {"ChargeDescription", Type::kText, LineText<&Line::description>},
      {"ChargeFrequency", Type::kText, Frequency},
      {"ChargePeriodEnd", Type::kTime, UsageTime<&TimeSpan::end>},
      {"ChargePeriodStart", Type::kTime, UsageTime<&TimeSpan::start>},
      {"CommitmentDiscountCategory", Type::kText,
       [](auto& line, auto& row) { Commitment(line, row, "Usage", "Spend"); }},
      {"CommitmentDiscountId", Type::kText, CommitmentId},
      {"CommitmentDiscountName"},
      {"CommitmentDiscountQuantity", Type::kNumber},
      {"CommitmentDiscountStatus", Type::kText, CommitmentStatus},
      {"CommitmentDiscountType", Type::kText,
       [](auto& line, auto& row) { Commitment(line, row, "Reserved", "Savings Plan"); }},
      {"CommitmentDiscountUnit"},
      {"ConsumedQuantity", Type::kNumber, ConsumedQuantity},
      {"ConsumedUnit", Type::kText, Unit},
      {"ContractedCost", Type::kNumber, Amount<ContractedCost>},
      {"ContractedUnitPrice", Type::kNumber},
      {"EffectiveCost", Type::kNumber, Amount<EffectiveCost>},
      {"InvoiceId", Type::kText, InvoiceId},
      {"InvoiceIssuerName", Type::kText, Issuer},
      {"ListCost", Type::kNumber, Amount<ListCost>},
      {"ListUnitPrice", Type::kNumber, ListUnitPrice},
      {"PricingCategory", Type::kText, PricingCategory},
      {"PricingCurrency", Type::kText, Currency},
      {"PricingCurrencyContractedUnitPrice", Type::kNumber},
      {"PricingCurrencyEffectiveCost", Type::kNumber, Amount<EffectiveCost>},
      {"PricingCurrencyListUnitPrice", Type::kNumber, ListUnitPrice},
      {"PricingQuantity", Type::kNumber, PricingQuantity},
      {"PricingUnit", Type::kText, Unit},
      {"ProviderName", Type::kText, [](auto&, auto& row) { row.Text("AWS"); }},
      {"PublisherName", Type::kText, ProductText<&Product::seller>},
      {"RegionId", Type::kText, RegionText<&Region::code>, kEmptyText},
      {"RegionName", Type::kText, RegionText<&Region::location>, kEmptyText},
      {"ResourceId", Type::kText, LineText<&Line::resource_id>},
      {"ResourceName"},
      {"ResourceType", Type::kText, ResourceType},
      {"ServiceCategory", Type::kText, ProductText<&Product::focus_category>},
      {"ServiceName", Type::kText, ProductText<&Product::name>},
      {"ServiceSubcategory", Type::kText,
       [](auto& line, auto& row) { row.Text({"Other (", line.product->focus_category, ")"}); }},
      {"SkuId", Type::kText,
       [](auto& line, auto& row) { row.Text(IsTax(line) ? "" : line.product->code); }},
      {"SkuMeter", Type::kText, UsageType},
      {"SkuPriceDetails", Type::kTextMap,
       [](auto& line, auto& row) { row.Map({{"InstanceType", line.product->instance_type}}); }},
      {"SkuPriceId"},
      {"SubAccountId", Type::kText, AccountText<&Account::id>},
      {"SubAccountName", Type::kText, AccountText<&Account::name>},
      {"SubAccountType", Type::kText,
       [](auto& line, auto& row) {
         row.Text(line.account == line.head->payer ? "Payer Account" : "Membership Account");
       }},
      {"Tags", Type::kTextMap, Tags},
      {"x_Discounts", Type::kNumberMap,
       [](auto& line, auto& row) {
         const bool billed = line.part != Line::Part::kUnused && IsDiscounted(line);
         row.NumberMap("edp_discount", billed ? NetUnblended(line) - line.unblended : 0);
       }},
      {"x_Operation", Type::kText, ProductText<&Product::operation>},
      {"x_ServiceCode", Type::kText, ProductText<&Product::code>},
  };
}

Columns Focus10Columns() {
  static constexpr std::string_view kNew[] = {"BillingAccountType",
                                              "CapacityReservationId",
                                              "CapacityReservationStatus",
                                              "CommitmentDiscountQuantity",
                                              "CommitmentDiscountUnit",
                                              "InvoiceId",
                                              "PricingCurrency",
                                              "PricingCurrencyContractedUnitPrice",
                                              "PricingCurrencyEffectiveCost",
                                              "PricingCurrencyListUnitPrice",
                                              "ServiceSubcategory",
                                              "SkuMeter",
                                              "SkuPriceDetails",
                                              "SubAccountType"};
  Columns columns = FocusColumns();
  std::erase_if(columns, [](const Column& column) {
    return std::find(std::begin(kNew), std::end(kNew), column.name) != std::end(kNew);
  });
  const auto named = [&columns](std::string_view name) {
    return std::find_if(columns.begin(), columns.end(),
                        [name](const Column& column) { return column.name == name; });
  };
  named("Tags")->write = TagsWithoutCategories;
  columns.insert(named("x_Discounts"), {"x_CostCategories", Type::kTextMap, CostCategories});
  columns.push_back({"x_UsageType", Type::kText, UsageType});
  return columns;
}

}  // namespace farthing::sim
