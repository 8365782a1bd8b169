#include "connect/exports/export_refusal.h"

#include "aws/error.h"
#include "base/shell_words.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The command that prints something to set up for the attempt's connection, whatever its settings know of the bucket.
std::string Documents(const SetupAttempt& attempt, const std::vector<std::string>& words) {
  std::vector<std::string> line{"farthing",         "templates", "--connection",
                                attempt.connection, "--bucket",  attempt.bucket};
  if (!attempt.export_name.empty()) line.insert(line.end(), {"--export", attempt.export_name});
  line.insert(line.end(), words.begin(), words.end());
  return CommandLine(line);
}

std::string OfBucket(const SetupAttempt& attempt) {
  std::string hint = "AWS may not write to s3://" + attempt.bucket +
                     ", and the owner of the bucket can change that: its policy must let AWS in, "
                     "and name and region must be right";
  if (!attempt.in_the_way.empty()) {
    hint += "; these statements of the policy deny and may be the cause: " +
            Join(attempt.in_the_way, ", ");
  }
  return hint;
}

/// The hint; "" where aws/error.h has said it all.
std::string HintFor(const Error& error, const SetupAttempt& attempt) {
  const std::string_view code = aws::AwsCode(error);
  const std::string_view said = error.detail(aws::kMessageDetail);
  const std::string operation(error.detail(aws::kOperationDetail));
  const std::string& bucket = attempt.bucket;

  if (code == "BucketAlreadyExists") {
    return "bucket names are unique in all of AWS: choose another with --bucket";
  }
  if (code == "TooManyBuckets") {
    return "delete a bucket that is not used, raise the quota in Service Quotas, or name an "
           "existing bucket";
  }
  if (code == "MethodNotAllowed") {
    return "the bucket belongs to another account: only its owner can change its policy. Give "
           "them: " +
           Documents(attempt,
                     {"--new-export", std::string(Name(attempt.kind)), "--kind", "bucket-policy"});
  }
  if (code == "DuplicateReportNameException" || Has(said, "already exists")) {
    return "choose another --name, or mend the one that exists: " +
           CommandLine(
               {"farthing", "discover", attempt.connection, "--adjust", attempt.export_name});
  }
  if (code == "ReportLimitReachedException") {
    return "AWS allows five reports an account: whoever manages billing deletes one that is not "
           "used, or use one that exists, or create a CUR 2.0 export, which is counted apart: "
           "--create cur2";
  }
  if (code == "ServiceQuotaExceededException") {
    const bool bill = attempt.kind == ExportKind::kCur2;
    return "AWS allows " + std::string(bill ? "five" : "two") +
           " exports of this table an account: whoever manages billing deletes one "
           "that is not used, or use one that exists: " +
           CommandLine({"farthing", "discover", attempt.connection});
  }
  if (code == "ValidationException" && (Has(ToLower(said), "bucket"))) return OfBucket(attempt);
  if (error.code() != Errc::kPermissionDenied) return {};

  if (Has(said, "service control policy") || Has(said, "resource control policy")) {
    return "the organisation forbids it: an administrator of AWS Organizations, in the management "
           "account, can except this role from the policy; nobody in account " +
           attempt.account_id + " can. They may also create the export themselves: " +
           Documents(attempt, {"--kind", "steps"});
  }
  if (Has(said, "permissions boundary")) {
    return "the boundary of the role does not allow " + operation +
           "; whoever set the boundary can add the action";
  }
  if (Has(said, "explicit deny in a resource-based policy")) {
    return "a statement of the bucket's own policy denies " + operation + "; the owner of " +
           bucket + " can except the role";
  }
  if (operation.starts_with("s3:") && !Has(said, "not authorized to perform")) {
    return "the bucket " + bucket + " may belong to another account than " + attempt.account_id +
           ", or its policy denies the role: choose another bucket, or ask its owner";
  }
  return "an administrator of account " + attempt.account_id + " can allow " + operation +
         " to the role: " + Documents(attempt, {"--kind", "policy"}) +
         ", with manage-export among the connection's sets" +
         (operation.starts_with("s3:")
              ? std::string()
              : ". If the policy allows it already, the root user has yet to switch on \"IAM user "
                "and role access to Billing information\"");
}

}  // namespace

Error ExplainSetupRefusal(const Error& error, const SetupAttempt& attempt) {
  const std::string hint = HintFor(error, attempt);
  if (hint.empty()) return error;
  // A deeper layer's hint would stand; this one knows more.
  Error explained = Error(error.code(), error.message()).Hint(hint);
  for (const Error::Detail& detail : error.details()) {
    static_cast<void>(std::move(explained).With(detail.name, detail.value));
  }
  return explained;
}

}  // namespace farthing::connect
