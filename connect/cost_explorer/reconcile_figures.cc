#include "connect/cost_explorer/reconcile_figures.h"

#include <algorithm>

#include "connect/cost_explorer/cost_explorer_fit.h"
#include "engine/duckdb.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;
constexpr const char* kTaxService = "Tax";
constexpr const char* kAllTypes = "all charges";

// FOCUS has neither the type of a line nor its billing entity.
constexpr const char* kIsRefund =
    "(line_item_type IN ('Refund', 'Credit') OR charge_category = 'Credit' OR charge_class = "
    "'Correction')";
constexpr const char* kIsMarketplace =
    "(CASE WHEN billing_entity IS NOT NULL THEN billing_entity = 'AWS Marketplace' ELSE "
    "publisher_name NOT LIKE 'Amazon%' AND publisher_name NOT LIKE 'AWS%' END)";

}  // namespace

ReconcileCell& ReconcileFigures::CellAt(Period period, const std::string& service,
                                        const std::string& type) {
  const std::string shown = has_unblended_ ? ComparableType(type) : kAllTypes;
  ReconcileCell& cell = cells_[{period, service, shown}];
  cell.period = period;
  cell.service = service;
  cell.charge_type = shown;
  return cell;
}

Result<void> ReconcileFigures::ReadBills(Period first, Period last) {
  TRY_ASSIGN(const std::vector<lake::Load> elected,
             catalog_.ActiveLoads({first, last, std::nullopt}));
  for (const lake::Load& load : elected) {
    if (!IsBillOf(load, connection_)) continue;
    loads_.push_back(load);
    if (load.format == "focus") has_unblended_ = false;
    TRY_ASSIGN(const Coverage coverage, CoverageOf(catalog_.layout(), load));
    std::string& until = bill_until_[load.period];
    until = std::max(until, coverage.last_usage_day);
  }
  for (const auto& [period, until] : bill_until_) periods_.push_back(period);
  for (const lake::Load& load : loads_) TRY(AddBill(load));
  return {};
}

Result<void> ReconcileFigures::AddBill(const lake::Load& load) {
  TRY_ASSIGN(const auto database, engine::Database::Open({.threads = 1}));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  const bool member = connection_.settings.type == ConnectionType::kMember;
  const std::string cost = has_unblended_ ? "unblended_cost" : "billed_cost";
  const auto sum_of = [&](const std::string& condition) {
    return ", coalesce(sum(" + cost + ") FILTER (WHERE " + condition + "), 0)";
  };
  // Tax is one service in Cost Explorer; what refunds it stays a refund.
  TRY_ASSIGN(
      const engine::Table table,
      connection.Query(
          "SELECT CASE WHEN charge_category = 'Tax' THEN '" + std::string(kTaxService) +
              "' ELSE coalesce(service_name, service_code, '') END, coalesce(line_item_type, "
              "charge_category)" +
              sum_of("true") + sum_of(kIsRefund) + sum_of(kIsMarketplace) +
              sum_of("invoice_id IS NULL") + sum_of("CAST(charge_day AS VARCHAR) >= ?2") +
              " FROM " + DailyRelation(catalog_.layout(), load) +
              " WHERE ?1 = '' OR sub_account_id = ?1 GROUP BY ALL",
          {member ? connection_.settings.account_id : std::string(), LastDaysFrom(load.period)}));
  constexpr Decimal ReconcileCell::* kFigures[] = {
      &ReconcileCell::bill, &ReconcileCell::refunds, &ReconcileCell::marketplace,
      &ReconcileCell::not_invoiced, &ReconcileCell::last_days_bill};
  for (const auto& row : table.rows) {
    ReconcileCell& cell =
        CellAt(load.period, ComparableService(row[0].value_or("")), row[1].value_or(""));
    for (std::size_t i = 0; i < std::size(kFigures); ++i) {
      TRY_ASSIGN(const Decimal amount, ParseDecimal(row[i + 2].value_or("0")));
      TRY_ASSIGN(cell.*kFigures[i], Add(cell.*kFigures[i], amount));
    }
  }
  return {};
}

Result<void> ReconcileFigures::AddGroup(const aws::CostGroup& group, Period period,
                                        Decimal ReconcileCell::* figure) {
  if (group.keys.size() != 2) return {};
  const auto amount = group.amounts.find(metric());
  if (amount == group.amounts.end() || amount->second.empty()) return {};
  const bool tax = ComparableType(group.keys[1]) == "Tax";
  ReconcileCell& cell = CellAt(
      period, tax ? std::string(kTaxService) : ComparableService(group.keys[0]), group.keys[1]);
  TRY_ASSIGN(const Decimal value, ParseDecimal(amount->second));
  TRY_ASSIGN(cell.*figure, Add(cell.*figure, value));
  return {};
}

Result<void> ReconcileFigures::AddAnswer(const aws::CostAnswer& answer,
                                         const std::set<Period>& periods) {
  for (const aws::CostGroup& group : answer.groups) {
    TRY_ASSIGN(const Instant start, ParseInstant(group.start));
    const Period period = PeriodOf(start);
    if (!periods.contains(period)) continue;
    if (group.estimated) estimated_.insert(period);
    TRY(AddGroup(group, period, &ReconcileCell::cost_explorer));
  }
  return {};
}

Result<void> ReconcileFigures::AddLastDays(const aws::CostAnswer& answer, Period period) {
  for (const aws::CostGroup& group : answer.groups) {
    TRY(AddGroup(group, period, &ReconcileCell::last_days_cost_explorer));
  }
  return {};
}

std::vector<ReconcileCell> ReconcileFigures::List() const {
  std::vector<ReconcileCell> list;
  for (const auto& [key, cell] : cells_) list.push_back(cell);
  return list;
}

std::set<std::string> ReconcileFigures::LeftOut(Period period) const {
  std::set<std::string> accounts;
  for (const lake::Load& load : loads_) {
    if (load.period != period || !load.left_out) continue;
    accounts.insert(load.left_out->accounts.begin(), load.left_out->accounts.end());
  }
  return accounts;
}

std::string ReconcileFigures::LastDaysFrom(Period period) const {
  const auto until = bill_until_.find(period);
  if (until == bill_until_.end()) return {};
  const Result<Instant> day = ParseInstant(until->second);
  if (!day.ok()) return {};
  return DayString(std::max(period.start(), Instant{day->micros - kDayMicros}));
}

}  // namespace farthing::connect
