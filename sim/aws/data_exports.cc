// Data Exports: AWSBillingAndCostManagementDataExports.  Source: AWS Billing API reference, "Data Exports".

#include <algorithm>

#include "base/text.h"
#include "sim/aws/bills.h"
#include "sim/aws/services.h"
#include "sim/row.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kPrefix = "bcm-data-exports:";

struct Table {
  std::string_view name;
  int quota;
};
constexpr Table kTables[] = {
    {"COST_AND_USAGE_REPORT", 5}, {"FOCUS_1_0_AWS", 2}, {"FOCUS_1_2_AWS", 2}};

Error Invalid(std::string message) {
  return Refuse(400, "ValidationException", std::move(message));
}

std::string TableArn(const Operation& operation, std::string_view table) {
  return "arn:aws:bcm-data-exports:us-east-1:" + operation.caller.account_id + ":table/" +
         std::string(table);
}

json::object StatusJson(const Export& each) {
  json::object status = {{"StatusCode", each.status},
                         {"CreatedAt", Epoch(each.created)},
                         {"LastUpdatedAt", Epoch(each.updated)}};
  if (!each.status_reason.empty()) status["StatusReason"] = each.status_reason;
  if (!each.delivered.empty()) status["LastRefreshedAt"] = Epoch(each.last_delivery);
  return status;
}

json::object ExecutionJson(const Export::Execution& execution) {
  json::object status = {{"StatusCode", execution.status},
                         {"CreatedAt", Epoch(execution.created)},
                         {"CompletedAt", Epoch(execution.completed)},
                         {"LastUpdatedAt", Epoch(execution.completed)}};
  if (!execution.reason.empty()) status["StatusReason"] = execution.reason;
  return {{"ExecutionId", execution.id}, {"ExecutionStatus", std::move(status)}};
}

/// Finds the export of ExportArn after checking access to it.
Result<Export*> TakeExport(World& world, const Operation& operation) {
  TRY_ASSIGN(const std::string arn, Required(operation.body, "ExportArn"));
  TRY(CheckAccess(world, operation,
                  {.action = std::string(kPrefix) + operation.action, .resource = arn}));
  Export* each = world.FindExport(arn);
  if (each == nullptr || each->legacy || each->owner != operation.caller.account_id) {
    return Refuse(400, "ResourceNotFoundException", "Export with ARN " + arn + " was not found.");
  }
  return each;
}

Result<Reply> Listed(const Operation& operation, std::string_view name, const json::array& items) {
  Reply reply;
  json::array& shown = reply.json[json::string_view(name.data(), name.size())].emplace_array();
  if (operation.empty_page) {
    reply.json["NextToken"] = "1+0/=";
    return reply;
  }
  const auto size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(NumberOf(operation.body, "MaxResults", 100), 1, 300));
  TRY_ASSIGN(const Page page, TakePage(items.size(), TextOf(operation.body, "NextToken"), size,
                                       "ValidationException"));
  for (std::size_t i = page.begin; i < page.end; ++i) shown.push_back(items[i]);
  if (!page.next.empty()) reply.json["NextToken"] = page.next;
  return reply;
}

/// The properties of a table and their values; FOCUS 1.0 has none.
/// Source: AWS Data Exports user guide, "Table dictionary".
using Values = std::vector<std::string>;
std::vector<std::pair<std::string, Values>> PropertiesOf(std::string_view table) {
  std::vector<std::pair<std::string, Values>> properties;
  if (table == "FOCUS_1_0_AWS") return properties;
  properties.emplace_back("TIME_GRANULARITY", Values{"HOURLY", "DAILY", "MONTHLY"});
  if (table == "COST_AND_USAGE_REPORT") {
    for (const char* const flag : {"INCLUDE_RESOURCES", "INCLUDE_SPLIT_COST_ALLOCATION_DATA",
                                   "INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY"}) {
      properties.emplace_back(flag, Values{"TRUE", "FALSE"});
    }
  }
  return properties;
}

Result<void> CheckProperties(const json::object& query, const std::string& table) {
  const json::object* tables = ObjectOf(query, "TableConfigurations");
  const json::object* given = tables == nullptr ? nullptr : ObjectOf(*tables, table);
  if (given == nullptr) return {};
  const auto properties = PropertiesOf(table);
  for (const auto& member : *given) {
    const std::string name(member.key().data(), member.key().size());
    const auto known = std::find_if(properties.begin(), properties.end(),
                                    [&](const auto& property) { return property.first == name; });
    if (known == properties.end()) return Invalid("Table " + table + " has no property " + name);
    const Values& values = known->second;
    if (std::find(values.begin(), values.end(), TextOf(*given, name)) == values.end())
      return Invalid("Property " + name + " cannot be " + TextOf(*given, name));
  }
  return {};
}

/// The members that must be there and what they may be.
Result<SelectList> CheckDefinition(const json::object& definition) {
  const std::string name = TextOf(definition, "Name");
  const bool plain =
      !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
      });
  if (!plain)
    return Invalid("1 validation error detected: Value '" + name +
                   "' at 'export.name' failed to satisfy constraint: Member must satisfy regular "
                   "expression pattern: [0-9A-Za-z\\-_]+");
  const json::object* query = ObjectOf(definition, "DataQuery");
  const json::object* destinations = ObjectOf(definition, "DestinationConfigurations");
  const json::object* s3 =
      destinations == nullptr ? nullptr : ObjectOf(*destinations, "S3Destination");
  const json::object* output = s3 == nullptr ? nullptr : ObjectOf(*s3, "S3OutputConfigurations");
  const json::object* cadence = ObjectOf(definition, "RefreshCadence");
  if (query == nullptr || output == nullptr || cadence == nullptr)
    return Invalid("DataQuery, DestinationConfigurations and RefreshCadence must not be null");
  if (TextOf(*cadence, "Frequency") != "SYNCHRONOUS")
    return Invalid("Frequency must be SYNCHRONOUS");
  for (const char* const member : {"S3Bucket", "S3Prefix", "S3Region"}) TRY(Required(*s3, member));
  for (const char* const member : {"OutputType", "Format", "Compression", "Overwrite"})
    TRY(Required(*output, member));
  const std::string format = TextOf(*output, "Format");
  const std::string compression = TextOf(*output, "Compression");
  const bool fits = (format == "PARQUET" && compression == "PARQUET") ||
                    (format == "TEXT_OR_CSV" && compression == "GZIP");
  if (!fits) return Invalid("Format " + format + " cannot be compressed as " + compression);
  TRY_ASSIGN(const std::string statement, Required(*query, "QueryStatement"));
  TRY_ASSIGN(SelectList select, ReadSelect(statement));
  const bool known = std::any_of(std::begin(kTables), std::end(kTables),
                                 [&](const Table& table) { return table.name == select.table; });
  if (!known) return Invalid("Table " + select.table + " does not exist");
  TRY(CheckProperties(*query, select.table));
  const sim::Columns columns = ColumnsOfTable(select.table);
  for (const std::string& wanted : select.columns) {
    const bool there = std::any_of(columns.begin(), columns.end(), [&](const sim::Column& column) {
      return column.name == wanted;
    });
    if (!there) return Invalid("Column " + wanted + " does not exist in table " + select.table);
  }
  return select;
}

Result<void> CheckBucket(const World& world, const Export& each) {
  const json::object& s3 =
      each.definition.at("DestinationConfigurations").at("S3Destination").get_object();
  const std::string name = TextOf(s3, "S3Bucket");
  const auto found = world.buckets.find(name);
  if (found == world.buckets.end()) return Invalid("S3 bucket " + name + " does not exist");
  if (found->second.region != TextOf(s3, "S3Region"))
    return Invalid("S3 bucket " + name + " is not in region " + TextOf(s3, "S3Region"));
  const std::string arn = "arn:aws:s3:::" + name;
  const std::string key = arn + "/" + TextOf(s3, "S3Prefix") + "/" + each.name;
  for (const std::string_view service :
       {"bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"}) {
    if (!ServiceMay(world, found->second, service, "s3:PutObject", key, each) ||
        !ServiceMay(world, found->second, service, "s3:GetBucketPolicy", arn, each)) {
      return Invalid("S3 bucket permission validation failed: " + std::string(service) +
                     " may not write to " + name);
    }
  }
  return {};
}

Result<Reply> Create(World& world, const Operation& operation) {
  const json::object* wanted = ObjectOf(operation.body, "Export");
  if (wanted == nullptr) return Invalid("Export must not be null");
  const std::string name = TextOf(*wanted, "Name");
  auto made = std::make_unique<Export>();
  made->name = name;
  made->owner = operation.caller.account_id;
  made->arn =
      "arn:aws:bcm-data-exports:us-east-1:" + made->owner + ":export/" + name + "-" + world.Uuid();
  TRY(CheckAccess(world, operation,
                  {.action = std::string(kPrefix) + "CreateExport", .resource = made->arn}));
  TRY_ASSIGN(const SelectList select, CheckDefinition(*wanted));
  TRY(CheckAccess(world, operation,
                  {.action = std::string(kPrefix) + "CreateExport",
                   .resource = TableArn(operation, select.table)}));
  if (select.table == "COST_AND_USAGE_REPORT") {
    TRY(CheckAccess(
        world, operation,
        {.action = "cur:PutReportDefinition",
         .resource = "arn:aws:cur:us-east-1:" + made->owner + ":/putReportDefinition"}));
  }
  int same = 0;
  for (const auto& each : world.exports) {
    if (each->legacy || each->owner != made->owner) continue;
    if (each->name == name) return Invalid("An export with the name " + name + " already exists");
    TRY_ASSIGN(const SelectList other,
               ReadSelect(TextOf(*ObjectOf(each->definition, "DataQuery"), "QueryStatement")));
    same += other.table == select.table;
  }
  for (const Table& table : kTables) {
    if (table.name == select.table && same >= table.quota)
      return Refuse(400, "ServiceQuotaExceededException",
                    "You've reached the limit on the number of exports for this table.");
  }
  made->definition = *wanted;
  made->definition["ExportArn"] = made->arn;
  made->created = made->updated = world.now();
  made->first = PeriodOf(world.now());
  TRY(CheckBucket(world, *made));
  Reply reply;
  reply.json["ExportArn"] = made->arn;
  world.exports.push_back(std::move(made));
  return reply;
}

Result<Reply> Update(World& world, const Operation& operation) {
  TRY_ASSIGN(Export * each, TakeExport(world, operation));
  const json::object* wanted = ObjectOf(operation.body, "Export");
  if (wanted == nullptr) return Invalid("Export must not be null");
  TRY(CheckDefinition(*wanted));
  if (TextOf(*wanted, "Name") != each->name)
    return Invalid("The name of an export cannot be changed");
  if (*ObjectOf(*wanted, "RefreshCadence") != *ObjectOf(each->definition, "RefreshCadence"))
    return Invalid("RefreshCadence cannot be changed");
  Export changed = *each;
  changed.definition = *wanted;
  TRY(CheckBucket(world, changed));
  each->definition = *wanted;
  each->definition["ExportArn"] = each->arn;
  each->updated = world.now();
  each->delivered.clear();
  Reply reply;
  reply.json["ExportArn"] = each->arn;
  return reply;
}

json::object TableJson(std::string_view name) {
  json::array properties;
  for (const auto& [key, values] : PropertiesOf(name)) {
    properties.push_back(
        json::object{{"Name", key},
                     {"ValidValues", json::array(values.begin(), values.end())},
                     {"DefaultValue", key == "TIME_GRANULARITY" ? "HOURLY" : "FALSE"}});
  }
  return {{"TableName", std::string(name)}, {"TableProperties", std::move(properties)}};
}

Result<Reply> GetTable(World& world, const Operation& operation) {
  TRY_ASSIGN(const std::string name, Required(operation.body, "TableName"));
  TRY(CheckAccess(
      world, operation,
      {.action = std::string(kPrefix) + "GetTable", .resource = TableArn(operation, name)}));
  const bool known = std::any_of(std::begin(kTables), std::end(kTables),
                                 [&](const Table& table) { return table.name == name; });
  if (!known) return Invalid("Table " + name + " does not exist");
  const json::object* properties = ObjectOf(operation.body, "TableProperties");
  const auto is_on = [&](std::string_view key) {
    return properties != nullptr && TextOf(*properties, key) == "TRUE";
  };
  Reply reply;
  reply.json["TableName"] = name;
  reply.json["TableProperties"] = properties == nullptr ? json::object() : *properties;
  json::array& schema = reply.json["Schema"].emplace_array();
  const bool focus = name.starts_with("FOCUS");
  const sim::Columns columns = ColumnsOfTable(name);
  for (const sim::Column& column : columns) {
    if (!focus && column.name == "line_item_resource_id" && !is_on("INCLUDE_RESOURCES")) continue;
    if (!focus && column.name.starts_with("split_line_item_") &&
        !is_on("INCLUDE_SPLIT_COST_ALLOCATION_DATA"))
      continue;
    const bool number = column.type == sim::ColumnType::kNumber;
    const bool time = column.type == sim::ColumnType::kTime;
    const bool map =
        column.type == sim::ColumnType::kTextMap || column.type == sim::ColumnType::kNumberMap;
    schema.push_back(json::object{{"Name", column.name},
                                  {"Type", number ? "double"
                                           : time ? "timestamp"
                                           : map  ? "map"
                                                  : "string"}});
  }
  return reply;
}

}  // namespace

Result<Reply> AnswerDataExports(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  if (action == "CreateExport") return Create(world, operation);
  if (action == "UpdateExport") return Update(world, operation);
  if (action == "GetTable") return GetTable(world, operation);
  if (action == "ListExports" || action == "ListTables") {
    TRY(CheckAccess(world, operation, {.action = std::string(kPrefix) + action}));
    json::array items;
    if (action == "ListTables") {
      for (const Table& table : kTables) items.push_back(TableJson(table.name));
      return Listed(operation, "Tables", items);
    }
    for (const auto& each : world.exports) {
      if (each->legacy || each->owner != operation.caller.account_id) continue;
      items.push_back(json::object{{"ExportArn", each->arn},
                                   {"ExportName", each->name},
                                   {"ExportStatus", StatusJson(*each)}});
    }
    return Listed(operation, "Exports", items);
  }
  static constexpr std::string_view kOfOne[] = {"GetExport", "DeleteExport", "ListExecutions",
                                                "GetExecution"};
  if (std::find(std::begin(kOfOne), std::end(kOfOne), action) == std::end(kOfOne))
    return UnknownAction(operation);
  TRY_ASSIGN(Export * each, TakeExport(world, operation));
  Reply reply;
  if (action == "GetExport") {
    reply.json["Export"] = each->definition;
    reply.json["ExportStatus"] = StatusJson(*each);
    return reply;
  }
  if (action == "DeleteExport") {
    reply.json["ExportArn"] = each->arn;
    std::erase_if(world.exports, [each](const auto& other) { return other.get() == each; });
    return reply;
  }
  if (action == "ListExecutions") {
    json::array items;
    for (auto execution = each->executions.rbegin(); execution != each->executions.rend();
         ++execution)
      items.push_back(ExecutionJson(*execution));
    return Listed(operation, "Executions", items);
  }
  for (const Export::Execution& execution : each->executions) {
    if (execution.id != TextOf(operation.body, "ExecutionId")) continue;
    reply.json = ExecutionJson(execution);
    reply.json["Export"] = each->definition;
    return reply;
  }
  return Refuse(400, "ResourceNotFoundException", "Execution was not found.");
}

}  // namespace farthing::rehearsal
