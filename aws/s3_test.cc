#include "aws/s3.h"

#include <gtest/gtest.h>

#include "aws/error.h"
#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

std::string ListPage(const std::string& inside) {
  return "<?xml version=\"1.0\"?><ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<EncodingType>url</EncodingType>" +
         inside + "</ListBucketResult>";
}

TEST(S3Test, EveryPageOfAListingIsReadAndDecoded) {
  ScriptedAws aws;
  aws.http->Expect(
      200,
      ListPage(
          "<IsTruncated>true</IsTruncated><NextContinuationToken>1+aB/==</NextContinuationToken>"
          "<Contents><Key>data/BILLING_PERIOD%3D2026-11/a+b%2B%C3%A9.csv.gz</Key><Size>5000000000</"
          "Size>"
          "<ETag>&quot;abc&quot;</ETag><LastModified>2026-11-20T08:00:00.000Z</LastModified>"
          "<StorageClass>STANDARD</StorageClass></Contents>"));
  aws.http->Expect(
      200,
      ListPage("<IsTruncated>false</IsTruncated><Contents><Key>z</Key><Size>0</Size></Contents>"
               "<CommonPrefixes><Prefix>data%2Fx+y/</Prefix></CommonPrefixes>"));
  S3 s3(aws.client, {});
  const auto listing = s3.List("acme-cur", "data/", "/");
  ASSERT_TRUE(listing.ok()) << listing.error().message();
  ASSERT_EQ(listing->objects.size(), 2U);
  EXPECT_EQ(listing->objects[0].key, "data/BILLING_PERIOD=2026-11/a b+é.csv.gz");
  EXPECT_EQ(listing->objects[0].size_bytes, 5000000000U);
  EXPECT_EQ(listing->objects[0].etag, "\"abc\"");
  EXPECT_EQ(ToString(*listing->objects[0].last_modified), "2026-11-20T08:00:00Z");
  EXPECT_EQ(listing->prefixes, std::vector<std::string>{"data/x y/"});
  const http::Request second = aws.http->request(1);
  EXPECT_EQ(second.url.host, "acme-cur.s3.us-east-1.amazonaws.com");
  EXPECT_EQ(QueryValue(second, "continuation-token"), "1+aB/==");
  EXPECT_EQ(QueryValue(second, "encoding-type"), "url");
  EXPECT_EQ(QueryValue(second, "prefix"), "data/");
}

TEST(S3Test, KeysAreTakenAsTheyAreWhereTheStorageDoesNotEncode) {
  ScriptedAws aws;
  aws.http->Expect(
      200, "<ListBucketResult><Contents><Key>a+b%20c &amp; d</Key></Contents></ListBucketResult>");
  const auto listing = S3(aws.client, {}).List("acme", "");
  ASSERT_TRUE(listing.ok()) << listing.error().message();
  EXPECT_EQ(listing->objects[0].key, "a+b%20c & d");
}

TEST(S3Test, AListingStopsWhenNoMoreIsWanted) {
  ScriptedAws aws;
  aws.http->Expect(
      200,
      ListPage("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
               "<Contents><Key>a</Key></Contents>"));
  std::size_t pages = 0;
  EXPECT_TRUE(S3(aws.client, {})
                  .EachPage("acme", "", "",
                            [&](const Listing& page) {
                              EXPECT_EQ(page.objects.size(), 1U);
                              return ++pages == 0;
                            })
                  .ok());
  EXPECT_EQ(pages, 1U);
  EXPECT_EQ(aws.http->requests().size(), 1U);
}

TEST(S3Test, WhatIsNoListingIsNoEmptyBucket) {
  for (const char* body : {"<html><body>Sign in to the network</body></html>",
                           "<Error><Code>InternalError</Code></Error>"}) {
    ScriptedAws aws;
    aws.http->Expect(200, body);
    const auto listing = S3(aws.client, {}).List("acme", "");
    ASSERT_FALSE(listing.ok()) << body;
    EXPECT_NE(listing.error().message().find("not ListBucketResult"), std::string::npos)
        << listing.error().message();
    EXPECT_NE(listing.error().hint().find("proxy"), std::string::npos) << listing.error().hint();
  }
}

TEST(S3Test, BrokenPagingEnds) {
  ScriptedAws aws;
  aws.http->Always([](const http::Request&) -> Result<http::Response> {
    return http::Response{
        200,
        {},
        ListPage(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")};
  });
  EXPECT_EQ(S3(aws.client, {}).List("acme", "").error().code(), Errc::kCorrupt);
  ScriptedAws other;
  other.http->Expect(200, ListPage("<IsTruncated>true</IsTruncated>"));
  EXPECT_EQ(S3(other.client, {}).List("acme", "").error().code(), Errc::kCorrupt);
}

struct Redirect {
  const char* name;
  int status;
  http::Headers headers;
  const char* body;
};

class S3RedirectTest : public testing::TestWithParam<Redirect> {};

TEST_P(S3RedirectTest, TheCallIsSignedAnewForTheRightRegionAndRemembered) {
  ScriptedAws aws;
  const Redirect& redirect = GetParam();
  aws.http->Expect(redirect.status, redirect.body, redirect.headers);
  aws.http->Expect(200, "content");
  aws.http->Expect(200, "content");
  S3 s3(aws.client, {});
  const auto content = s3.Get("acme-cur", "a", 100);
  ASSERT_TRUE(content.ok()) << content.error().message();
  EXPECT_EQ(*content, "content");
  const http::Request second = aws.http->request(1);
  EXPECT_EQ(second.url.host, "acme-cur.s3.eu-central-1.amazonaws.com");
  EXPECT_NE(HeaderValue(second, "Authorization").find("/eu-central-1/s3/"), std::string::npos);
  ASSERT_TRUE(s3.Get("acme-cur", "acme", 100).ok());
  EXPECT_EQ(aws.http->request(2).url.host, "acme-cur.s3.eu-central-1.amazonaws.com");
}

const http::Headers kRegion = {{"x-amz-bucket-region", "eu-central-1"}};
INSTANTIATE_TEST_SUITE_P(
    All, S3RedirectTest,
    testing::Values(
        Redirect{"moved", 301, kRegion, "<Error><Code>PermanentRedirect</Code></Error>"},
        Redirect{"bare", 301, kRegion, ""},
        Redirect{"fresh", 307, kRegion, "<Error><Code>TemporaryRedirect</Code></Error>"},
        Redirect{"malformed",
                 400,
                 {},
                 "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></"
                 "Error>"},
        Redirect{"opt_in", 400, kRegion,
                 "<Error><Code>IllegalLocationConstraintException</Code></Error>"},
        Redirect{"bare400", 400, kRegion, ""}),
    [](const auto& redirect) { return std::string(redirect.param.name); });

TEST(S3Test, ARedirectWithoutARegionAsksTheBucket) {
  ScriptedAws aws;
  aws.http->Expect(307, "");
  aws.http->Expect(403, "", {{"x-amz-bucket-region", "eu-west-3"}});
  aws.http->Expect(200, "x");
  S3 s3(aws.client, {});
  ASSERT_TRUE(s3.Get("acme", "k", 10).ok());
  EXPECT_EQ(aws.http->request(1).method, "HEAD");
  EXPECT_EQ(aws.http->request(2).url.host, "acme.s3.eu-west-3.amazonaws.com");
}

http::Headers Redirection(const std::string& location) {
  return {{"x-amz-bucket-region", "us-east-1"}, {"Location", location}};
}

// A bucket made a moment ago, whose name the world does not know yet.
TEST(S3Test, ATemporaryRedirectWithinTheRegionIsFollowedWithASignatureForTheOtherHost) {
  ScriptedAws aws;
  aws.http->Expect(307, "<Error><Code>TemporaryRedirect</Code></Error>",
                   Redirection("https://acme.s3-us-east-1.amazonaws.com/k%20%2B?rk=1"));
  aws.http->Expect(200, "x");
  aws.http->Expect(200, "x");
  S3 s3(aws.client, {});
  const auto content = s3.Get("acme", "k +", 10);
  ASSERT_TRUE(content.ok()) << content.error().message();
  const http::Request first = aws.http->request(0), second = aws.http->request(1);
  EXPECT_EQ(second.url.ToString(), "https://acme.s3-us-east-1.amazonaws.com/k%20%2B?rk=1");
  EXPECT_NE(HeaderValue(first, "Authorization"), HeaderValue(second, "Authorization"));
  ASSERT_TRUE(s3.Get("acme", "k", 10).ok());
  EXPECT_EQ(aws.http->request(2).url.host, "acme.s3.us-east-1.amazonaws.com") << "only that once";
}

TEST(S3Test, ARedirectKeepsTheQueryOfTheCall) {
  ScriptedAws aws;
  aws.http->Expect(307, "", Redirection("https://acme.s3-us-east-1.amazonaws.com/"));
  aws.http->Expect(200, "{}");
  ASSERT_TRUE(S3(aws.client, {}).BucketPolicy("acme").ok());
  EXPECT_EQ(aws.http->request(1).url.query, "policy=");
}

TEST(S3Test, RedirectsEnd) {
  ScriptedAws aws;
  aws.http->Always([](const http::Request&) -> Result<http::Response> {
    return http::Response{307, Redirection("https://acme.s3.us-east-1.amazonaws.com/k"), ""};
  });
  EXPECT_FALSE(S3(aws.client, {}).Get("acme", "k", 10).ok());
  EXPECT_EQ(aws.http->requests().size(), 5U);
}

TEST(S3Test, ARedirectThatLeavesS3IsNotFollowed) {
  for (const char* location :
       {"https://acme.s3.example.com/k", "https://amazonaws.com.example.com/k",
        "https://evilamazonaws.com/k", "http://acme.s3.us-east-1.amazonaws.com/k", "/k", ""}) {
    ScriptedAws aws;
    aws.http->Expect(307, "", Redirection(location));
    EXPECT_FALSE(S3(aws.client, {}).Get("acme", "k", 10).ok()) << location;
    EXPECT_EQ(aws.http->requests().size(), 1U) << location;
  }
}

TEST(S3Test, ARedirectedCallThatNeedsAnotherRegionGoesThere) {
  ScriptedAws aws;
  aws.http->Expect(307, "", {{"Location", "https://acme.s3-eu-west-1.amazonaws.com/k"}});
  aws.http->Expect(
      400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>");
  aws.http->Expect(200, "x");
  ASSERT_TRUE(S3(aws.client, {}).Get("acme", "k", 10).ok());
  const http::Request third = aws.http->request(2);
  EXPECT_EQ(third.url.host, "acme.s3.eu-west-1.amazonaws.com");
  EXPECT_NE(HeaderValue(third, "Authorization").find("/eu-west-1/s3/"), std::string::npos);
}

TEST(S3Test, OneRedirectIsEnough) {
  ScriptedAws aws;
  for (int i = 0; i < 2; ++i)
    aws.http->Expect(301, "", {{"x-amz-bucket-region", i == 0 ? "eu-west-1" : "eu-west-2"}});
  EXPECT_FALSE(S3(aws.client, {}).Get("acme", "k", 10).ok());
  EXPECT_EQ(aws.http->requests().size(), 2U);
}

TEST(S3Test, ARegionThatIsNotEnabledIsNamed) {
  const http::Headers there = {{"x-amz-bucket-region", "me-south-1"}};
  const std::string illegal =
      "<Error><Code>IllegalLocationConstraintException</Code><Message>The me-south-1 location "
      "constraint is incompatible for the region specific endpoint this request was sent "
      "to.</Message></Error>";
  {  // AWS names the region by a HEAD only
    ScriptedAws aws;
    aws.http->Expect(400, illegal);
    aws.http->Expect(400, "", there);
    aws.http->Expect(400, illegal);
    const Error error = S3(aws.client, {}).List("acme", "").error();
    EXPECT_EQ(aws.http->request(2).url.host, "acme.s3.me-south-1.amazonaws.com");
    EXPECT_NE(error.message().find("is in me-south-1, which the account that asks has not enabled"),
              std::string::npos)
        << error.message();
    EXPECT_NE(error.hint().find("enable-region --region-name me-south-1"), std::string::npos);
    EXPECT_EQ(AwsCode(error), "IllegalLocationConstraintException");
  }
  {  // to a HEAD it says nothing but 400
    ScriptedAws aws;
    aws.http->Expect(400, "", there);
    aws.http->Expect(400, "", there);
    const Error error = S3(aws.client, {}).Head("acme", "k").error();
    EXPECT_EQ(aws.http->requests().size(), 2U);
    EXPECT_NE(error.message().find("is in me-south-1"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("enable me-south-1"), std::string::npos) << error.hint();
    EXPECT_NE(error.hint().find("session has ended"), std::string::npos);
  }
  ScriptedAws aws;  // and not even where
  aws.http->Expect(400, "");
  const Error error = S3(aws.client, {}).BucketRegion("acme").error();
  EXPECT_NE(error.hint().find("enabled for the account"), std::string::npos) << error.hint();
}

TEST(S3Test, ABucketInARegionThatIsMisspeltSaysSo) {
  ScriptedAws aws;
  aws.http->Expect(400, "<Error><Code>InvalidLocationConstraint</Code></Error>");
  const Error error = S3(aws.client, {}).CreateBucket("acme", "eu-west-9").error();
  EXPECT_NE(error.hint().find("spelt right"), std::string::npos) << error.hint();
}

TEST(S3Test, TheRegionIsToldEvenByARefusal) {
  for (const int status : {200, 301, 400, 403}) {
    ScriptedAws aws;
    aws.http->Expect(status, "", {{"x-amz-bucket-region", "ap-south-1"}});
    S3 s3(aws.client, {});
    EXPECT_EQ(*s3.BucketRegion("acme"), "ap-south-1") << status;
    EXPECT_EQ(*s3.BucketRegion("acme"), "ap-south-1");
    EXPECT_EQ(aws.http->requests().size(), 1U);
  }
  ScriptedAws aws;
  aws.http->Expect(404, "");
  EXPECT_EQ(S3(aws.client, {}).BucketRegion("acme").error().code(), Errc::kNotFound);
  aws.http->Expect(200, "");
  aws.http->Expect(200, "<LocationConstraint>EU</LocationConstraint>");
  EXPECT_EQ(*S3(aws.client, {}).BucketRegion("acme"), "eu-west-1");
}

TEST(S3Test, OwnerAndPayerGoWithEveryCall) {
  ScriptedAws aws;
  S3Settings settings;
  settings.expected_owner = "111122223333";
  settings.requester_pays = true;
  S3 s3(aws.client, settings);
  aws.http->Always([](const http::Request&) -> Result<http::Response> {
    return http::Response{200, {}, "<a/>"};
  });
  (void)s3.Get("acme", "k/ö=(1).csv", 10);
  (void)s3.List("acme", "");
  (void)s3.Head("acme", "k");
  (void)s3.BucketPolicy("acme");
  (void)s3.Notifications("acme");
  (void)s3.Put("acme", "k", "body");
  for (const http::Request& request : aws.http->requests()) {
    EXPECT_EQ(HeaderValue(request, "x-amz-expected-bucket-owner"), "111122223333");
    EXPECT_EQ(HeaderValue(request, "x-amz-request-payer"), "requester");
    EXPECT_NE(HeaderValue(request, "x-amz-content-sha256"), "");
  }
  EXPECT_EQ(aws.http->request(0).url.path, "/k/%C3%B6%3D%281%29.csv");
  EXPECT_EQ(aws.http->request(3).url.query, "policy=");
}

TEST(S3Test, NamesWithDotsGoIntoThePath) {
  ScriptedAws aws;
  aws.http->Expect(200, "x");
  ASSERT_TRUE(S3(aws.client, {}).Get("my.bucket", "k", 10).ok());
  EXPECT_EQ(aws.http->request(0).url.host, "s3.us-east-1.amazonaws.com");
  EXPECT_EQ(aws.http->request(0).url.path, "/my.bucket/k");
}

TEST(S3Test, HeadReadsHeaders) {
  ScriptedAws aws;
  aws.http->Expect(200, "",
                   {{"Content-Length", "123"},
                    {"ETag", "\"e\""},
                    {"Last-Modified", "Sat, 21 Nov 2026 08:00:00 GMT"},
                    {"x-amz-version-id", "v1"},
                    {"x-amz-storage-class", "GLACIER"}});
  const auto object = S3(aws.client, {}).Head("acme", "k");
  ASSERT_TRUE(object.ok()) << object.error().message();
  EXPECT_EQ(object->size_bytes, 123U);
  EXPECT_EQ(object->etag, "\"e\"");
  EXPECT_EQ(ToString(*object->last_modified), "2026-11-21T08:00:00Z");
  EXPECT_EQ(object->storage_class, "GLACIER");
  EXPECT_EQ(object->version_id, "v1");
  aws.http->Expect(404, "");
  const auto missing = S3(aws.client, {}).Head("acme", "k");
  EXPECT_EQ(missing.error().code(), Errc::kNotFound);
  EXPECT_NE(missing.error().message().find("s3://acme/k"), std::string::npos);
}

TEST(S3Test, APinnedReadOfAnOverwrittenObjectIsAConflict) {
  ScriptedAws aws;
  aws.http->Expect(412, "<Error><Code>PreconditionFailed</Code></Error>");
  const auto content = S3(aws.client, {}).Get("acme", "k", 10, "\"old\"");
  EXPECT_EQ(content.error().code(), Errc::kConflict);
  EXPECT_EQ(HeaderValue(aws.http->request(0), "If-Match"), "\"old\"");
}

TEST(S3Test, TheLimitIsForContentNotForRefusals) {
  ScriptedAws aws;
  S3 s3(aws.client, {});
  aws.http->Expect(404, "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>");
  EXPECT_EQ(s3.Get("acme", "k", 10).error().code(), Errc::kNotFound);
  for (const int size : {11, 100'000}) {
    aws.http->Expect(200, std::string(static_cast<std::size_t>(size), 'x'));
    EXPECT_EQ(s3.Get("acme", "k", 10).error().code(), Errc::kTooLarge);
  }
}

TEST(S3Test, CausesOfRefusalsAreNamed) {
  const auto refuse = [](int status, const std::string& code, const std::string& message) {
    ScriptedAws aws;
    aws.http->Expect(status,
                     "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
    return S3(aws.client, {}).Get("acme", "k", 10).error();
  };
  EXPECT_NE(refuse(403, "AccessDenied", "not authorized to perform: kms:Decrypt on resource")
                .hint()
                .find("kms:Decrypt"),
            std::string::npos);
  EXPECT_NE(refuse(403, "InvalidObjectState", "archived").hint().find("archived"),
            std::string::npos);
  EXPECT_EQ(refuse(404, "NoSuchKey", "").code(), Errc::kNotFound);
  EXPECT_EQ(refuse(403, "AccessDenied", "").code(), Errc::kPermissionDenied);
}

TEST(S3Test, NoBucketPolicyIsEmpty) {
  ScriptedAws aws;
  aws.http->Expect(404, "<Error><Code>NoSuchBucketPolicy</Code></Error>");
  aws.http->Expect(404, "<Error><Code>NoSuchBucket</Code></Error>");
  S3 s3(aws.client, {});
  EXPECT_EQ(*s3.BucketPolicy("acme"), "");
  EXPECT_EQ(s3.BucketPolicy("acme").error().code(), Errc::kNotFound);
}

TEST(S3Test, ABucketIsMadeInItsRegionAndThenKnown) {
  ScriptedAws aws;
  S3Settings settings;
  settings.expected_owner = "111122223333";
  S3 s3(aws.client, settings);
  aws.http->Expect(200, "");
  aws.http->Expect(200, "{}");
  aws.http->Expect(409, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>");
  aws.http->Expect(409, "<Error><Code>BucketAlreadyExists</Code></Error>");
  ASSERT_TRUE(s3.CreateBucket("acme", "eu-west-1").ok());
  ASSERT_TRUE(s3.BucketPolicy("acme").ok());
  ASSERT_TRUE(s3.CreateBucket("other", "us-east-1").ok());
  EXPECT_EQ(s3.CreateBucket("taken", "us-east-1").error().code(), Errc::kConflict);
  const http::Request made = aws.http->request(0);
  EXPECT_EQ(made.method, "PUT");
  EXPECT_EQ(made.url.host, "acme.s3.eu-west-1.amazonaws.com");
  EXPECT_NE(made.body.find("<LocationConstraint>eu-west-1<"), std::string::npos);
  EXPECT_EQ(HeaderValue(made, "x-amz-expected-bucket-owner"), "");
  EXPECT_EQ(aws.http->request(1).url.host, "acme.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(aws.http->request(2).body, "");
}

TEST(S3Test, ABucketPolicyIsPutWithItsChecksum) {
  ScriptedAws aws;
  aws.http->Expect(204, "");
  ASSERT_TRUE(S3(aws.client, {}).PutBucketPolicy("acme", "abc").ok());
  const http::Request put = aws.http->request(0);
  EXPECT_EQ(put.url.query, "policy=");
  EXPECT_EQ(put.body, "abc");
  EXPECT_EQ(HeaderValue(put, "x-amz-checksum-sha256"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

}  // namespace
}  // namespace farthing::aws
