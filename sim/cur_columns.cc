// The columns of legacy Cost and Usage Reports and of CUR 2.0: one table, two spellings.
// Source: AWS CUR user guide, "Data dictionary"; AWS Data Exports guide, "Table dictionary".

#include <algorithm>
#include <string_view>

#include "sim/cur_cells.h"

namespace farthing::sim {
namespace {

using Type = ColumnType;

// Columns of both, by their legacy names.
const Columns kShared = {
    {"identity/LineItemId", Type::kText, LineId},
    {"identity/TimeInterval", Type::kText, TimeInterval},
    {"bill/InvoiceId", Type::kText, InvoiceId},
    {"bill/InvoicingEntity", Type::kText, Issuer},
    {"bill/BillingEntity", Type::kText,
     [](auto& line, auto& row) { row.Text(IsMarketplace(line) ? "AWS Marketplace" : "AWS"); }},
    {"bill/BillType", Type::kText, LineText<&Line::bill_type>},
    {"bill/PayerAccountId", Type::kText, PayerText<&Account::id>},
    {"bill/BillingPeriodStartDate", Type::kTime, PeriodTime<&TimeSpan::start>},
    {"bill/BillingPeriodEndDate", Type::kTime, PeriodTime<&TimeSpan::end>},
    {"lineItem/UsageAccountId", Type::kText, AccountText<&Account::id>},
    {"lineItem/LineItemType", Type::kText,
     [](auto& line, auto& row) { row.Text(Name(line.type)); }},
    {"lineItem/UsageStartDate", Type::kTime, UsageTime<&TimeSpan::start>},
    {"lineItem/UsageEndDate", Type::kTime, UsageTime<&TimeSpan::end>},
    {"lineItem/ProductCode", Type::kText, ProductText<&Product::code>},
    {"lineItem/UsageType", Type::kText, UsageType},
    {"lineItem/Operation", Type::kText, ProductText<&Product::operation>},
    {"lineItem/AvailabilityZone", Type::kText, LineText<&Line::zone>},
    {"lineItem/ResourceId", Type::kText, LineText<&Line::resource_id>},
    {"lineItem/UsageAmount", Type::kNumber, LineNumber<&Line::amount>},
    {"lineItem/NormalizationFactor", Type::kNumber,
     [](auto& line, auto& row) { Normalized(line, row, kOne); }},
    {"lineItem/NormalizedUsageAmount", Type::kNumber,
     [](auto& line, auto& row) { Normalized(line, row, line.amount); }},
    {"lineItem/CurrencyCode", Type::kText, Currency},
    {"lineItem/UnblendedRate", Type::kText, UnblendedRate},
    {"lineItem/UnblendedCost", Type::kNumber, LineNumber<&Line::unblended>},
    {"lineItem/BlendedRate", Type::kText},
    {"lineItem/BlendedCost", Type::kNumber, BlendedCost},
    {"lineItem/LineItemDescription", Type::kText, LineText<&Line::description>},
    {"lineItem/TaxType", Type::kText, LineText<&Line::tax_type>},
    {"lineItem/NetUnblendedRate", Type::kText},
    {"lineItem/NetUnblendedCost", Type::kNumber, Amount<NetUnblended>},
    {"lineItem/LegalEntity", Type::kText, ProductText<&Product::seller>},
    {"product/instanceType", Type::kText, ProductText<&Product::instance_type>},
    {"product/location", Type::kText, RegionText<&Region::location>},
    {"product/productFamily", Type::kText, ProductText<&Product::family>},
    {"product/regionCode", Type::kText, RegionText<&Region::code>},
    {"product/servicecode", Type::kText, ProductText<&Product::servicecode>},
    {"product/sku", Type::kText, Sku},
    {"product/usagetype", Type::kText, UsageType},
    {"pricing/LeaseContractLength", Type::kText, LeaseTerm},
    {"pricing/OfferingClass", Type::kText,
     [](auto& line, auto& row) { row.Text(line.reservation != nullptr ? "standard" : ""); }},
    {"pricing/PurchaseOption", Type::kText, PurchaseOption},
    {"pricing/RateCode", Type::kText, RateCode},
    {"pricing/RateId", Type::kText},
    {"pricing/currency", Type::kText,
     [](auto& line, auto& row) {
       row.Text(line.type == LineType::kTax ? "" : line.head->currency);
     }},
    {"pricing/publicOnDemandCost", Type::kNumber, LineNumber<&Line::public_cost>},
    {"pricing/publicOnDemandRate", Type::kText, PublicRate},
    {"pricing/term", Type::kText, PricingTerm},
    {"pricing/unit", Type::kText,
     [](auto& line, auto& row) {
       row.Text(line.type == LineType::kTax ? "" : line.product->unit);
     }},
    {"reservation/AmortizedUpfrontCostForUsage", Type::kNumber, Lease<&Ri::upfront_for_usage>},
    {"reservation/AmortizedUpfrontFeeForBillingPeriod", Type::kNumber,
     Lease<&Ri::amortized_upfront>},
    {"reservation/AvailabilityZone", Type::kText},
    {"reservation/EffectiveCost", Type::kNumber, LeaseUsage<Amortized>},
    {"reservation/EndTime", Type::kText, Term<LineType::kRiFee, &TimeSpan::end>},
    {"reservation/ModificationStatus", Type::kText,
     [](auto& line, auto& row) { row.Text(line.type == LineType::kRiFee ? "Original" : ""); }},
    {"reservation/NetAmortizedUpfrontCostForUsage", Type::kNumber,
     Lease<&Ri::upfront_for_usage, Net>},
    {"reservation/NetAmortizedUpfrontFeeForBillingPeriod", Type::kNumber,
     Lease<&Ri::amortized_upfront, Net>},
    {"reservation/NetEffectiveCost", Type::kNumber, LeaseUsage<NetAmortized>},
    {"reservation/NetRecurringFeeForUsage", Type::kNumber, Lease<&Ri::recurring_for_usage, Net>},
    {"reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod", Type::kNumber,
     Lease<&Ri::unused_upfront, Net>},
    {"reservation/NetUnusedRecurringFee", Type::kNumber, Lease<&Ri::unused_recurring, Net>},
    {"reservation/NetUpfrontValue", Type::kNumber, Lease<&Ri::upfront_value, Net>},
    {"reservation/NormalizedUnitsPerReservation", Type::kText},
    {"reservation/NumberOfReservations", Type::kText,
     [](auto& line, auto& row) { row.Text(line.type == LineType::kRiFee ? "1" : ""); }},
    {"reservation/RecurringFeeForUsage", Type::kNumber, Lease<&Ri::recurring_for_usage>},
    {"reservation/ReservationARN", Type::kText,
     [](auto& line, auto& row) {
       row.Text(line.reservation != nullptr ? line.reservation->arn : "");
     }},
    {"reservation/StartTime", Type::kText, Term<LineType::kRiFee, &TimeSpan::start>},
    {"reservation/SubscriptionId", Type::kText,
     [](auto& line, auto& row) { row.Text(HasPrice(line) ? "1204858731" : ""); }},
    {"reservation/TotalReservedNormalizedUnits", Type::kText,
     [](auto& line, auto& row) { ReservedUnits(line, row, line.product->size_factor); }},
    {"reservation/TotalReservedUnits", Type::kText,
     [](auto& line, auto& row) { ReservedUnits(line, row, 1); }},
    {"reservation/UnitsPerReservation", Type::kText},
    {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", Type::kNumber,
     Lease<&Ri::unused_upfront>},
    {"reservation/UnusedNormalizedUnitQuantity", Type::kNumber, UnusedNormalized},
    {"reservation/UnusedQuantity", Type::kNumber, Lease<&Ri::unused_quantity>},
    {"reservation/UnusedRecurringFee", Type::kNumber, Lease<&Ri::unused_recurring>},
    {"reservation/UpfrontValue", Type::kNumber, Lease<&Ri::upfront_value>},
    {"discount/BundledDiscount", Type::kNumber},
    {"discount/TotalDiscount", Type::kNumber, Discount},
    {"savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", Type::kNumber,
     Plan<&Sp::amortized_upfront>},
    {"savingsPlan/EndTime", Type::kText, Term<LineType::kRecurringFee, &TimeSpan::end>},
    {"savingsPlan/InstanceTypeFamily", Type::kText, PlanText<&SavingsPlan::family>},
    {"savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod", Type::kNumber,
     Plan<&Sp::amortized_upfront, Net>},
    {"savingsPlan/NetRecurringCommitmentForBillingPeriod", Type::kNumber,
     Plan<&Sp::recurring, Net>},
    {"savingsPlan/NetSavingsPlanEffectiveCost", Type::kNumber, Plan<&Sp::effective, Net>},
    {"savingsPlan/OfferingType", Type::kText, PlanText<&SavingsPlan::offering>},
    {"savingsPlan/PaymentOption", Type::kText,
     [](auto& line, auto& row) { row.Text(line.plan != nullptr ? Name(line.plan->payment) : ""); }},
    {"savingsPlan/PurchaseTerm", Type::kText, PlanTerm},
    {"savingsPlan/RecurringCommitmentForBillingPeriod", Type::kNumber, Plan<&Sp::recurring>},
    {"savingsPlan/Region", Type::kText, PlanText<&SavingsPlan::region>},
    {"savingsPlan/SavingsPlanARN", Type::kText, PlanText<&SavingsPlan::arn>},
    {"savingsPlan/SavingsPlanEffectiveCost", Type::kNumber, Plan<&Sp::effective>},
    {"savingsPlan/SavingsPlanRate", Type::kNumber, Plan<&Sp::rate>},
    {"savingsPlan/StartTime", Type::kText, Term<LineType::kRecurringFee, &TimeSpan::start>},
    {"savingsPlan/TotalCommitmentToDate", Type::kNumber,
     [](auto& line, auto& row) {
       line.plan != nullptr ? row.Number(line.sp.total()) : row.Absent();
     }},
    {"savingsPlan/UsedCommitment", Type::kNumber, Plan<&Sp::used>},
    {"splitLineItem/ActualUsage", Type::kNumber, Split<&SplitAmounts::used>},
    {"splitLineItem/NetSplitCost", Type::kNumber, Split<&SplitAmounts::cost, Net>},
    {"splitLineItem/NetUnusedCost", Type::kNumber, Split<&SplitAmounts::unused, Net>},
    {"splitLineItem/ParentResourceId", Type::kText,
     [](auto& line, auto& row) { row.Text(line.split.parent); }},
    {"splitLineItem/PublicOnDemandSplitCost", Type::kNumber, Split<&SplitAmounts::cost>},
    {"splitLineItem/PublicOnDemandUnusedCost", Type::kNumber, Split<&SplitAmounts::unused>},
    {"splitLineItem/ReservedUsage", Type::kNumber, Split<&SplitAmounts::reserved>},
    {"splitLineItem/SplitCost", Type::kNumber, Split<&SplitAmounts::cost>},
    {"splitLineItem/SplitUsage", Type::kNumber, Split<&SplitAmounts::reserved>},
    {"splitLineItem/SplitUsageRatio", Type::kNumber, Split<&SplitAmounts::ratio>},
    {"splitLineItem/UnusedCost", Type::kNumber, Split<&SplitAmounts::unused>},
};

// CUR 2.0 has these as entries of maps.
const Columns kLegacyOnly = {
    {"product/ProductName", Type::kText, ProductText<&Product::name>},
    {"product/region", Type::kText, RegionText<&Region::code>},
    {"discount/EdpDiscount", Type::kNumber, Discount},
    {"resourceTags/aws:createdBy", Type::kText, TagText<&TagSet::created_by>},
    {"resourceTags/user:CostCenter", Type::kText, TagText<&TagSet::cost_center>},
    {"resourceTags/user:Env", Type::kText, TagText<&TagSet::environment>},
    {"resourceTags/user:team", Type::kText, TagText<&TagSet::team>},
    {"costCategory/Business Unit", Type::kText, AccountText<&Account::business_unit>},
    {"costCategory/Environment", Type::kText, AccountText<&Account::environment>},
};

const Columns kCur2Only = {
    {"bill_payer_account_name", Type::kText, PayerText<&Account::name>},
    {"line_item_usage_account_name", Type::kText, AccountText<&Account::name>},
    {"product", Type::kTextMap,
     [](auto& line, auto& row) {
       row.Map({{"product_name", line.product->name},
                {"region", line.region != nullptr ? line.region->code : ""},
                {"operating_system", line.product->instance_type.empty() ? "" : "Linux"}});
     }},
    {"resource_tags", Type::kTextMap,
     [](auto& line, auto& row) {
       row.Map({{"aws_created_by", line.tags->created_by},
                {"user_cost_center", line.tags->cost_center},
                {"user_env", line.tags->environment},
                {"user_team", line.tags->team}});
     }},
    {"cost_category", Type::kTextMap,
     [](auto& line, auto& row) {
       row.Map({{"business_unit", line.account->business_unit},
                {"environment", line.account->environment}});
     }},
    {"tags", Type::kTextMap,
     [](auto& line, auto& row) {
       row.Map({{"resourceTags/aws:createdBy", line.tags->created_by},
                {"resourceTags/user:CostCenter", line.tags->cost_center},
                {"resourceTags/user:Env", line.tags->environment},
                {"resourceTags/user:team", line.tags->team},
                {"costCategory/Business Unit", line.account->business_unit},
                {"costCategory/Environment", line.account->environment}});
     }},
    {"discount", Type::kNumberMap,
     [](auto& line, auto& row) {
       row.NumberMap("edp_discount", NetUnblended(line) - line.unblended);
     }},
};

constexpr std::string_view kCur2Empty[] = {
    "line_item_user_identifier", "product_comment",          "product_fee_code",
    "product_fee_description",   "product_from_location",    "product_from_location_type",
    "product_from_region_code",  "product_instance_family",  "product_instancesku",
    "product_location_type",     "product_operation",        "product_pricing_unit",
    "product_to_location",       "product_to_location_type", "product_to_region_code"};

}  // namespace

Columns LegacyColumns() {
  Columns columns = kShared;
  columns.insert(columns.end(), kLegacyOnly.begin(), kLegacyOnly.end());
  // Categories keep the order of the documentation, columns the order of the table.
  const auto rank = [](const Column& column) {
    constexpr std::string_view kOrder =
        "identity bill lineItem product pricing reservation discount savingsPlan resourceTags "
        "costCategory splitLineItem";
    return kOrder.find(std::string_view(column.name).substr(0, column.name.find('/')));
  };
  std::ranges::stable_sort(columns, {}, rank);
  return columns;
}

Columns Cur2Columns() {
  Columns columns = kShared;
  for (Column& column : columns) {
    column.name = SnakeName(column.name);
    const bool commitment =
        column.name.starts_with("reservation_") || column.name.starts_with("savings_plan_");
    // As observed: commitments cost 0.0, not NULL, on ordinary lines; five texts are empty.
    if (commitment && column.type == Type::kNumber) column.absent = "0.0";
    for (const std::string_view empty :
         {"reservation_normalized_units_per_reservation", "reservation_number_of_reservations",
          "reservation_total_reserved_normalized_units", "reservation_total_reserved_units",
          "reservation_units_per_reservation"}) {
      if (column.name == empty) column.absent = "\"\"";
    }
  }
  columns.insert(columns.end(), kCur2Only.begin(), kCur2Only.end());
  for (const std::string_view name : kCur2Empty) columns.push_back({std::string(name)});
  std::ranges::sort(columns, {}, &Column::name);
  return columns;
}

}  // namespace farthing::sim
