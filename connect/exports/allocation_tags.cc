#include "connect/exports/allocation_tags.h"

#include <algorithm>

#include "aws/error.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{24} * 3600 * 1'000'000;

/// Only the management account has these tags; AWS says so in a sentence.
Error Explained(Error error) {
  const std::string said = ToLower(error.detail(aws::kMessageDetail));
  if (said.find("linked account") == std::string::npos) return error;
  return Error(Errc::kInvalidArgument, error.message())
      .Hint("cost allocation tags belong to the management account: use its connection");
}

Result<std::vector<aws::AllocationTag>> Tags(aws::Client& client) {
  Result<std::vector<aws::AllocationTag>> tags = aws::ListCostAllocationTags(client);
  if (!tags.ok()) return Explained(std::move(tags).error());
  return tags;
}

}  // namespace

std::vector<std::string> TagLimits() {
  return {"AWS changes " + std::to_string(kTagsPerCall) +
              " keys a call (more go in several calls) and keeps up to " +
              std::to_string(kActiveTagsLimit) + " active",
          "a key appears here about a day after its first use; once activated it is in the bill "
          "within 24 hours, from then on",
          "earlier months need a backfill: one in 24 hours, at most " +
              std::to_string(kBackfillMonths) +
              " months back; AWS then restates Cost Explorer and all exports by itself"};
}

Result<std::vector<std::string>> SetTagStatus(aws::Client& client,
                                              const std::vector<std::string>& keys,
                                              TagStatus status) {
  const std::string wanted = status == TagStatus::kActive ? "Active" : "Inactive";
  TRY_ASSIGN(const std::vector<aws::AllocationTag> tags, Tags(client));
  std::vector<std::string> known, changed;
  for (const aws::AllocationTag& tag : tags) known.push_back(tag.key);
  for (const std::string& key : keys) {
    const auto tag = std::find_if(tags.begin(), tags.end(),
                                  [&](const aws::AllocationTag& each) { return each.key == key; });
    if (tag == tags.end()) {
      const std::vector<std::string> close = ClosestWords(key, known);
      return Error(Errc::kNotFound, "AWS knows no cost allocation tag with the key " + key)
          .Hint((close.empty() ? std::string() : "did you mean " + Join(close, " or ") + "? ") +
                "A key appears about a day after its first use on a resource");
    }
    const bool twice = std::find(changed.begin(), changed.end(), key) != changed.end();
    if (tag->status != wanted && !twice) changed.push_back(key);
  }
  const auto active = std::count_if(tags.begin(), tags.end(), [](const aws::AllocationTag& tag) {
    return tag.status == "Active";
  });
  if (status == TagStatus::kActive &&
      active + static_cast<std::ptrdiff_t>(changed.size()) > kActiveTagsLimit) {
    return Error(Errc::kTooLarge, "AWS keeps up to " + std::to_string(kActiveTagsLimit) +
                                      " keys active, and " + std::to_string(active) + " are")
        .Hint("deactivate some that no report uses first");
  }
  if (changed.empty()) return changed;
  if (auto done = aws::UpdateCostAllocationTags(client, changed, wanted); !done.ok()) {
    return Explained(std::move(done).error());
  }
  return changed;
}

Result<void> BackfillTags(aws::Client& client, Period from, Instant now) {
  Period oldest = PeriodOf(now);
  --oldest.year;
  if (from < oldest || now < from.start()) {
    return Error(Errc::kInvalidArgument, "a backfill cannot begin in " + ToString(from))
        .Hint("AWS goes " + std::to_string(kBackfillMonths) + " months back at most: from " +
              ToString(oldest) + " on");
  }
  Result<std::vector<aws::TagBackfill>> earlier = aws::ListTagBackfills(client);
  if (!earlier.ok()) return Explained(std::move(earlier).error());
  for (const aws::TagBackfill& one : *earlier) {
    const Result<Instant> asked = ParseInstant(one.requested_at);
    if (!asked.ok()) continue;
    const Instant again{asked->micros + kDayMicros};
    if (one.status != "PROCESSING" && again <= now) continue;
    return Error(Errc::kConflict, one.status == "PROCESSING"
                                      ? "a backfill from " + one.from + " is running"
                                      : "the last backfill was asked for at " + one.requested_at)
        .Hint("AWS takes one in 24 hours, and one at a time: try again after " + ToString(again));
  }
  if (auto started = aws::StartTagBackfill(client, ToString(from.start())); !started.ok()) {
    return Explained(std::move(started).error());
  }
  return {};
}

}  // namespace farthing::connect
