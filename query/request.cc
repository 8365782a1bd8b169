#include "query/request.h"

#include <array>
#include <set>

#include "base/text.h"

namespace farthing::query {
namespace {

constexpr std::array<Grain, 5> kGrains = {Grain::kNone, Grain::kHour, Grain::kDay, Grain::kMonth,
                                          Grain::kPeriod};

// Splits at commas outside quotes and square brackets; parts are trimmed.
std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts(1);
  char quote = '\0';
  int depth = 0;
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == ']') {
      depth += c == '[' ? 1 : -1;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  for (std::string& part : parts) part = Trim(part);
  return parts;
}

Error UnknownMetric(std::string_view name) {
  std::vector<std::string> known;
  for (const billing::Metric& metric : billing::Metrics()) known.emplace_back(metric.name);
  return Error(Errc::kInvalidArgument, "no such metric: " + std::string(name))
      .Hint(DidYouMean(name, known));
}

// Cuts " as LABEL" off the end of `text`, outside brackets.
std::optional<std::string> TakeAlias(std::string_view& text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t from = bracket == std::string_view::npos ? 0 : bracket;
  const std::size_t at = ToLower(text.substr(from)).find(" as ");
  if (at == std::string::npos) return std::nullopt;
  std::string label(Trim(text.substr(from + at + 4)));
  text = Trim(text.substr(0, from + at));
  return label;
}

Result<MetricRequest> ParseMetric(std::string_view text) {
  MetricRequest request;
  request.label = text;
  if (std::optional<std::string> alias = TakeAlias(text)) request.label = *std::move(alias);
  const std::size_t bracket = text.find('[');
  request.name = Trim(text.substr(0, bracket));
  request.metric = billing::FindMetric(request.name);
  if (request.metric == nullptr) return UnknownMetric(request.name);
  if (bracket == std::string_view::npos) return request;
  if (!text.ends_with(']')) {
    return Error(Errc::kInvalidArgument, "metric needs ] at its end: " + std::string(text));
  }
  Result<Filter> filter = ParseFilter(text.substr(bracket + 1, text.size() - bracket - 2));
  if (!filter.ok()) return std::move(filter).error().Wrap("metric " + request.name);
  request.filter = *std::move(filter);
  return request;
}

std::vector<std::string> Labels(const Request& request) {
  std::vector<std::string> labels;
  if (request.time.grain != Grain::kNone) labels.emplace_back(ToString(request.time.grain));
  for (const GroupKey& key : request.group_by) labels.push_back(key.label);
  for (const MetricRequest& metric : request.metrics) labels.push_back(metric.label);
  return labels;
}

Result<void> CheckTime(const TimeRange& time) {
  if (time.start && time.end && *time.start >= *time.end) {
    return Error(Errc::kInvalidArgument, "the time range is empty: " + ToString(*time.start) +
                                             " is not before " + ToString(*time.end))
        .Hint("the end is exclusive: --from 2026-01-01 --to 2026-02-01 is January");
  }
  if (time.first_period && time.last_period && *time.first_period > *time.last_period) {
    return Error(Errc::kInvalidArgument, "the last period is before the first")
        .Hint("write the earlier month first: 2026-01..2026-03");
  }
  return {};
}

}  // namespace

std::string_view ToString(Grain grain) {
  switch (grain) {
    case Grain::kNone: return "";
    case Grain::kHour: return "hour";
    case Grain::kDay: return "day";
    case Grain::kMonth: return "month";
    case Grain::kPeriod: return "period";
  }
  return "";
}

Result<Grain> ParseGrain(std::string_view text) {
  for (const Grain grain : kGrains) {
    if (ToString(grain) == text) return grain;
  }
  if (text == "none") return Grain::kNone;
  return Error(Errc::kInvalidArgument, "no such grain: " + std::string(text))
      .Hint("one of hour, day, month, period, none");
}

Result<std::vector<MetricRequest>> ParseMetrics(std::string_view text) {
  std::vector<MetricRequest> metrics;
  for (const std::string& part : SplitList(text)) {
    TRY_ASSIGN(MetricRequest metric, ParseMetric(part));
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

Result<std::vector<GroupKey>> ParseGroupBy(std::string_view text) {
  std::vector<GroupKey> keys;
  if (Trim(text).empty()) return keys;
  for (std::string& part : SplitList(text)) {
    TRY_ASSIGN(DimensionRef dimension, ParseDimension(part));
    keys.push_back({std::move(dimension), std::move(part)});
  }
  return keys;
}

Result<std::vector<OrderKey>> ParseOrderBy(std::string_view text) {
  std::vector<OrderKey> keys;
  if (Trim(text).empty()) return keys;
  for (const std::string& part : SplitList(text)) {
    OrderKey key{part, false};
    for (const std::string_view direction : {" desc", " asc"}) {
      if (!ToLower(part).ends_with(direction)) continue;
      key.column = Trim(std::string_view(part).substr(0, part.size() - direction.size()));
      key.descending = direction == " desc";
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<void> ParsePeriods(std::string_view text, TimeRange& time) {
  const std::size_t dots = text.find("..");
  TRY_ASSIGN(time.first_period, ParsePeriod(Trim(text.substr(0, dots))));
  time.last_period = time.first_period;
  if (dots == std::string_view::npos) return {};
  TRY_ASSIGN(time.last_period, ParsePeriod(Trim(text.substr(dots + 2))));
  return {};
}

Result<void> Validate(const Request& request) {
  if (request.metrics.empty()) {
    return Error(Errc::kInvalidArgument, "the request names no metric")
        .Hint("name at least one, e.g. " + std::string(kDefaultMetric));
  }
  TRY(CheckTime(request.time));
  if (request.limit && *request.limit < 1) {
    return Error(Errc::kInvalidArgument, "the limit must be at least 1")
        .Hint("leave it away to see every row");
  }
  if (request.remainder && !request.limit) {
    return Error(Errc::kInvalidArgument, "the remainder row needs a limit")
        .Hint("say how many rows to show: --limit 10 --other");
  }
  const std::vector<std::string> labels = Labels(request);
  const std::set<std::string> known(labels.begin(), labels.end());
  for (const std::string& label : labels) {
    if (label.empty()) return Error(Errc::kInvalidArgument, "a column has an empty name");
  }
  if (known.size() < labels.size()) {
    return Error(Errc::kInvalidArgument, "two columns have the same name: " + Join(labels, ", "))
        .Hint("name one with `as`: --metric 'unblended_cost[category=Usage] as usage'");
  }
  for (const OrderKey& key : request.order_by) {
    if (known.contains(key.column)) continue;
    return Error(Errc::kInvalidArgument,
                 "cannot order by " + key.column + ", which is no column of the answer")
        .Hint("the columns are " + Join(labels, ", "));
  }
  return {};
}

}  // namespace farthing::query
