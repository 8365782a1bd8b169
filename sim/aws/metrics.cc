// CloudWatch: metrics of the instances of the bill.  Answers all three protocols that it has.
// Source: Amazon CloudWatch API reference.

#include <algorithm>

#include "sim/aws/discovery.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kPointLimit = 100'800;

/// CPU use of an instance at a time, in percent: the same whenever it is asked.
std::int64_t CpuPercent(const std::string& instance, std::int64_t second) {
  std::uint64_t key = 0;
  for (const char c : instance) key = key * 31 + static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(sim::Mix(key, static_cast<std::uint64_t>(second / 3600)) % 60) +
         2;
}

/// Query parameters as the JSON that they stand for: "A.member.1.B" → {"A": [{"B": …}]}.
void Plant(json::value& at, std::string_view path, const std::string& text) {
  if (path.empty()) {
    at = text;
    return;
  }
  const auto dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  const std::string_view rest =
      dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  if (head == "member") {
    const auto end = rest.find('.');
    const auto number =
        static_cast<std::size_t>(std::atoi(std::string(rest.substr(0, end)).c_str()));
    if (number < 1 || number > 1000) return;
    if (!at.is_array()) at.emplace_array();
    if (at.get_array().size() < number) at.get_array().resize(number);
    return Plant(at.get_array()[number - 1],
                 end == std::string_view::npos ? std::string_view() : rest.substr(end + 1), text);
  }
  if (!at.is_object()) at.emplace_object();
  Plant(at.get_object()[json::string_view(head.data(), head.size())], rest, text);
}

json::object Arguments(const Operation& operation) {
  if (operation.protocol != Protocol::kQuery) return operation.body;
  json::value root(json::object_kind);
  for (const auto& [name, value] : operation.parameters) Plant(root, name, value);
  return root.get_object();
}

/// JSON as the query protocol's XML.
std::string ToXml(const json::value& value) {
  if (value.is_object()) {
    std::string xml;
    for (const auto& member : value.get_object())
      xml += XmlNode({member.key().data(), member.key().size()}, ToXml(member.value()));
    return xml;
  }
  if (value.is_array()) {
    std::string xml;
    for (const json::value& item : value.get_array()) xml += XmlNode("member", ToXml(item));
    return xml;
  }
  return value.is_string() ? EscapeXml(View(value.get_string())) : json::serialize(value);
}

/// A time in any of the forms that protocols give it.
std::optional<Instant> TimeOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    const auto instant = ParseInstant(View(value->get_string()));
    return instant.ok() ? std::optional(*instant) : std::nullopt;
  }
  if (value->is_double()) return Instant{static_cast<std::int64_t>(value->get_double()) * kMicros};
  return value->is_int64() ? std::optional(Instant{value->get_int64() * kMicros}) : std::nullopt;
}

json::object ListMetrics(const World& world, const Operation& operation,
                         const json::object& arguments) {
  json::object answer;
  json::array& metrics = answer["Metrics"].emplace_array();
  const std::string space = TextOf(arguments, "Namespace");
  const std::string name = TextOf(arguments, "MetricName");
  if ((!space.empty() && space != "AWS/EC2") || (!name.empty() && name != "CPUUtilization"))
    return answer;
  for (const Resource& resource :
       ResourcesOf(world, operation.caller.account_id, operation.region, "BoxUsage")) {
    metrics.push_back(json::object{
        {"Namespace", "AWS/EC2"},
        {"MetricName", "CPUUtilization"},
        {"Dimensions", json::array{json::object{{"Name", "InstanceId"}, {"Value", resource.id}}}}});
  }
  return answer;
}

Result<json::object> GetMetricData(const World& world, const Operation& operation,
                                   const json::object& arguments) {
  const auto start = TimeOf(arguments, "StartTime");
  const auto end = TimeOf(arguments, "EndTime");
  const json::array* queries = ArrayOf(arguments, "MetricDataQueries");
  if (!start || !end || queries == nullptr)
    return Refuse(400, "ValidationError", "MetricDataQueries, StartTime and EndTime are required");
  if (*start >= *end)
    return Refuse(400, "ValidationError",
                  "The parameter StartTime must be less than the parameter EndTime.");
  if (queries->size() > 500)
    return Refuse(400, "ValidationError",
                  "The collection MetricDataQueries must not have a size greater than 500.");
  const auto resources =
      ResourcesOf(world, operation.caller.account_id, operation.region, "BoxUsage");
  json::object answer;
  json::array& results = answer["MetricDataResults"].emplace_array();
  for (const json::value& query : *queries) {
    if (!query.is_object()) return Refuse(400, "ValidationError", "MetricDataQueries");
    const json::object* stat = ObjectOf(query.get_object(), "MetricStat");
    const json::object* metric = stat == nullptr ? nullptr : ObjectOf(*stat, "Metric");
    if (metric == nullptr)
      return Refuse(400, "ValidationError", "the rehearsal AWS has no metric expressions");
    const json::array* dimensions = ArrayOf(*metric, "Dimensions");
    const std::string instance = dimensions == nullptr || dimensions->empty()
                                     ? ""
                                     : TextOf(dimensions->front().as_object(), "Value");
    const std::string period_text = TextOf(*stat, "Period");
    const std::int64_t period =
        std::max<std::int64_t>(60, period_text.empty() ? NumberOf(*stat, "Period", 3600)
                                                       : std::atoll(period_text.c_str()));
    json::array times;
    json::array values;
    const bool known = std::any_of(resources.begin(), resources.end(),
                                   [&](const Resource& each) { return each.id == instance; });
    const std::int64_t last = std::min(end->micros, world.now().micros) / kMicros;
    if ((last - start->micros / kMicros) / period > kPointLimit)
      return Refuse(400, "ValidationError", "You have requested more than 100,800 data points");
    for (std::int64_t at = last / period * period; known && at >= start->micros / kMicros;
         at -= period) {
      times.push_back(operation.protocol == Protocol::kQuery
                          ? json::value(ToString(Instant{at * kMicros}))
                          : json::value(at));
      values.push_back(json::value(static_cast<double>(CpuPercent(instance, at))));
    }
    results.push_back(json::object{{"Id", TextOf(query.get_object(), "Id")},
                                   {"Label", TextOf(*metric, "MetricName")},
                                   {"Timestamps", std::move(times)},
                                   {"Values", std::move(values)},
                                   {"StatusCode", "Complete"}});
  }
  return answer;
}

}  // namespace

Result<Reply> AnswerCloudWatch(World& world, const Operation& operation) {
  if (operation.action != "ListMetrics" && operation.action != "GetMetricData")
    return UnknownAction(operation);
  TRY(CheckAccess(world, operation, {.action = "cloudwatch:" + operation.action}));
  const json::object arguments = Arguments(operation);
  Reply reply;
  if (operation.action == "ListMetrics") {
    reply.json = ListMetrics(world, operation, arguments);
  } else {
    TRY_ASSIGN(reply.json, GetMetricData(world, operation, arguments));
  }
  if (operation.protocol == Protocol::kQuery) reply.xml = ToXml(reply.json);
  return reply;
}

}  // namespace farthing::rehearsal
