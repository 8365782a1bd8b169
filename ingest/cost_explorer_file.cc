#include "ingest/cost_explorer_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "ingest/csv/csv_scan.h"

namespace farthing::ingest {
namespace {

namespace json = boost::json;

struct Column {
  std::string_view name;
  std::string CostExplorerRow::* member;
};
// In file order, after BillingPeriodStart and before Estimated.
constexpr Column kColumns[] = {
    {"PayerAccountId", &CostExplorerRow::payer},
    {"LinkedAccountId", &CostExplorerRow::account},
    {"LinkedAccountName", &CostExplorerRow::account_name},
    {"Service", &CostExplorerRow::service},
    {"ChargeGroup", &CostExplorerRow::charge_group},
    {"PeriodStart", &CostExplorerRow::start},
    {"PeriodEnd", &CostExplorerRow::end},
    {"Currency", &CostExplorerRow::currency},
    {"UnblendedCost", &CostExplorerRow::unblended},
    {"NetUnblendedCost", &CostExplorerRow::net_unblended},
    {"BlendedCost", &CostExplorerRow::blended},
    {"AmortizedCost", &CostExplorerRow::amortized},
    {"NetAmortizedCost", &CostExplorerRow::net_amortized},
    {"UsageQuantity", &CostExplorerRow::usage_quantity},
    {"UsageUnit", &CostExplorerRow::usage_unit},
};
constexpr std::size_t kFieldCount = std::size(kColumns) + 2;

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string WriteCostExplorerCsv(Period period, const std::vector<CostExplorerRow>& rows) {
  std::string csv = "BillingPeriodStart";
  for (const Column& column : kColumns) csv += "," + std::string(column.name);
  csv += ",Estimated\n";
  const std::string month = DayString(period.start());
  for (const CostExplorerRow& row : rows) {
    csv += month;
    for (const Column& column : kColumns) csv += "," + Quoted(row.*column.member);
    csv += row.estimated ? ",true\n" : ",false\n";
  }
  return csv;
}

Result<std::vector<CostExplorerRow>> ReadCostExplorerCsv(std::string_view csv) {
  std::vector<std::uint32_t> separators;
  FindSeparators(csv, separators);
  std::vector<CostExplorerRow> rows;
  std::string scratch;
  std::size_t start = 0;
  std::size_t field = 0;
  bool is_header = true;
  CostExplorerRow row;
  for (const std::uint32_t end : separators) {
    const std::string text(Unquote(csv.substr(start, end - start), scratch));
    start = end + std::size_t{1};
    if (!is_header && field > 0 && field <= std::size(kColumns)) {
      row.*kColumns[field - 1].member = text;
    }
    if (field + 1 == kFieldCount) row.estimated = text == "true";
    ++field;
    if (csv[end] != '\n') continue;
    if (field != kFieldCount) {
      return Error(Errc::kCorrupt, "a kept answer of Cost Explorer has a row of " +
                                       std::to_string(field) + " fields");
    }
    if (!is_header) rows.push_back(std::move(row));
    row = {};
    is_header = false;
    field = 0;
  }
  if (is_header || field != 0 || start != csv.size()) {
    return Error(Errc::kCorrupt, "a kept answer of Cost Explorer is cut off");
  }
  return rows;
}

std::string WriteCostExplorerManifest(const CostExplorerDelivery& delivery) {
  json::array around;
  for (const std::string& load : delivery.fills_around) around.emplace_back(load);
  return json::serialize(json::object{
      {"assemblyId", delivery.version},
      {"reportId", delivery.identity},
      {"reportName", delivery.name},
      {"billingPeriod", {{"start", DayString(delivery.period.start())}}},
      {"reportKeys", {delivery.file}},
      {"fillsAround", around},
  });
}

}  // namespace farthing::ingest
