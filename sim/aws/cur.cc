// Legacy Cost and Usage Reports: AWSOrigamiServiceGatewayService.
// Source: AWS Billing API reference, "AWS Cost and Usage Report".

#include <algorithm>

#include "base/text.h"
#include "sim/aws/bills.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::size_t kReportLimit = 5;
constexpr std::string_view kWriter = "billingreports.amazonaws.com";

Error Invalid(std::string message) {
  return Refuse(400, "ValidationException", std::move(message));
}

std::string ReportArn(const Operation& operation, const std::string& name) {
  return "arn:aws:cur:us-east-1:" + operation.caller.account_id + ":definition/" + name;
}

Export* FindReport(World& world, const std::string& owner, const std::string& name) {
  for (const auto& each : world.exports) {
    if (each->legacy && each->owner == owner && each->name == name) return each.get();
  }
  return nullptr;
}

Result<void> OneOf(const json::object& definition, std::string_view member,
                   const std::vector<std::string>& values) {
  const std::string value = TextOf(definition, member);
  if (std::find(values.begin(), values.end(), value) != values.end()) return {};
  return Invalid("1 validation error detected: Value '" + value + "' at 'reportDefinition." +
                 std::string(member) +
                 "' failed to satisfy constraint: Member must satisfy enum value set: [" +
                 Join(values, ", ") + "]");
}

/// AWS checks that its service may write before it takes a definition.
Result<void> CheckBucket(const World& world, const Export& report) {
  const std::string bucket_name = TextOf(report.definition, "S3Bucket");
  const auto found = world.buckets.find(bucket_name);
  const std::string failed =
      "Failed to verify customer bucket permission. accountId= " + report.owner +
      ", bucket name: " + bucket_name + ", bucket region: " + TextOf(report.definition, "S3Region");
  if (found == world.buckets.end() || found->second.region != TextOf(report.definition, "S3Region"))
    return Invalid(failed);
  const Bucket& bucket = found->second;
  const std::string arn = "arn:aws:s3:::" + bucket.name;
  const bool may =
      ServiceMay(world, bucket, kWriter, "s3:GetBucketPolicy", arn, report) &&
      ServiceMay(world, bucket, kWriter, "s3:PutObject",
                 arn + "/" + TextOf(report.definition, "S3Prefix") + "/" + report.name, report);
  return may ? Result<void>() : Invalid(failed);
}

Result<void> CheckDefinition(const json::object& definition) {
  const std::string name = TextOf(definition, "ReportName");
  const bool plain = !name.empty() && name.size() <= 256 && name.find(' ') == std::string::npos &&
                     name.find('/') == std::string::npos;
  if (!plain)
    return Invalid("1 validation error detected: Value '" + name +
                   "' at 'reportDefinition.reportName' failed to satisfy constraint: Member must "
                   "satisfy regular expression pattern: [0-9A-Za-z!\\-_.*\\'()]+");
  TRY(OneOf(definition, "TimeUnit", {"HOURLY", "DAILY", "MONTHLY"}));
  TRY(OneOf(definition, "Format", {"textORcsv", "Parquet"}));
  TRY(OneOf(definition, "Compression", {"ZIP", "GZIP", "Parquet"}));
  if (ArrayOf(definition, "AdditionalSchemaElements") == nullptr)
    return Invalid("AdditionalSchemaElements must not be null");
  for (const char* const member : {"S3Bucket", "S3Prefix", "S3Region"})
    TRY(Required(definition, member));
  const bool parquet = TextOf(definition, "Format") == "Parquet";
  if (parquet != (TextOf(definition, "Compression") == "Parquet"))
    return Invalid("Compression is not compatible with format.");
  const std::string versioning = TextOf(definition, "ReportVersioning");
  const auto artifacts = TextsOf(definition, "AdditionalArtifacts");
  if (std::find(artifacts.begin(), artifacts.end(), "ATHENA") != artifacts.end() &&
      (!parquet || versioning != "OVERWRITE_REPORT" || artifacts.size() > 1)) {
    return Invalid(
        "ATHENA can only be used with Parquet format and OVERWRITE_REPORT versioning, and with no "
        "other artifact.");
  }
  // The rehearsal writes gzip, not zip.
  if (TextOf(definition, "Compression") == "ZIP")
    return Invalid("the rehearsal AWS delivers GZIP or Parquet, not ZIP");
  return {};
}

/// As the API shows definitions: defaults filled in.
json::object Completed(json::object definition) {
  if (!definition.contains("RefreshClosedReports")) definition["RefreshClosedReports"] = true;
  if (!definition.contains("ReportVersioning"))
    definition["ReportVersioning"] = "CREATE_NEW_REPORT";
  if (!definition.contains("AdditionalArtifacts"))
    definition["AdditionalArtifacts"] = json::array();
  definition.erase("ReportStatus");
  return definition;
}

Result<Reply> Describe(World& world, const Operation& operation) {
  TRY(CheckAccess(world, operation, {.action = "cur:DescribeReportDefinitions"}));
  if (NumberOf(operation.body, "MaxResults", 5) != 5) {
    return Invalid(
        "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member "
        "must have value of exactly 5");
  }
  Reply reply;
  json::array& definitions = reply.json["ReportDefinitions"].emplace_array();
  std::vector<const Export*> reports;
  for (const auto& each : world.exports) {
    if (each->legacy && each->owner == operation.caller.account_id) reports.push_back(each.get());
  }
  if (operation.empty_page) {
    reply.json["NextToken"] = "1+0/=";
    return reply;
  }
  TRY_ASSIGN(const Page page, TakePage(reports.size(), TextOf(operation.body, "NextToken"), 5,
                                       "ValidationException"));
  for (std::size_t i = page.begin; i < page.end; ++i) {
    json::object shown = reports[i]->definition;
    if (!reports[i]->last_status.empty()) {
      json::object& status = shown["ReportStatus"].emplace_object();
      status["lastStatus"] = reports[i]->last_status;
      if (!reports[i]->delivered.empty())
        status["lastDelivery"] = CompactTime(reports[i]->last_delivery);
    }
    definitions.push_back(std::move(shown));
  }
  if (!page.next.empty()) reply.json["NextToken"] = page.next;
  return reply;
}

Result<Reply> Put(World& world, const Operation& operation) {
  const json::object* wanted = ObjectOf(operation.body, "ReportDefinition");
  if (wanted == nullptr)
    return Invalid(
        "1 validation error detected: Value null at 'reportDefinition' failed to satisfy "
        "constraint: Member must not be null");
  const std::string name = TextOf(*wanted, "ReportName");
  TRY(CheckAccess(world, operation,
                  {.action = "cur:PutReportDefinition", .resource = ReportArn(operation, name)}));
  TRY(CheckDefinition(*wanted));
  const std::string& owner = operation.caller.account_id;
  if (FindReport(world, owner, name) != nullptr)
    return Refuse(400, "DuplicateReportNameException",
                  "A report with the name " + name +
                      " already exists in the account. Specify a different report name.");
  const auto count =
      std::count_if(world.exports.begin(), world.exports.end(),
                    [&](const auto& each) { return each->legacy && each->owner == owner; });
  if (static_cast<std::size_t>(count) >= kReportLimit)
    return Refuse(400, "ReportLimitReachedException",
                  "This account already has five reports defined. To define a new report, you must "
                  "delete an existing report.");
  auto report = std::make_unique<Export>();
  report->legacy = true;
  report->name = name;
  report->owner = owner;
  report->arn = ReportArn(operation, name);
  report->definition = Completed(*wanted);
  report->created = report->updated = world.now();
  report->first = PeriodOf(world.now());
  TRY(CheckBucket(world, *report));
  StoreObject(world, world.buckets.at(TextOf(*wanted, "S3Bucket")),
              "aws-programmatic-access-test-object", "aws-programmatic-access-test-object");
  world.exports.push_back(std::move(report));
  return Reply{};
}

Result<Reply> Modify(World& world, const Operation& operation) {
  TRY_ASSIGN(const std::string name, Required(operation.body, "ReportName"));
  TRY(CheckAccess(
      world, operation,
      {.action = "cur:ModifyReportDefinition", .resource = ReportArn(operation, name)}));
  Export* report = FindReport(world, operation.caller.account_id, name);
  const json::object* wanted = ObjectOf(operation.body, "ReportDefinition");
  if (report == nullptr || wanted == nullptr)
    return Invalid("Report definition not found: " + name);
  TRY(CheckDefinition(*wanted));
  if (TextOf(*wanted, "ReportName") != name) return Invalid("Cannot modify ReportName");
  Export changed = *report;
  changed.definition = Completed(*wanted);
  TRY(CheckBucket(world, changed));
  report->definition = std::move(changed.definition);
  report->updated = world.now();
  report->delivered.clear();
  return Reply{};
}

Result<Reply> Delete(World& world, const Operation& operation) {
  TRY_ASSIGN(const std::string name, Required(operation.body, "ReportName"));
  TRY(CheckAccess(
      world, operation,
      {.action = "cur:DeleteReportDefinition", .resource = ReportArn(operation, name)}));
  const Export* report = FindReport(world, operation.caller.account_id, name);
  if (report == nullptr) return Invalid("Report definition not found: " + name);
  std::erase_if(world.exports, [&](const auto& each) { return each.get() == report; });
  Reply reply;
  reply.json["ResponseMessage"] = "ReportDefinition " + name + " has been deleted";
  return reply;
}

}  // namespace

Result<Reply> AnswerCur(World& world, const Operation& operation) {
  if (operation.action == "DescribeReportDefinitions") return Describe(world, operation);
  if (operation.action == "PutReportDefinition") return Put(world, operation);
  if (operation.action == "ModifyReportDefinition") return Modify(world, operation);
  if (operation.action == "DeleteReportDefinition") return Delete(world, operation);
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
