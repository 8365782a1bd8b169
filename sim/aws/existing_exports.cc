// Exports as definitions: what a query selects, and those that exist from the start.

#include <algorithm>

#include "base/text.h"
#include "sim/aws/bills.h"
#include "sim/aws/services.h"
#include "sim/row.h"

namespace farthing::rehearsal {
namespace {

/// What the console writes when it makes an export.
std::string DeliveryPolicy(const std::string& bucket, const std::string& account) {
  return R"({"Version":"2012-10-17","Statement":[{"Sid":"EnableAWSDataExportsToWriteToS3AndCheckPolicy","Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy","s3:GetBucketAcl"],"Resource":["arn:aws:s3:::)" +
         bucket + R"(","arn:aws:s3:::)" + bucket +
         R"(/*"],"Condition":{"StringLike":{"aws:SourceAccount":")" + account +
         R"(","aws:SourceArn":["arn:aws:cur:us-east-1:)" + account +
         R"(:definition/*","arn:aws:bcm-data-exports:us-east-1:)" + account + R"(:export/*"]}}}]})";
}

json::object LegacyDefinition(const World& world, const std::string& name, bool parquet) {
  return {{"ReportName", name},
          {"TimeUnit", "HOURLY"},
          {"Format", parquet ? "Parquet" : "textORcsv"},
          {"Compression", parquet ? "Parquet" : "GZIP"},
          {"AdditionalSchemaElements", json::array{"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"}},
          {"S3Bucket", world.options.bucket},
          {"S3Prefix", "billing"},
          {"S3Region", world.options.bucket_region},
          {"AdditionalArtifacts", parquet ? json::array{"ATHENA"} : json::array{}},
          {"RefreshClosedReports", true},
          {"ReportVersioning", "OVERWRITE_REPORT"}};
}

json::object ExportDefinition(const World& world, const Export& each, sim::BillFormat format) {
  const bool focus =
      format == sim::BillFormat::kFocusCsv || format == sim::BillFormat::kFocusParquet;
  const std::string table = focus ? "FOCUS_1_2_AWS" : "COST_AND_USAGE_REPORT";
  const bool parquet = sim::Name(format).ends_with("parquet");
  std::vector<std::string> columns;
  const sim::Columns all = ColumnsOfTable(table);
  for (const sim::Column& column : all) columns.push_back(column.name);
  json::object properties = {{"TIME_GRANULARITY", "HOURLY"}};
  if (!focus) {
    properties["INCLUDE_RESOURCES"] = "TRUE";
    properties["INCLUDE_SPLIT_COST_ALLOCATION_DATA"] = "TRUE";
    properties["INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY"] = "FALSE";
  }
  json::object configurations;
  configurations[table] = std::move(properties);
  return {{"ExportArn", each.arn},
          {"Name", each.name},
          {"DataQuery",
           {{"QueryStatement", "SELECT " + Join(columns, ", ") + " FROM " + table},
            {"TableConfigurations", std::move(configurations)}}},
          {"DestinationConfigurations",
           {{"S3Destination",
             {{"S3Bucket", world.options.bucket},
              {"S3Prefix", "billing"},
              {"S3Region", world.options.bucket_region},
              {"S3OutputConfigurations",
               {{"OutputType", "CUSTOM"},
                {"Format", parquet ? "PARQUET" : "TEXT_OR_CSV"},
                {"Compression", parquet ? "PARQUET" : "GZIP"},
                {"Overwrite", "OVERWRITE_REPORT"}}}}}}},
          {"RefreshCadence", {{"Frequency", "SYNCHRONOUS"}}}};
}

}  // namespace

Result<void> AddExistingExports(World& world) {
  if (world.options.exports.empty()) return {};
  Bucket bucket;
  bucket.name = world.options.bucket;
  bucket.region = world.options.bucket_region;
  bucket.owner = world.payer;
  bucket.created = FirstPeriod(world).start();
  bucket.policy = DeliveryPolicy(bucket.name, world.payer);
  world.buckets[world.options.bucket] = std::move(bucket);
  for (const ExistingExport& wanted : world.options.exports) {
    auto made = std::make_unique<Export>();
    made->name = wanted.name.empty() ? std::string(sim::Name(wanted.format)) : wanted.name;
    made->owner = world.payer;
    made->legacy = sim::Name(wanted.format).starts_with("cur1");
    made->created = made->updated = made->last_delivery = FirstPeriod(world).start();
    made->first = FirstPeriod(world);
    made->arn = made->legacy ? "arn:aws:cur:us-east-1:" + world.payer + ":definition/" + made->name
                             : "arn:aws:bcm-data-exports:us-east-1:" + world.payer + ":export/" +
                                   made->name + "-" + world.Uuid();
    made->definition =
        made->legacy
            ? LegacyDefinition(world, made->name, wanted.format == sim::BillFormat::kCur1Parquet)
            : ExportDefinition(world, *made, wanted.format);
    world.exports.push_back(std::move(made));
  }
  return {};
}

Result<SelectList> ReadSelect(const std::string& query) {
  const Error refused = Refuse(400, "ValidationException",
                               "The query statement is not valid: " + query.substr(0, 80));
  std::string flat = query;
  std::replace_if(
      flat.begin(), flat.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  const std::string lower = ToLower(flat);
  const auto from = lower.rfind(" from ");
  if (!lower.starts_with("select ") || from == std::string::npos) return refused;
  SelectList list;
  list.table = Trim(std::string_view(flat).substr(from + 6));
  if (list.table.find(' ') != std::string::npos)
    return refused;  // WHERE and LIMIT are not rehearsed
  const std::string_view select = Trim(std::string_view(flat).substr(7, from - 7));
  if (select == "*") return list;
  for (const std::string& part : Split(select, ',')) {
    list.columns.emplace_back(Trim(part));
    if (list.columns.back().empty() || list.columns.back().find(' ') != std::string::npos)
      return refused;
  }
  return list;
}

sim::Columns ColumnsOfTable(std::string_view table) {
  if (table == "COST_AND_USAGE_REPORT") return sim::Cur2Columns();
  if (table == "FOCUS_1_0_AWS") return sim::Focus10Columns();
  if (table == "FOCUS_1_2_AWS") return sim::FocusColumns();
  return {};
}

Result<sim::BillFormat> FormatOf(const Export& each) {
  using enum sim::BillFormat;
  if (each.legacy) return TextOf(each.definition, "Format") == "Parquet" ? kCur1Parquet : kCur1Csv;
  const json::object& output = each.definition.at("DestinationConfigurations")
                                   .at("S3Destination")
                                   .at("S3OutputConfigurations")
                                   .get_object();
  const bool parquet = TextOf(output, "Format") == "PARQUET";
  TRY_ASSIGN(const SelectList select,
             ReadSelect(TextOf(*ObjectOf(each.definition, "DataQuery"), "QueryStatement")));
  if (select.table == "COST_AND_USAGE_REPORT") return parquet ? kCur2Parquet : kCur2Csv;
  if (select.table.starts_with("FOCUS_1_")) return parquet ? kFocusParquet : kFocusCsv;
  return Refuse(400, "ValidationException",
                "The table " + select.table + " is not available in the rehearsal");
}

}  // namespace farthing::rehearsal
