#include "aws/billing_exports.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "aws/error.h"
#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

TEST(BillingExportsTest, ReportsComeInPagesOfFive) {
  ScriptedAws aws;
  aws.http->Expect(
      200, R"({"ReportDefinitions":[{"ReportName":"cur","TimeUnit":"HOURLY","Format":"Parquet",
    "Compression":"Parquet","AdditionalSchemaElements":["RESOURCES"],"S3Bucket":"b","S3Prefix":"p","S3Region":"eu-west-1",
    "AdditionalArtifacts":["ATHENA"],"RefreshClosedReports":true,"ReportVersioning":"OVERWRITE_REPORT",
    "ReportStatus":{"lastDelivery":"20261120T080000Z","lastStatus":"ERROR_NO_BUCKET"}}],"NextToken":"n"})");
  aws.http->Expect(200, R"({"ReportDefinitions":[{"ReportName":"old"}]})");
  const auto reports = DescribeReportDefinitions(*aws.client);
  ASSERT_TRUE(reports.ok()) << reports.error().message();
  ASSERT_EQ(reports->size(), 2U);
  const ReportDefinition& report = (*reports)[0];
  EXPECT_EQ(report.schema_elements, std::vector<std::string>{"RESOURCES"});
  EXPECT_EQ(report.artifacts, std::vector<std::string>{"ATHENA"});
  EXPECT_TRUE(report.refresh_closed_reports);
  EXPECT_EQ(report.last_status, "ERROR_NO_BUCKET");
  EXPECT_FALSE((*reports)[1].refresh_closed_reports);
  EXPECT_EQ(aws.http->request(0).url.host, "cur.us-east-1.amazonaws.com");
  EXPECT_EQ(aws.http->request(1).body, R"({"MaxResults":5,"NextToken":"n"})");
}

TEST(BillingExportsTest, AReportIsWrittenAsItIsRead) {
  ScriptedAws aws;
  aws.http->Expect(200, "{}");
  ReportDefinition report;
  report.name = "cur";
  report.time_unit = "HOURLY";
  report.format = "textORcsv";
  report.compression = "GZIP";
  report.schema_elements = {"RESOURCES"};
  report.bucket = "b";
  report.prefix = "p";
  report.bucket_region = "eu-west-1";
  report.versioning = "CREATE_NEW_REPORT";
  report.last_status = "SUCCESS";  // AWS's own, never sent
  ASSERT_TRUE(PutReportDefinition(*aws.client, report).ok());
  EXPECT_EQ(boost::json::parse(aws.http->request(0).body),
            boost::json::parse(R"({"ReportDefinition":{
    "ReportName":"cur","TimeUnit":"HOURLY","Format":"textORcsv","Compression":"GZIP",
    "AdditionalSchemaElements":["RESOURCES"],"S3Bucket":"b","S3Prefix":"p","S3Region":"eu-west-1",
    "AdditionalArtifacts":[],"RefreshClosedReports":false,"ReportVersioning":"CREATE_NEW_REPORT"}})"));
}

TEST(BillingExportsTest, ReportLimitIsFinal) {
  ScriptedAws aws;
  aws.http->Expect(400, R"({"__type":"ReportLimitReachedException","Message":"five reports"})");
  EXPECT_EQ(AwsCode(PutReportDefinition(*aws.client, {}).error()), "ReportLimitReachedException");
  EXPECT_EQ(aws.http->requests().size(), 1U);
}

constexpr const char* kExport =
    R"({"Export":{"ExportArn":"arn:aws:bcm-data-exports:us-east-1:111122223333:export/e-1",
  "Name":"e","DataQuery":{"QueryStatement":"SELECT a\nFROM  COST_AND_USAGE_REPORT WHERE x",
  "TableConfigurations":{"COST_AND_USAGE_REPORT":{"TIME_GRANULARITY":"HOURLY","INCLUDE_RESOURCES":"TRUE"}}},
  "DestinationConfigurations":{"S3Destination":{"S3Bucket":"b","S3Prefix":"p","S3Region":"eu-west-1",
  "S3OutputConfigurations":{"OutputType":"CUSTOM","Format":"PARQUET","Compression":"PARQUET","Overwrite":"OVERWRITE_REPORT"}}},
  "RefreshCadence":{"Frequency":"SYNCHRONOUS"}},
  "ExportStatus":{"StatusCode":"UNHEALTHY","StatusReason":"INSUFFICIENT_PERMISSION"}})";

TEST(BillingExportsTest, ExportsAreReadOneByOneAndWrittenBack) {
  ScriptedAws aws;
  aws.http->Expect(
      200,
      R"({"Exports":[{"ExportArn":"arn:aws:bcm-data-exports:us-east-1:111122223333:export/e-1"}]})");
  aws.http->Expect(200, kExport);
  aws.http->Expect(200, R"({"ExportArn":"arn"})");
  const auto exports = ListDataExports(*aws.client);
  ASSERT_TRUE(exports.ok()) << exports.error().message();
  ASSERT_EQ(exports->size(), 1U);
  const DataExport& found = (*exports)[0];
  EXPECT_EQ(found.table, "COST_AND_USAGE_REPORT");
  EXPECT_EQ(found.table_properties.at("INCLUDE_RESOURCES"), "TRUE");
  EXPECT_EQ(found.status_reason, "INSUFFICIENT_PERMISSION");
  ASSERT_TRUE(UpdateDataExport(*aws.client, found).ok());
  const auto sent = boost::json::parse(aws.http->request(2).body).as_object();
  EXPECT_EQ(sent.at("Export"), boost::json::parse(kExport).as_object().at("Export"));
  EXPECT_EQ(aws.http->request(0).url.host, "bcm-data-exports.us-east-1.api.aws");
}

TEST(BillingExportsTest, ExecutionsComeNewestFirst) {
  ScriptedAws aws;
  aws.http->Expect(200, R"({"Executions":[
    {"ExecutionId":"1","ExecutionStatus":{"StatusCode":"DELIVERY_SUCCESS","CreatedAt":1763712000.0,"CompletedAt":1763712060.5}},
    {"ExecutionId":"2","ExecutionStatus":{"StatusCode":"QUERY_FAILURE","StatusReason":"INTERNAL_FAILURE","CreatedAt":1763798400}}]})");
  const auto executions = ListExecutions(*aws.client, "arn");
  ASSERT_TRUE(executions.ok()) << executions.error().message();
  EXPECT_EQ((*executions)[0].id, "2");
  EXPECT_EQ((*executions)[0].completed_at, "");
  EXPECT_EQ((*executions)[1].completed_at, "2025-11-21T08:01:00.500000Z");
}

TEST(BillingExportsTest, ColumnsOfATable) {
  ScriptedAws aws;
  aws.http->Expect(
      200,
      R"({"TableName":"T","Schema":[{"Name":"a","Type":"string"},{"Name":"b","Type":"double"}]})");
  const auto columns = TableColumns(*aws.client, "T", {{"INCLUDE_RESOURCES", "TRUE"}});
  ASSERT_TRUE(columns.ok()) << columns.error().message();
  EXPECT_EQ(*columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(aws.http->request(0).body,
            R"({"TableName":"T","TableProperties":{"INCLUDE_RESOURCES":"TRUE"}})");
}

}  // namespace
}  // namespace farthing::aws
