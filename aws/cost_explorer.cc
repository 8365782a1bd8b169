#include "aws/cost_explorer.h"

#include <algorithm>
#include <utility>

#include "aws/error.h"
#include "aws/protocol_internal.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr JsonService kCostExplorer = {Service::kCostExplorer, "AWSInsightsIndexService"};
constexpr std::size_t kMostTagsPerCall = 20;

Result<json::object> Request(const CostQuery& query) {
  json::object request = {
      {"TimePeriod", {{"Start", query.start}, {"End", query.end}}},
      {"Granularity", query.granularity},
      {"Metrics", TextList(query.metrics)},
  };
  if (!query.filter_json.empty()) {
    boost::system::error_code code;
    json::value filter = json::parse(query.filter_json, code);
    if (code || !filter.is_object())
      return Error(Errc::kInvalidArgument,
                   "a Cost Explorer filter must be a JSON object: " + query.filter_json);
    request["Filter"] = std::move(filter);
  }
  if (query.dimensions.size() > 2)
    return Error(Errc::kInvalidArgument,
                 "Cost Explorer groups by two dimensions at most: " + Join(query.dimensions, ", "));
  if (!query.dimensions.empty()) {
    json::array groups;
    for (const std::string& dimension : query.dimensions)
      groups.push_back({{"Type", "DIMENSION"}, {"Key", dimension}});
    request["GroupBy"] = std::move(groups);
  }
  return request;
}

// Collects groups; a page may hold only a part of a time bucket's groups.
class Merger {
 public:
  Result<void> Add(const json::object& page) {
    for (const json::value& item : ListAt(page, "ResultsByTime")) {
      if (!item.is_object()) continue;
      const json::object& bucket = item.get_object();
      const json::array& groups = ListAt(bucket, "Groups");
      for (const json::value& group : groups) {
        if (!group.is_object()) continue;
        TRY(AddGroup(bucket, TextsAt(group.get_object(), "Keys"),
                     ObjectAt(group.get_object(), "Metrics")));
      }
      // With GroupBy, Total is there and empty.
      const json::object& total = ObjectAt(bucket, "Total");
      if (groups.empty() && !total.empty()) TRY(AddGroup(bucket, {}, total));
    }
    for (const json::value& item : ListAt(page, "DimensionValueAttributes")) {
      if (!item.is_object()) continue;
      const std::string name = TextAt(ObjectAt(item.get_object(), "Attributes"), "description");
      if (!name.empty()) answer_.names[TextAt(item.get_object(), "Value")] = name;
    }
    return {};
  }

  CostAnswer Take() { return std::move(answer_); }

 private:
  Result<void> AddGroup(const json::object& bucket, std::vector<std::string> keys,
                        const json::object& metrics) {
    const json::object& period = ObjectAt(bucket, "TimePeriod");
    const std::string start = TextAt(period, "Start");
    const auto [place, fresh] = places_.try_emplace(std::pair(start, keys), answer_.groups.size());
    if (fresh) {
      CostGroup group;
      group.start = start;
      group.end = TextAt(period, "End");
      group.keys = std::move(keys);
      answer_.groups.push_back(std::move(group));
    }
    CostGroup& group = answer_.groups[place->second];
    group.estimated = group.estimated || FlagAt(bucket, "Estimated");
    for (const auto& metric : metrics) {
      if (!metric.value().is_object()) continue;
      const json::object& value = metric.value().get_object();
      const std::string name(metric.key());
      const std::string amount = TextAt(value, "Amount");
      const auto [known, added] = group.amounts.try_emplace(name, amount);
      if (!added && known->second != amount)
        return Error(Errc::kConflict, "Cost Explorer gives two amounts for the same group: " +
                                          start + " " + Join(group.keys, ", "))
            .Hint("its data changed between two pages; ask again");
      group.units[name] = TextAt(value, "Unit");
    }
    return {};
  }

  CostAnswer answer_;
  std::map<std::pair<std::string, std::vector<std::string>>, std::size_t> places_;
};

bool MustStartOver(const Error& error) {
  const std::string_view code = AwsCode(error);
  return code == "RequestChangedException" || code == "InvalidNextTokenException";
}

// All pages with one set of tokens.  `pages` counts what was paid, over attempts.
Result<CostAnswer> AllPages(Client& client, json::object request, int page_limit, int& pages) {
  Merger merger;
  std::string last;
  while (true) {
    if (pages >= page_limit)
      return Error(Errc::kTooLarge,
                   "the answer of Cost Explorer has more pages than the limit of " +
                       std::to_string(page_limit))
          .Hint("each page costs US$0.01; raise the limit or ask for a shorter time");
    ++pages;
    TRY_ASSIGN(const json::object page,
               CallJson(client, kCostExplorer, "GetCostAndUsage", request));
    TRY(merger.Add(page));
    std::string next = TextAt(page, "NextPageToken");
    if (next.empty()) return merger.Take();
    if (next == last)
      return Error(Errc::kCorrupt, "Cost Explorer offers the same page again: ce:GetCostAndUsage");
    request["NextPageToken"] = next;
    last = std::move(next);
  }
}

}  // namespace

Result<CostAnswer> GetCostAndUsage(Client& client, const CostQuery& query, int page_limit) {
  TRY_ASSIGN(const json::object request, Request(query));
  int pages = 0;
  Result<CostAnswer> answer = AllPages(client, request, page_limit, pages);
  // The data changed while we read: once more from the first page.
  if (!answer.ok() && MustStartOver(answer.error()))
    answer = AllPages(client, request, page_limit, pages);
  if (answer.ok()) answer->pages = pages;
  return answer;
}

Result<std::vector<AllocationTag>> ListCostAllocationTags(Client& client) {
  std::vector<AllocationTag> tags;
  TRY(EveryPage(client, kCostExplorer, "ListCostAllocationTags", {{"MaxResults", 1000}},
                "NextToken", [&](const json::object& page) -> Result<void> {
                  for (const json::value& item : ListAt(page, "CostAllocationTags")) {
                    if (!item.is_object()) continue;
                    const json::object& given = item.get_object();
                    tags.push_back({TextAt(given, "TagKey"), TextAt(given, "Type"),
                                    TextAt(given, "Status"), TextAt(given, "LastUsedDate")});
                  }
                  return {};
                }));
  return tags;
}

Result<void> UpdateCostAllocationTags(Client& client, const std::vector<std::string>& keys,
                                      const std::string& status) {
  std::vector<std::string> refused;
  for (std::size_t start = 0; start < keys.size(); start += kMostTagsPerCall) {
    json::array wanted;
    for (std::size_t i = start; i < std::min(keys.size(), start + kMostTagsPerCall); ++i)
      wanted.push_back({{"TagKey", keys[i]}, {"Status", status}});
    TRY_ASSIGN(const json::object answer,
               CallJson(client, kCostExplorer, "UpdateCostAllocationTagsStatus",
                        {{"CostAllocationTagsStatus", std::move(wanted)}}));
    // Refusals of single keys come with status 200.
    for (const json::value& item : ListAt(answer, "Errors")) {
      if (!item.is_object()) continue;
      refused.push_back(TextAt(item.get_object(), "TagKey") + " (" +
                        TextAt(item.get_object(), "Message") + ")");
    }
  }
  if (refused.empty()) return {};
  return Error(Errc::kInvalidArgument,
               "AWS refuses to make these tags " + status + ": " + Join(refused, ", "))
      .Hint("a tag can be activated once it has been on a resource for about a day");
}

Result<void> StartTagBackfill(Client& client, const std::string& from) {
  TRY_ASSIGN(const Instant start, ParseInstant(from));
  TRY(CallJson(client, kCostExplorer, "StartCostAllocationTagBackfill",
               {{"BackfillFrom", ToString(start)}}));
  return {};
}

Result<std::vector<TagBackfill>> ListTagBackfills(Client& client) {
  std::vector<TagBackfill> backfills;
  TRY(EveryPage(client, kCostExplorer, "ListCostAllocationTagBackfillHistory",
                {{"MaxResults", 1000}}, "NextToken", [&](const json::object& page) -> Result<void> {
                  for (const json::value& item : ListAt(page, "BackfillRequests")) {
                    if (!item.is_object()) continue;
                    const json::object& given = item.get_object();
                    backfills.push_back({TextAt(given, "BackfillFrom"),
                                         TextAt(given, "RequestedAt"), TextAt(given, "CompletedAt"),
                                         TextAt(given, "BackfillStatus")});
                  }
                  return {};
                }));
  return backfills;
}

}  // namespace farthing::aws
