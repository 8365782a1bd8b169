#include "connect/exports/discovery.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "base/text.h"

namespace farthing::connect {
namespace {

ExportKind KindOf(const aws::DataExport& data_export) {
  for (const ExportKind kind : {ExportKind::kCur2, ExportKind::kFocus10}) {
    if (data_export.table == TableOf(kind)) return kind;
  }
  return data_export.table.starts_with("FOCUS_") ? ExportKind::kFocus : ExportKind::kCur2;
}

/// The names that a query's result has, in lower case; "*" where it takes all.
std::set<std::string> Selected(const std::string& query) {
  std::string lower = ToLower(Trim(query));
  std::replace_if(
      lower.begin(), lower.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  const std::size_t from = lower.find(" from ");
  std::set<std::string> names;
  constexpr std::string_view kSelect = "select ";
  if (!lower.starts_with(kSelect) || from == std::string::npos) return names;
  for (const std::string& part : Split(lower.substr(kSelect.size(), from - kSelect.size()), ',')) {
    const std::string_view column = Trim(part);
    names.emplace(column.substr(column.rfind(' ') + 1));  // what follows AS, where there is one
  }
  return names;
}

bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string PropertyOf(const aws::DataExport& data_export, const std::string& name) {
  const auto found = data_export.table_properties.find(name);
  return found == data_export.table_properties.end() ? "" : found->second;
}

bool IsBill(const aws::DataExport& data_export) {
  return data_export.table == TableOf(ExportKind::kCur2) || data_export.table.starts_with("FOCUS_");
}

/// Columns without which an export is no bill.
std::span<const std::string_view> Indispensable(const aws::DataExport& data_export) {
  static constexpr std::string_view kCur2[] = {
      "line_item_unblended_cost", "line_item_usage_account_id", "line_item_usage_start_date",
      "line_item_line_item_type"};
  static constexpr std::string_view kFocus[] = {
      "BilledCost",     "EffectiveCost",     "BillingCurrency", "BillingPeriodStart",
      "ChargeCategory", "ChargePeriodStart", "SubAccountId"};
  if (data_export.table == TableOf(ExportKind::kCur2)) return kCur2;
  if (IsBill(data_export)) return kFocus;
  return {};
}

/// Best first: healthy bills with few shortcomings; CUR 2.0 before legacy before FOCUS, which knows less of AWS.
int Rank(const DiscoveredExport& found) {
  if (!found.readable) return 1000;
  int rank = found.place.kind == ExportKind::kCur2        ? 0
             : found.place.kind == ExportKind::kLegacyCur ? 1
                                                          : 2;
  if (found.status.starts_with("ERROR") || found.status == "UNHEALTHY") rank += 100;
  for (const Shortcoming& shortcoming : found.shortcomings) {
    if (shortcoming.harm == Harm::kBill) rank += 20;
    if (shortcoming.harm == Harm::kFigures) rank += 3;
  }
  return rank;
}

constexpr std::string_view kReportSettings =
    "edit the report under Billing and Cost Management, Data Exports (legacy reports: Cost and "
    "Usage Reports)";
constexpr std::string_view kNewExport =
    "AWS cannot change this later: create another export; farthing templates --kind cloudformation "
    "makes it";
constexpr std::string_view kOverwrite = "OVERWRITE_REPORT";

/// Either way is collected; requirements MS-12.
Shortcoming NewCopies(const std::string& field, const std::string& versioning,
                      std::string_view fix) {
  return {field,
          versioning.empty() ? "absent" : versioning,
          std::string(kOverwrite),
          "every delivery leaves one more complete copy in the bucket, which costs storage until "
          "somebody deletes it",
          std::string(fix),
          Harm::kUpkeep};
}

/// Only reports that overwrite Parquet can have it, so of a report that makes new ones another is needed.
/// Source: AWS CUR user guide, "Creating Cost and Usage Reports", report data integration.
Shortcoming NoAthena(const aws::ReportDefinition& d) {
  return {"AdditionalArtifacts",
          d.artifacts.empty() ? "absent" : Join(d.artifacts, ", "),
          "ATHENA",
          "the bill cannot be queried with Amazon Athena, and text is larger and slower to collect "
          "than Parquet",
          std::string(d.versioning == kOverwrite ? kReportSettings : kNewExport),
          Harm::kUpkeep};
}

}  // namespace

std::vector<Shortcoming> Judge(const aws::ReportDefinition& d) {
  std::vector<Shortcoming> found;
  if (!Has(d.schema_elements, "RESOURCES")) {
    found.push_back({"RESOURCES", "absent", "Include resource IDs",
                     "no cost can be traced to a resource", std::string(kNewExport)});
  }
  if (d.time_unit != "HOURLY") {
    found.push_back({"TimeUnit", d.time_unit, "HOURLY", "no cost can be told by the hour",
                     std::string(kNewExport)});
  }
  if (!d.refresh_closed_reports) {
    found.push_back({"RefreshClosedReports", "false", "true",
                     "refunds, credits and support fees of a closed month never arrive",
                     std::string(kReportSettings)});
  }
  const bool parquet = d.format == "Parquet" && d.compression == "Parquet";
  const bool csv = d.format == "textORcsv" && (d.compression == "GZIP" || d.compression == "ZIP");
  if (!parquet && !csv) {
    found.push_back({"Format", d.format + " with " + d.compression,
                     "Parquet, or text with GZIP or ZIP", "the files cannot be read",
                     std::string(kReportSettings), Harm::kBill});
  }
  if (!Has(d.schema_elements, "SPLIT_COST_ALLOCATION_DATA")) {
    found.push_back({"SPLIT_COST_ALLOCATION_DATA", "absent", "Split cost allocation data",
                     "containers on shared instances have no cost of their own",
                     std::string(kReportSettings)});
  }
  if (d.versioning != kOverwrite) {
    found.push_back(NewCopies("ReportVersioning", d.versioning, kNewExport));
  }
  if (!Has(d.artifacts, "ATHENA")) found.push_back(NoAthena(d));
  return found;
}

std::vector<Shortcoming> Judge(const aws::DataExport& e) {
  std::vector<Shortcoming> found;
  const std::string grain = PropertyOf(e, "TIME_GRANULARITY");
  if (IsBill(e) && e.table != TableOf(ExportKind::kFocus10) && grain != "HOURLY") {
    found.push_back({"TIME_GRANULARITY", grain.empty() ? "absent" : grain, "HOURLY",
                     "no cost can be told by the hour", std::string(kReportSettings)});
  }
  if (e.table == TableOf(ExportKind::kCur2)) {
    if (PropertyOf(e, "INCLUDE_RESOURCES") != "TRUE") {
      found.push_back({"INCLUDE_RESOURCES", "FALSE", "TRUE", "no cost can be traced to a resource",
                       std::string(kReportSettings)});
    }
    if (PropertyOf(e, "INCLUDE_SPLIT_COST_ALLOCATION_DATA") != "TRUE") {
      found.push_back({"INCLUDE_SPLIT_COST_ALLOCATION_DATA", "FALSE", "TRUE",
                       "containers on shared instances have no cost of their own",
                       std::string(kReportSettings)});
    }
  }
  const std::set<std::string> selected = Selected(e.query);
  for (const std::string_view column : Indispensable(e)) {
    if (selected.contains("*") || selected.contains(ToLower(column))) continue;
    found.push_back({"QueryStatement", "without " + std::string(column), std::string(column),
                     "the export is no complete bill", std::string(kReportSettings), Harm::kBill});
  }
  const bool parquet = e.format == "PARQUET" && e.compression == "PARQUET";
  const bool csv = e.format == "TEXT_OR_CSV" && (e.compression == "GZIP" || e.compression == "ZIP");
  if (!parquet && !csv) {
    found.push_back({"Format", e.format + " with " + e.compression,
                     "PARQUET, or TEXT_OR_CSV with GZIP or ZIP", "the files cannot be read",
                     std::string(kReportSettings), Harm::kBill});
  }
  if (e.overwrite != kOverwrite) {
    found.push_back(NewCopies("Overwrite", e.overwrite, kReportSettings));
  }
  return found;
}

DiscoveredExport Describe(const aws::ReportDefinition& d) {
  DiscoveredExport found;
  found.place = {ExportKind::kLegacyCur, d.name, "", d.bucket, d.prefix, d.bucket_region};
  found.status = d.last_status;
  found.last_delivery = d.last_delivery;
  found.shortcomings = Judge(d);
  return found;
}

DiscoveredExport Describe(const aws::DataExport& e) {
  DiscoveredExport found;
  found.table = e.table;
  found.status = e.status;
  found.status_reason = e.status_reason;
  found.readable = IsBill(e);
  found.place = {KindOf(e), e.name, e.arn, e.bucket, e.prefix, e.bucket_region};
  found.shortcomings = Judge(e);
  return found;
}

DiscoveredExports DiscoverExports(aws::Client& client) {
  DiscoveredExports all;
  if (auto definitions = aws::DescribeReportDefinitions(client); definitions.ok()) {
    for (const aws::ReportDefinition& definition : *definitions) {
      all.exports.push_back(Describe(definition));
    }
  } else {
    all.refused.push_back(std::move(definitions).error());
  }
  if (auto exports = aws::ListDataExports(client); exports.ok()) {
    for (const aws::DataExport& data_export : *exports) {
      all.exports.push_back(Describe(data_export));
    }
  } else {
    all.refused.push_back(std::move(exports).error());
  }
  std::stable_sort(all.exports.begin(), all.exports.end(),
                   [](const auto& a, const auto& b) { return Rank(a) < Rank(b); });
  return all;
}

std::string DeliveryPrefix(const ExportPlace& place) {
  std::string prefix = place.prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) prefix += '/';
  return place.name.empty() ? prefix : prefix + place.name + "/";
}

Result<std::vector<DiscoveredExport>> ScanBucket(aws::S3& s3, const std::string& bucket,
                                                 const std::string& prefix) {
  std::map<std::string, DiscoveredExport> by_root;
  const auto look = [&](const aws::Listing& page) {
    for (const aws::S3Object& object : page.objects) {
      const std::string_view key = object.key;
      if (!key.ends_with("-Manifest.json")) continue;
      const std::string_view file = key.substr(key.rfind('/') + 1);
      const std::string name(
          file.substr(0, file.size() - std::string_view("-Manifest.json").size()));
      const std::size_t at = ("/" + object.key).find("/" + name + "/");
      if (at == std::string::npos) continue;
      const bool data_export = key.find("/metadata/BILLING_PERIOD=") != std::string_view::npos;
      DiscoveredExport& found = by_root[object.key.substr(0, at) + name];
      found.place.name = name;
      found.place.bucket = bucket;
      found.place.prefix = object.key.substr(0, at == 0 ? 0 : at - 1);
      if (!data_export) found.place.kind = ExportKind::kLegacyCur;
      if (object.last_modified) {
        found.last_delivery = std::max(found.last_delivery, ToString(*object.last_modified));
      }
    }
    return true;
  };
  TRY(s3.EachPage(bucket, prefix, "", look));
  std::vector<DiscoveredExport> exports;
  for (auto& [root, found] : by_root) exports.push_back(std::move(found));
  return exports;
}

}  // namespace farthing::connect
