#include "ingest/mapping/source_columns.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <unordered_map>

#include "base/text.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;

// Columns that are numbers or times in each family; every other column is text.
// Source: AWS CUR user guide, column dictionary (cur-facts 1.9, 2.4); FOCUS 1.2 columns.
constexpr std::string_view kCurAmounts[] = {
    "line_item_usage_amount",
    "line_item_normalized_usage_amount",
    "line_item_unblended_cost",
    "line_item_blended_cost",
    "discount_total_discount",
    "discount_edp_discount",
    "discount_private_rate_discount",
    "reservation_amortized_upfront_fee_for_billing_period",
    "reservation_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_quantity",
    "reservation_unused_recurring_fee",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "split_line_item_actual_usage",
    "split_line_item_net_split_cost",
    "split_line_item_net_unused_cost",
    "split_line_item_public_on_demand_split_cost",
    "split_line_item_public_on_demand_unused_cost",
    "split_line_item_reserved_usage",
    "split_line_item_split_cost",
    "split_line_item_split_usage",
    "split_line_item_split_usage_ratio",
    "split_line_item_unused_cost",
};
constexpr std::string_view kCurNetAmounts[] = {
    "line_item_net_unblended_cost",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
    "savings_plan_net_savings_plan_effective_cost",
};
constexpr std::string_view kReferences[] = {"pricing_public_on_demand_cost", "ListUnitPrice",
                                            "ContractedUnitPrice"};
constexpr std::string_view kFocusAmounts[] = {
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ConsumedQuantity",
    "PricingQuantity",
    "CommitmentDiscountQuantity",
    "PricingCurrencyEffectiveCost",
};
constexpr std::string_view kCostExplorerAmounts[] = {
    "UnblendedCost", "NetUnblendedCost", "BlendedCost", "AmortizedCost", "NetAmortizedCost",
};
// Empty where Cost Explorer adds up different units.
constexpr std::string_view kOptionalQuantities[] = {"UsageQuantity"};
constexpr std::string_view kTimes[] = {
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "bill_billing_period_start_date",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "BillingPeriodStart",
    "PeriodStart",
    "PeriodEnd",
};
constexpr std::string_view kAccounts[] = {
    "bill_payer_account_id", "line_item_usage_account_id",
    "BillingAccountId",      "SubAccountId",
    "PayerAccountId",        "LinkedAccountId",
};
// Read by the loader itself, besides the registry's expressions.
constexpr std::string_view kCurAlways[] = {"bill_billing_period_start_date"};
constexpr std::string_view kOthersAlways[] = {"BillingPeriodStart"};

constexpr std::string_view kCurMandatory[] = {
    "line_item_unblended_cost", "line_item_line_item_type", "line_item_usage_start_date"};
constexpr std::string_view kFocusMandatory[] = {"BilledCost", "ChargeCategory", "ChargePeriodStart",
                                                "BillingPeriodStart"};
constexpr std::string_view kCostExplorerMandatory[] = {"UnblendedCost", "LinkedAccountId",
                                                       "PeriodStart", "BillingPeriodStart"};

// Families of CUR columns; a header outside them is reported as unknown.
constexpr std::string_view kCurPrefixes[] = {
    "identity",    "bill",        "lineitem", "product",       "pricing",
    "reservation", "savingsplan", "discount", "splitlineitem", "capacityreservation"};

// FOCUS columns we keep as attributes, one of 0.5 that Oracle has and those of 1.3 and 1.4; anything else without x_ or
// Oracle's oci_ is unknown.
constexpr std::string_view kFocusKnown[] = {"billingaccounttype",
                                            "subaccounttype",
                                            "chargesubcategory",
                                            "billingperiodend",
                                            "commitmentdiscountname",
                                            "commitmentdiscountunit",
                                            "capacityreservationstatus",
                                            "pricingcurrencycontractedunitprice",
                                            "pricingcurrencylistunitprice",
                                            "skupricedetails",
                                            "allocatedmethoddetails",
                                            "allocatedmethodid",
                                            "allocatedresourcename",
                                            "allocatedtags",
                                            "contractapplied",
                                            "hostprovidername",
                                            "invoicedetailid",
                                            "commitmentprogrameligibilitydetails"};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Lower case without anything but letters and digits: one spelling for all dialects.
std::string Squash(std::string_view header) {
  std::string squashed;
  for (const char c : header) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) squashed += static_cast<char>(std::tolower(byte));
  }
  return squashed;
}

SourceKind KindOf(std::string_view name) {
  if (Contains(kCurAmounts, name) || Contains(kFocusAmounts, name) ||
      Contains(kCostExplorerAmounts, name)) {
    return SourceKind::kAmount;
  }
  if (Contains(kCurNetAmounts, name) || Contains(kOptionalQuantities, name)) {
    return SourceKind::kNetAmount;
  }
  if (Contains(kReferences, name)) return SourceKind::kReference;
  if (Contains(kTimes, name)) return SourceKind::kTime;
  if (Contains(kAccounts, name)) return SourceKind::kAccount;
  return SourceKind::kText;
}

// Identifiers of an SQL expression; quoted text is skipped.
std::vector<std::string> IdentifiersIn(std::string_view sql) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sql.size();) {
    if (sql[i] == '\'') {
      i = sql.find('\'', i + 1);
      CHECK(i != std::string_view::npos);
      ++i;
    } else if (std::isalpha(static_cast<unsigned char>(sql[i])) != 0 || sql[i] == '_') {
      std::size_t end = i;
      while (end < sql.size() &&
             (std::isalnum(static_cast<unsigned char>(sql[end])) != 0 || sql[end] == '_')) {
        ++end;
      }
      names.emplace_back(sql.substr(i, end - i));
      i = end;
    } else {
      ++i;
    }
  }
  return names;
}

// Words of expressions that are not source columns: made by the loader, or SQL itself.
bool IsSourceName(SourceFamily family, std::string_view word) {
  static const std::set<std::string, std::less<>> kNotColumns = {
      "is_savings_plan_refund", "is_split_line", "tag_set_id",
      "attribute_set_id",       "source_file",   "source_row"};
  if (kNotColumns.contains(word)) return false;
  if (family == SourceFamily::kCur) {
    return word.find('_') != std::string_view::npos && ToLower(word) == word;
  }
  const bool extension = word.starts_with("x_");
  const bool pascal = std::isupper(static_cast<unsigned char>(word[0])) != 0 &&
                      ToLower(word) != word && word.size() > 1 &&
                      std::islower(static_cast<unsigned char>(word[1])) != 0;
  return extension || pascal;
}

struct FamilyTables {
  std::vector<SourceColumn> used;
  std::unordered_map<std::string, std::size_t> by_squashed;
};

FamilyTables MakeTables(SourceFamily family) {
  FamilyTables tables;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (!seen.insert(name).second) return;
    tables.by_squashed.emplace(Squash(name), tables.used.size());
    tables.used.push_back({name, KindOf(name)});
  };
  const bool cur = family == SourceFamily::kCur;
  for (const std::string_view name : cur ? std::span<const std::string_view>(kCurAlways)
                                         : std::span<const std::string_view>(kOthersAlways)) {
    add(std::string(name));
  }
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    for (const std::string& word : IdentifiersIn(column.Expression(family))) {
      if (IsSourceName(family, word)) add(word);
    }
  }
  return tables;
}

const FamilyTables& TablesOf(SourceFamily family) {
  static const FamilyTables cur = MakeTables(SourceFamily::kCur);
  static const FamilyTables focus = MakeTables(SourceFamily::kFocus);
  static const FamilyTables cost_explorer = MakeTables(SourceFamily::kCostExplorer);
  if (family == SourceFamily::kCostExplorer) return cost_explorer;
  return family == SourceFamily::kCur ? cur : focus;
}

std::optional<std::string_view> After(std::string_view text, std::string_view prefix) {
  if (!StartsWithIgnoreCase(text, prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

// Tags and cost categories keep their key as delivered; only the family prefix goes.
std::optional<ColumnRole> TagRole(std::string_view header) {
  using Use = ColumnRole::Use;
  for (const std::string_view prefix : {"resourceTags/", "resource_tags_", "resourceTags_"}) {
    if (const auto key = After(header, prefix); key && !key->empty()) {
      return ColumnRole{Use::kTag, std::string(*key)};
    }
  }
  for (const std::string_view prefix : {"costCategory/", "cost_category_", "costCategory_"}) {
    if (const auto key = After(header, prefix); key && !key->empty()) {
      return ColumnRole{Use::kCostCategory, std::string(*key)};
    }
  }
  return std::nullopt;
}

std::optional<ColumnRole> CurMapRole(const std::string& squashed) {
  using Use = ColumnRole::Use;
  if (squashed == "resourcetags") return ColumnRole{Use::kTagMap, ""};
  if (squashed == "tags") return ColumnRole{Use::kMixedTagMap, ""};
  if (squashed == "costcategory") return ColumnRole{Use::kCategoryMap, ""};
  if (squashed == "product") return ColumnRole{Use::kProductMap, "product_"};
  if (squashed == "discount") return ColumnRole{Use::kAttributeMap, "discount_"};
  return std::nullopt;
}

ColumnRole CurRole(std::string_view header, const std::string& squashed) {
  using Use = ColumnRole::Use;
  if (const auto role = CurMapRole(squashed)) return *role;
  if (squashed == "year" || squashed == "month" || squashed == "billingperiod") {
    return {Use::kIgnored, ""};
  }
  if (const auto key = After(header, "product/")) return {Use::kProduct, std::string(*key)};
  if (const auto key = After(header, "product_")) return {Use::kProduct, std::string(*key)};
  const bool known =
      std::any_of(std::begin(kCurPrefixes), std::end(kCurPrefixes),
                  [&](std::string_view prefix) { return squashed.starts_with(prefix); });
  return {Use::kAttribute, std::string(header), !known};
}

ColumnRole FocusRole(std::string_view header, const std::string& squashed) {
  using Use = ColumnRole::Use;
  if (squashed == "tags") return {Use::kTagMap, ""};
  if (squashed == "xcostcategories") return {Use::kCategoryMap, ""};
  if (squashed == "billingperiod") return {Use::kIgnored, ""};
  const bool extension = StartsWithIgnoreCase(header, "x_") || StartsWithIgnoreCase(header, "oci_");
  const bool known = extension || Contains(kFocusKnown, squashed);
  return {Use::kAttribute, std::string(header), !known};
}

}  // namespace

const std::vector<SourceColumn>& UsedColumns(SourceFamily family) { return TablesOf(family).used; }

const SourceColumn* FindUsedColumn(SourceFamily family, std::string_view canonical_name) {
  const FamilyTables& tables = TablesOf(family);
  const auto found = tables.by_squashed.find(Squash(canonical_name));
  return found == tables.by_squashed.end() ? nullptr : &tables.used[found->second];
}

std::vector<std::string> ColumnsIn(SourceFamily family, std::string_view expression) {
  std::vector<std::string> names;
  for (std::string& word : IdentifiersIn(expression)) {
    if (IsSourceName(family, word)) names.push_back(std::move(word));
  }
  return names;
}

ColumnRole RoleOf(SourceFamily family, std::string_view header) {
  header = Trim(header);
  if (header.empty()) return {ColumnRole::Use::kIgnored, ""};
  if (family == SourceFamily::kCur) {
    if (const auto role = TagRole(header)) return *role;
  }
  const std::string squashed = Squash(header);
  const FamilyTables& tables = TablesOf(family);
  if (const auto found = tables.by_squashed.find(squashed); found != tables.by_squashed.end()) {
    return {ColumnRole::Use::kUsed, tables.used[found->second].name};
  }
  switch (family) {
    case SourceFamily::kCur: return CurRole(header, squashed);
    case SourceFamily::kFocus: return FocusRole(header, squashed);
    case SourceFamily::kCostExplorer: break;
  }
  return {ColumnRole::Use::kAttribute, std::string(header)};
}

std::optional<std::string> KeyInMap(const ColumnRole& map, std::string_view column) {
  if (map.use != ColumnRole::Use::kProductMap && map.use != ColumnRole::Use::kAttributeMap) {
    return std::nullopt;
  }
  // A column of its own beside the map; without it the total is unknown.
  if (!column.starts_with(map.name) || column == "discount_total_discount") return std::nullopt;
  return std::string(column.substr(map.name.size()));
}

bool IsNumber(SourceKind kind) {
  return kind == SourceKind::kAmount || kind == SourceKind::kNetAmount ||
         kind == SourceKind::kReference;
}

std::string_view DecimalGroup(std::string_view name) {
  static constexpr std::string_view kQuantities[] = {"line_item_usage_amount",
                                                     "line_item_normalized_usage_amount",
                                                     "reservation_unused_quantity",
                                                     "split_line_item_actual_usage",
                                                     "split_line_item_reserved_usage",
                                                     "split_line_item_split_usage",
                                                     "split_line_item_split_usage_ratio",
                                                     "ConsumedQuantity",
                                                     "PricingQuantity",
                                                     "CommitmentDiscountQuantity",
                                                     "UsageQuantity"};
  if (Contains(kQuantities, name)) return "quantity";
  if (name == "ListUnitPrice" || name == "ContractedUnitPrice") return name;
  return "";
}

Result<Detection> DetectFamily(std::span<const std::string> headers) {
  std::set<std::string> names;
  for (const std::string& header : headers) names.insert(Squash(header));
  const auto has = [&](const char* name) { return names.contains(name); };

  if (has("lineitemlineitemtype") || has("lineitemunblendedcost")) {
    const bool maps = has("resourcetags") || has("product") || has("costcategory") || has("tags") ||
                      has("billpayeraccountname") || has("lineitemusageaccountname");
    return Detection{SourceFamily::kCur, maps};
  }
  const bool invoices = has("invoicedetailid") && !has("chargeperiodstart");
  if (has("billedcost") && has("chargecategory") && !invoices) {
    return Detection{SourceFamily::kFocus};
  }
  if (has("netamortizedcost") && has("linkedaccountid") && has("chargegroup")) {
    return Detection{SourceFamily::kCostExplorer};
  }

  const auto not_a_bill = [](const std::string& what, const std::string& hint) {
    return Error(Errc::kInvalidArgument, "not a bill Farthing reads: " + what).Hint(hint);
  };
  if (invoices) {
    return not_a_bill(
        "a FOCUS invoice detail dataset, whose sums are those of the cost and usage dataset",
        "import the cost and usage dataset that was exported with it");
  }
  if (has("billingperiodstatus")) {
    return not_a_bill("a FOCUS billing period dataset, which lists months, not charges",
                      "import the cost and usage dataset that was exported with it");
  }
  if (has("billedcost")) {
    return not_a_bill(has("chargetype") ? "a FOCUS file older than version 1.0: it has ChargeType "
                                          "where 1.0 has ChargeCategory"
                                        : "a FOCUS file without the column ChargeCategory",
                      "export FOCUS 1.0 or newer with the column ChargeCategory");
  }
  if (has("chargecategory") && has("chargeperiodstart")) {
    return not_a_bill("a FOCUS file without the column BilledCost",
                      "add the column to the export's query; without it no line can be read");
  }
  if (has("unblendedcost") && has("recordtype")) {
    return not_a_bill("an AWS detailed billing report (DBR), which AWS replaced by the CUR",
                      "import the Cost and Usage Report of that month");
  }
  if (has("contractcommitmentid")) {
    return not_a_bill("a FOCUS contract commitment dataset, which lists contracts, not charges",
                      "import the cost and usage dataset that was exported with it");
  }
  if (has("lineitemreferenceno") || has("costmycost")) {
    return not_a_bill(
        "an Oracle Cloud cost report; its columns resemble a CUR's, its meaning does not",
        "export FOCUS from Oracle Cloud and import that");
  }
  if (has("metercategory") || has("meterid") || has("costinbillingcurrency")) {
    return not_a_bill("an Azure usage export in Azure's own format",
                      "export \"Cost and usage details (FOCUS)\" from Azure Cost Management");
  }
  return not_a_bill("neither CUR columns (line_item_unblended_cost) nor FOCUS columns (BilledCost)",
                    "import an AWS Cost and Usage Report, a CUR 2.0 or a FOCUS export");
}

std::span<const std::string_view> MandatoryColumns(SourceFamily family) {
  switch (family) {
    case SourceFamily::kCur: return kCurMandatory;
    case SourceFamily::kFocus: return kFocusMandatory;
    case SourceFamily::kCostExplorer: break;
  }
  return kCostExplorerMandatory;
}

bool IsOnEveryLine(SourceFamily family, std::string_view canonical_name) {
  switch (family) {
    case SourceFamily::kCur:
      return canonical_name == "line_item_unblended_cost" ||
             canonical_name == "line_item_usage_start_date";
    case SourceFamily::kFocus:
      return canonical_name == "BilledCost" || canonical_name == "ChargePeriodStart";
    case SourceFamily::kCostExplorer: break;
  }
  return false;
}

}  // namespace farthing::ingest
