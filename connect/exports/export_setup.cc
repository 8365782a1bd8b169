#include "connect/exports/export_setup.h"

#include <algorithm>

#include "base/shell_words.h"
#include "base/text.h"
#include "connect/exports/export_adjustment.h"
#include "connect/exports/export_refusal.h"
#include "connect/exports/export_setup_internal.h"
#include "connect/grants/aws_tables.h"
#include "connect/grants/bucket_policy_merge.h"
#include "connect/templates/templates.h"

namespace farthing::connect {
namespace {

std::string_view BillingRegion(const Connection& connection) {
  return aws::FindPartition(connection.settings.partition)->billing_region;
}

std::string Marked(std::string_view mark, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  std::string lines;
  for (const std::string& line : Split(text, '\n')) {
    lines += std::string(mark) + " " + line + "\n";
  }
  return lines;
}

void LookAtEvents(aws::S3& s3, ExportSetup& setup) {
  const Result<std::string> events = s3.Notifications(setup.place.bucket);
  if (!events.ok()) {
    setup.notes.push_back(
        "event notifications of the bucket could not be looked at; nothing here touches them");
    return;
  }
  const std::vector<std::string> targets = EventTargets(*events);
  if (targets.empty()) return;
  setup.notes.push_back("the bucket notifies " + Join(targets, ", ") +
                        ": other processes depend on that, and nothing here touches it");
}

/// Steps for the bucket: made if absent, its policy completed.
Result<void> PlanBucket(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                        const PolicyDocument& wanted, std::string region, ExportSetup& setup) {
  const std::string& bucket = setup.place.bucket;
  aws::S3 s3 = OwnBucket(connection, client, bucket);
  const std::string billing(BillingRegion(connection));
  Result<std::string> found = s3.BucketRegion(bucket);
  if (!found.ok() && found.error().code() != Errc::kNotFound) {
    return ExplainSetupRefusal(found.error(), AttemptOf(connection, setup));
  }
  setup.creates_bucket = !found.ok();
  if (found.ok() && !region.empty() && region != *found) {
    return Error(Errc::kInvalidArgument,
                 "bucket " + bucket + " is in " + *found + ", not in " + region)
        .Hint("a bucket never moves: leave --bucket-region away, or choose another bucket");
  }
  setup.place.bucket_region = found.ok() ? *found : region.empty() ? billing : region;
  setup.notes.push_back("AWS keeps definitions of exports in " + billing +
                        " alone, so that is where it is made" +
                        (setup.place.bucket_region == billing
                             ? std::string()
                             : "; the bucket may be in " + setup.place.bucket_region));

  if (setup.creates_bucket) {
    setup.steps.push_back({"create bucket " + bucket + " in " + setup.place.bucket_region +
                               ": private, owned by the account, encrypted, as AWS makes buckets "
                               "unless told otherwise",
                           ""});
  } else {
    Result<std::string> policy = s3.BucketPolicy(bucket);
    if (!policy.ok()) return ExplainSetupRefusal(policy.error(), AttemptOf(connection, setup));
    setup.policy_before = *std::move(policy);
    LookAtEvents(s3, setup);
  }
  TRY_ASSIGN(PolicyMerge merge, MergeBucketPolicy(setup.policy_before, wanted));
  setup.in_the_way = merge.in_the_way;
  if (!merge.in_the_way.empty()) {
    setup.notes.push_back("statements of the bucket's policy that deny and may stop deliveries: " +
                          Join(merge.in_the_way, ", "));
  }
  if (merge.policy.empty()) return {};
  SetupStep step{"add what AWS needs to the policy of " + bucket, ""};
  for (const std::string& kept : merge.kept) step.detail += "  " + kept + "   (stays as it is)\n";
  for (const std::string& added : merge.added) step.detail += Marked("+", added);
  setup.steps.push_back(std::move(step));
  setup.policy = std::move(merge.policy);
  return {};
}

Result<Plan> TemplatePlan(const Connection& connection, const ExportWish& wish) {
  TemplateRequest request;
  request.settings = connection.settings;
  request.settings.kms_key_arn.clear();
  request.purpose = Purpose::kNewExport;
  ExportPlace& place = request.settings.export_place;
  const bool same_bucket = wish.bucket.empty() || wish.bucket == place.bucket;
  place.kind = wish.kind;
  if (!wish.name.empty()) place.name = wish.name;
  if (!wish.bucket.empty()) place.bucket = wish.bucket;
  if (!wish.prefix.empty() || !same_bucket) place.prefix = wish.prefix;
  return MakePlan(request);
}

/// One page of each API says whether the name is taken, before anything is made.
Result<void> CheckName(aws::Client& client, const Connection& connection,
                       const ExportSetup& setup) {
  const DiscoveredExports existing = DiscoverExports(client);
  const bool legacy = setup.place.kind == ExportKind::kLegacyCur;
  for (const DiscoveredExport& one : existing.exports) {
    if (one.place.name != setup.place.name) continue;
    if ((one.place.kind == ExportKind::kLegacyCur) != legacy) continue;
    return Error(Errc::kConflict, "an export has this name already: " + setup.place.name)
        .Hint("choose another --name, or mend that one: " +
              CommandLine({"farthing", "discover", connection.settings.name, "--adjust",
                           setup.place.name}));
  }
  return {};
}

void PlanReport(ExportSetup& setup) {
  const NewExport wanted = NewExportOf(ExportKind::kLegacyCur);
  aws::ReportDefinition& report = setup.report;
  report.name = setup.place.name;
  report.time_unit = wanted.time_unit;
  report.format = wanted.format;
  report.compression = wanted.compression;
  report.schema_elements = {"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"};
  report.artifacts = {"ATHENA"};
  report.bucket = setup.place.bucket;
  report.prefix = setup.place.prefix;
  report.bucket_region = setup.place.bucket_region;
  report.refresh_closed_reports = true;
  report.versioning = "OVERWRITE_REPORT";
  setup.call = SetupCall::kPutReport;
  setup.steps.push_back({"create legacy report " + report.name, Definition(report)});
}

/// What AWS itself says the table holds; our own list where it may not be asked.
std::string QueryOf(aws::Client& client, const NewExport& wanted,
                    const std::map<std::string, std::string>& properties,
                    std::vector<std::string>& notes) {
  const auto columns = aws::TableColumns(client, wanted.table, properties);
  if (!columns.ok() || columns->empty()) {
    notes.push_back("AWS could not be asked for its columns (" +
                    (columns.ok() ? std::string("it named none") : columns.error().message()) +
                    "); the export gets the " + std::to_string(KnownColumns(wanted.table).size()) +
                    " that are known here");
    return wanted.query;
  }
  notes.push_back("the export gets all " + std::to_string(columns->size()) +
                  " columns that AWS offers for it");
  return "SELECT " + Join(*columns, ", ") + " FROM " + wanted.table;
}

void PlanDataExport(aws::Client& client, ExportSetup& setup) {
  const NewExport wanted = NewExportOf(*setup.place.kind);
  aws::DataExport& data_export = setup.data_export;
  data_export.name = setup.place.name;
  data_export.description = "Delivers the bill to Farthing";
  data_export.table = wanted.table;
  data_export.table_properties = {wanted.table_properties.begin(), wanted.table_properties.end()};
  data_export.query = QueryOf(client, wanted, data_export.table_properties, setup.notes);
  data_export.bucket = setup.place.bucket;
  data_export.prefix = setup.place.prefix;
  data_export.bucket_region = setup.place.bucket_region;
  data_export.format = wanted.format;
  data_export.compression = wanted.compression;
  data_export.overwrite = "OVERWRITE_REPORT";
  setup.call = SetupCall::kCreateExport;
  setup.steps.push_back(
      {"create " + std::string(TitleOf(*setup.place.kind)) + " export " + data_export.name,
       Definition(data_export)});
}

/// Adds the steps of the bucket and puts the definition's own step behind them.
Result<void> MendBucket(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                        ExportSetup& setup) {
  const ExportWish wish{*setup.place.kind, setup.place.name, setup.place.bucket, setup.place.prefix,
                        ""};
  Result<Plan> plan = TemplatePlan(connection, wish);
  if (!plan.ok()) {
    setup.notes.push_back("the bucket's policy was not looked at: " + plan.error().message());
    return {};
  }
  TRY_ASSIGN(const PolicyDocument policy, LiteralBucketPolicy(*plan));
  std::vector<SetupStep> later = std::exchange(setup.steps, {});
  TRY(PlanBucket(connection, client, policy, "", setup));
  std::move(later.begin(), later.end(), std::back_inserter(setup.steps));
  return {};
}

}  // namespace

std::vector<std::string> EventTargets(const std::string& xml) {
  constexpr std::pair<std::string_view, std::string_view> kTargets[] = {
      {"<TopicConfiguration>", "SNS topics"},
      {"<QueueConfiguration>", "SQS queues"},
      {"<CloudFunctionConfiguration>", "Lambda functions"},
      {"<EventBridgeConfiguration", "EventBridge"}};
  std::vector<std::string> targets;
  for (const auto& [element, name] : kTargets) {
    if (xml.find(element) != std::string::npos) targets.emplace_back(name);
  }
  return targets;
}

Result<ExportSetup> PlanNewExport(const Connection& connection,
                                  const std::shared_ptr<aws::Client>& client,
                                  const ExportWish& wish) {
  TRY_ASSIGN(const Plan plan, TemplatePlan(connection, wish));
  TRY_ASSIGN(const PolicyDocument policy, LiteralBucketPolicy(plan));
  ExportSetup setup;
  setup.place = {wish.kind, plan.scope.export_name, "", plan.scope.bucket, plan.scope.prefix, ""};
  TRY(CheckName(*client, connection, setup));
  TRY(PlanBucket(connection, client, policy, wish.bucket_region, setup));
  if (wish.kind == ExportKind::kLegacyCur) {
    PlanReport(setup);
  } else {
    PlanDataExport(*client, setup);
  }
  setup.notes.emplace_back(
      "AWS delivers for the first time within 24 hours, from the current month on; earlier months "
      "come through a case with AWS Support");
  return setup;
}

Result<ExportSetup> PlanAdjustment(const Connection& connection,
                                   const std::shared_ptr<aws::Client>& client,
                                   const std::string& name) {
  ExportSetup setup;
  std::vector<std::string> names;
  Result<std::vector<aws::ReportDefinition>> reports = aws::DescribeReportDefinitions(*client);
  if (reports.ok()) {
    for (const aws::ReportDefinition& report : *reports) {
      names.push_back(report.name);
      if (report.name == name) AdjustReport(report, setup);
    }
  }
  Result<std::vector<aws::DataExport>> exports = aws::ListDataExports(*client);
  if (exports.ok()) {
    for (const aws::DataExport& data_export : *exports) {
      names.push_back(data_export.name);
      if (data_export.name == name && !setup.place.kind) AdjustDataExport(data_export, setup);
    }
  }
  if (!setup.place.kind) {
    if (!reports.ok() && !exports.ok()) return std::move(reports).error();
    return Error(Errc::kNotFound, "no export has this name: " + name)
        .Hint(names.empty() ? "there are none; create one with --create cur2"
                            : "there are " + Join(names, ", "));
  }
  TRY(MendBucket(connection, client, setup));
  if (setup.creates_bucket) {
    setup.notes.emplace_back("the bucket that the export names does not exist any more");
  }
  return setup;
}

}  // namespace farthing::connect
