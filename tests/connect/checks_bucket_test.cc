// The bucket that AWS delivers to: where it is, whose it is, whether AWS may write and we may read.

#include <gtest/gtest.h>

#include "sim/aws/test_signer.h"
#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

}  // namespace

const std::vector<Trouble>& BucketTroubles() {
  static const std::vector<Trouble> troubles{
      {"BucketIsDeleted", "bucket-region", kFail,
       [](Stage& stage, Connection&) {
         EmptyBucket(stage);
         Delete(stage, "/payer-bills");
       },
       "there is no such bucket", "--bucket NAME"},
      {"BucketIsElsewhere", "bucket-region", kWarning,
       [](Stage& stage, Connection&) {
         stage.Control("bucket", R"({"name":"payer-bills","region":"eu-west-1"})");
       },
       "the settings say us-east-1", "nothing breaks"},
      Denied("ListingIsDenied", "bucket-list", "s3:ListBucket", "AccessDenied",
             "AccessDeniedListReports"),
      {"BucketPolicyKeepsUsOut", "bucket-list", kFail,
       [](Stage& stage, Connection& connection) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":")" +
                 connection.settings.role_arn +
                 R"("},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::payer-bills"}]})");
       },
       "explicit deny", "the bucket's", "AccessDenied", "AccessDeniedListReports"},
      {"AnotherOwnerIsExpected", "bucket-list", kFail,
       [](Stage&, Connection& connection) { connection.settings.bucket_owner = "345678901234"; },
       "s3:ListBucket", "--bucket-owner ACCOUNT", "AccessDenied", "AccessDeniedListReports"},
      {"BucketIsAnothers", "bucket-owner", kWarning,
       [](Stage& stage, Connection& connection) {
         stage.AdminPut("/shared", "", "", "345678901234");
         stage.AdminPut(
             "/shared", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
                 connection.settings.role_arn +
                 R"("},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::shared"}]})",
             "345678901234");
         PolicyDocument policy = stage.PolicyOf(connection);
         PolicyStatement more;
         more.actions = {"s3:ListBucket"};
         more.resources = {"arn:aws:s3:::shared"};
         policy.statements.push_back(more);
         stage.SetPolicy(connection, policy);
         const rehearsal::Signer admin{stage.aws().Admin(), ""};
         stage.aws().Handle(admin.Json("cur",
                                       "AWSOrigamiServiceGatewayService.DeleteReportDefinition",
                                       R"({"ReportName":"bills"})"));
         stage.AdminPut("/shared/billing/bills/20261101-20261201/bills-Manifest.json", "", "{}",
                        "345678901234");  // copied here
         connection.settings.export_place.bucket = "shared";
       },
       "take the name", "--bucket-owner ACCOUNT", "", "", ExportKind::kLegacyCur},
      {"OwnerCannotBeAsked", "bucket-owner", kWarning,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kUnavailable,
                             .service = "s3",
                             .action = "ListObjectsV2",
                             .skip = 1});
       },
       "HTTP 503", "try again"},
      Denied("ReadingIsDenied", "bucket-read", "s3:GetObject", "AccessDenied",
             "AccessDeniedDownloadReport"),
      {"ObjectsAreArchived", "bucket-read", kFail,
       [](Stage& stage, Connection&) {
         stage.aws().Inject({.kind = rehearsal::FaultKind::kArchived, .action = "GetObject"});
       },
       "storage class", "archiv", "InvalidObjectState", "AccessDeniedDownloadReport"},
      {"KeyRefuses", "bucket-key", kFail,
       [](Stage& stage, Connection&) {
         stage.Control("key", R"({"bucket":"payer-bills"})");
         stage.aws().Restate(PeriodOf(stage.aws().now()));
         Must(stage.aws().Deliver());
       },
       "kms:Decrypt", "--kms-key arn:aws:kms:us-east-1:", "AccessDenied"},
      Denied("PolicyCannotBeRead", "bucket-policy", "s3:GetBucketPolicy", "AccessDenied"),
      {"PolicyDoesNotLetAwsIn", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]})");
       },
       "AWS cannot deliver", "--kind bucket-policy"},
      {"PolicyLetsAwsInElsewhere", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/other/*"]}]})");
       },
       "AWS cannot deliver", "s3:PutObject"},
      {"PolicyDeniesWhatItAllows", "bucket-policy", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut(
             "/payer-bills", "policy",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/*"]},{"Sid":"OnlyOurKey","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}]})");
       },
       "may stop deliveries: OnlyOurKey", "aws:PrincipalIsAWSService"},
      {"OthersListenToTheBucket", "bucket-events", kWarning,
       [](Stage& stage, Connection&) {
         stage.AdminPut("/payer-bills", "notification",
                        "<NotificationConfiguration><QueueConfiguration><Id>1</Id>"
                        "<Queue>arn:aws:sqs:us-east-1:1:q</Queue><Event>s3:ObjectCreated:*</Event>"
                        "</QueueConfiguration></NotificationConfiguration>");
       },
       "other processes depend", "never changes them"},
      Denied("EventsCannotBeRead", "bucket-events", "s3:GetBucketNotification", "AccessDenied"),
  };
  return troubles;
}

INSTANTIATE_TEST_SUITE_P(Bucket, CheckTest, testing::ValuesIn(BucketTroubles()), NameOfTrouble);

namespace {

TEST(CheckListTest, ABucketThatTheConnectionMayMakeIsMadeFirst) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({kReadBilling, kManageExport});
  settings.export_place = {ExportKind::kCur2, "bills", "", "yet-to-be-made", "it's billing", ""};
  const Connection connection = stage.Onboard(settings);
  const CheckReport report = stage.Look(connection);
  const CheckResult& region = *report.Find("bucket-region");
  EXPECT_EQ(region.status, kFail) << Told(report);
  EXPECT_EQ(region.fix.find(
                "let it be made, with its export: farthing discover production "
                "--create cur2 --name bills --bucket yet-to-be-made --prefix 'it'\\''s billing'"),
            0U)
      << region.fix;
}

TEST(BucketPolicyCheckTest, ItsShapeDoesNotMatter) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings({kReadBilling});
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  const std::string account = stage.aws().payer();
  const std::string both =
      R"("Principal":{"Service":["bcm-data-exports.amazonaws.com","billingreports.amazonaws.com"]})";
  const auto statement = [](const std::string& inside) {
    return R"({"Effect" : "Allow",)"
           "\n\t" +
           inside + "}";
  };
  const std::string whole =
      R"("Action":["s3:GetBucketPolicy","s3:PutObject"],"Resource":["arn:aws:s3:::payer-bills","arn:aws:s3:::payer-bills/*"])";
  const std::vector<std::string> enough{
      statement(both + "," + whole),
      // One statement for each action, single values as text, patterns.
      statement(both + R"(,"Action":"s3:GetBucket*","Resource":"arn:aws:s3:::payer-bills")") + "," +
          statement(both +
                    R"(,"Action":"s3:PutObject","Resource":"arn:aws:s3:::payer-bills/billing/*")"),
      // One statement for each service.
      statement(R"("Principal":{"Service":"bcm-data-exports.amazonaws.com"},)" + whole) + "," +
          statement(R"("Principal":{"Service":"billingreports.amazonaws.com"},)" + whole),
      statement(both + "," + whole + R"(,"Condition":{"StringEquals":{"aws:sourceaccount":[")" +
                account + R"("]},"ArnLike":{"aws:SourceArn":["arn:aws:cur:us-east-1:)" + account +
                R"(:definition/bills","arn:aws:bcm-data-exports:us-east-1:)" + account +
                R"(:export/*"]}})"),
      statement(both + "," + whole) +
          R"(,{"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"Bool":{"aws:SecureTransport":false}}})"
          R"(,{"Sid":"Others","Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"arn:aws:s3:::payer-bills/*","Condition":{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"},"StringNotEquals":{"aws:PrincipalAccount":")" +
          account + R"("}}})",
  };
  for (const std::string& statements : enough) {
    stage.AdminPut("/payer-bills", "policy",
                   R"({"Statement":[)" + statements + R"(],"Version":"2012-10-17"})");
    const CheckReport report = stage.Look(connection);
    EXPECT_EQ(report.Find("bucket-policy")->status, kPass) << statements << Told(report);
  }
}

}  // namespace
}  // namespace farthing::connect
