// Cost Explorer: AWSInsightsIndexService, answered from the lines of the delivered bill.
// Source: AWS Cost Explorer API reference.

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "sim/aws/bills.h"
#include "sim/aws/cost_filter.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

using sim::Line;
using sim::Units;

constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000;
constexpr int kMonthsKept = 14;

Error Invalid(std::string message) {
  return Refuse(400, "ValidationException", std::move(message));
}

struct Metric {
  std::string_view name;
  Units (*value)(const Line& line);
  bool money;
};
constexpr Metric kMetrics[] = {
    {"UnblendedCost", [](const Line& line) { return line.unblended; }, true},
    {"NetUnblendedCost", sim::NetUnblended, true},
    {"BlendedCost", [](const Line& line) { return line.blended; }, true},
    {"AmortizedCost", sim::Amortized, true},
    {"NetAmortizedCost", sim::NetAmortized, true},
    {"UsageQuantity", [](const Line& line) { return line.amount; }, false},
    {"NormalizedUsageAmount",
     [](const Line& line) { return line.amount * line.product->size_factor; }, false},
};

struct TimeRange {
  Instant start, end;
};

Instant Skewed(const World& world, Instant instant) {
  const Fault* skew = world.faults.Find(FaultKind::kSkewClock);
  return {instant.micros + (skew == nullptr ? 0 : skew->amount * 1'000'000)};
}
/// A caller may live in real time or in the rehearsal's: today is the later of both, as far as the clock is skewed.
Instant Today(const World& world) { return Skewed(world, std::max(world.now(), world.wall())); }

Result<TimeRange> ReadRange(const World& world, const json::object& body) {
  const json::object* period = ObjectOf(body, "TimePeriod");
  if (period == nullptr) return Invalid("TimePeriod must not be null");
  const auto start = ParseInstant(TextOf(*period, "Start"));
  const auto end = ParseInstant(TextOf(*period, "End"));
  if (!start.ok() || !end.ok()) return Invalid("Start and End must be dates");
  if (*start >= *end) return Invalid("Start date (and hour) should be before end date (and hour)");
  if (*start > Today(world)) return Invalid("Start date should be less than or equal to today");
  Period oldest = PeriodOf(Skewed(world, world.now()));
  const int months = oldest.year * 12 + oldest.month - kMonthsKept;
  oldest = {months / 12, months % 12 + 1};
  if (*start < oldest.start())
    return Invalid("You haven't enabled historical data beyond " + std::to_string(kMonthsKept) +
                   " months");
  return TimeRange{*start, *end};
}

/// A line's instant, from its usage start; the text is "2026-01-01T00:00:00".
Instant StartOf(const Line& line) { return *ParseInstant(line.span->start); }

enum class Granularity { kHourly, kDaily, kMonthly };
Result<Granularity> ReadGranularity(const std::string& text) {
  if (text == "HOURLY") return Granularity::kHourly;
  if (text == "DAILY") return Granularity::kDaily;
  if (text == "MONTHLY") return Granularity::kMonthly;
  return Invalid("Granularity must be DAILY, MONTHLY or HOURLY");
}

/// The stretches of time of an answer, clipped to what was asked for.
std::vector<TimeRange> Buckets(const TimeRange& range, Granularity granularity) {
  std::vector<TimeRange> buckets;
  for (Instant at = range.start; at < range.end;) {
    Instant next{at.micros + (granularity == Granularity::kHourly ? kDay / 24 : kDay)};
    if (granularity == Granularity::kMonthly) next = PeriodOf(at).end();
    next = std::min(next, range.end);
    buckets.push_back({at, next});
    at = next;
  }
  return buckets;
}

std::string Edge(Instant at, Granularity granularity) {
  return granularity == Granularity::kHourly ? ToString(at) : DayString(at);
}

struct Question {
  TimeRange range;
  Granularity granularity = Granularity::kDaily;
  std::vector<const Metric*> metrics;
  std::vector<CostKey> keys;
  CostFilter filter;
};

Result<std::vector<CostKey>> ReadGroups(const json::object& body) {
  std::vector<CostKey> keys;
  const json::array* groups = ArrayOf(body, "GroupBy");
  if (groups == nullptr) return keys;
  if (groups->size() > 2) return Invalid("Only two GroupBys are supported");
  for (const json::value& group : *groups) {
    const json::object* object = group.if_object();
    if (object == nullptr) return Invalid("GroupBy");
    const std::string type = TextOf(*object, "Type");
    CostKey key{CostKey::Type::kDimension, TextOf(*object, "Key")};
    if (type == "TAG") {
      key.type = CostKey::Type::kTag;
    } else if (type == "COST_CATEGORY") {
      key.type = CostKey::Type::kCostCategory;
    } else if (type != "DIMENSION" || !IsCostDimension(key.name) || key.name == "RESOURCE_ID") {
      return Invalid("GroupBy dimension " + key.name + " is not supported");
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<Question> ReadQuestion(const World& world, const json::object& body) {
  Question question;
  TRY_ASSIGN(question.range, ReadRange(world, body));
  TRY_ASSIGN(question.granularity, ReadGranularity(TextOf(body, "Granularity")));
  if (question.granularity == Granularity::kHourly &&
      question.range.start.micros < world.now().micros - 14 * kDay) {
    return Invalid("Data is only available for the last 14 days for hourly granularity");
  }
  for (const std::string& name : TextsOf(body, "Metrics")) {
    const auto found = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                                    [&](const Metric& metric) { return metric.name == name; });
    if (found == std::end(kMetrics)) return Invalid("Metric " + name + " is not valid");
    question.metrics.push_back(&*found);
  }
  if (question.metrics.empty()) return Invalid("Metrics must not be empty");
  TRY_ASSIGN(question.keys, ReadGroups(body));
  TRY_ASSIGN(question.filter, CostFilter::Parse(ObjectOf(body, "Filter")));
  return question;
}

/// Hands over every line in the range that the caller may see and the filter lets pass.
void ForEachCost(const World& world, const Operation& operation, const TimeRange& range,
                 const CostFilter& filter, const std::function<void(const Line&)>& sink) {
  const bool whole = operation.caller.account_id == world.payer;
  for (Period period = PeriodOf(range.start); period.start() < range.end; period = period.Next()) {
    ForEachLine(world, ViewOf(world, period), [&](const Line& line) {
      if (!line.split.parent.empty() || (!whole && line.account->id != operation.caller.account_id))
        return;
      const Instant start = StartOf(line);
      if (start < range.start || start >= range.end || !filter.Matches(world, line)) return;
      sink(line);
    });
  }
}

using Sums = std::vector<int128>;
/// By number of the bucket, then by the group's keys.
using Cells = std::map<std::pair<std::size_t, std::vector<std::string>>, Sums>;

Cells Sum(const World& world, const Operation& operation, const Question& question,
          const std::vector<TimeRange>& buckets) {
  Cells cells;
  ForEachCost(world, operation, question.range, question.filter, [&](const Line& line) {
    const auto bucket =
        std::upper_bound(buckets.begin(), buckets.end(), StartOf(line),
                         [](Instant at, const TimeRange& each) { return at < each.end; });
    std::vector<std::string> keys;
    for (const CostKey& key : question.keys) {
      const std::string value = CostValue(world, key, line);
      keys.push_back(key.type == CostKey::Type::kDimension ? value : key.name + "$" + value);
    }
    Sums& sums = cells[{static_cast<std::size_t>(bucket - buckets.begin()), std::move(keys)}];
    sums.resize(question.metrics.size());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += question.metrics[i]->value(line);
  });
  if (const Fault* skew = world.faults.Find(FaultKind::kSkewCosts)) {
    for (auto& [key, sums] : cells) {
      for (std::size_t i = 0; i < sums.size(); ++i) {
        if (question.metrics[i]->money) sums[i] += int128{skew->amount} * (sim::kOne / 100);
      }
    }
  }
  return cells;
}

json::object MetricsJson(const Question& question, const Sums& sums) {
  json::object metrics;
  for (std::size_t i = 0; i < question.metrics.size(); ++i) {
    const std::string_view name = question.metrics[i]->name;
    metrics[json::string_view(name.data(), name.size())] =
        json::object{{"Amount", DecimalToString(sums.empty() ? int128{0} : sums[i], 10)},
                     {"Unit", question.metrics[i]->money ? "USD" : "N/A"}};
  }
  return metrics;
}

json::object BucketJson(const World& world, const Question& question, const TimeRange& bucket) {
  return {{"TimePeriod",
           {{"Start", Edge(bucket.start, question.granularity)},
            {"End", Edge(bucket.end, question.granularity)}}},
          {"Total", json::object()},
          {"Groups", json::array()},
          {"Estimated", ViewOf(world, PeriodOf(bucket.start)).open}};
}

/// Account names come along with account ids.
json::array NamesOf(const World& world, const Question& question, const Cells& cells) {
  std::set<std::string> ids;
  for (std::size_t i = 0; i < question.keys.size(); ++i) {
    if (question.keys[i].type != CostKey::Type::kDimension ||
        question.keys[i].name != "LINKED_ACCOUNT")
      continue;
    for (const auto& [key, sums] : cells) ids.insert(key.second[i]);
  }
  json::array names;
  for (const std::string& id : ids) {
    const auto account = world.accounts.find(id);
    if (account != world.accounts.end())
      names.push_back(
          json::object{{"Value", id}, {"Attributes", {{"description", account->second.name}}}});
  }
  return names;
}

Result<Reply> GetCostAndUsage(World& world, const Operation& operation) {
  TRY_ASSIGN(const Question question, ReadQuestion(world, operation.body));
  const std::vector<TimeRange> buckets = Buckets(question.range, question.granularity);
  const Cells cells = Sum(world, operation, question, buckets);

  // Pages cut through the groups in order; a token belongs to the question it was made for.
  json::object unpaged = operation.body;
  unpaged.erase("NextPageToken");
  const std::string mark = Sha256(json::serialize(unpaged)).substr(0, 8);
  std::string token = TextOf(operation.body, "NextPageToken");
  if (!token.empty()) {
    const bool is_ours =
        token.size() > mark.size() &&
        token.find_first_not_of("0123456789abcdef") >= mark.size();  // npos is beyond as well
    if (!is_ours)
      return Refuse(400, "InvalidNextTokenException", "The next page token is not valid.");
    if (!token.starts_with(mark))
      return Refuse(400, "RequestChangedException",
                    "Your request parameters changed between pages.");
    token.erase(0, 8);
  }
  const bool grouped = !question.keys.empty();
  TRY_ASSIGN(const Page page, TakePage(grouped ? cells.size() : buckets.size(), token,
                                       static_cast<std::size_t>(world.options.cost_explorer_page),
                                       "InvalidNextTokenException"));
  Reply reply;
  json::array& results = reply.json["ResultsByTime"].emplace_array();
  if (!grouped) {
    for (std::size_t i = page.begin; i < page.end; ++i) {
      json::object result = BucketJson(world, question, buckets[i]);
      const auto cell = cells.find({i, {}});
      result["Total"] = MetricsJson(question, cell == cells.end() ? Sums() : cell->second);
      results.push_back(std::move(result));
    }
  } else {
    auto cell = std::next(cells.begin(), static_cast<std::ptrdiff_t>(page.begin));
    std::size_t shown = cells.size();
    // The first page shows empty stretches too.
    std::size_t next_bucket = page.begin == 0 ? 0 : buckets.size();
    for (std::size_t i = page.begin; i < page.end; ++i, ++cell) {
      const std::size_t bucket = cell->first.first;
      for (; next_bucket < bucket; ++next_bucket)
        results.push_back(BucketJson(world, question, buckets[next_bucket]));
      if (shown != bucket || results.empty())
        results.push_back(BucketJson(world, question, buckets[bucket]));
      shown = bucket;
      next_bucket = page.begin == 0 ? bucket + 1 : next_bucket;
      json::array keys(cell->first.second.begin(), cell->first.second.end());
      results.back().at("Groups").get_array().push_back(json::object{
          {"Keys", std::move(keys)}, {"Metrics", MetricsJson(question, cell->second)}});
    }
    if (page.begin == 0 && page.next.empty()) {
      for (; next_bucket < buckets.size(); ++next_bucket)
        results.push_back(BucketJson(world, question, buckets[next_bucket]));
    }
    reply.json["GroupDefinitions"] = operation.body.at("GroupBy");
  }
  reply.json["DimensionValueAttributes"] = NamesOf(world, question, cells);
  if (!page.next.empty()) reply.json["NextPageToken"] = mark + page.next;
  return reply;
}

/// GetDimensionValues and GetTags: the distinct values of a key.
Result<Reply> GetValues(World& world, const Operation& operation) {
  TRY_ASSIGN(const TimeRange range, ReadRange(world, operation.body));
  TRY_ASSIGN(const CostFilter filter, CostFilter::Parse(ObjectOf(operation.body, "Filter")));
  const bool tags = operation.action == "GetTags";
  const std::string name = TextOf(operation.body, tags ? "TagKey" : "Dimension");
  if (!tags && !IsCostDimension(name)) return Invalid("Invalid dimension: " + name);
  const std::string search = TextOf(operation.body, "SearchString");
  std::set<std::string> values;
  ForEachCost(world, operation, range, filter, [&](const Line& line) {
    if (!tags || !name.empty()) {
      values.insert(
          CostValue(world, {tags ? CostKey::Type::kTag : CostKey::Type::kDimension, name}, line));
      return;
    }
    for (const AllocationTag& tag : world.tags) {
      if (!CostValue(world, {CostKey::Type::kTag, tag.key}, line).empty()) values.insert(tag.key);
    }
  });
  std::erase_if(values,
                [&](const std::string& value) { return value.find(search) == std::string::npos; });
  const std::vector<std::string> list(values.begin(), values.end());
  const auto size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(NumberOf(operation.body, "MaxResults", 1000), 1, 1000));
  TRY_ASSIGN(const Page page, TakePage(list.size(), TextOf(operation.body, "NextPageToken"), size,
                                       "InvalidNextTokenException"));
  Reply reply;
  json::array& shown = reply.json[tags ? "Tags" : "DimensionValues"].emplace_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    if (tags) {
      shown.push_back(json::value(list[i]));
      continue;
    }
    json::object attributes;
    const auto account = world.accounts.find(list[i]);
    if (account != world.accounts.end()) attributes["description"] = account->second.name;
    shown.push_back(json::object{{"Value", list[i]}, {"Attributes", std::move(attributes)}});
  }
  reply.json["ReturnSize"] = page.end - page.begin;
  reply.json["TotalSize"] = list.size();
  if (!page.next.empty()) reply.json["NextPageToken"] = page.next;
  return reply;
}

}  // namespace

Result<Reply> AnswerCostExplorer(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  TRY(CheckAccess(
      world, operation,
      {.action = "ce:" + action,
       .resource = "arn:aws:ce:us-east-1:" + operation.caller.account_id + ":/" + action}));
  if (!world.cost_explorer_enabled)
    return Refuse(400, "AccessDeniedException", "User not enabled for cost explorer access");
  if (action == "GetCostAndUsage") return GetCostAndUsage(world, operation);
  if (action == "GetDimensionValues" || action == "GetTags") return GetValues(world, operation);
  return AnswerCostTags(world, operation);
}

}  // namespace farthing::rehearsal
