// Cost allocation tags and their backfill, as Cost Explorer's API manages them.
// Source: AWS Cost Explorer API reference, "ListCostAllocationTags", "StartCostAllocationTagBackfill".

#include <algorithm>

#include "sim/aws/bills.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000;

Result<Reply> Listed(const Operation& operation, std::string_view name, const json::array& items) {
  const auto size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(NumberOf(operation.body, "MaxResults", 100), 1, 1000));
  TRY_ASSIGN(const Page page, TakePage(items.size(), TextOf(operation.body, "NextToken"), size,
                                       "InvalidNextTokenException"));
  Reply reply;
  json::array& shown = reply.json[json::string_view(name.data(), name.size())].emplace_array();
  for (std::size_t i = page.begin; i < page.end; ++i) shown.push_back(items[i]);
  if (!page.next.empty()) reply.json["NextToken"] = page.next;
  return reply;
}

Result<Reply> ListTags(const World& world, const Operation& operation) {
  const std::string status = TextOf(operation.body, "Status");
  const std::string type = TextOf(operation.body, "Type");
  const auto keys = TextsOf(operation.body, "TagKeys");
  json::array items;
  for (const AllocationTag& tag : world.tags) {
    const std::string tag_status = tag.active ? "Active" : "Inactive";
    const std::string tag_type = tag.user_defined ? "UserDefined" : "AWSGenerated";
    const bool wanted =
        (status.empty() || status == tag_status) && (type.empty() || type == tag_type) &&
        (keys.empty() || std::find(keys.begin(), keys.end(), tag.key) != keys.end());
    if (!wanted) continue;
    items.push_back(json::object{{"TagKey", tag.key},
                                 {"Type", tag_type},
                                 {"Status", tag_status},
                                 {"LastUpdatedDate", ToString(tag.updated)},
                                 {"LastUsedDate", DayString(world.billed_until) + "T00:00:00Z"}});
  }
  return Listed(operation, "CostAllocationTags", items);
}

Result<Reply> UpdateTags(World& world, const Operation& operation) {
  const json::array* changes = ArrayOf(operation.body, "CostAllocationTagsStatus");
  if (changes == nullptr || changes->empty() || changes->size() > 20) {
    return Refuse(400, "ValidationException", "CostAllocationTagsStatus must hold 1 to 20 entries");
  }
  Reply reply;
  json::array& errors = reply.json["Errors"].emplace_array();
  for (const json::value& change : *changes) {
    if (!change.is_object()) return Refuse(400, "ValidationException", "CostAllocationTagsStatus");
    const std::string key = TextOf(change.get_object(), "TagKey");
    const auto tag = std::find_if(world.tags.begin(), world.tags.end(),
                                  [&](const AllocationTag& each) { return each.key == key; });
    if (tag == world.tags.end()) {
      errors.push_back(json::object{
          {"TagKey", key}, {"Code", "TagKeyNotFound"}, {"Message", "Tag key not found"}});
      continue;
    }
    tag->active = TextOf(change.get_object(), "Status") == "Active";
    tag->updated = world.now();
  }
  return reply;
}

/// A backfill runs for some hours.
json::object Shown(const World& world, json::object request) {
  const auto requested = ParseInstant(TextOf(request, "RequestedAt"));
  const Instant done{requested->micros + kDay / 8};
  request["BackfillStatus"] = world.now() < done ? "PROCESSING" : "SUCCEEDED";
  if (world.now() >= done) request["CompletedAt"] = ToString(done);
  request["LastUpdatedAt"] = ToString(std::min(done, world.now()));
  return request;
}

Result<Reply> StartBackfill(World& world, const Operation& operation) {
  TRY_ASSIGN(const std::string from, Required(operation.body, "BackfillFrom"));
  const auto start = ParseInstant(from);
  Period oldest = PeriodOf(world.now());
  --oldest.year;
  if (!start.ok() || PeriodOf(*start).start() != *start || *start < oldest.start()) {
    return Refuse(400, "ValidationException",
                  "BackfillFrom must be the first day of a month, at most twelve months back");
  }
  if (!world.backfills.empty()) {
    const auto last = ParseInstant(TextOf(world.backfills.back(), "RequestedAt"));
    if (world.now().micros < last->micros + kDay)
      return Refuse(400, "BackfillLimitExceededException",
                    "A backfill can be requested once in 24 hours.");
  }
  world.backfills.push_back({{"BackfillFrom", from}, {"RequestedAt", ToString(world.now())}});
  Reply reply;
  reply.json["BackfillRequest"] = Shown(world, world.backfills.back());
  return reply;
}

}  // namespace

Result<Reply> AnswerCostTags(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  const bool known = action == "ListCostAllocationTags" ||
                     action == "UpdateCostAllocationTagsStatus" ||
                     action == "StartCostAllocationTagBackfill" ||
                     action == "ListCostAllocationTagBackfillHistory";
  if (!known) return UnknownAction(operation);
  if (operation.caller.account_id != world.payer) {
    return Refuse(400, "ValidationException",
                  "Linked account doesn't have access to cost allocation tags.");
  }
  if (action == "ListCostAllocationTags") return ListTags(world, operation);
  if (action == "UpdateCostAllocationTagsStatus") return UpdateTags(world, operation);
  if (action == "StartCostAllocationTagBackfill") return StartBackfill(world, operation);
  json::array items;
  for (auto request = world.backfills.rbegin(); request != world.backfills.rend(); ++request)
    items.push_back(Shown(world, *request));
  return Listed(operation, "BackfillRequests", items);
}

}  // namespace farthing::rehearsal
