#include "tests/golden/focus_rules.h"

#include "base/text.h"
#include "engine/duckdb.h"

namespace farthing::testkit {
namespace {

const std::string kUsage = "charge_category = 'Usage'";
const std::string kPurchase = "charge_category = 'Purchase'";
const std::string kTax = "charge_category = 'Tax'";
const std::string kNoCorrection = "charge_class IS NULL";
const std::string kMonthStart = "CAST(billing_period || '-01' AS TIMESTAMP)";
const std::string kMonthEnd = "(" + kMonthStart + " + INTERVAL 1 MONTH)";

// A cell that is filled is one of these.
FocusRule Values(const std::string& column, const std::string& lake,
                 const std::vector<std::string>& allowed) {
  std::vector<std::string> texts;
  for (const std::string& value : allowed) texts.push_back(engine::QuoteLiteral(value));
  return {column + " is an allowed value",
          "columns/" + ToLower(column),
          lake + " NOT IN (" + Join(texts, ", ") + ")",
          {{column, "Whatever"}}};
}

std::vector<FocusRule> ValueRules() {
  return {
      Values("ChargeCategory", "charge_category",
             {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}),
      Values("ChargeClass", "charge_class", {"Correction"}),
      Values("ChargeFrequency", "charge_frequency", {"One-Time", "Recurring", "Usage-Based"}),
      Values("PricingCategory", "pricing_category", {"Standard", "Dynamic", "Committed", "Other"}),
      Values("CommitmentDiscountCategory", "commitment_discount_category", {"Spend", "Usage"}),
      Values("CommitmentDiscountStatus", "commitment_discount_status", {"Used", "Unused"}),
      Values("ServiceCategory", "service_category",
             {"AI and Machine Learning", "Analytics", "Business Applications", "Compute",
              "Databases", "Developer Tools", "Multicloud", "Identity", "Integration",
              "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile",
              "Networking", "Security", "Storage", "Web", "Other"}),
      {"BillingCurrency is a code of three letters",
       "attributes/currency_format",
       "NOT regexp_full_match(billing_currency, '[A-Z]{3}')",
       {{"BillingCurrency", "usd"}}},
      {"ListUnitPrice is not negative",
       "columns/listunitprice",
       "list_unit_price < 0",
       {{"ListUnitPrice", "-1"}}},
      {"ContractedUnitPrice is not negative",
       "columns/contractedunitprice",
       "contracted_unit_price < 0",
       {{"ContractedUnitPrice", "-1"}}},
  };
}

std::vector<FocusRule> TimeRules() {
  return {
      {"ChargePeriodStart comes before ChargePeriodEnd",
       "columns/chargeperiodend",
       "charge_period_start >= charge_period_end",
       {{"ChargePeriodEnd", "2026-01-01T00:00:00Z"}}},
      {"usage lies in the billing period",
       "columns/billingperiodstart, columns/billingperiodend",
       kUsage + " AND " + kNoCorrection + " AND (charge_period_start < " + kMonthStart +
           " OR charge_period_end > " + kMonthEnd + ")",
       {{"ChargePeriodEnd", "2026-02-01T01:00:00Z"}}},
      {"BillingPeriodEnd is the next month's first",
       "columns/billingperiodend",
       "left(attributes['BillingPeriodEnd'], 10) <> strftime(" + kMonthEnd + ", '%Y-%m-%d')",
       {{"BillingPeriodEnd", "2026-01-31T00:00:00Z"}}},
  };
}

std::vector<FocusRule> CategoryRules() {
  return {
      {"purchases are not usage-based",
       "columns/chargefrequency",
       kPurchase + " AND charge_frequency = 'Usage-Based'",
       {{"ChargeCategory", "Purchase"}}},
      {"usage and purchases have a PricingCategory",
       "columns/pricingcategory",
       "charge_category IN ('Usage', 'Purchase') AND " + kNoCorrection +
           " AND pricing_category IS NULL",
       {{"PricingCategory", ""}}},
      {"tax has no PricingCategory",
       "columns/pricingcategory",
       kTax + " AND pricing_category IS NOT NULL",
       {{"ChargeCategory", "Tax"}}},
      {"tax has no SkuId",
       "columns/skuid",
       kTax + " AND (sku_id IS NOT NULL OR sku_price_id IS NOT NULL)",
       {{"ChargeCategory", "Tax"}, {"SkuId", "ABC"}}},
      {"tax has no PricingQuantity",
       "columns/pricingquantity",
       kTax + " AND pricing_quantity <> 0",
       {{"ChargeCategory", "Tax"}}},
      {"tax has no commitment",
       "columns/commitmentdiscountid",
       kTax + " AND commitment_discount_id IS NOT NULL",
       {{"ChargeCategory", "Tax"}, {"CommitmentDiscountId", "plan"}}},
      {"credits cost the same by every metric",
       "columns/effectivecost, columns/listcost, columns/contractedcost",
       "charge_category = 'Credit' AND (effective_cost <> billed_cost OR list_cost <> billed_cost "
       "OR "
       "contracted_cost <> billed_cost)",
       {{"ChargeCategory", "Credit"}, {"ListCost", "7"}}},
      {"ConsumedQuantity is of usage that happened",
       "columns/consumedquantity",
       "usage_quantity <> 0 AND (NOT " + kUsage + " OR commitment_discount_status = 'Unused')",
       {{"CommitmentDiscountStatus", "Unused"}}},
      {"ConsumedQuantity has a unit",
       "columns/consumedunit",
       "usage_quantity <> 0 AND consumed_unit IS NULL",
       {{"ConsumedUnit", ""}}},
      {"PricingQuantity has a unit",
       "columns/pricingunit",
       "pricing_quantity <> 0 AND pricing_unit IS NULL",
       {{"PricingUnit", ""}}},
      {"RegionName stands with RegionId",
       "columns/regionname",
       "(region_name IS NULL) <> (region_id IS NULL)",
       {{"RegionId", ""}}},
      {"ResourceName and ResourceType stand with ResourceId",
       "columns/resourcename, columns/resourcetype",
       "coalesce(resource_name, resource_type) IS NOT NULL AND resource_id IS NULL",
       {{"ResourceName", "my disk"}}},
      {"SubAccountName stands with SubAccountId",
       "columns/subaccountname",
       "sub_account_name IS NOT NULL AND sub_account_id IS NULL",
       {{"SubAccountName", "research"}, {"SubAccountId", ""}}},
  };
}

std::vector<FocusRule> CommitmentRules() {
  const Cells used = {
      {"CommitmentDiscountId", "plan"},           {"CommitmentDiscountCategory", "Spend"},
      {"CommitmentDiscountType", "Savings Plan"}, {"CommitmentDiscountStatus", "Used"},
      {"PricingCategory", "Committed"},           {"BilledCost", "0"}};
  const auto but = [&](const std::string& column, const std::string& text,
                       const std::string& id = "plan") {
    Cells cells = used;
    cells["CommitmentDiscountId"] = id;
    cells[column] = text;
    return cells;
  };
  const std::string of_commitment = "commitment_discount_id IS NOT NULL";
  return {
      {"a commitment has a category", "columns/commitmentdiscountcategory",
       "(commitment_discount_category IS NULL) <> (commitment_discount_id IS NULL)",
       but("CommitmentDiscountCategory", "")},
      {"a commitment has a type", "columns/commitmentdiscounttype",
       "(commitment_discount_type IS NULL) <> (commitment_discount_id IS NULL)",
       but("CommitmentDiscountType", "")},
      {"usage under a commitment has a status", "columns/commitmentdiscountstatus",
       kUsage + " AND " + of_commitment + " AND commitment_discount_status IS NULL",
       but("CommitmentDiscountStatus", "")},
      {"only a commitment has a status", "columns/commitmentdiscountstatus",
       "commitment_discount_status IS NOT NULL AND commitment_discount_id IS NULL",
       but("CommitmentDiscountId", "")},
      {"usage under a commitment is Committed", "columns/pricingcategory",
       kUsage + " AND " + of_commitment + " AND pricing_category IS DISTINCT FROM 'Committed'",
       but("PricingCategory", "Standard")},
      {"purchases are not Committed", "columns/pricingcategory",
       kPurchase + " AND pricing_category = 'Committed'", but("ChargeCategory", "Purchase")},
      {"purchases of commitments have no EffectiveCost", "columns/effectivecost",
       kPurchase + " AND " + of_commitment + " AND effective_cost <> 0",
       but("ChargeCategory", "Purchase")},
      {"usage under a commitment is billed by its purchase",
       "columns/billedcost, columns/effectivecost",
       "sum(billed_cost) FILTER (" + kUsage + " AND " + of_commitment + " AND " + kNoCorrection +
           ") <> 0",
       but("BilledCost", "1", "twice"), "commitment_discount_id"},
      {"EffectiveCost of usage is that of used and unused commitments", "columns/effectivecost",
       of_commitment + " AND sum(effective_cost) FILTER (" + kUsage +
           ") <> coalesce(sum(effective_cost) FILTER (" + kUsage +
           " AND commitment_discount_status IN ('Used', 'Unused')), 0)",
       but("CommitmentDiscountStatus", "Half", "half"), "commitment_discount_id"},
  };
}

std::vector<FocusRule> AllRules() {
  std::vector<FocusRule> rules;
  for (const auto& [focus, lake] : MandatoryFocusColumns())
    rules.push_back({focus + " is given", "columns/" + ToLower(focus), lake + " IS NULL", {}});
  for (const auto& some : {ValueRules(), TimeRules(), CategoryRules(), CommitmentRules()})
    rules.insert(rules.end(), some.begin(), some.end());
  return rules;
}

}  // namespace

const std::vector<MandatoryColumn>& MandatoryFocusColumns() {
  static const std::vector<MandatoryColumn> columns = {
      {"BilledCost", "billed_cost"},
      {"BillingAccountId", "billing_account_id"},
      {"BillingCurrency", "billing_currency"},
      {"ChargeCategory", "charge_category"},
      {"ChargeFrequency", "charge_frequency"},
      {"ChargePeriodEnd", "charge_period_end"},
      {"ChargePeriodStart", "charge_period_start"},
      {"ContractedCost", "contracted_cost"},
      {"EffectiveCost", "effective_cost"},
      {"InvoiceIssuerName", "invoice_issuer_name"},
      {"ListCost", "list_cost"},
      {"PricingQuantity", "pricing_quantity"},
      {"ProviderName", "provider_name"},
      {"PublisherName", "publisher_name"},
      {"ServiceCategory", "service_category"},
      {"ServiceName", "service_name"},
  };
  return columns;
}

const std::vector<FocusRule>& FocusRules() {
  static const std::vector<FocusRule> rules = AllRules();
  return rules;
}

}  // namespace farthing::testkit
