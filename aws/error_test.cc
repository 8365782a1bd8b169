#include "aws/error.h"

#include <gtest/gtest.h>

namespace farthing::aws {
namespace {

ServiceError Read(int status, http::Headers headers, std::string body) {
  return ReadServiceError(
      {.status = status, .headers = std::move(headers), .body = std::move(body)});
}

TEST(ServiceErrorTest, ReadsEveryProtocol) {
  // JSON 1.1, with the name space and the header.
  ServiceError json =
      Read(400, {{"x-amzn-RequestId", "r-1"}},
           R"({"__type":"com.amazonaws.ce#DataUnavailableException","Message":"m"})");
  EXPECT_EQ(json.code, "DataUnavailableException");
  EXPECT_EQ(json.message, "m");
  EXPECT_EQ(json.request_id, "r-1");
  json = Read(403, {{"X-Amzn-ErrorType", "AccessDeniedException:http://internal/"}},
              R"({"message":"no"})");
  EXPECT_EQ(json.code, "AccessDeniedException");
  // Query (STS, IAM).
  const ServiceError query =
      Read(403, {},
           "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
           "<Type>Sender</Type><Code>AccessDenied</Code><Message>a &lt;b&gt;</Message>"
           "</Error><RequestId>r-2</RequestId></ErrorResponse>");
  EXPECT_EQ(query.code, "AccessDenied");
  EXPECT_EQ(query.message, "a <b>");
  EXPECT_EQ(query.request_id, "r-2");
  // EC2.
  const ServiceError ec2 =
      Read(400, {},
           "<Response><Errors><Error><Code>AuthFailure</Code><Message>m</Message></Error>"
           "</Errors><RequestID>r-3</RequestID></Response>");
  EXPECT_EQ(ec2.code, "AuthFailure");
  EXPECT_EQ(ec2.request_id, "r-3");
  // S3, with the right region.
  const ServiceError s3 =
      Read(400, {{"x-amz-request-id", "r-4"}, {"x-amz-id-2", "h"}},
           "<?xml version=\"1.0\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code><Message>m"
           "</Message><Region>eu-west-1</Region><RequestId>other</RequestId></Error>");
  EXPECT_EQ(s3.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(s3.region, "eu-west-1");
  EXPECT_EQ(s3.request_id, "r-4");
  // IAM Identity Center speaks OAuth's form.
  EXPECT_EQ(Read(400, {}, R"({"error":"invalid_grant","error_description":"d"})").code,
            "invalid_grant");
}

TEST(ServiceErrorTest, LivesWithBodiesThatAreNone) {
  for (const char* body : {"", "<html><body>Bad gateway</body></html>", "{", "<", "[1]", "plain",
                           "{\"__type\":7}", "<Error/>"}) {
    const ServiceError refused = Read(502, {{"x-amz-bucket-region", "eu-west-1"}}, body);
    EXPECT_EQ(refused.code, "") << body;
    EXPECT_EQ(refused.region, "eu-west-1");
    EXPECT_EQ(Classify(refused), Retry::kTransient);
  }
}

TEST(ServiceErrorTest, ShowsForeignTextSafely) {
  const ServiceError refused = Read(
      400, {}, "{\"__type\":\"X\",\"message\":\"a\\u001b[31m\\n" + std::string(5000, 'x') + "\"}");
  EXPECT_EQ(refused.message.substr(0, 7), "a [31m ");
  EXPECT_EQ(refused.message.size(), 2000U);
}

TEST(ClassifyTest, KnowsThrottlesFromQuotas) {
  const auto of = [](int status, std::string code, std::string message = "") {
    return Classify({.status = status,
                     .code = std::move(code),
                     .message = std::move(message),
                     .request_id = {},
                     .region = {}});
  };
  EXPECT_EQ(of(400, "Throttling"), Retry::kThrottled);
  EXPECT_EQ(of(400, "LimitExceededException"), Retry::kThrottled);
  EXPECT_EQ(of(503, "SlowDown"), Retry::kThrottled);
  EXPECT_EQ(of(429, ""), Retry::kThrottled);
  EXPECT_EQ(of(400, "ReportLimitReachedException"), Retry::kNever);
  EXPECT_EQ(of(400, "ServiceQuotaExceededException"), Retry::kNever);
  EXPECT_EQ(of(400, "BackfillLimitExceededException"), Retry::kNever);
  EXPECT_EQ(of(500, ""), Retry::kTransient);
  EXPECT_EQ(of(501, ""), Retry::kNever);
  EXPECT_EQ(of(400, "RequestTimeout"), Retry::kTransient);
  EXPECT_EQ(of(403, "RequestTimeTooSkewed"), Retry::kClockSkew);
  EXPECT_EQ(of(403, "SignatureDoesNotMatch", "Signature expired: 2026…"), Retry::kClockSkew);
  EXPECT_EQ(of(403, "SignatureDoesNotMatch", "does not match"), Retry::kNever);
  EXPECT_EQ(of(400, "ExpiredTokenException"), Retry::kExpiredToken);
  EXPECT_EQ(of(403, "AccessDenied"), Retry::kNever);
}

TEST(ToErrorTest, CarriesTheFactsAndTheFix) {
  const ServiceError refused{.status = 403,
                             .code = "AccessDenied",
                             .message =
                                 "User: arn:aws:sts::1:x is not authorized to perform: "
                                 "sts:AssumeRole on resource: arn:aws:iam::2:role/r",
                             .request_id = "r-1",
                             .region = ""};
  const Error error = ToError(refused, Service::kSts, "AssumeRole");
  EXPECT_EQ(error.code(), Errc::kPermissionDenied);
  EXPECT_EQ(AwsCode(error), "AccessDenied");
  EXPECT_EQ(error.detail(kOperationDetail), "sts:AssumeRole");
  EXPECT_EQ(error.detail(kRequestIdDetail), "r-1");
  EXPECT_EQ(error.detail(kStatusDetail), "403");
  EXPECT_NE(error.message().find("(HTTP 403, request r-1): AccessDenied: User:"),
            std::string::npos);
  EXPECT_NE(error.hint().find("external ID"), std::string::npos);
  EXPECT_EQ(AwsCode(Error(Errc::kNotFound, "x")), "");
}

TEST(ToErrorTest, SaysWhoseMoveItIs) {
  struct Case {
    int status;
    const char* code;
    Errc expected;
  };
  for (const Case& example :
       {Case{403, "", Errc::kPermissionDenied}, Case{404, "", Errc::kNotFound},
        Case{404, "NoSuchBucket", Errc::kNotFound},
        Case{412, "PreconditionFailed", Errc::kConflict},
        Case{400, "AWSOrganizationsNotInUseException", Errc::kNotFound},
        Case{400, "DuplicateReportNameException", Errc::kConflict},
        Case{400, "ReportLimitReachedException", Errc::kTooLarge},
        Case{400, "ExpiredToken", Errc::kUnauthenticated},
        Case{403, "SignatureDoesNotMatch", Errc::kUnauthenticated},
        Case{403, "InvalidObjectState", Errc::kPermissionDenied},
        Case{400, "KMS.DisabledException", Errc::kPermissionDenied},
        Case{400, "ValidationException", Errc::kInvalidArgument},
        Case{301, "PermanentRedirect", Errc::kInvalidArgument},
        Case{503, "SlowDown", Errc::kUnavailable},
        Case{501, "NotImplemented", Errc::kUnavailable}}) {
    const ServiceError refused{.status = example.status,
                               .code = example.code,
                               .message = "",
                               .request_id = "",
                               .region = ""};
    EXPECT_EQ(ToError(refused, Service::kS3, "X").code(), example.expected) << example.code;
  }
}

TEST(ToErrorTest, ReadsTheReasonOutOfAwssWords) {
  const auto hint = [](std::string message) {
    return ToError({.status = 403,
                    .code = "AccessDeniedException",
                    .message = std::move(message),
                    .request_id = "",
                    .region = ""},
                   Service::kCostExplorer, "GetCostAndUsage")
        .hint();
  };
  EXPECT_NE(hint("… with an explicit deny in a service control policy").find("service control"),
            std::string::npos);
  EXPECT_NE(hint("… because no permissions boundary allows").find("boundary"), std::string::npos);
  EXPECT_NE(hint("… not authorized to perform: kms:Decrypt").find("kms:Decrypt"),
            std::string::npos);
  for (const char* where : {"identity-based policy", "permissions boundary", "session policy"}) {
    const std::string fix =
        hint("… with an explicit deny in " + std::string(where[0] == 'i' ? "an " : "a ") + where);
    EXPECT_EQ(fix.find("add the action to"), std::string::npos) << fix;
    EXPECT_NE(fix.find("forbids"), std::string::npos) << fix;
  }
  EXPECT_NE(hint("… because no identity-based policy allows").find("policy of the role"),
            std::string::npos);
}

}  // namespace
}  // namespace farthing::aws
