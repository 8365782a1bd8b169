#include <algorithm>

#include "aws/error.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"
#include "connect/exports/export_setup.h"
#include "connect/grants/bucket_policy_merge.h"
#include "connect/grants/permissions.h"
#include "connect/templates/documents.h"

// The bucket that AWS delivers to: where it is, whose it is, whether AWS may write and we may read.

namespace farthing::connect {
namespace {

constexpr std::uint64_t kManifestLimit = std::uint64_t{16} << 20;

bool BucketIsKnown(const CheckContext& context) { return !context.place.bucket.empty(); }

/// The command that makes the bucket and the export that the settings name.
std::string HowToCreate(const CheckContext& context) {
  const ExportPlace& place = context.place;
  std::vector<std::string> words{"farthing", "discover", context.settings().name, "--create",
                                 std::string(Name(place.kind.value_or(ExportKind::kCur2)))};
  if (!place.name.empty()) words.insert(words.end(), {"--name", place.name});
  words.insert(words.end(), {"--bucket", place.bucket});
  if (!place.prefix.empty()) words.insert(words.end(), {"--prefix", place.prefix});
  return CommandLine(words);
}

Verdict CheckBucketRegion(CheckContext& context) {
  if (context.client == nullptr) {  // storage without AWS: no identity check has made it
    Result<std::shared_ptr<aws::Client>> client =
        ClientFor(context.connection, context.platform, context.secrets);
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
      verdict.fix =
          "take the name from the export's page: " + HowToEdit(context, {"--bucket", "NAME"});
      if (context.settings().permission_sets.contains(PermissionSet::kManageExport)) {
        verdict.fix =
            "let it be made, with its export: " + HowToCreate(context) + "; or " + verdict.fix;
      }
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
  Result<std::optional<aws::S3Object>> newest = NewestManifest(context);
  if (!newest.ok()) {
    Verdict verdict = Refused(newest.error(),
                              "the bucket cannot be listed below " + DeliveryPrefix(context.place),
                              "s3:ListBucket", "AccessDeniedListReports");
    const std::string& owner = context.settings().bucket_owner;
    if (!owner.empty() && newest.error().code() == Errc::kPermissionDenied) {
      verdict.fix += "; if the bucket is not account " + owner +
                     "'s: " + HowToEdit(context, {"--bucket-owner", "ACCOUNT"});
    }
    return verdict;
  }
  context.manifest = *std::move(newest);
  return Pass(context.manifest ? "the newest manifest is " + context.manifest->key
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
  const Result<void> listed =
      s3.EachPage(context.place.bucket, DeliveryPrefix(context.place), "", first_page);
  if (listed.ok()) {
    context.report.found_bucket_owner = settings.account_id;
    return Pass("the bucket belongs to account " + settings.account_id);
  }
  // bucket-list has just made the same call without naming an owner.
  if (listed.error().detail(aws::kStatusDetail) != "403") {
    Verdict verdict = Refused(listed.error(), "whose bucket it is could not be asked", "");
    verdict.status = CheckStatus::kWarning;
    if (verdict.fix.empty()) {
      verdict.fix = "try again: " + CommandLine({"farthing", "check", settings.name});
    }
    return verdict;
  }
  return Warn("the bucket does not belong to account " + settings.account_id,
              "it is another account's; if that one deletes it, somebody else could take the name",
              "say whose it is, so that every call is guarded: " +
                  HowToEdit(context, {"--bucket-owner", "ACCOUNT"}));
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

/// The key's ARN in AWS's sentence; "" where it does not say it.
std::string KeyIn(const Error& error) {
  const std::string text(error.detail(aws::kMessageDetail));
  const std::size_t key = text.find(":key/");
  const std::size_t start = key == std::string::npos ? key : text.rfind("arn:", key);
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_first_of(" \"',)", start) - start);
}

Verdict CheckBucketKey(CheckContext& context) {
  if (context.read_error && IsAboutKey(*context.read_error)) {
    Verdict verdict =
        Refused(*context.read_error, "the bucket's files are encrypted with a key that refuses",
                "kms:Decrypt");
    const std::string key = KeyIn(*context.read_error);
    context.report.found_kms_key = key;
    verdict.fix = "allow kms:Decrypt on the key in the key's own policy and in the role's: " +
                  HowToPrint(context, "policy", {"--kms-key", key.empty() ? "ARN" : key});
    return verdict;
  }
  if (!context.manifest) return Skip("nothing is delivered yet that could be decrypted");
  return Pass(context.settings().kms_key_arn.empty() ? "no key of the customer's stands in the way"
                                                     : "the key decrypts");
}

/// What the bucket policy must allow so that AWS delivers this one export, where it delivers it.
PolicyDocument NeededOfBucket(const CheckContext& context) {
  const ExportPlace& place = context.place;
  Settings settings = context.settings();
  settings.export_place = place;
  PolicyDocument needed = WithValues(DeliveryPolicy(place.kind.value_or(ExportKind::kCur2)),
                                     ScopeValues(ScopeOf(settings)));
  std::erase_if(needed.statements, [](const PolicyStatement& each) { return each.is_deny; });
  for (PolicyStatement& statement : needed.statements) {
    for (std::string& resource : statement.resources) {
      if (!resource.ends_with("/*")) continue;
      resource.replace(resource.size() - 1, 1, EscapeForPolicy(DeliveryPrefix(place)) + "*");
    }
    for (PolicyCondition& condition : statement.conditions) {
      for (std::string& value : condition.values) {
        if (value.ends_with(":definition/*") && !place.name.empty()) {
          value.replace(value.size() - 1, 1, place.name);
        } else if (value.ends_with(":export/*") && !place.arn.empty()) {
          value = place.arn;
        }
      }
    }
  }
  return needed;
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
  const Result<PolicyMerge> merge = MergeBucketPolicy(*policy, NeededOfBucket(context));
  if (!merge.ok()) return Refused(merge.error(), "the bucket policy cannot be judged", "");
  const std::string whole = HowToPrint(context, "bucket-policy");
  if (!merge->added.empty()) {
    return Warn("the bucket policy does not let AWS deliver this export",
                "AWS cannot deliver into this bucket, unless the files are replicated here",
                "add to the policy what follows, or the statements of: " + whole + "\n" +
                    Join(merge->added, ",\n"));
  }
  if (!merge->in_the_way.empty()) {
    return Warn(
        "the bucket policy lets AWS deliver, and denies it too",
        "statements that deny may stop deliveries: " + Join(merge->in_the_way, ", "),
        "except the services of AWS there, by aws:PrincipalIsAWSService; compare with: " + whole);
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
  const std::vector<std::string> targets = EventTargets(*events);
  if (!targets.empty()) {
    return Warn("the bucket notifies " + Join(targets, ", "), "other processes depend on them",
                "nothing needs doing: Farthing never changes them; do not let another tool's setup "
                "replace them");
  }
  return Pass("the bucket has no event notifications that a setup could break");
}

}  // namespace

Result<std::optional<aws::S3Object>> NewestManifest(const CheckContext& context) {
  std::optional<aws::S3Object> newest;
  TRY(context.bucket().EachPage(context.place.bucket, DeliveryPrefix(context.place), "",
                                [&](const aws::Listing& page) {
                                  for (const aws::S3Object& object : page.objects) {
                                    if (!object.key.ends_with("-Manifest.json")) continue;
                                    if (!newest || object.last_modified > newest->last_modified)
                                      newest = object;
                                  }
                                  return true;
                                }));
  return newest;
}

std::vector<CheckRow> BucketChecks() {
  return {
      {"bucket-region",
       "the bucket's region",
       "does the bucket exist, and where",
       {"identity", "export"},
       ReadsBucket,
       CheckBucketRegion,
       Stake::kReading},
      {check_id::kBucketList,
       "the bucket can be listed",
       "may we see what was delivered",
       {"bucket-region"},
       ReadsBucket,
       CheckBucketList,
       Stake::kReading},
      {"bucket-owner",
       "the bucket's owner",
       "whose bucket is it",
       {check_id::kBucketList},
       ReadsBills,
       CheckBucketOwner},
      {check_id::kBucketRead,
       "objects can be read",
       "may we download a bill",
       {check_id::kBucketList},
       ReadsBucket,
       CheckBucketRead,
       Stake::kReading},
      {check_id::kBucketKey,
       "objects can be decrypted",
       "does a key of the customer's let us",
       {check_id::kBucketList},
       ReadsBills,
       CheckBucketKey,
       Stake::kReading},
      {check_id::kBucketPolicy,
       "the bucket policy",
       "may AWS deliver here",
       {"bucket-region"},
       ReadsBills,
       CheckBucketPolicy},
      {check_id::kBucketEvents,
       "event notifications",
       "does something else depend on the bucket",
       {"bucket-region"},
       Grants<PermissionSet::kManageExport>,
       CheckBucketEvents},
  };
}

}  // namespace farthing::connect
