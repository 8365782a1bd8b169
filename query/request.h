#pragma once

// One question about cost, as the command line, the API and rules ask it.  Plain values; const-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "billing/registry.h"
#include "query/dimension.h"
#include "query/filter.h"

namespace farthing::query {

/// How time is cut into rows.
enum class Grain {
  kNone,
  kHour,
  kDay,
  kMonth,   ///< calendar month of the charge
  kPeriod,  ///< billing month: when it was billed
};
/// "", "hour", "day", "month" or "period"; also the name of the time column.
std::string_view ToString(Grain grain);
/// Also accepts "none".  Errors: kInvalidArgument.
Result<Grain> ParseGrain(std::string_view text);

struct MetricRequest {
  const billing::Metric* metric = nullptr;
  std::string name;              ///< as typed
  std::optional<Filter> filter;  ///< only lines it holds for are added up
  std::string label;             ///< heads the column; unique in the request
  bool operator==(const MetricRequest&) const = default;
};

struct GroupKey {
  DimensionRef dimension;
  std::string label;  ///< as typed; heads the column
  bool operator==(const GroupKey&) const = default;
};

/// start and end select by the start of the charge, the periods by billing month; both may be given.
struct TimeRange {
  std::optional<Instant> start;        ///< inclusive
  std::optional<Instant> end;          ///< exclusive
  std::optional<Period> first_period;  ///< inclusive
  std::optional<Period> last_period;   ///< inclusive
  Grain grain = Grain::kNone;
  bool operator==(const TimeRange&) const = default;
};

struct OrderKey {
  std::string column;  ///< label of a metric or key, or the grain
  bool descending = false;
  bool operator==(const OrderKey&) const = default;
};

struct Request {
  std::vector<MetricRequest> metrics;
  std::vector<GroupKey> group_by;
  TimeRange time;
  std::optional<Filter> filter;
  std::vector<OrderKey> order_by;  ///< empty: by the keys; with a limit: largest first metric first
  std::optional<std::int64_t> limit;
  bool remainder = false;        ///< with a limit: one more row for all that is not shown
  std::optional<Instant> as_of;  ///< the versions of then instead of now
  bool operator==(const Request&) const = default;
};

/// The metric of a request that names none.
inline constexpr std::string_view kDefaultMetric = "unblended_cost";

/// Parses "net_amortized_cost" or `unblended_cost[line_item_type=Usage] as on_demand`, separated by
/// commas.  Errors: kInvalidArgument.
Result<std::vector<MetricRequest>> ParseMetrics(std::string_view text);
/// Parses dimensions separated by commas.  Errors: kInvalidArgument.
Result<std::vector<GroupKey>> ParseGroupBy(std::string_view text);
/// Parses "cost desc, service": labels with an optional asc or desc.  Errors: kInvalidArgument.
Result<std::vector<OrderKey>> ParseOrderBy(std::string_view text);
/// Parses "2026-01" or "2026-01..2026-03" into the periods of `time`.  Errors: kInvalidArgument.
Result<void> ParsePeriods(std::string_view text, TimeRange& time);

/// Checks what the parts do not know of each other: labels, order, empty ranges.
/// Errors: kInvalidArgument.
Result<void> Validate(const Request& request);

}  // namespace farthing::query
