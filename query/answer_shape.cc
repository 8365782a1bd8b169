// What can be said of an answer before any SQL: its table, its columns, its currencies.

#include <algorithm>
#include <set>

#include "base/text.h"
#include "query/conditions.h"
#include "query/fact_source.h"
#include "query/planner.h"

namespace farthing::query {
namespace {

using billing::Rollup;

constexpr std::int64_t kMicrosOfDay = 86'400'000'000;

bool IsDayStart(const std::optional<Instant>& instant) {
  return !instant || instant->micros % kMicrosOfDay == 0;
}

Rollup CoarsestFor(const DimensionRef& dimension) {
  if (dimension.kind == DimensionKind::kRegistered)
    return billing::FindDimension(dimension.name)->finest;
  const bool is_tag =
      dimension.kind == DimensionKind::kTag || dimension.kind == DimensionKind::kCostCategory;
  return is_tag ? Rollup::kResource : Rollup::kLines;
}

}  // namespace

std::string_view ChooseTable(const Request& request) {
  const TimeRange& time = request.time;
  if (time.grain == Grain::kHour || !IsDayStart(time.start) || !IsDayStart(time.end))
    return lake::kCostLines;
  Rollup finest = Rollup::kDaily;
  const auto need = [&](Rollup rollup) { finest = std::min(finest, rollup); };
  for (const MetricRequest& metric : request.metrics) need(metric.metric->finest);
  EachDimension(request, [&](const DimensionRef& dimension) { need(CoarsestFor(dimension)); });
  if (finest == Rollup::kLines) return lake::kCostLines;
  return finest == Rollup::kResource ? lake::kCostResourceDaily : lake::kCostDaily;
}

bool IsCurrency(const DimensionRef& dimension) {
  return dimension.kind == DimensionKind::kRegistered &&
         billing::FindDimension(dimension.name)->sql == "billing_currency";
}

Request SplitCurrencies(Request request, std::span<const lake::Load> loads,
                        std::vector<std::string>& notes) {
  std::set<std::string> currencies;
  for (const lake::Load& load : loads) {
    currencies.insert(load.currencies.begin(), load.currencies.end());
    if (load.currencies.empty() && load.line_count > 0) currencies.insert("");
  }
  const bool adds_amounts =
      std::any_of(request.metrics.begin(), request.metrics.end(), [](const MetricRequest& metric) {
        return metric.metric->kind == billing::ColumnKind::kAmount;
      });
  if (currencies.size() < 2 || !adds_amounts) return request;
  const bool grouped = std::any_of(request.group_by.begin(), request.group_by.end(),
                                   [](const GroupKey& key) { return IsCurrency(key.dimension); });
  if (grouped || (request.filter && PinsToOneValue(*request.filter, IsCurrency))) return request;
  const bool taken =
      std::any_of(request.metrics.begin(), request.metrics.end(),
                  [](const MetricRequest& metric) { return metric.label == "currency"; });
  request.group_by.push_back(
      {{DimensionKind::kRegistered, "billing_currency"}, taken ? "billing_currency" : "currency"});
  const bool has_unknown = currencies.erase("") > 0;
  notes.push_back("amounts in " + Join({currencies.begin(), currencies.end()}, ", ") +
                  (has_unknown ? " and of unknown currency" : "") +
                  " are never added up: currency was added to the columns");
  return request;
}

std::vector<AnswerColumn> ColumnsOf(const Request& request) {
  std::vector<AnswerColumn> columns;
  const auto add = [&](std::string name, ColumnRole role) -> AnswerColumn& {
    columns.emplace_back();
    columns.back().name = std::move(name);
    columns.back().role = role;
    return columns.back();
  };
  if (request.time.grain != Grain::kNone)
    add(std::string(ToString(request.time.grain)), ColumnRole::kTime);
  for (const GroupKey& key : request.group_by) {
    add(key.label, ColumnRole::kKey).is_currency = IsCurrency(key.dimension);
  }
  for (const MetricRequest& metric : request.metrics) {
    AnswerColumn& column = add(metric.label, ColumnRole::kMetric);
    column.metric = metric.metric;
    column.unit = metric.metric->unit;
  }
  return columns;
}

}  // namespace farthing::query
