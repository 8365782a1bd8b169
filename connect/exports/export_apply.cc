#include <algorithm>
#include <chrono>
#include <thread>

#include "aws/error.h"
#include "base/text.h"
#include "connect/exports/export_setup_internal.h"

// The steps of a plan, done.

namespace farthing::connect {
namespace {

constexpr int kTries = 6;
constexpr std::chrono::milliseconds kBetweenTries{2000};

/// A policy that was put a moment ago is not known everywhere in AWS at once.
Result<void> SendDefinition(aws::Client& client, ExportSetup setup, ExportPlace& place) {
  for (int number = 1;; ++number) {
    Result<void> sent;
    switch (setup.call) {
      case SetupCall::kNone: return {};
      case SetupCall::kPutReport: sent = aws::PutReportDefinition(client, setup.report); break;
      case SetupCall::kModifyReport:
        sent = aws::ModifyReportDefinition(client, setup.report);
        break;
      case SetupCall::kUpdateExport: sent = aws::UpdateDataExport(client, setup.data_export); break;
      case SetupCall::kCreateExport: {
        Result<std::string> arn = aws::CreateDataExport(client, setup.data_export);
        if (arn.ok()) {
          place.arn = *std::move(arn);
        } else {
          sent = std::move(arn).error();
        }
      }
    }
    const bool too_early =
        !sent.ok() && !setup.policy.empty() &&
        aws::AwsCode(sent.error()) == "ValidationException" &&
        ToLower(sent.error().detail(aws::kMessageDetail)).find("bucket") != std::string::npos;
    if (!too_early || number == kTries) return sent;
    const auto& sleep = client.environment().sleep;
    if (sleep) {
      sleep(kBetweenTries);
    } else {
      std::this_thread::sleep_for(kBetweenTries);
    }
  }
}

Result<void> PutPolicy(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                       const ExportSetup& setup) {
  aws::S3 s3 = OwnBucket(connection, client, setup.place.bucket);
  if (!setup.creates_bucket) {
    TRY_ASSIGN(const std::string now, s3.BucketPolicy(setup.place.bucket));
    if (now != setup.policy_before) {
      return Error(Errc::kConflict, "somebody has changed the bucket's policy meanwhile")
          .Hint("run the command again: it looks anew");
    }
  }
  return s3.PutBucketPolicy(setup.place.bucket, setup.policy);
}

}  // namespace

SetupAttempt AttemptOf(const Connection& connection, const ExportSetup& setup) {
  return {connection.settings.name,
          connection.settings.account_id,
          setup.place.bucket,
          setup.place.name,
          setup.place.kind.value_or(ExportKind::kCur2),
          setup.in_the_way};
}

aws::S3 OwnBucket(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                  const std::string& bucket) {
  const Settings& settings = connection.settings;
  aws::S3Settings s3;
  const bool known = settings.export_place.bucket == bucket && !settings.bucket_owner.empty();
  s3.expected_owner = known ? settings.bucket_owner : settings.account_id;
  return {client, std::move(s3)};
}

Result<ExportPlace> Apply(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                          const ExportSetup& setup,
                          const std::function<void(const std::string& what)>& done) {
  const auto explained = [&](Result<void> result) -> Result<void> {
    if (result.ok()) return result;
    return ExplainSetupRefusal(result.error(), AttemptOf(connection, setup));
  };
  ExportPlace place = setup.place;
  if (setup.creates_bucket) {
    aws::S3 s3 = OwnBucket(connection, client, place.bucket);
    TRY(explained(s3.CreateBucket(place.bucket, place.bucket_region)));
    if (done) done("bucket " + place.bucket + " was created");
  }
  if (!setup.policy.empty()) {
    TRY(explained(PutPolicy(connection, client, setup)));
    if (done) done("the policy of " + place.bucket + " lets AWS deliver");
  }
  if (setup.call == SetupCall::kNone) return place;
  TRY(explained(SendDefinition(*client, setup, place)));
  const bool is_new = setup.call == SetupCall::kPutReport || setup.call == SetupCall::kCreateExport;
  if (done) done("export " + place.name + (is_new ? " was created" : " was adjusted"));
  return place;
}

}  // namespace farthing::connect
