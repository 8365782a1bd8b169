#include "sim/aws/bills.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/files.h"
#include "base/text.h"
#include "engine/duckdb.h"
#include "sim/aws/services.h"
#include "sim/delivery.h"
#include "sim/month.h"
#include "sim/renumbering.h"

namespace farthing::rehearsal {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kRefreshAt = 5 * kHour + kHour / 4;  // 05:15, 13:15 and 21:15
constexpr std::int64_t kRefreshEvery = 8 * kHour;
constexpr std::int64_t kFinalAfter = 5 * kDay;  // the bill of a month is invoiced on the 6th
constexpr int kManyRefreshes = 40;

Instant NextRefresh(Instant after) {
  const std::int64_t number = (after.micros - kRefreshAt) / kRefreshEvery + 1;
  return {number * kRefreshEvery + kRefreshAt};
}

/// A directory of our own that goes away with us.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / ("farthing-rehearsal-" + NewUlid())) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const json::object& Destination(const json::object& definition) {
  return definition.at("DestinationConfigurations").at("S3Destination").get_object();
}

/// Where an export goes.
struct Place {
  std::string bucket, prefix;
};
Place PlaceOf(const Export& each) {
  const json::object& at = each.legacy ? each.definition : Destination(each.definition);
  return {TextOf(at, "S3Bucket"), TextOf(at, "S3Prefix")};
}

sim::BillOptions::Layout LayoutOf(const Export& each) {
  const std::string how =
      each.legacy
          ? TextOf(each.definition, "ReportVersioning")
          : TextOf(*ObjectOf(Destination(each.definition), "S3OutputConfigurations"), "Overwrite");
  return how == "CREATE_NEW_REPORT" ? sim::BillOptions::Layout::kCreateNew
                                    : sim::BillOptions::Layout::kOverwrite;
}

bool Wants(const Export& each, std::string_view legacy_element, std::string_view property) {
  if (each.legacy) {
    const auto elements = TextsOf(each.definition, "AdditionalSchemaElements");
    return std::find(elements.begin(), elements.end(), legacy_element) != elements.end();
  }
  const json::object* query = ObjectOf(each.definition, "DataQuery");
  const json::object* tables = query == nullptr ? nullptr : ObjectOf(*query, "TableConfigurations");
  const json::object* table =
      tables == nullptr ? nullptr : ObjectOf(*tables, "COST_AND_USAGE_REPORT");
  return table != nullptr && TextOf(*table, property) == "TRUE";
}

/// What an export delivers: the columns of its query, without those its table then lacks.
Result<sim::Columns> ColumnsOf(const Export& each) {
  sim::Columns columns;
  if (each.legacy) {
    columns = sim::LegacyColumns();
  } else {
    TRY_ASSIGN(const SelectList select,
               ReadSelect(TextOf(*ObjectOf(each.definition, "DataQuery"), "QueryStatement")));
    const sim::Columns all = ColumnsOfTable(select.table);
    if (select.columns.empty()) columns = all;
    for (const std::string& name : select.columns) {
      std::copy_if(all.begin(), all.end(), std::back_inserter(columns),
                   [&](const sim::Column& column) { return column.name == name; });
    }
    if (select.table.starts_with("FOCUS")) return columns;
  }
  const bool resources = Wants(each, "RESOURCES", "INCLUDE_RESOURCES");
  const bool split =
      Wants(each, "SPLIT_COST_ALLOCATION_DATA", "INCLUDE_SPLIT_COST_ALLOCATION_DATA");
  std::erase_if(columns, [&](const sim::Column& column) {
    const std::string& name = column.name;
    if (!resources && name == (each.legacy ? "lineItem/ResourceId" : "line_item_resource_id")) {
      return true;
    }
    return !split && name.starts_with(each.legacy ? "splitLineItem/" : "split_line_item_");
  });
  return columns;
}

std::string SignatureOf(const BillView& view) {
  return ToString(view.until) + (view.open ? " open " : " final ") +
         std::to_string(view.restatement);
}

void Fail(World& world, Export& each, std::string_view legacy_status, std::string_view reason) {
  each.last_status = legacy_status;
  each.status = "UNHEALTHY";
  each.status_reason = reason;
  each.executions.push_back(
      {world.Uuid(), "DELIVERY_FAILURE", std::string(reason), world.now(), world.now()});
}

/// Moves the files of a delivery into the bucket, manifests last, with the faults that are set.
Result<void> StoreFiles(World& world, Bucket& bucket, const fs::path& root) {
  TRY_ASSIGN(std::vector<fs::path> files, ListTree(root));
  std::stable_partition(files.begin(), files.end(), [](const fs::path& file) {
    return !file.string().ends_with("Manifest.json");
  });
  const bool tear = world.faults.Take(FaultKind::kTearManifest);
  bool lose = world.faults.Take(FaultKind::kMissingFile);
  bool surplus = world.faults.Take(FaultKind::kSurplusObject);
  for (const fs::path& file : files) {
    const std::string key = fs::relative(file, root).string();
    TRY_ASSIGN(std::string content, ReadFile(file, std::uint64_t{4} << 30));
    const bool manifest = key.ends_with("Manifest.json");
    const auto number = key.find("-00001.");
    if (!manifest && number != std::string::npos) {
      if (surplus)
        StoreObject(world, bucket, std::string(key).replace(number, 6, "-00099"), content);
      surplus = false;
      if (std::exchange(lose, false)) {
        bucket.objects.erase(key);
        continue;
      }
    }
    if (manifest && tear) content.resize(content.size() / 2);
    StoreObject(world, bucket, key, std::move(content));
  }
  return {};
}

Result<void> DeliverMonth(World& world, Export& each, const BillView& view, Bucket& bucket) {
  if (world.database == nullptr) {
    TRY_ASSIGN(world.database, engine::Database::Open());
  }
  TRY_ASSIGN(auto connection, world.database->Connect());
  const Scratch scratch;
  TRY_ASSIGN(const sim::BillFormat format, FormatOf(each));
  TRY_ASSIGN(auto columns, ColumnsOf(each));
  const bool split =
      Wants(each, "SPLIT_COST_ALLOCATION_DATA", "INCLUDE_SPLIT_COST_ALLOCATION_DATA");
  sim::Delivery delivery({.format = format,
                          .bucket = scratch.path(),
                          .period = view.period,
                          .layout = LayoutOf(each),
                          .number = 1,
                          .seed = world.options.seed,
                          .lines_per_file = world.options.lines_per_file,
                          .prefix = PlaceOf(each).prefix,
                          .report = each.name,
                          .bucket_name = bucket.name,
                          .made = world.now(),
                          .export_arn = each.arn,
                          .owner = each.owner,
                          .columns = std::move(columns)},
                         &connection);
  const bool whole = each.owner == world.payer;  // a member is delivered its own usage only
  ForEachLine(world, view, [&](const sim::Line& line) {
    if (!whole && line.account->id != each.owner) return;
    if (split || line.split.parent.empty()) delivery.Write(line);
  });
  TRY(delivery.Finish());
  return StoreFiles(world, bucket, scratch.path());
}

}  // namespace

Period FirstPeriod(const World& world) {
  Period first = PeriodOf(world.started);
  const int months = first.year * 12 + first.month - 1 - world.options.months;
  return {months / 12, months % 12 + 1};
}

BillView ViewOf(const World& world, Period period) {
  BillView view{period, std::clamp(world.billed_until, period.start(), period.end())};
  view.open = world.billed_until.micros < period.end().micros + kFinalAfter;
  const auto restated = world.restatements.find(ToString(period));
  if (restated != world.restatements.end()) view.restatement = restated->second;
  return view;
}

void ForEachLine(const World& world, const BillView& view,
                 const std::function<void(const sim::Line&)>& sink) {
  if (view.until <= view.period.start() || view.period < FirstPeriod(world)) return;
  const Period& period = view.period;
  const sim::Numbers numbers = NumbersOf(world.options);
  sim::Renumbering renumbering(numbers);
  const sim::BillHead head{
      .period = sim::TimeSpan(period.start(), period.end()),
      .currency = "USD",
      .open = view.open,
      .invoice_prefix = std::to_string(period.year * 100 + period.month) + "880",
      .payer = &renumbering.payer()};
  const sim::MonthOptions month{.seed = world.options.seed,
                                .first = FirstPeriod(world),
                                .period = period,
                                .lines = world.options.lines_per_month,
                                .restatement = view.restatement};
  const std::string until = sim::TimeSpan(view.until, view.until).start;
  sim::EmitMonth(month, head, [&](const sim::Line& line) {
    if (line.span->start < until) sink(numbers.AreGiven() ? line : renumbering.Apply(line));
  });
}

Result<void> DeliverExport(World& world, Export& each) {
  const Place place = PlaceOf(each);
  const auto found = world.buckets.find(place.bucket);
  if (found == world.buckets.end()) {
    Fail(world, each, "ERROR_NO_BUCKET", "INSUFFICIENT_PERMISSION");
    return {};
  }
  Bucket& bucket = found->second;
  const std::string_view service =
      each.legacy ? "billingreports.amazonaws.com" : "bcm-data-exports.amazonaws.com";
  if (!ServiceMay(world, bucket, service, "s3:PutObject",
                  "arn:aws:s3:::" + bucket.name + "/" + place.prefix + "/" + each.name, each)) {
    Fail(world, each, "ERROR_PERMISSIONS", "INSUFFICIENT_PERMISSION");
    return {};
  }
  if (const Fault* unhealthy = world.faults.Find(FaultKind::kUnhealthy);
      unhealthy != nullptr && !each.legacy) {
    Fail(world, each, "", unhealthy->text.empty() ? "INTERNAL_FAILURE" : unhealthy->text);
    return {};
  }
  each.status = "HEALTHY";
  each.status_reason.clear();
  const bool refresh_closed = !each.legacy || !each.definition.contains("RefreshClosedReports") ||
                              each.definition.at("RefreshClosedReports") == true;
  for (Period period = each.first; period <= PeriodOf(world.billed_until); period = period.Next()) {
    const BillView view = ViewOf(world, period);
    const std::string signature = SignatureOf(view);
    std::string& delivered = each.delivered[ToString(period)];
    const bool was_final = delivered.find("final") != std::string::npos;
    if (view.until <= period.start() || delivered == signature || (was_final && !refresh_closed))
      continue;
    TRY(DeliverMonth(world, each, view, bucket));
    delivered = signature;
    each.executions.push_back({world.Uuid(), "DELIVERY_SUCCESS", "", world.now(), world.now()});
  }
  each.last_status = "SUCCESS";
  each.last_delivery = world.now();
  ++world.deliveries;
  return {};
}

Result<void> DeliverAll(World& world) {
  world.billed_until = {world.now().micros / kHour * kHour};
  world.next_refresh = NextRefresh(world.now());
  if (world.faults.Find(FaultKind::kStopDeliveries) != nullptr) return {};
  for (const auto& each : world.exports) TRY(DeliverExport(world, *each));
  return {};
}

Result<void> CatchUp(World& world) {
  if (world.now() < world.next_refresh) return {};
  return AdvanceTo(world, world.now());
}

Result<void> AdvanceTo(World& world, Instant to) {
  const Instant wall = world.wall();
  const auto refreshes = (to.micros - world.next_refresh.micros) / kRefreshEvery + 1;
  while (world.next_refresh <= to) {
    const Instant at = world.next_refresh;
    world.next_refresh = NextRefresh(at);
    // Of a long time only the first refresh of each day shows.
    if (refreshes > kManyRefreshes && at.micros % kDay != kRefreshAt && world.next_refresh <= to)
      continue;
    world.moved_micros = at.micros - wall.micros;
    TRY(DeliverAll(world));
  }
  world.moved_micros = to.micros - wall.micros;
  return {};
}

}  // namespace farthing::rehearsal
