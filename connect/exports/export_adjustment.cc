#include "connect/exports/export_adjustment.h"

#include <algorithm>

#include "base/text.h"
#include "connect/grants/aws_tables.h"

namespace farthing::connect {
namespace {

std::string Line(std::string_view name, std::string_view value) {
  return std::string(name) + "  " + std::string(value) + "\n";
}

std::string Change(const Shortcoming& found) {
  return found.field + "  " + found.found + " → " + found.wanted +
         "   (without: " + found.consequence + ")\n";
}

void SayFixed(const Shortcoming& found, ExportSetup& setup) {
  setup.notes.push_back(found.field + " is " + found.found + ", better " + found.wanted + " (" +
                        found.consequence + "); " + found.fix);
}

/// Puts columns at the end of the list that is selected.
std::string WithColumns(const std::string& query, const std::vector<std::string>& columns) {
  const std::size_t from = ToLower(query).rfind(" from ");
  if (columns.empty() || from == std::string::npos || query.find('*') != std::string::npos) {
    return query;
  }
  return query.substr(0, from) + ", " + Join(columns, ", ") + query.substr(from);
}

}  // namespace

void AdjustReport(const aws::ReportDefinition& report, ExportSetup& setup) {
  setup.place = Describe(report).place;
  setup.report = report;
  std::string changes;
  for (const Shortcoming& found : Judge(report)) {
    if (found.field == "RefreshClosedReports") {
      setup.report.refresh_closed_reports = true;
    } else if (found.field == "SPLIT_COST_ALLOCATION_DATA") {
      setup.report.schema_elements.push_back(found.field);
    } else if (found.field == "Format") {
      setup.report.format = "textORcsv";
      setup.report.compression = "GZIP";
    } else if (found.field == "AdditionalArtifacts" && report.format == "Parquet" &&
               report.versioning == "OVERWRITE_REPORT") {
      setup.report.artifacts = {found.wanted};
    } else {  // also text that Athena cannot read: files of another format would begin in mid-month
      SayFixed(found, setup);
      continue;
    }
    changes += Change(found);
  }
  if (changes.empty()) return;
  setup.call = SetupCall::kModifyReport;
  setup.steps.push_back({"adjust legacy report " + report.name, changes});
}

void AdjustDataExport(const aws::DataExport& data_export, ExportSetup& setup) {
  setup.place = Describe(data_export).place;
  setup.data_export = data_export;
  std::string changes;
  std::vector<std::string> columns;
  for (const Shortcoming& found : Judge(data_export)) {
    if (found.field == "QueryStatement") {
      columns.push_back(found.wanted);
    } else if (found.field == "Format") {
      setup.data_export.format = "TEXT_OR_CSV";
      setup.data_export.compression = "GZIP";
    } else if (found.field == "Overwrite") {
      setup.data_export.overwrite = found.wanted;
    } else {
      setup.data_export.table_properties[found.field] = found.wanted;
      for (const ExportColumn& column : KnownColumns(data_export.table)) {
        if (column.needs != found.field) continue;
        if (ToLower(data_export.query).find(column.name) != std::string::npos) continue;
        columns.emplace_back(column.name);
      }
    }
    changes += Change(found);
  }
  if (changes.empty()) return;
  setup.data_export.query = WithColumns(data_export.query, columns);
  if (setup.data_export.query != data_export.query) {
    changes += Line("columns added", Join(columns, ", "));
  }
  setup.call = SetupCall::kUpdateExport;
  setup.steps.push_back({"adjust export " + data_export.name, changes});
}

std::string Definition(const aws::ReportDefinition& report) {
  return Line("TimeUnit", report.time_unit) +
         Line("Format", report.format + ", " + report.compression) +
         Line("AdditionalSchemaElements", Join(report.schema_elements, ", ")) +
         Line("AdditionalArtifacts", Join(report.artifacts, ", ")) +
         Line("RefreshClosedReports", report.refresh_closed_reports ? "true" : "false") +
         Line("ReportVersioning", report.versioning) +
         Line("delivers to", "s3://" + report.bucket + "/" + report.prefix + "/" + report.name);
}

std::string Definition(const aws::DataExport& data_export) {
  std::string lines = Line("table", data_export.table);
  for (const auto& [name, value] : data_export.table_properties) lines += Line(name, value);
  const auto commas = std::count(data_export.query.begin(), data_export.query.end(), ',');
  return lines + Line("columns", std::to_string(commas + 1)) +
         Line("Format", data_export.format + ", " + data_export.compression) +
         Line("Overwrite", data_export.overwrite) +
         Line("delivers to",
              "s3://" + data_export.bucket + "/" + data_export.prefix + "/" + data_export.name);
}

}  // namespace farthing::connect
