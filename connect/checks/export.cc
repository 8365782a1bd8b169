#include <algorithm>

#include "aws/endpoint.h"
#include "aws/error.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/exports/chosen_export.h"
#include "connect/grants/permissions.h"
#include "ingest/discover/manifest.h"

// Which reports and exports the account has, and whether the one that is meant is good enough.

namespace farthing::connect {
namespace {

constexpr std::int64_t kHourMicros = std::int64_t{3600} * 1'000'000;
constexpr std::uint64_t kManifestLimit = std::uint64_t{16} << 20;

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
Verdict FailElsewhere(const CheckContext& context, const ExportPlace& delivered) {
  const ExportPlace& wanted = context.settings().export_place;
  std::vector<std::string> change;
  if (wanted.bucket != delivered.bucket) change = {"--bucket", delivered.bucket};
  change.insert(change.end(), {"--prefix", delivered.prefix.empty() ? "/" : delivered.prefix});
  Verdict verdict = Fail(delivered.name + " does not deliver where the settings say",
                         "AWS delivers to s3://" + delivered.bucket + "/" + delivered.prefix +
                             ", the settings say s3://" + wanted.bucket + "/" + wanted.prefix,
                         HowToEdit(context, change));
  verdict.connector_code = "FailedToFindReport";
  return verdict;
}

/// The command that prints a template of a new export and its bucket.
std::string HowToMake(const CheckContext& context, ExportKind kind) {
  return HowToPrint(context, "cloudformation", {"--new-export", std::string(Name(kind))});
}

/// Whose export wrote a manifest; "" where it does not say.
std::string OwnerIn(std::string_view manifest_text) {
  const Result<std::optional<ingest::Manifest>> manifest = ingest::ParseManifest(manifest_text);
  if (!manifest.ok() || !*manifest) return "";
  if (!(*manifest)->account.empty()) return (*manifest)->account;
  const Result<aws::Arn> arn = aws::ParseArn((*manifest)->identity);
  return arn.ok() ? arn->account_id : "";
}

/// What lies in the bucket says of an export that AWS does not list here.
struct Traces {
  std::string owner;                  ///< the account whose export it is; "" when nothing says it
  std::optional<std::int64_t> hours;  ///< age of the last delivery; absent: there is none
  std::string manifest;               ///< its text, where it may be read
};

/// Errors: aws/error.h, of the listing.
Result<Traces> TracesOf(const CheckContext& context) {
  Traces traces;
  if (const auto arn = aws::ParseArn(context.place.arn); arn.ok()) traces.owner = arn->account_id;
  TRY_ASSIGN(const std::optional<aws::S3Object> newest, NewestManifest(context));
  if (!newest) return traces;
  const Instant at = newest->last_modified.value_or(context.report.at);
  traces.hours = (context.report.at.micros - at.micros) / kHourMicros;
  // One that may not be read says nothing; the check of reading tells why.
  const Result<std::string> text =
      context.bucket().Get(context.place.bucket, newest->key, kManifestLimit);
  const std::string owner = text.ok() ? OwnerIn(*text) : "";
  if (!owner.empty()) traces.owner = owner;
  if (text.ok()) traces.manifest = *text;
  return traces;
}

/// The verdict on an export that was collected and that AWS does not list here: deleted, or another account's whose
/// files are copied.  A young delivery alone does not tell them apart, since what a deleted export wrote stays.
/// Absent: nothing was ever there.
std::optional<Verdict> CheckVanished(const CheckContext& context,
                                     const std::vector<std::string>& others) {
  const Settings& settings = context.settings();
  const ExportPlace& wanted = settings.export_place;
  if (wanted.bucket.empty() || wanted.name.empty()) return std::nullopt;
  const bool is_renamed = std::any_of(context.exports.begin(), context.exports.end(),
                                      [&](const DiscoveredExport& each) {
                                        return !wanted.arn.empty() && each.place.arn == wanted.arn;
                                      });
  if (is_renamed) return std::nullopt;
  const std::string finding = "the account has no report and no export named " + wanted.name;
  const Result<Traces> traces = TracesOf(context);
  if (!traces.ok()) {
    return Warn(finding, "its bucket cannot be looked into, which would tell whether it is copied",
                "see bucket-region and bucket-list");
  }
  if (const auto kind = OtherKind(wanted, context.exports, traces->manifest)) {
    const std::string found(Name(*kind));
    Verdict verdict = Fail(wanted.name + " is a " + found + " export",
                           "the settings say --export-kind " + std::string(Name(*wanted.kind)) +
                               ": no export of that kind has the name",
                           "say what it is: " + HowToEdit(context, {"--export-kind", found}));
    verdict.connector_code = "FailedToFindReport";
    return verdict;
  }
  if (!traces->hours && traces->owner.empty()) return std::nullopt;
  const bool is_ours = traces->owner == settings.account_id;
  const bool arrives = traces->hours && *traces->hours <= kSilentHours;
  if (!is_ours && arrives) {
    return Warn(finding,
                traces->owner.empty()
                    ? "the bill is replicated here, or belongs to a billing view of another account"
                    : "the bill of account " + traces->owner + " is replicated here",
                "nothing needs doing while deliveries arrive in " + wanted.bucket);
  }
  const std::string last =
      traces->hours ? "; the last delivery is " + std::to_string(*traces->hours) + " hours old"
                    : "";
  const std::string copied =
      is_ours ? ""
      : traces->owner.empty()
          ? ", or nothing copies it here from another account any more"
          : ", or nothing copies it here from account " + traces->owner + " any more";
  const std::string choose =
      others.empty() ? "" : "; or collect one of " + Join(others, ", ") + " instead";
  Verdict verdict = Fail(
      finding, "stopped: the export was deleted" + copied + last,
      "let one be made: " + HowToMake(context, wanted.kind.value_or(ExportKind::kCur2)) + choose +
          "; then, unless its name is the same: " + HowToEdit(context, {"--export", "NAME"}) +
          "; AWS Support fills in what is missing on request");
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
  if (!context.chosen) {
    for (const std::string_view list : {check_id::kReportDefinition, check_id::kExportDefinition}) {
      const CheckResult* listed = context.report.Find(list);
      if (listed != nullptr && listed->status == CheckStatus::kFail) {
        return Skip(std::string(kNotTried).append(list));
      }
    }
    if (std::optional<Verdict> verdict = CheckVanished(context, names)) return *std::move(verdict);
  }
  if (!context.chosen && names.empty()) {
    Verdict verdict =
        Fail("this account has no report and no export", "nothing delivers a bill yet",
             "let one be made: " + HowToMake(context, ExportKind::kCur2) +
                 "; in a member account of an "
                 "organisation, connect the management account instead");
    verdict.connector_code = "FailedToFindReport";
    return verdict;
  }
  if (!context.chosen) {
    const std::string wanted =
        settings.export_place.name.empty() ? "" : ", not " + settings.export_place.name;
    Verdict verdict = Fail("the account has " + Join(names, ", ") + wanted,
                           settings.export_place.name.empty() ? "there are several; none was chosen"
                                                              : "no export has that name",
                           "choose one: " + HowToEdit(context, {"--export", "NAME"}));
    verdict.connector_code = "FailedToFindReport";
    return verdict;
  }
  const ExportPlace& found = context.chosen->place;
  if (!DeliversWhereMeant(context.connection, found)) return FailElsewhere(context, found);
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
       {"identity"},
       ReadsBills,
       CheckExport,
       Stake::kExport},
  };
}

}  // namespace farthing::connect
