#include <algorithm>

#include "aws/error.h"
#include "base/files.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/collected.h"
#include "connect/grants/permissions.h"

// What was delivered, how long ago, and what AWS itself says of it.

namespace farthing::connect {
namespace {

constexpr std::int64_t kHourMicros = std::int64_t{3600} * 1'000'000;
constexpr int kLateHours = 36;  // AWS delivers at least once a day

/// How many bills were collected from below the prefix.
std::ptrdiff_t CollectedBelow(const CheckContext& context, const std::string& prefix) {
  if (context.options.ledger == nullptr) return 0;
  const auto known = CollectedLog(*context.options.ledger, context.connection.id).All();
  if (!known.ok()) return 0;
  return std::count_if(known->begin(), known->end(), [&](const auto& entry) {
    return entry.first.starts_with(prefix) && IsBill(entry.second);
  });
}

/// What was there is gone: other than before the first delivery, waiting brings the closed months never back.
Verdict Emptied(const CheckContext& context, std::ptrdiff_t gone) {
  const std::string& bucket = context.place.bucket;
  Verdict verdict = Warn(
      "the bucket was emptied: deliveries that were collected are gone from below " +
          DeliveryPrefix(context.place) + ": " + std::to_string(gone),
      "somebody or a lifecycle rule deleted them, or the export delivers elsewhere now",
      "what was collected stays here; see who deleted them (CloudTrail: DeleteObject, "
      "DeleteObjects) "
      "and the rules of the bucket: " +
          CommandLine({"aws", "s3api", "get-bucket-lifecycle-configuration", "--bucket", bucket}) +
          "; AWS writes the open months anew with its next delivery, closed ones when AWS Support "
          "is asked for a backfill; if the export delivers elsewhere: " +
          HowToEdit(context, {"--bucket", "NAME"}));
  verdict.evidence = {{std::string(kGoneDetail), std::to_string(gone)}};
  return verdict;
}

Verdict CheckDelivery(CheckContext& context) {
  if (!context.manifest) {
    if (const auto gone = CollectedBelow(context, DeliveryPrefix(context.place)); gone > 0) {
      return Emptied(context, gone);
    }
    // Never a failure: AWS may have begun long after the connection was drafted, and does not say when.
    const std::string finding = "no manifest has arrived below " + DeliveryPrefix(context.place);
    if (!context.chosen) {
      return Warn(finding, "nothing was copied here yet, or bucket and prefix are others",
                  "compare bucket and prefix with where the bill is delivered to");
    }
    return Warn(finding,
                "AWS's first delivery takes up to 24 hours; after 48 hours ask AWS Support",
                "wait; farthing collect --watch notices the first delivery; see bucket-policy and "
                "export-status");
  }
  if (!context.manifest->last_modified) return Pass("delivered: " + context.manifest->key);
  const Instant at = *context.manifest->last_modified;
  const std::int64_t hours = (context.report.at.micros - at.micros) / kHourMicros;
  const std::string finding = "the last delivery is " +
                              std::to_string(std::max<std::int64_t>(0, hours)) + " hours old (" +
                              ToString(at) + ")";
  Verdict verdict = Pass(finding);
  if (hours > kSilentHours) {
    verdict = Fail(finding, "AWS delivers at least once a day; something stops it",
                   "see bucket-policy and export-status; was the export deleted, or its owner "
                   "moved out of the organisation?");
  } else if (hours > kLateHours) {
    verdict =
        Warn(finding, "AWS delivers at least once a day", "wait a day, then see export-status");
  }
  verdict.evidence = {{std::string(kLastDeliveryDetail), ToString(at)}};
  return verdict;
}

Verdict CheckExportStatus(CheckContext& context) {
  if (!context.chosen) return Skip("no definition is visible");
  const DiscoveredExport& chosen = *context.chosen;
  if (chosen.place.kind == ExportKind::kLegacyCur) {
    if (chosen.status == "ERROR_PERMISSIONS" || chosen.status == "ERROR_NO_BUCKET") {
      return Fail("AWS reports " + chosen.status + " for its last delivery",
                  chosen.status == "ERROR_NO_BUCKET" ? "the bucket is gone"
                                                     : "the bucket policy does not let AWS write",
                  "restore the bucket policy: " + HowToPrint(context, "bucket-policy"));
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
                    ? "restore the bucket policy: " + HowToPrint(context, "bucket-policy")
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

}  // namespace

std::vector<CheckRow> DeliveryChecks() {
  return {
      {"directory",
       "the directory",
       "is it there, and does it hold files",
       {},
       IsDirectory,
       CheckDirectory,
       Stake::kReading},
      {check_id::kExportStatus,
       "AWS's own word on deliveries",
       "does AWS report a failure",
       {"export"},
       ReadsBills,
       CheckExportStatus,
       Stake::kDelivery},
      {"delivery",
       "the last delivery",
       "is a manifest there, and how old is it",
       {check_id::kBucketList},
       ReadsBucket,
       CheckDelivery,
       Stake::kDelivery},
  };
}

}  // namespace farthing::connect
