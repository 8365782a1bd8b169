#include <algorithm>

#include "aws/error.h"
#include "base/text.h"
#include "connect/checks_internal.h"
#include "connect/chosen_export.h"
#include "connect/permissions.h"

// Which reports and exports the account has, and whether the one that is meant is good enough.

namespace farthing::connect {
namespace {

bool MayBeLegacy(const Settings& settings) {
  return ReadsBills(settings) &&
         (!settings.export_place.kind || settings.export_place.kind == ExportKind::kLegacyCur);
}
bool MayBeDataExport(const Settings& settings) {
  return ReadsBills(settings) && settings.export_place.kind != ExportKind::kLegacyCur;
}

Verdict CheckReportDefinition(CheckContext& context) {
  const auto definitions = aws::DescribeReportDefinitions(*context.client);
  if (!definitions.ok()) {
    return Refused(definitions.error(), "legacy reports cannot be listed",
                   "cur:DescribeReportDefinitions", "AccessDeniedReportDefinitions");
  }
  std::vector<std::string> names;
  for (const aws::ReportDefinition& definition : *definitions) {
    context.exports.push_back(Describe(definition));
    names.push_back(definition.name);
  }
  return Pass(names.empty() ? "there are no legacy reports"
                            : "legacy reports: " + Join(names, ", "));
}

Verdict CheckExportDefinition(CheckContext& context) {
  const auto exports = aws::ListDataExports(*context.client);
  if (!exports.ok()) {
    const bool get = exports.error().detail(aws::kOperationDetail).ends_with("GetExport");
    return Refused(exports.error(), "data exports cannot be listed",
                   get ? "bcm-data-exports:GetExport" : "bcm-data-exports:ListExports",
                   "AccessDeniedReportDefinitions");
  }
  std::vector<std::string> names;
  for (const aws::DataExport& data_export : *exports) {
    context.exports.push_back(Describe(data_export));
    names.push_back(data_export.name + " (" + data_export.table + ")");
  }
  return Pass(names.empty() ? "there are no data exports" : "data exports: " + Join(names, ", "));
}

/// Collecting would look where nothing ever arrives, and say nothing.
Verdict FailElsewhere(const Settings& settings, const ExportPlace& delivered) {
  const ExportPlace& wanted = settings.export_place;
  const std::string bucket =
      wanted.bucket == delivered.bucket ? "" : " --bucket " + delivered.bucket;
  Verdict verdict = Fail(delivered.name + " does not deliver where the settings say",
                         "AWS delivers to s3://" + delivered.bucket + "/" + delivered.prefix +
                             ", the settings say s3://" + wanted.bucket + "/" + wanted.prefix,
                         "farthing connections edit " + settings.name + bucket + " --prefix " +
                             (delivered.prefix.empty() ? "/" : delivered.prefix));
  verdict.connector_code = "FailedToFindReport";
  return verdict;
}

Verdict CheckExport(CheckContext& context) {
  const Settings& settings = context.settings();
  std::vector<std::string> names;
  for (const DiscoveredExport& found : context.exports) {
    if (found.readable) names.push_back(found.place.name);
  }
  context.chosen = ExportMeant(context.connection, context.exports);
  if (!context.chosen && !settings.export_place.bucket.empty() &&
      !settings.export_place.name.empty() && context.exports.empty()) {
    return Warn("no definition is visible for " + settings.export_place.name,
                "the bill is replicated here, or belongs to a billing view of another account",
                "nothing needs doing while deliveries arrive in " + settings.export_place.bucket);
  }
  if (!context.chosen && names.empty()) {
    Verdict verdict =
        Fail("this account has no report and no export", "nothing delivers a bill yet",
             "let one be made: farthing templates --connection " + settings.name +
                 " --kind cloudformation --new-export cur2; in a member account of an "
                 "organisation, connect the management account instead");
    verdict.connector_code = "FailedToFindReport";
    return verdict;
  }
  if (!context.chosen) {
    const std::string wanted =
        settings.export_place.name.empty() ? "" : ", not " + settings.export_place.name;
    Verdict verdict =
        Fail("the account has " + Join(names, ", ") + wanted,
             settings.export_place.name.empty() ? "there are several; none was chosen"
                                                : "no export has that name",
             "choose one: farthing connections edit " + settings.name + " --export NAME");
    verdict.connector_code = "FailedToFindReport";
    return verdict;
  }
  const ExportPlace& found = context.chosen->place;
  if (!DeliversWhereMeant(context.connection, found)) return FailElsewhere(settings, found);
  context.place = found;
  std::vector<std::string> severe, poorer, fixes;
  for (const Shortcoming& s : context.chosen->shortcomings) {
    (s.harm == Harm::kBill ? severe : poorer)
        .push_back(s.field + " is " + s.found + ", so that " + s.consequence);
    const std::string fix = s.field + " → " + s.wanted + ": " + s.fix;
    if (std::find(fixes.begin(), fixes.end(), fix) == fixes.end()) fixes.push_back(fix);
  }
  const std::string where =
      found.name + " delivers to s3://" + found.bucket + "/" + DeliveryPrefix(found);
  if (!severe.empty()) {
    Verdict verdict = Fail(where, Join(severe, "; "), Join(fixes, "\n"));
    verdict.connector_code = "ReportIsNotValid";
    return verdict;
  }
  if (!poorer.empty()) return Warn(where, Join(poorer, "; "), Join(fixes, "\n"));
  return Pass(where + ", with resources, by the hour, refreshed");
}

}  // namespace

std::vector<CheckRow> ExportChecks() {
  return {
      {check_id::kReportDefinition,
       "legacy reports",
       "which reports does the account have",
       {"identity"},
       MayBeLegacy,
       CheckReportDefinition},
      {check_id::kExportDefinition,
       "data exports",
       "which exports does the account have",
       {"identity"},
       MayBeDataExport,
       CheckExportDefinition},
      {"export",
       "the export and its prerequisites",
       "is it found, and does it have resources, hours, refresh, a readable format, versioning and "
       "Athena",
       {"identity", check_id::kReportDefinition, check_id::kExportDefinition},
       ReadsBills,
       CheckExport},
  };
}

}  // namespace farthing::connect
