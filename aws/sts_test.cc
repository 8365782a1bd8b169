#include "aws/sts.h"

#include <gtest/gtest.h>

#include "aws/error.h"
#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

constexpr const char* kAssumed =
    R"(<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/Cost/farthing</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>se/cret+</SecretAccessKey>
      <SessionToken>to//ken==</SessionToken><Expiration>2026-11-21T09:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>
</AssumeRoleResponse>)";

AssumeRoleRequest ForCost() {
  AssumeRoleRequest request;
  request.role_arn = "arn:aws:iam::111122223333:role/Cost";
  return request;
}

TEST(StsTest, SaysWhoWeAre) {
  ScriptedAws aws;
  aws.http->Expect(200, R"(<GetCallerIdentityResponse><GetCallerIdentityResult>
    <Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>AIDA</UserId><Account>111122223333</Account>
    </GetCallerIdentityResult></GetCallerIdentityResponse>)");
  const auto identity = GetCallerIdentity(*aws.client);
  ASSERT_TRUE(identity.ok()) << identity.error().message();
  EXPECT_EQ(identity->account_id, "111122223333");
  EXPECT_EQ(identity->arn, "arn:aws:iam::111122223333:user/a");
  EXPECT_EQ(aws.http->request(0).body, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_EQ(aws.http->request(0).url.host, "sts.us-east-1.amazonaws.com");
}

TEST(StsTest, SendsTheExternalIdAndReadsTheSession) {
  ScriptedAws aws;
  aws.http->Expect(200, kAssumed);
  AssumeRoleRequest request = ForCost();
  request.external_id = "b0a6f0c2-3c3f+=,.@:/-";
  request.session_policy = R"({"Version":"2012-10-17"})";
  const auto credentials = AssumeRole(*aws.client, request);
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(credentials->access_key_id, "ASIAEXAMPLE");
  EXPECT_EQ(credentials->secret_access_key, "se/cret+");
  EXPECT_EQ(credentials->session_token, "to//ken==");
  EXPECT_EQ(ToString(*credentials->expires), "2026-11-21T09:00:00Z");
  const http::Request sent = aws.http->request(0);
  EXPECT_EQ(FormValue(sent, "ExternalId"), "b0a6f0c2-3c3f+=,.@:/-");
  EXPECT_EQ(FormValue(sent, "RoleSessionName"), "farthing");
  EXPECT_EQ(FormValue(sent, "DurationSeconds"), "3600");
  EXPECT_EQ(FormValue(sent, "Policy"), R"({"Version":"2012-10-17"})");
}

TEST(StsTest, LeavesOutTheExternalIdOnlyWhenThereIsNone) {
  ScriptedAws aws;
  aws.http->Expect(200, kAssumed);
  ASSERT_TRUE(AssumeRole(*aws.client, ForCost()).ok());
  EXPECT_EQ(aws.http->request(0).body.find("ExternalId"), std::string::npos);
}

TEST(StsTest, ARefusalKeepsAwsCodeAndRequest) {
  ScriptedAws aws;
  aws.http->Expect(403, R"(<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
    <Message>User: x is not authorized to perform: sts:AssumeRole on resource: y</Message></Error>
    <RequestId>r-1</RequestId></ErrorResponse>)");
  const auto credentials = AssumeRole(*aws.client, ForCost());
  ASSERT_FALSE(credentials.ok());
  EXPECT_EQ(credentials.error().code(), Errc::kPermissionDenied);
  EXPECT_EQ(AwsCode(credentials.error()), "AccessDenied");
  EXPECT_EQ(credentials.error().detail(kRequestIdDetail), "r-1");
}

TEST(StsTest, AnAnswerThatIsAPageOfAProxyIsNamed) {
  ScriptedAws aws;
  aws.http->Expect(200, "welcome to the hotel");
  const auto identity = GetCallerIdentity(*aws.client);
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(identity.error().code(), Errc::kCorrupt);
}

TEST(StsTest, WebIdentityIsNotSigned) {
  ScriptedAws aws;
  std::string answer = kAssumed;
  for (std::size_t at = 0; (at = answer.find("AssumeRoleRes", at)) != std::string::npos; at += 20)
    answer.insert(at + 10, "WithWebIdentity");
  aws.http->Expect(200, answer);
  WebIdentityRequest request;
  request.role_arn = "arn:aws:iam::111122223333:role/Cost";
  request.token = "eyJ.a.b";
  const auto credentials = AssumeRoleWithWebIdentity(*aws.client, request);
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(HeaderValue(aws.http->request(0), "Authorization"), "");
  EXPECT_EQ(FormValue(aws.http->request(0), "WebIdentityToken"), "eyJ.a.b");
}

TEST(StsTest, RoleCredentialsAreRenewedAheadOfExpiry) {
  ScriptedAws aws;
  aws.http->Expect(200, kAssumed);
  std::string later = kAssumed;
  later.replace(later.find("2026-11-21T09"), 13, "2026-11-21T10");
  aws.http->Expect(200, later);
  const auto provider = RoleCredentials(aws.client, ForCost());
  ASSERT_TRUE(provider->Get().ok());
  ASSERT_TRUE(provider->Get().ok());
  EXPECT_EQ(aws.http->requests().size(), 1U);
  *aws.clock = *ParseInstant("2026-11-21T08:46:00Z");
  const auto renewed = provider->Get();
  ASSERT_TRUE(renewed.ok());
  EXPECT_EQ(ToString(*renewed->expires), "2026-11-21T10:00:00Z");
}

}  // namespace
}  // namespace farthing::aws
