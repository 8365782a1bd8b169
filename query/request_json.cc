#include "query/request_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "query/json_fields.h"

namespace farthing::query {
namespace {

namespace json = boost::json;

Result<bool> AsFlag(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  if (value == nullptr) return false;
  if (!value->is_bool()) return Wrong(name, "true or false");
  return value->get_bool();
}

template <typename OnItem>
Result<void> EachItem(const json::object& object, std::string_view name, const OnItem& on_item) {
  const json::value* value = Member(object, name);
  if (value == nullptr) return {};
  if (!value->is_array()) return Wrong(name, "a list");
  for (const json::value& item : value->get_array()) TRY(on_item(item));
  return {};
}

Result<MetricRequest> ReadMetric(const json::value& value) {
  MetricRequest request;
  if (value.is_string()) {
    request.name = request.label = View(value.get_string());
  } else {
    TRY_ASSIGN(const json::object* object, AsObject(value, "metrics", {"metric", "filter", "as"}));
    const json::value* name = Member(*object, "metric");
    if (name == nullptr) return Wrong("metrics", R"(a name, or an object with "metric")");
    TRY_ASSIGN(request.name, AsText(*name, "metric"));
    request.label = request.name;
    if (const json::value* label = Member(*object, "as")) {
      TRY_ASSIGN(request.label, AsText(*label, "as"));
    }
    if (const json::value* filter = Member(*object, "filter")) {
      TRY_ASSIGN(request.filter, ReadFilter(*filter));
    }
  }
  TRY_ASSIGN(const std::vector<MetricRequest> plain, ParseMetrics(request.name));
  if (plain.size() != 1 || plain.front().name != request.name)
    return Wrong("metrics", "one metric name each");
  request.metric = plain.front().metric;
  return request;
}

Result<OrderKey> ReadOrderKey(const json::value& value) {
  TRY_ASSIGN(const json::object* object,
             AsObject(value, "order_by", {"metric", "dimension", "time", "desc"}));
  OrderKey key;
  int names = 0;
  for (const std::string_view kind : {"metric", "dimension", "time"}) {
    if (const json::value* name = Member(*object, kind)) {
      TRY_ASSIGN(key.column, AsText(*name, "order_by"));
      ++names;
    }
  }
  if (names != 1) return Wrong("order_by", "objects with one of metric, dimension, time");
  TRY_ASSIGN(key.descending, AsFlag(*object, "desc"));
  return key;
}

template <typename Value, typename Parse>
Result<void> ReadOptional(const json::object& object, std::string_view name,
                          std::optional<Value>& into, const Parse& parse) {
  const json::value* value = Member(object, name);
  if (value == nullptr) return {};
  TRY_ASSIGN(const std::string text, AsText(*value, name));
  TRY_ASSIGN(into, parse(text));
  return {};
}

Result<TimeRange> ReadTime(const json::value& value) {
  TRY_ASSIGN(const json::object* object,
             AsObject(value, "time", {"start", "end", "grain", "first_period", "last_period"}));
  TimeRange time;
  TRY(ReadOptional(*object, "start", time.start, ParseInstant));
  TRY(ReadOptional(*object, "end", time.end, ParseInstant));
  TRY(ReadOptional(*object, "first_period", time.first_period, ParsePeriod));
  TRY(ReadOptional(*object, "last_period", time.last_period, ParsePeriod));
  std::optional<Grain> grain;
  TRY(ReadOptional(*object, "grain", grain, ParseGrain));
  time.grain = grain.value_or(Grain::kNone);
  return time;
}

Result<Request> ReadRequest(const json::value& value) {
  TRY_ASSIGN(const json::object* object, AsObject(value, "request",
                                                  {"metrics", "group_by", "time", "filter",
                                                   "order_by", "limit", "remainder", "as_of"}));
  Request request;
  TRY(EachItem(*object, "metrics", [&](const json::value& item) -> Result<void> {
    TRY_ASSIGN(MetricRequest metric, ReadMetric(item));
    request.metrics.push_back(std::move(metric));
    return {};
  }));
  TRY(EachItem(*object, "group_by", [&](const json::value& item) -> Result<void> {
    TRY_ASSIGN(std::string label, AsText(item, "group_by"));
    TRY_ASSIGN(DimensionRef dimension, ParseDimension(label));
    request.group_by.push_back({std::move(dimension), std::move(label)});
    return {};
  }));
  TRY(EachItem(*object, "order_by", [&](const json::value& item) -> Result<void> {
    TRY_ASSIGN(OrderKey key, ReadOrderKey(item));
    request.order_by.push_back(std::move(key));
    return {};
  }));
  if (const json::value* time = Member(*object, "time")) {
    TRY_ASSIGN(request.time, ReadTime(*time));
  }
  if (const json::value* filter = Member(*object, "filter")) {
    TRY_ASSIGN(request.filter, ReadFilter(*filter));
  }
  if (const json::value* limit = Member(*object, "limit")) {
    if (!limit->is_int64()) return Wrong("limit", "a whole number");
    request.limit = limit->get_int64();
  }
  TRY_ASSIGN(request.remainder, AsFlag(*object, "remainder"));
  TRY(ReadOptional(*object, "as_of", request.as_of, ParseInstant));
  TRY(Validate(request));
  return request;
}

json::value ToJson(const MetricRequest& metric) {
  if (!metric.filter && metric.label == metric.name) return json::value(metric.name);
  json::object object{{"metric", metric.name}};
  if (metric.filter) object["filter"] = ToJson(*metric.filter);
  if (metric.label != metric.name) object["as"] = metric.label;
  return object;
}

std::string TimeText(Instant instant) {
  const std::string day = DayString(instant);
  const Result<Instant> midnight = ParseInstant(day);
  return midnight.ok() && *midnight == instant ? day : ToString(instant);
}

json::object ToJson(const TimeRange& time) {
  json::object object;
  if (time.start) object["start"] = TimeText(*time.start);
  if (time.end) object["end"] = TimeText(*time.end);
  if (time.first_period) object["first_period"] = ToString(*time.first_period);
  if (time.last_period) object["last_period"] = ToString(*time.last_period);
  if (time.grain != Grain::kNone) object["grain"] = ToString(time.grain);
  return object;
}

json::object ToJson(const OrderKey& key, const Request& request) {
  json::object object;
  const bool is_metric =
      std::any_of(request.metrics.begin(), request.metrics.end(),
                  [&](const MetricRequest& metric) { return metric.label == key.column; });
  object[is_metric                                    ? "metric"
         : key.column == ToString(request.time.grain) ? "time"
                                                      : "dimension"] = key.column;
  if (key.descending) object["desc"] = true;
  return object;
}

}  // namespace

Result<Request> ParseRequest(std::string_view text) {
  json::error_code failure;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure)
    return Error(Errc::kInvalidArgument, "the request is not JSON: " + failure.message());
  return ReadRequest(value);
}

json::object ToJson(const Request& request) {
  json::object object;
  json::array metrics;
  for (const MetricRequest& metric : request.metrics) metrics.push_back(ToJson(metric));
  object["metrics"] = std::move(metrics);
  json::array group_by;
  for (const GroupKey& key : request.group_by) group_by.push_back(json::value(key.label));
  object["group_by"] = std::move(group_by);
  object["time"] = ToJson(request.time);
  if (request.filter) object["filter"] = ToJson(*request.filter);
  json::array order_by;
  for (const OrderKey& key : request.order_by) order_by.push_back(ToJson(key, request));
  if (!order_by.empty()) object["order_by"] = std::move(order_by);
  if (request.limit) object["limit"] = *request.limit;
  if (request.remainder) object["remainder"] = true;
  if (request.as_of) object["as_of"] = ToString(*request.as_of);
  return object;
}

}  // namespace farthing::query
