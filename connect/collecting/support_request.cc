#include "connect/collecting/support_request.h"

#include <algorithm>
#include <map>

#include "base/shell_words.h"
#include "base/text.h"
#include "billing/registry.h"
#include "connect/collected.h"
#include "connect/collecting/remote_deliveries.h"
#include "connect/exports/chosen_export.h"
#include "connect/life/payer_first.h"

namespace farthing::connect {
namespace {

std::string MonthList(const std::vector<Period>& months) {
  std::vector<std::string> names;
  for (const Period month : months) names.push_back(ToString(month));
  return Join(names, ", ");
}

}  // namespace

std::string_view Name(BackfillMonth::Source source) {
  switch (source) {
    case BackfillMonth::Source::kInLake: return "in-lake";
    case BackfillMonth::Source::kBucket: return "bucket";
    case BackfillMonth::Source::kSupport: return "aws-support";
  }
  return "in-lake";
}

SupportRequest WriteSupportRequest(const Connection& connection,
                                   const std::vector<Period>& months) {
  CHECK(!months.empty());
  const Settings& settings = connection.settings;
  const ExportPlace& place = settings.export_place;
  SupportRequest request;
  request.account = settings.account_id;
  request.export_name = place.name;
  request.export_arn = place.arn;
  request.bucket = place.bucket;
  request.prefix = place.prefix;
  request.months = months;
  const bool legacy = place.kind == ExportKind::kLegacyCur;
  const std::string what = legacy ? "Cost and Usage Report" : "data export";
  request.subject = "Backfill of a " + what + " for " + ToString(months.front()) +
                    (months.size() == 1 ? "" : " to " + ToString(months.back()));
  request.text =
      "Service: Billing\nCategory: Cost and Usage Reports and Data Exports\nSubject: " +
      request.subject + "\n\nHello,\n\nplease backfill our " + what +
      " with the billing periods from before it was created.\n\n"
      "Account ID: " +
      request.account + "\n" + (legacy ? "Report name: " : "Export name: ") + request.export_name +
      "\n" + (request.export_arn.empty() ? "" : "Export ARN: " + request.export_arn + "\n") +
      "S3 bucket: " + request.bucket + "\nS3 path prefix: " + request.prefix +
      "\nBilling periods: " + MonthList(months) +
      "\n\nThe definition of the export need not change. Please deliver the periods to the "
      "same bucket and prefix, and tell us if some of them cannot be delivered.\n\nThank you.\n";
  return request;
}

Result<BackfillPlan> PlanBackfill(Installation& installation, const std::string& name, Period from,
                                  Instant now) {
  TRY_ASSIGN(Connection connection, installation.store.Find(name));
  TRY(CheckOwnBill(installation.store, installation.catalog, connection));
  const Period current = PeriodOf(now);
  if (from >= current) {
    return Error(Errc::kInvalidArgument, "not a month of the past: " + ToString(from));
  }
  TRY_ASSIGN(const auto client, ClientFor(connection, installation.platform, installation.vault));
  TRY_ASSIGN(const ExportPlace place, PlaceMeant(connection, *client));
  aws::S3 s3 = BucketOf(connection, client);
  std::vector<aws::S3Object> objects;
  TRY(s3.EachPage(place.bucket, DeliveryPrefix(place), "", [&](aws::Listing page) {
    std::move(page.objects.begin(), page.objects.end(), std::back_inserter(objects));
    return true;
  }));
  std::set<Period> in_bucket;
  for (const PeriodManifests& group : GroupManifests(BucketListing(std::move(objects)))) {
    if (group.period) in_bucket.insert(*group.period);
  }

  CollectedLog log(installation.store.database(), connection.id);
  TRY_ASSIGN(const std::vector<std::int64_t> ids, log.Exports());
  TRY_ASSIGN(const std::vector<lake::Candidate> candidates, installation.catalog.Candidates({}));
  std::set<Period> loaded, filled;
  for (const lake::Candidate& candidate : candidates) {
    const lake::Load& load = candidate.load;
    if (std::find(ids.begin(), ids.end(), load.export_id) == ids.end()) continue;
    (load.format == billing::kCostExplorerFormat ? filled : loaded).insert(load.period);
  }
  TRY_ASSIGN(const auto known, log.All());
  std::map<Period, std::string> failed;
  for (const auto& [key, one] : known) {
    if (one.period && !CauseOf(one).empty()) failed[*one.period] = one.outcome + ": " + one.reason;
  }

  BackfillPlan plan;
  using Source = BackfillMonth::Source;
  for (Period month = from; month < current; month = month.Next()) {
    const auto bad = failed.find(month);
    if (loaded.contains(month)) {
      plan.months.push_back({month, Source::kInLake, "it is there"});
    } else if (in_bucket.contains(month)) {
      plan.months.push_back({month, Source::kBucket,
                             bad != failed.end()
                                 ? "it lies in the bucket; last time it was " + bad->second
                                 : "it lies in the bucket and was not collected"});
    } else {
      std::string why =
          in_bucket.empty() ? "nothing lies in the bucket"
          : month < *in_bucket.begin()
              ? "it is from before the export's first month, " + ToString(*in_bucket.begin())
              : "the bucket has months before and after it but not this one";
      if (filled.contains(month)) why += "; Cost Explorer fills it meanwhile";
      plan.months.push_back({month, Source::kSupport, std::move(why)});
    }
  }
  const Period oldest_asked{current.year - 1, current.month};
  if (std::any_of(plan.months.begin(), plan.months.end(), [&](const BackfillMonth& month) {
        return month.source == Source::kSupport && !filled.contains(month.period) &&
               month.period >= oldest_asked;
      })) {
    plan.notes.push_back("Cost Explorer has the last 13 months at once: " +
                         CommandLine({"farthing", "first-day", connection.settings.name}));
  }
  return plan;
}

}  // namespace farthing::connect
