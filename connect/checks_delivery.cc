#include <algorithm>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "connect/checks_internal.h"
#include "connect/permissions.h"

// What AWS delivers, where to, and whether we can read it.

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{16} << 20;
constexpr std::int64_t kHourMicros = std::int64_t{3600} * 1'000'000;
constexpr int kLateHours = 36;  // AWS delivers at least once a day
constexpr int kSilentHours = 96;

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

/// The export that the settings mean: by ARN, by name, by bucket and prefix; or the only one there is.
std::optional<DiscoveredExport> Choose(const CheckContext& context) {
  const ExportPlace& wanted = context.settings().export_place;
  std::vector<DiscoveredExport> fitting;
  for (const DiscoveredExport& found : context.exports) {
    if (!found.readable) continue;
    const ExportPlace& place = found.place;
    if (!wanted.arn.empty() && place.arn != wanted.arn) continue;
    if (!wanted.name.empty() && place.name != wanted.name) continue;
    if (!wanted.bucket.empty() && place.bucket != wanted.bucket) continue;
    if (wanted.kind && place.kind != wanted.kind) continue;
    fitting.push_back(found);
  }
  const bool said = !wanted.arn.empty() || !wanted.name.empty() || !wanted.bucket.empty();
  if (fitting.empty() || (!said && fitting.size() > 1)) return std::nullopt;
  return fitting.front();
}

Verdict CheckExport(CheckContext& context) {
  const Settings& settings = context.settings();
  std::vector<std::string> names;
  for (const DiscoveredExport& found : context.exports) {
    if (found.readable) names.push_back(found.place.name);
  }
  context.chosen = Choose(context);
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
  context.place = found;
  std::vector<std::string> severe, poorer, fixes;
  for (const Shortcoming& s : context.chosen->shortcomings) {
    (s.severe ? severe : poorer)
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

bool BucketIsKnown(const CheckContext& context) { return !context.place.bucket.empty(); }

Verdict CheckBucketRegion(CheckContext& context) {
  if (context.client == nullptr) {  // storage without AWS: no identity check has made it
    Result<std::shared_ptr<aws::Client>> client =
        ClientFor(context.connection, context.platform, context.vault);
    if (!client.ok()) return Refused(client.error(), "there are no credentials to try", "");
    context.client = *client;
  }
  if (!BucketIsKnown(context)) return Skip("no bucket is known yet");
  const Result<std::string> region = context.bucket().BucketRegion(context.place.bucket);
  if (!region.ok()) {
    Verdict verdict =
        Refused(region.error(), "the bucket cannot be found: " + context.place.bucket, "");
    if (region.error().code() == Errc::kNotFound) {
      verdict.cause = "there is no such bucket; it was deleted, or its name is misspelt";
      verdict.fix = "take the name from the export's page: farthing connections edit " +
                    context.settings().name + " --bucket NAME";
    }
    return verdict;
  }
  const std::string said = context.settings().export_place.bucket_region;
  context.place.bucket_region = *region;
  if (!said.empty() && said != *region) {
    return Warn(
        "the bucket is in " + *region, "the settings say " + said,
        "nothing breaks, since the region is found each time; edit the connection to be tidy");
  }
  return Pass("the bucket is in " + *region);
}

Verdict CheckBucketList(CheckContext& context) {
  if (!BucketIsKnown(context)) return Skip("no bucket is known yet");
  std::optional<aws::S3Object> newest;
  const auto look = [&](const aws::Listing& page) {
    for (const aws::S3Object& object : page.objects) {
      if (!object.key.ends_with("-Manifest.json")) continue;
      if (!newest || object.last_modified > newest->last_modified) newest = object;
    }
    return true;
  };
  const Result<aws::Listing> listing =
      context.bucket().List(context.place.bucket, DeliveryPrefix(context.place), "", look);
  if (!listing.ok()) {
    Verdict verdict = Refused(listing.error(),
                              "the bucket cannot be listed below " + DeliveryPrefix(context.place),
                              "s3:ListBucket", "AccessDeniedListReports");
    const std::string& owner = context.settings().bucket_owner;
    if (!owner.empty() && listing.error().code() == Errc::kPermissionDenied) {
      verdict.fix += "; if the bucket is not account " + owner + "'s: farthing connections edit " +
                     context.settings().name + " --bucket-owner ACCOUNT";
    }
    return verdict;
  }
  context.manifest = newest;
  return Pass(newest ? "the newest manifest is " + newest->key
                     : "nothing is delivered yet below " + DeliveryPrefix(context.place));
}

Verdict CheckBucketOwner(CheckContext& context) {
  if (!BucketIsKnown(context)) return Skip("no bucket is known yet");
  const Settings& settings = context.settings();
  if (!settings.bucket_owner.empty())
    return Pass("every call expects the owner " + settings.bucket_owner);
  aws::S3Settings guarded;
  guarded.expected_owner = settings.account_id;
  guarded.requester_pays = settings.requester_pays;
  aws::S3 s3(context.client, guarded);
  const auto first_page = [](const aws::Listing&) { return false; };
  if (s3.List(context.place.bucket, DeliveryPrefix(context.place), "", first_page).ok()) {
    context.report.found_bucket_owner = settings.account_id;
    return Pass("the bucket belongs to account " + settings.account_id);
  }
  return Warn("the bucket does not belong to account " + settings.account_id,
              "it is another account's; if that one deletes it, somebody else could take the name",
              "say whose it is, so that every call is guarded: farthing connections edit " +
                  settings.name + " --bucket-owner ACCOUNT");
}

bool IsAboutKey(const Error& error) {
  const std::string text =
      ToLower(error.message() + " " + std::string(error.detail(aws::kMessageDetail)));
  return aws::AwsCode(error).starts_with("KMS.") || text.find("kms:") != std::string::npos;
}

Verdict CheckBucketRead(CheckContext& context) {
  if (!context.manifest) return Skip("nothing is delivered yet that could be read");
  const Result<std::string> manifest =
      context.bucket().Get(context.place.bucket, context.manifest->key, kManifestLimit);
  if (manifest.ok()) return Pass("read " + context.manifest->key);
  context.read_error = manifest.error();
  if (IsAboutKey(manifest.error()))
    return Skip("the object is encrypted with a key that refuses: see bucket-key");
  return Refused(manifest.error(), "objects cannot be read: " + context.manifest->key,
                 "s3:GetObject", "AccessDeniedDownloadReport");
}

/// The key's ARN in AWS's sentence, or "ARN" where it does not say it.
std::string KeyIn(const Error& error) {
  const std::string text(error.detail(aws::kMessageDetail));
  const std::size_t key = text.find(":key/");
  const std::size_t start = key == std::string::npos ? key : text.rfind("arn:", key);
  if (start == std::string::npos) return "ARN";
  return text.substr(start, text.find_first_of(" \"',)", start) - start);
}

Verdict CheckBucketKey(CheckContext& context) {
  if (context.read_error && IsAboutKey(*context.read_error)) {
    Verdict verdict =
        Refused(*context.read_error, "the bucket's files are encrypted with a key that refuses",
                "kms:Decrypt");
    const std::string& name = context.settings().name;
    verdict.fix =
        "allow kms:Decrypt on the key in the key's own policy and in the role's: farthing "
        "connections edit " +
        name + " --kms-key " + KeyIn(*context.read_error) +
        ", then farthing templates --connection " + name + " --kind policy";
    return verdict;
  }
  if (!context.manifest) return Skip("nothing is delivered yet that could be decrypted");
  return Pass(context.settings().kms_key_arn.empty() ? "no key of the customer's stands in the way"
                                                     : "the key decrypts");
}

Verdict CheckBucketPolicy(CheckContext& context) {
  if (!BucketIsKnown(context)) return Skip("no bucket is known yet");
  const Result<std::string> policy = context.bucket().BucketPolicy(context.place.bucket);
  if (!policy.ok()) {
    if (aws::AwsCode(policy.error()) == "MethodNotAllowed") {
      return Pass("the bucket is another account's, whose policy only it can read");
    }
    return Refused(policy.error(), "the bucket policy cannot be read", "s3:GetBucketPolicy");
  }
  const bool legacy = context.place.kind == ExportKind::kLegacyCur;
  std::vector<std::string> missing;
  if (policy->find("billingreports.amazonaws.com") == std::string::npos) {
    missing.emplace_back("billingreports.amazonaws.com");
  }
  if (!legacy && policy->find("bcm-data-exports.amazonaws.com") == std::string::npos) {
    missing.emplace_back("bcm-data-exports.amazonaws.com");
  }
  if (!missing.empty()) {
    return Warn("the bucket policy does not name " + Join(missing, " and "),
                "AWS cannot deliver into this bucket, unless the files are replicated here",
                "add the statements of: farthing templates --connection " +
                    context.settings().name + " --kind bucket-policy");
  }
  return Pass("AWS may deliver into the bucket");
}

Verdict CheckBucketEvents(CheckContext& context) {
  if (!BucketIsKnown(context)) return Skip("no bucket is known yet");
  const Result<std::string> events = context.bucket().Notifications(context.place.bucket);
  if (!events.ok()) {
    return Refused(events.error(), "event notifications cannot be read",
                   "s3:GetBucketNotification");
  }
  const bool any = events->find("Configuration>") != events->rfind("Configuration>") &&
                   events->find("<Event>") != std::string::npos;
  if (any || events->find("EventBridgeConfiguration") != std::string::npos) {
    return Warn("the bucket has event notifications", "other processes depend on them",
                "nothing needs doing: Farthing never changes them; do not let another tool's setup "
                "replace them");
  }
  return Pass("the bucket has no event notifications that a setup could break");
}

Verdict CheckDelivery(CheckContext& context) {
  if (!context.manifest) {
    const std::int64_t age = context.report.at.micros - context.connection.created.micros;
    const bool late = age > 48 * kHourMicros;
    const std::string finding = "no manifest has arrived below " + DeliveryPrefix(context.place);
    if (!late) {
      return Warn(finding, "AWS delivers for the first time within 24 hours of creation, rarely 48",
                  "wait; farthing collect --watch notices the first delivery");
    }
    return Fail(
        finding, "nothing came for two days: the export is not what delivers here, or cannot",
        "compare bucket and prefix with the export's page; see bucket-policy and export-status");
  }
  if (!context.manifest->last_modified) return Pass("delivered: " + context.manifest->key);
  const Instant at = *context.manifest->last_modified;
  const std::int64_t hours = (context.report.at.micros - at.micros) / kHourMicros;
  const std::string finding = "the last delivery is " +
                              std::to_string(std::max<std::int64_t>(0, hours)) + " hours old (" +
                              ToString(at) + ")";
  if (hours > kSilentHours) {
    return Fail(finding, "AWS delivers at least once a day; something stops it",
                "see bucket-policy and export-status; was the export deleted, or its owner moved "
                "out of the "
                "organisation?");
  }
  if (hours > kLateHours)
    return Warn(finding, "AWS delivers at least once a day", "wait a day, then see export-status");
  return Pass(finding);
}

Verdict CheckExportStatus(CheckContext& context) {
  if (!context.chosen) return Skip("no definition is visible");
  const DiscoveredExport& chosen = *context.chosen;
  if (chosen.place.kind == ExportKind::kLegacyCur) {
    if (chosen.status == "ERROR_PERMISSIONS" || chosen.status == "ERROR_NO_BUCKET") {
      return Fail("AWS reports " + chosen.status + " for its last delivery",
                  chosen.status == "ERROR_NO_BUCKET" ? "the bucket is gone"
                                                     : "the bucket policy does not let AWS write",
                  "restore the bucket policy: farthing templates --connection " +
                      context.settings().name + " --kind bucket-policy");
    }
    return Pass(chosen.status.empty() ? "AWS has not reported a delivery yet"
                                      : "AWS reports " + chosen.status);
  }
  const auto executions = aws::ListExecutions(*context.client, chosen.place.arn);
  if (!executions.ok()) {
    return Refused(executions.error(), "AWS's own log of deliveries cannot be read",
                   "bcm-data-exports:ListExecutions");
  }
  const std::string reason = chosen.status_reason.empty() ? "" : ": " + chosen.status_reason;
  if (chosen.status == "UNHEALTHY") {
    return Fail("AWS calls the export unhealthy" + reason,
                chosen.status_reason == "INSUFFICIENT_PERMISSION"
                    ? "the bucket policy does not let AWS write"
                : chosen.status_reason == "BILL_OWNER_CHANGED"
                    ? "the account changed its payer"
                    : "AWS says: " + chosen.status_reason,
                chosen.status_reason == "INSUFFICIENT_PERMISSION"
                    ? "restore the bucket policy: farthing templates --connection " +
                          context.settings().name + " --kind bucket-policy"
                    : "create the export anew in the account that pays now");
  }
  if (executions->empty()) return Pass("AWS has not run the export yet");
  const aws::Execution& last = executions->front();
  if (last.status.find("FAILURE") != std::string::npos ||
      last.status.find("FAILED") != std::string::npos) {
    return Fail("AWS's last run ended with " + last.status, "AWS says: " + last.status_reason,
                "see bucket-policy; AWS tries again by itself with the next refresh");
  }
  return Pass("AWS's last run: " + last.status + " at " +
              (last.completed_at.empty() ? last.created_at : last.completed_at));
}

Verdict CheckDirectory(CheckContext& context) {
  const Result<std::vector<fs::path>> files = ListTree(context.settings().directory);
  if (!files.ok()) return Refused(files.error(), "the directory cannot be read", "");
  if (files->empty()) {
    return Warn("the directory is empty", "nothing was copied here yet",
                "copy a bucket, a delivery or bare bills into " + context.settings().directory);
  }
  return Pass(std::to_string(files->size()) + " files");
}

bool IsDirectory(const Settings& settings) { return settings.type == ConnectionType::kDirectory; }
bool ReadsAwsBucket(const Settings& settings) { return ReadsBills(settings); }

}  // namespace

std::vector<CheckRow> DeliveryChecks() {
  return {
      {"directory",
       "the directory",
       "is it there, and does it hold files",
       {},
       IsDirectory,
       CheckDirectory},
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
       "is it found, and does it have resources, hours, refresh and a readable format",
       {"identity", check_id::kReportDefinition, check_id::kExportDefinition},
       ReadsAwsBucket,
       CheckExport},
      {"bucket-region",
       "the bucket's region",
       "does the bucket exist, and where",
       {"identity", "export"},
       ReadsBucket,
       CheckBucketRegion},
      {check_id::kBucketList,
       "the bucket can be listed",
       "may we see what was delivered",
       {"bucket-region"},
       ReadsBucket,
       CheckBucketList},
      {"bucket-owner",
       "the bucket's owner",
       "whose bucket is it",
       {check_id::kBucketList},
       ReadsAwsBucket,
       CheckBucketOwner},
      {check_id::kBucketRead,
       "objects can be read",
       "may we download a bill",
       {check_id::kBucketList},
       ReadsBucket,
       CheckBucketRead},
      {check_id::kBucketKey,
       "objects can be decrypted",
       "does a key of the customer's let us",
       {check_id::kBucketList},
       ReadsAwsBucket,
       CheckBucketKey},
      {check_id::kBucketPolicy,
       "the bucket policy",
       "may AWS deliver here",
       {"bucket-region"},
       ReadsAwsBucket,
       CheckBucketPolicy},
      {check_id::kBucketEvents,
       "event notifications",
       "does something else depend on the bucket",
       {"bucket-region"},
       Grants<PermissionSet::kManageExport>,
       CheckBucketEvents},
      {"delivery",
       "the last delivery",
       "is a manifest there, and how old is it",
       {check_id::kBucketList},
       ReadsBucket,
       CheckDelivery},
      {check_id::kExportStatus,
       "AWS's own word on deliveries",
       "does AWS report a failure",
       {"export"},
       ReadsAwsBucket,
       CheckExportStatus},
  };
}

}  // namespace farthing::connect
