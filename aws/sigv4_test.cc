#include "aws/sigv4.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json.hpp>
#include <random>

#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Credentials Keys(std::string_view token = "") {
  return {.access_key_id = "AKIDEXAMPLE",
          .secret_access_key = std::string(kSecret),
          .session_token = std::string(token),
          .expires = {},
          .source = "test"};
}

/// Reads "POST /path?query HTTP/1.1", headers (folded lines too), an empty line and the body.
http::Request ReadRequest(const std::string& text) {
  http::Request request;
  const auto body = text.find("\n\n");
  if (body != std::string::npos) request.body = text.substr(body + 2);
  std::vector<std::string> lines = Split(std::string_view(text).substr(0, body), '\n');
  const auto method_end = lines[0].find(' ');
  const auto target_end = lines[0].rfind(' ');
  request.method = lines[0].substr(0, method_end);
  const std::string target = lines[0].substr(method_end + 1, target_end - method_end - 1);
  const auto question = std::min(target.find('?'), target.size());
  request.url.path = target.substr(0, question);
  if (question < target.size()) request.url.query = target.substr(question + 1);
  lines.erase(lines.begin());
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    if (line[0] == ' ') {
      request.headers.back().value += "\n" + line;
      continue;
    }
    const auto colon = line.find(':');
    request.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  request.url.scheme = "https";
  request.url.host = *http::FindHeader(request.headers, "Host");
  return request;
}

std::string Text(const boost::json::value& value, const char* name) {
  return std::string(value.at(name).as_string());
}

/// One case of AWS's own suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4).
struct Vector {
  boost::json::value data;
  http::Request request;
  Credentials keys;
  SigningScope scope;
  Instant now;
  SignOptions options;
  bool token_after = false;  ///< the token is added after signing

  explicit Vector(const boost::json::value& value) : data(value) {
    const boost::json::value& context = data.at("context");
    const boost::json::object& keys_in = context.at("credentials").as_object();
    request = ReadRequest(Text(data, "request"));
    keys = Keys();
    keys.access_key_id = std::string(keys_in.at("access_key_id").as_string());
    keys.secret_access_key = std::string(keys_in.at("secret_access_key").as_string());
    if (const auto* token = keys_in.if_contains("token")) keys.session_token = token->as_string();
    scope = {Text(context, "region"), Text(context, "service")};
    now = *ParseInstant(Text(context, "timestamp"));
    options.path = context.at("normalize").as_bool() ? PathStyle::kNormalized : PathStyle::kS3;
    if (context.at("sign_body").as_bool()) options.content_sha256 = Sha256(request.body);
    const auto* omit = context.as_object().if_contains("omit_session_token");
    token_after = omit != nullptr && omit->as_bool();
  }
};

std::vector<Vector> Vectors() {
  const auto text = ReadFile("aws/testdata/sigv4_vectors.json", 1 << 20);
  EXPECT_TRUE(text.ok());
  const boost::json::value all = boost::json::parse(*text);
  return {all.as_array().begin(), all.as_array().end()};
}

TEST(SigV4Test, SignsEveryVectorOfAws) {
  int count = 0;
  for (Vector& vector : Vectors()) {
    SCOPED_TRACE(Text(vector.data, "name"));
    Credentials keys = vector.keys;
    if (vector.token_after) keys.session_token.clear();
    Sign(vector.request, keys, vector.scope, vector.now, vector.options);
    const std::string expected = Text(vector.data, "signed_request");
    const auto start = expected.find("\nAuthorization:") + 15;
    EXPECT_EQ(*http::FindHeader(vector.request.headers, "Authorization"),
              expected.substr(start, expected.find('\n', start) - start));
    // And each step on its own, as a verifier does it.
    http::Headers signed_headers = vector.request.headers;
    std::erase_if(signed_headers, [](const auto& h) { return h.name == "Authorization"; });
    const std::string payload_hash = Sha256(vector.request.body);
    const std::string canonical = CanonicalRequest({.method = vector.request.method,
                                                    .raw_path = vector.request.url.path,
                                                    .raw_query = vector.request.url.query,
                                                    .headers = &signed_headers,
                                                    .payload_hash = payload_hash,
                                                    .path = vector.options.path});
    EXPECT_EQ(canonical, Text(vector.data, "canonical_request"));
    const std::string to_sign = StringToSign(canonical, AmzDate(vector.now), vector.scope);
    EXPECT_EQ(to_sign, Text(vector.data, "string_to_sign"));
    EXPECT_EQ(Signature(keys.secret_access_key, "20150830", vector.scope, to_sign),
              Text(vector.data, "signature"));
    ++count;
  }
  EXPECT_EQ(count, 38);
}

TEST(SigV4Test, PresignsEveryVectorOfAws) {
  for (Vector& vector : Vectors()) {
    SCOPED_TRACE(Text(vector.data, "name"));
    Credentials keys = vector.keys;
    if (vector.token_after) keys.session_token.clear();
    std::string url =
        Presign(vector.request, keys, vector.scope, vector.now, 3600, PathStyle::kNormalized);
    if (vector.options.path == PathStyle::kS3) {
      // The suite hashes the body; S3's own presigned URLs never do.  Path rules are seen above.
      EXPECT_NE(url.find("X-Amz-Signature="), std::string::npos);
      continue;
    }
    if (vector.token_after) {
      // The token joins before the signature, unsigned.
      const auto at = url.find("&X-Amz-Signature=");
      url.insert(at, "&X-Amz-Security-Token=" + http::PercentEncode(vector.keys.session_token));
    }
    const std::string expected = Text(vector.data, "query_signed_request");
    const auto start = expected.find(' ') + 1;
    const std::string target = expected.substr(start, expected.find(" HTTP/1.1") - start);
    EXPECT_EQ(url, "https://example.amazonaws.com" + target);
  }
}

TEST(SigV4Test, DerivesTheKeyOfAwssExample) {
  // With an empty string to sign the last step is an HMAC of nothing; the key itself is checked by
  // signing what the guide signs.
  const SigningScope scope{"us-east-1", "s3"};
  const Credentials keys{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                         .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                         .session_token = "",
                         .expires = {},
                         .source = ""};
  struct Case {
    const char* target;
    const char* range;
    const char* signature;
  };
  // Amazon S3 API reference, "Authenticating requests: using the Authorization header".
  for (const Case& example :
       {Case{"/test.txt", "bytes=0-9",
             "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        Case{"/?lifecycle", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        Case{"/?max-keys=2&prefix=J", "",
             "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}}) {
    http::Request request{
        .url = *http::ParseUrl(std::string("https://examplebucket.s3.amazonaws.com") +
                               example.target)};
    if (*example.range != 0) request.headers = {{"Range", example.range}};
    Sign(request, keys, scope, *ParseInstant("2013-05-24T00:00:00Z"),
         {.path = PathStyle::kS3, .content_sha256 = std::string(kEmptyHash)});
    const std::string& authorization = *http::FindHeader(request.headers, "Authorization");
    EXPECT_TRUE(authorization.ends_with(std::string("Signature=") + example.signature))
        << authorization;
  }
}

/// Requests that this program sends, signed by botocore 1.43 with the same inputs.
TEST(SigV4Test, SignsOurOwnCallsAsBotocoreDoes) {
  const Instant now = *ParseInstant("2026-11-20T08:00:00Z");
  const auto signature = [&](http::Request request, std::string_view token,
                             const SigningScope& scope, const SignOptions& options) {
    Sign(request, Keys(token), scope, now, options);
    const std::string& authorization = *http::FindHeader(request.headers, "Authorization");
    return authorization.substr(authorization.size() - 64);
  };
  EXPECT_EQ(signature({.method = "POST",
                       .url = *http::ParseUrl("https://ce.us-east-1.amazonaws.com/"),
                       .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                   {"X-Amz-Target", "AWSInsightsIndexService.GetCostAndUsage"}},
                       .body = R"({"Granularity":"DAILY","Metrics":["UnblendedCost"],)"
                               R"("TimePeriod":{"Start":"2026-11-01","End":"2026-11-20"}})"},
                      "SESSIONTOKEN==", {"us-east-1", "ce"}, {}),
            "d59495cbd64f720ae262f995f9fdc3794f1726a303e32a7af20def197d8bd6ad");
  EXPECT_EQ(
      signature({.method = "POST",
                 .url = *http::ParseUrl("https://sts.us-east-1.amazonaws.com/"),
                 .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                 .body = "Action=AssumeRole&DurationSeconds=3600"
                         "&ExternalId=b0a6f0c2-3c3f-4b47-9d2a-1b6f0e5c9a11"
                         "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FCostPlatform"
                         "&RoleSessionName=cost-ingest&Version=2011-06-15"},
                "", {"us-east-1", "sts"}, {}),
      "d5780ecfbb11db7763ddcfbb9aae692a5f829aa12ce67e601a43e54bdaee4ab4");
  const SignOptions unsigned_payload{.path = PathStyle::kS3,
                                     .content_sha256 = std::string(kUnsignedPayload)};
  http::Request list{.url = *http::ParseUrl("https://acme-cur.s3.eu-west-1.amazonaws.com/"),
                     .headers = {{"x-amz-expected-bucket-owner", "111122223333"}}};
  list.url.query = http::EncodeQuery({{"list-type", "2"},
                                      {"prefix", "exports/cur2/data/BILLING_PERIOD=2026-11/"},
                                      {"max-keys", "1000"},
                                      {"continuation-token", "1+aB/=="}});
  EXPECT_EQ(signature(list, "", {"eu-west-1", "s3"}, unsigned_payload),
            "9604deae18c3c3c0dbe201095146eab3a44158a41a1f40136325295acacfde95");
  http::Request get{.url = *http::ParseUrl("https://acme-cur.s3.eu-west-1.amazonaws.com/"),
                    .headers = {{"If-Match", "\"9b2cf535f27731c974343645a3985328\""},
                                {"Range", "bytes=0-1048575"}}};
  get.url.path = "/" + http::PercentEncode(
                           "exports/cur2/data/BILLING_PERIOD=2026-11/cur2-00001.snappy.parquet",
                           http::Slash::kKeep);
  EXPECT_EQ(signature(get, "SESSIONTOKEN==", {"eu-west-1", "s3"}, unsigned_payload),
            "cb0d7c38298ac1db16b2544e167a0464d16679fb34e08fc54cac5a20dee63d73");
}

std::string Canonical(const http::Headers& headers, std::string_view path, std::string_view query,
                      PathStyle style) {
  return CanonicalRequest({.method = "GET",
                           .raw_path = path,
                           .raw_query = query,
                           .headers = &headers,
                           .payload_hash = kEmptyHash,
                           .path = style});
}

TEST(SigV4Test, TheOrderOfQueryAndHeadersDoesNotMatter) {
  rc::check([](const http::Parameters& parameters, std::uint32_t seed) {
    std::mt19937 random(seed);
    http::Parameters shuffled = parameters;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    http::Headers headers = {{"host", "h"}, {"X-Amz-A", "1"}, {"x-amz-ab", "2"}, {"Range", "r"}};
    http::Headers turned = headers;
    std::shuffle(turned.begin(), turned.end(), random);
    RC_ASSERT(Canonical(headers, "/", http::EncodeQuery(parameters), PathStyle::kS3) ==
              Canonical(turned, "/", http::EncodeQuery(shuffled), PathStyle::kS3));
  });
}

TEST(SigV4Test, AnyByteOfAKeyIsSignedAsItsEncoding) {
  rc::check([](const std::string& key) {
    const std::string encoded = http::PercentEncode(key, http::Slash::kKeep);
    const std::string line = Split(Canonical({}, "/" + encoded, "", PathStyle::kS3), '\n')[1];
    RC_ASSERT(line == "/" + encoded);
    // Spelling the escapes in lower case is the same key.
    RC_ASSERT(http::PercentDecode(line) == "/" + key);
  });
  EXPECT_EQ(Split(Canonical({}, "/a%3db/%7E", "", PathStyle::kS3), '\n')[1], "/a%3Db/~");
  EXPECT_EQ(Split(Canonical({}, "/a/../b%3D", "", PathStyle::kNormalized), '\n')[1], "/b%253D");
}

TEST(SigV4Test, SigningAgainReplacesWhatWasSigned) {
  http::Request request{.url = *http::ParseUrl("https://h.example/")};
  const SigningScope scope{"us-east-1", "ce"};
  Sign(request, Keys("T"), scope, *ParseInstant("2026-01-01"), {});
  const std::string first = *http::FindHeader(request.headers, "Authorization");
  Sign(request, Keys("T"), scope, *ParseInstant("2026-01-02"), {});
  Sign(request, Keys("T"), scope, *ParseInstant("2026-01-01"), {});
  EXPECT_EQ(*http::FindHeader(request.headers, "Authorization"), first);
  EXPECT_EQ(request.headers.size(), 3U);
}

}  // namespace
}  // namespace farthing::aws
