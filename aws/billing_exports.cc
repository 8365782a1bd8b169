#include "aws/billing_exports.h"

#include <algorithm>
#include <cctype>

#include "aws/protocol_internal.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr JsonService kCur = {Service::kCur, "AWSOrigamiServiceGatewayService"};
constexpr JsonService kDataExports = {Service::kDataExports,
                                      "AWSBillingAndCostManagementDataExports"};
constexpr int kMostPerPage = 300;

ReportDefinition ReadDefinition(const json::object& given) {
  ReportDefinition definition;
  definition.name = TextAt(given, "ReportName");
  definition.time_unit = TextAt(given, "TimeUnit");
  definition.format = TextAt(given, "Format");
  definition.compression = TextAt(given, "Compression");
  definition.schema_elements = TextsAt(given, "AdditionalSchemaElements");
  definition.artifacts = TextsAt(given, "AdditionalArtifacts");
  definition.bucket = TextAt(given, "S3Bucket");
  definition.prefix = TextAt(given, "S3Prefix");
  definition.bucket_region = TextAt(given, "S3Region");
  definition.refresh_closed_reports = FlagAt(given, "RefreshClosedReports");
  definition.versioning = TextAt(given, "ReportVersioning");
  definition.billing_view_arn = TextAt(given, "BillingViewArn");
  const json::object& status = ObjectAt(given, "ReportStatus");
  definition.last_status = TextAt(status, "lastStatus");
  definition.last_delivery = TextAt(status, "lastDelivery");
  return definition;
}

json::object WriteDefinition(const ReportDefinition& definition) {
  json::object wanted = {
      {"ReportName", definition.name},
      {"TimeUnit", definition.time_unit},
      {"Format", definition.format},
      {"Compression", definition.compression},
      {"AdditionalSchemaElements", TextList(definition.schema_elements)},
      {"S3Bucket", definition.bucket},
      {"S3Prefix", definition.prefix},
      {"S3Region", definition.bucket_region},
      {"AdditionalArtifacts", TextList(definition.artifacts)},
      {"RefreshClosedReports", definition.refresh_closed_reports},
  };
  if (!definition.versioning.empty()) wanted["ReportVersioning"] = definition.versioning;
  if (!definition.billing_view_arn.empty()) wanted["BillingViewArn"] = definition.billing_view_arn;
  return wanted;
}

// The word after FROM; AWS's query statements name one table.
std::string TableOfQuery(const std::string& query) {
  std::string spaced = query;
  for (char& c : spaced)
    if (std::isspace(static_cast<unsigned char>(c)) != 0) c = ' ';
  const std::vector<std::string> words = Split(spaced, ' ');
  auto word = std::find_if(words.begin(), words.end(),
                           [](const std::string& each) { return EqualsIgnoreCase(each, "from"); });
  while (word != words.end() && ++word != words.end())
    if (!word->empty()) return *word;
  return "";
}

DataExport ReadExport(const json::object& answer) {
  const json::object& given = ObjectAt(answer, "Export");
  const json::object& query = ObjectAt(given, "DataQuery");
  const json::object& tables = ObjectAt(query, "TableConfigurations");
  const json::object& destination =
      ObjectAt(ObjectAt(given, "DestinationConfigurations"), "S3Destination");
  const json::object& output = ObjectAt(destination, "S3OutputConfigurations");
  const json::object& status = ObjectAt(answer, "ExportStatus");
  DataExport found;
  found.arn = TextAt(given, "ExportArn");
  found.name = TextAt(given, "Name");
  found.description = TextAt(given, "Description");
  found.query = TextAt(query, "QueryStatement");
  found.table = TableOfQuery(found.query);
  if (found.table.empty() && !tables.empty()) found.table = std::string(tables.begin()->key());
  for (const auto& property : ObjectAt(tables, found.table)) {
    if (property.value().is_string())
      found.table_properties[std::string(property.key())] =
          std::string(property.value().get_string());
  }
  found.bucket = TextAt(destination, "S3Bucket");
  found.prefix = TextAt(destination, "S3Prefix");
  found.bucket_region = TextAt(destination, "S3Region");
  found.bucket_owner = TextAt(destination, "S3BucketOwner");
  found.format = TextAt(output, "Format");
  found.compression = TextAt(output, "Compression");
  found.overwrite = TextAt(output, "Overwrite");
  found.output_type = TextAt(output, "OutputType");
  found.status = TextAt(status, "StatusCode");
  found.status_reason = TextAt(status, "StatusReason");
  return found;
}

json::object WriteExport(const DataExport& wanted) {
  json::object properties;
  for (const auto& [name, value] : wanted.table_properties) properties[name] = value;
  json::object query = {{"QueryStatement", wanted.query}};
  if (!wanted.table.empty()) query["TableConfigurations"] = {{wanted.table, properties}};
  json::object destination = {
      {"S3Bucket", wanted.bucket},
      {"S3Prefix", wanted.prefix},
      {"S3Region", wanted.bucket_region},
      {"S3OutputConfigurations",
       {{"OutputType", wanted.output_type},
        {"Format", wanted.format},
        {"Compression", wanted.compression},
        {"Overwrite", wanted.overwrite}}},
  };
  if (!wanted.bucket_owner.empty()) destination["S3BucketOwner"] = wanted.bucket_owner;
  json::object result;
  if (!wanted.arn.empty()) result["ExportArn"] = wanted.arn;
  result["Name"] = wanted.name;
  if (!wanted.description.empty()) result["Description"] = wanted.description;
  result["DataQuery"] = std::move(query);
  result["DestinationConfigurations"] = json::object{{"S3Destination", std::move(destination)}};
  result["RefreshCadence"] = json::object{{"Frequency", "SYNCHRONOUS"}};
  return result;
}

}  // namespace

Result<std::vector<ReportDefinition>> DescribeReportDefinitions(Client& client) {
  std::vector<ReportDefinition> definitions;
  // Five is the only page size that the service takes.
  TRY(EveryPage(client, kCur, "DescribeReportDefinitions", {{"MaxResults", 5}}, "NextToken",
                [&](const json::object& page) -> Result<void> {
                  for (const json::value& item : ListAt(page, "ReportDefinitions"))
                    if (item.is_object()) definitions.push_back(ReadDefinition(item.get_object()));
                  return {};
                }));
  return definitions;
}

Result<void> PutReportDefinition(Client& client, const ReportDefinition& definition) {
  TRY(CallJson(client, kCur, "PutReportDefinition",
               {{"ReportDefinition", WriteDefinition(definition)}}));
  return {};
}

Result<void> ModifyReportDefinition(Client& client, const ReportDefinition& definition) {
  TRY(CallJson(
      client, kCur, "ModifyReportDefinition",
      {{"ReportName", definition.name}, {"ReportDefinition", WriteDefinition(definition)}}));
  return {};
}

Result<std::vector<DataExport>> ListDataExports(Client& client) {
  std::vector<std::string> arns;
  TRY(EveryPage(client, kDataExports, "ListExports", {{"MaxResults", kMostPerPage}}, "NextToken",
                [&](const json::object& page) -> Result<void> {
                  for (const json::value& item : ListAt(page, "Exports"))
                    if (item.is_object()) arns.push_back(TextAt(item.get_object(), "ExportArn"));
                  return {};
                }));
  std::vector<DataExport> exports;
  for (const std::string& arn : arns) {
    TRY_ASSIGN(const json::object answer,
               CallJson(client, kDataExports, "GetExport", {{"ExportArn", arn}}));
    exports.push_back(ReadExport(answer));
    if (exports.back().arn.empty()) exports.back().arn = arn;
  }
  return exports;
}

Result<std::string> CreateDataExport(Client& client, const DataExport& wanted) {
  TRY_ASSIGN(const json::object answer,
             CallJson(client, kDataExports, "CreateExport", {{"Export", WriteExport(wanted)}}));
  return TextAt(answer, "ExportArn");
}

Result<void> UpdateDataExport(Client& client, const DataExport& wanted) {
  TRY(CallJson(client, kDataExports, "UpdateExport",
               {{"ExportArn", wanted.arn}, {"Export", WriteExport(wanted)}}));
  return {};
}

Result<std::vector<Execution>> ListExecutions(Client& client, const std::string& export_arn) {
  std::vector<Execution> executions;
  TRY(EveryPage(client, kDataExports, "ListExecutions",
                {{"ExportArn", export_arn}, {"MaxResults", kMostPerPage}}, "NextToken",
                [&](const json::object& page) -> Result<void> {
                  for (const json::value& item : ListAt(page, "Executions")) {
                    if (!item.is_object()) continue;
                    const json::object& status = ObjectAt(item.get_object(), "ExecutionStatus");
                    executions.push_back(
                        {TextAt(item.get_object(), "ExecutionId"), TextAt(status, "StatusCode"),
                         TextAt(status, "StatusReason"), TimeAt(status, "CreatedAt"),
                         TimeAt(status, "CompletedAt")});
                  }
                  return {};
                }));
  std::stable_sort(
      executions.begin(), executions.end(),
      [](const Execution& a, const Execution& b) { return a.created_at > b.created_at; });
  return executions;
}

Result<std::vector<std::string>> TableColumns(
    Client& client, const std::string& table,
    const std::map<std::string, std::string>& properties) {
  json::object wanted;
  for (const auto& [name, value] : properties) wanted[name] = value;
  TRY_ASSIGN(const json::object answer,
             CallJson(client, kDataExports, "GetTable",
                      {{"TableName", table}, {"TableProperties", std::move(wanted)}}));
  std::vector<std::string> columns;
  for (const json::value& item : ListAt(answer, "Schema"))
    if (item.is_object()) columns.push_back(TextAt(item.get_object(), "Name"));
  return columns;
}

}  // namespace farthing::aws
