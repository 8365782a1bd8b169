#include "connect/cost_explorer/first_day_questions.h"

#include <boost/json.hpp>
#include <map>
#include <tuple>

#include "base/decimal.h"

namespace farthing::connect {
namespace {

namespace json = boost::json;
using ingest::CostExplorerRow;

const std::vector<std::string> kMetrics = {"UnblendedCost", "NetUnblendedCost", "BlendedCost",
                                           "AmortizedCost", "NetAmortizedCost", "UsageQuantity"};

/// Values of RECORD_TYPE.  Cost Explorer answers unknown values with nothing, so all spellings may stand here.
struct ChargeGroup {
  std::string_view name;
  std::vector<std::string> types;
};
const std::vector<ChargeGroup>& NamedGroups() {
  static const std::vector<ChargeGroup> groups = {
      {"Tax", {"Tax"}},
      {"Credit", {"Credit"}},
      {"Refund", {"Refund"}},
      {"Purchase",
       {"Fee", "RIFee", "Recurring", "Upfront", "Recurring reservation fee",
        "Upfront reservation fee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee",
        "Savings Plan Recurring Fee", "Savings Plan Upfront Fee"}},
  };
  return groups;
}

json::object TypeFilter(const std::vector<std::string>& types) {
  json::array values;
  for (const std::string& type : types) values.emplace_back(type);
  return {{"Dimensions", {{"Key", "RECORD_TYPE"}, {"Values", values}}}};
}

std::string RestFilter() {
  std::vector<std::string> all;
  for (const ChargeGroup& group : NamedGroups()) {
    all.insert(all.end(), group.types.begin(), group.types.end());
  }
  return json::serialize(json::object{{"Not", TypeFilter(all)}});
}

Result<bool> AddUpTo(const std::vector<const CostExplorerRow*>& hours, const CostExplorerRow& day) {
  for (const auto member :
       {&CostExplorerRow::unblended, &CostExplorerRow::net_unblended, &CostExplorerRow::blended,
        &CostExplorerRow::amortized, &CostExplorerRow::net_amortized}) {
    Decimal sum;
    for (const CostExplorerRow* hour : hours) {
      TRY_ASSIGN(const Decimal value, ParseDecimal(hour->*member));
      TRY_ASSIGN(sum, Add(sum, value));
    }
    TRY_ASSIGN(const Decimal whole, ParseDecimal(day.*member));
    if (Canonical(sum) != whole) return false;
  }
  return true;
}

}  // namespace

std::vector<CostQuestion> QuestionsOf(const std::string& start, const std::string& end) {
  aws::CostQuery query;
  query.start = start;
  query.end = end;
  query.metrics = kMetrics;
  query.dimensions = {"SERVICE", "LINKED_ACCOUNT"};
  std::vector<CostQuestion> questions;
  for (const ChargeGroup& group : NamedGroups()) {
    query.filter_json = json::serialize(TypeFilter(group.types));
    questions.push_back({std::string(group.name), query});
  }
  query.filter_json = RestFilter();
  questions.push_back({"Usage", query});
  return questions;
}

int QuestionCount() { return static_cast<int>(NamedGroups().size()) + 1; }

Result<CostExplorerRow> RowOf(const aws::CostGroup& cell, std::string_view charge_group,
                              const std::string& payer, const aws::CostAnswer& answer) {
  if (cell.keys.size() != 2) {
    return Error(Errc::kCorrupt, "Cost Explorer answered a group without service and account");
  }
  CostExplorerRow row;
  row.payer = payer;
  row.service = cell.keys[0];
  row.account = cell.keys[1];
  const auto name = answer.names.find(row.account);
  if (name != answer.names.end()) row.account_name = name->second;
  row.charge_group = charge_group;
  row.start = cell.start;
  row.end = cell.end;
  const auto amount = [&](const char* metric) {
    const auto found = cell.amounts.find(metric);
    return found == cell.amounts.end() || found->second.empty() ? "0" : found->second;
  };
  row.unblended = amount("UnblendedCost");
  row.net_unblended = amount("NetUnblendedCost");
  row.blended = amount("BlendedCost");
  row.amortized = amount("AmortizedCost");
  row.net_amortized = amount("NetAmortizedCost");
  const auto unit = [&](const char* metric) {
    const auto found = cell.units.find(metric);
    return found == cell.units.end() ? std::string() : found->second;
  };
  row.currency = unit("UnblendedCost");
  row.usage_unit = unit("UsageQuantity");
  if (row.usage_unit == "N/A") row.usage_unit.clear();  // different units were added up
  if (!row.usage_unit.empty()) row.usage_quantity = amount("UsageQuantity");
  row.estimated = cell.estimated;
  return row;
}

Result<int> ReplaceByHours(const std::vector<CostExplorerRow>& hours,
                           std::vector<CostExplorerRow>& days) {
  using Key = std::tuple<std::string, std::string, std::string>;  // account, service, day
  std::map<Key, std::vector<const CostExplorerRow*>> of_day;
  for (const CostExplorerRow& hour : hours) {
    of_day[{hour.account, hour.service, hour.day()}].push_back(&hour);
  }
  int kept = 0;
  std::vector<CostExplorerRow> result;
  for (CostExplorerRow& day : days) {
    const auto found = of_day.find({day.account, day.service, day.day()});
    if (day.charge_group != "Usage" || found == of_day.end()) {
      result.push_back(std::move(day));
      continue;
    }
    TRY_ASSIGN(const bool equal, AddUpTo(found->second, day));
    if (!equal) {
      ++kept;
      result.push_back(std::move(day));
      continue;
    }
    for (const CostExplorerRow* hour : found->second) result.push_back(*hour);
  }
  days = std::move(result);
  return kept;
}

}  // namespace farthing::connect
