#include "ingest/discover/manifest_azure.h"

#include <boost/json.hpp>
#include <utility>

#include "base/text.h"

namespace farthing::ingest {
namespace {

namespace json = boost::json;

std::string TextAt(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

const json::object& ObjectAt(const json::object& object, const char* name) {
  static const json::object kNone;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

Error Incomplete(const std::string& what) {
  return Error(Errc::kCorrupt, "manifest " + what)
      .Hint("copy the run's folder again from the storage account");
}

// "2024-02-01T00:00:00", with or without a zone: Azure means days in UTC.
Result<Instant> DayAt(const json::object& run, const char* name) {
  constexpr std::size_t kDay = 10;
  const std::string text = TextAt(run, name);
  const Result<Instant> day = ParseInstant(std::string_view(text).substr(0, kDay));
  if (!day.ok()) return Incomplete(std::string("has no readable ") + name + ": " + text);
  return *day;
}

// The last day of the run, or the first after it.
Result<Period> MonthOf(const json::object& run) {
  TRY_ASSIGN(const Instant start, DayAt(run, "startDate"));
  TRY_ASSIGN(const Instant end, DayAt(run, "endDate"));
  const Period month = PeriodOf(start);
  if (end >= start && end <= month.end()) return month;
  return Error(Errc::kInvalidArgument,
               "the run is not of one month: from " + DayString(start) + " to " + DayString(end))
      .Hint("export each month by itself: Export selected dates in Cost Management");
}

Result<std::vector<std::string>> BlobNames(const json::object& object) {
  const json::value* list = object.if_contains("blobs");
  if (list == nullptr || !list->is_array()) return Incomplete("has no list blobs");
  std::vector<std::string> names;
  for (const json::value& blob : list->get_array()) {
    names.push_back(blob.is_object() ? TextAt(blob.get_object(), "blobName") : "");
    if (names.back().empty()) return Incomplete("has a blob without a name");
  }
  if (names.empty()) return Incomplete("lists no files in blobs");
  return names;
}

// Of the whole run; "" and absent are not told.
std::optional<std::int64_t> RowCount(const json::object& object) {
  const json::value* count = object.if_contains("dataRowCount");
  if (count == nullptr || !count->is_int64()) return std::nullopt;
  return count->get_int64();
}

}  // namespace

bool IsAzureManifest(const json::object& object) {
  return object.contains("runInfo") && object.contains("exportConfig");
}

Result<Manifest> ParseAzureManifest(const json::object& object) {
  const json::object& config = ObjectAt(object, "exportConfig");
  const json::object& run = ObjectAt(object, "runInfo");
  Manifest manifest;
  manifest.kind = Manifest::Kind::kAzure;
  manifest.name = TextAt(config, "exportName");
  manifest.identity = ToLower(TextAt(config, "resourceId"));
  manifest.dataset = TextAt(config, "type");
  TRY_ASSIGN(manifest.keys, BlobNames(object));
  TRY_ASSIGN(manifest.period, MonthOf(run));
  manifest.row_count = RowCount(object);
  // Seven decimals of a second: more than an instant has, and none of them matter.
  constexpr std::size_t kToTheSecond = 19;
  const Result<Instant> submitted =
      ParseInstant(TextAt(run, "submittedTime").substr(0, kToTheSecond));
  const std::string id = TextAt(run, "runId");
  if (manifest.name.empty() || id.empty() || !submitted.ok()) {
    return Incomplete("says no export, run or submittedTime");
  }
  manifest.version_key = ToString(*submitted) + "-" + id;  // in the order of the runs
  return manifest;
}

}  // namespace farthing::ingest
