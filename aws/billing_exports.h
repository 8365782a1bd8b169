#pragma once

// What AWS delivers: legacy Cost and Usage Reports (AWSOrigamiServiceGatewayService) and Data Exports
// (AWSBillingAndCostManagementDataExports).  Both live in the partition's billing region.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

/// A legacy report definition, with AWS's own words for every value.
struct ReportDefinition {
  std::string name, time_unit, format, compression;
  std::vector<std::string> schema_elements;  ///< RESOURCES, SPLIT_COST_ALLOCATION_DATA, …
  std::vector<std::string> artifacts;        ///< ATHENA, REDSHIFT, QUICKSIGHT
  std::string bucket, prefix, bucket_region;
  bool refresh_closed_reports = false;
  std::string versioning;  ///< CREATE_NEW_REPORT or OVERWRITE_REPORT
  std::string billing_view_arn;
  std::string last_status;    ///< SUCCESS, ERROR_PERMISSIONS, ERROR_NO_BUCKET; "" when none yet
  std::string last_delivery;  ///< 20261120T080000Z
};
Result<std::vector<ReportDefinition>> DescribeReportDefinitions(Client& client);
Result<void> PutReportDefinition(Client& client, const ReportDefinition& definition);
Result<void> ModifyReportDefinition(Client& client, const ReportDefinition& definition);

/// A data export.
struct DataExport {
  std::string arn, name, description, query;
  std::string table;  ///< COST_AND_USAGE_REPORT, FOCUS_1_2_AWS, …: from the query
  std::map<std::string, std::string> table_properties;
  std::string bucket, prefix, bucket_region, bucket_owner;
  std::string format, compression, overwrite, output_type = "CUSTOM";
  std::string status;         ///< HEALTHY or UNHEALTHY
  std::string status_reason;  ///< INSUFFICIENT_PERMISSION, BILL_OWNER_CHANGED, …
};
/// ListExports and, for each, GetExport.
Result<std::vector<DataExport>> ListDataExports(Client& client);
Result<std::string> CreateDataExport(Client& client,
                                     const DataExport& wanted);  ///< returns the ARN
Result<void> UpdateDataExport(Client& client, const DataExport& wanted);

struct Execution {
  std::string id, status, status_reason, created_at, completed_at;
};
/// Newest first.
Result<std::vector<Execution>> ListExecutions(Client& client, const std::string& export_arn);

/// The columns of a table for the given properties: GetTable.
Result<std::vector<std::string>> TableColumns(Client& client, const std::string& table,
                                              const std::map<std::string, std::string>& properties);

}  // namespace farthing::aws
