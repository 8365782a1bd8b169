#include "connect/exports/export_refusal.h"

#include <gtest/gtest.h>

#include "aws/error.h"

namespace farthing::connect {
namespace {

struct Case {
  std::string name, code, said, operation;
  int status = 400;
  std::string expected;
};

class ExplainSetupRefusalTest : public testing::TestWithParam<Case> {};

TEST_P(ExplainSetupRefusalTest, SaysWhoCanChangeIt) {
  const Case& given = GetParam();
  aws::ServiceError refused;
  refused.status = given.status;
  refused.code = given.code;
  refused.message = given.said;
  refused.request_id = "r-1";
  const bool s3 = given.operation.starts_with("s3:");
  const Error error = aws::ToError(refused, s3 ? aws::Service::kS3 : aws::Service::kCur,
                                   given.operation.substr(given.operation.find(':') + 1));
  SetupAttempt attempt;
  attempt.connection = "production";
  attempt.account_id = "111122223333";
  attempt.bucket = "bills";
  attempt.export_name = "cur";
  attempt.in_the_way = {"Lock"};
  const Error explained = ExplainSetupRefusal(error, attempt);
  EXPECT_NE(explained.hint().find(given.expected), std::string::npos) << explained.hint();
  EXPECT_EQ(explained.code(), error.code());
  EXPECT_EQ(explained.message(), error.message());
  EXPECT_EQ(explained.detail(aws::kRequestIdDetail), "r-1");
}

INSTANTIATE_TEST_SUITE_P(
    All, ExplainSetupRefusalTest,
    testing::Values(
        Case{"scp", "AccessDeniedException",
             "User: x is not authorized to perform: cur:PutReportDefinition with an explicit deny "
             "in a service control policy",
             "cur:PutReportDefinition", 403, "an administrator of AWS Organizations"},
        Case{"boundary", "AccessDeniedException",
             "not authorized to perform: x because no permissions boundary allows",
             "cur:PutReportDefinition", 403, "whoever set the boundary"},
        Case{"role", "AccessDeniedException",
             "User: x is not authorized to perform: cur:PutReportDefinition because no "
             "identity-based policy allows it",
             "cur:PutReportDefinition", 403, "can allow cur:PutReportDefinition to the role"},
        Case{"root", "AccessDeniedException", "User: x is not authorized to perform: y",
             "cur:PutReportDefinition", 403, "the root user has yet to switch on"},
        Case{"bucket_deny", "AccessDenied",
             "User: x is not authorized to perform: s3:PutBucketPolicy with an explicit deny in a "
             "resource-based policy",
             "s3:PutBucketPolicy", 403, "the owner of bills can except the role"},
        Case{"foreign", "AccessDenied", "Access Denied", "s3:GetBucketPolicy", 403,
             "another account than 111122223333"},
        Case{"not_owner", "MethodNotAllowed", "not allowed against this resource",
             "s3:GetBucketPolicy", 405, "only its owner can change its policy"},
        Case{"taken", "BucketAlreadyExists", "not available", "s3:CreateBucket", 409,
             "unique in all of AWS"},
        Case{"limit", "ReportLimitReachedException", "five", "cur:PutReportDefinition", 400,
             "five reports an account"},
        Case{"quota", "ServiceQuotaExceededException", "limit", "cur:PutReportDefinition", 402,
             "five exports of this table"},
        Case{"duplicate", "DuplicateReportNameException", "already exists",
             "cur:PutReportDefinition", 400, "--adjust cur"},
        Case{"bucket", "ValidationException", "Failed to verify customer bucket permission.",
             "cur:PutReportDefinition", 400, "may be the cause: Lock"},
        Case{"expired", "ExpiredToken", "expired", "s3:CreateBucket", 400, "sign in again"}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace farthing::connect
