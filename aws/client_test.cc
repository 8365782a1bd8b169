#include "aws/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"
#include "http/server.h"

namespace farthing::aws {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kThrottle = R"({"__type":"ThrottlingException","message":"slow down"})";

/// An answer of the server; `check` sees the request first.
struct Answer {
  int status = 200;
  std::string body = "{}";
  http::Headers headers = {};
  milliseconds delay{0};
  std::optional<std::uint64_t> cut_after_bytes = {};
};

/// A clock that only sleeping moves.
class FakeClock {
 public:
  Instant now() const { return {micros_}; }
  void Sleep(milliseconds duration) {
    micros_ += duration.count() * 1000;
    ++sleeps_;
  }
  int sleeps() const { return sleeps_; }

 private:
  std::atomic<std::int64_t> micros_ = Now().micros;
  std::atomic<int> sleeps_ = 0;
};

class RenewableKeys final : public CredentialsProvider {
 public:
  Result<Credentials> Get() override {
    return Credentials{.access_key_id = "AKID" + std::to_string(generation_.load()),
                       .secret_access_key = "secret",
                       .session_token = "token",
                       .expires = {},
                       .source = "test"};
  }
  void Invalidate() override { ++generation_; }
  int generation() const { return generation_; }

 private:
  std::atomic<int> generation_ = 0;
};

/// A server that answers from a script, then with `rest`; a client that speaks to it.
class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = http::Server::Start({}, [this](const http::ServerRequest& request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      Answer answer = rest_;
      if (!script_.empty()) {
        answer = script_.front();
        script_.pop_front();
      }
      return http::ServerResponse{.status = answer.status,
                                  .headers = answer.headers,
                                  .body = answer.body,
                                  .delay = answer.delay,
                                  .cut_after_bytes = answer.cut_after_bytes};
    });
    ASSERT_TRUE(server.ok());
    server_ = *std::move(server);
    http::ClientSettings direct;
    direct.no_proxy = "*";
    environment_.http = *http::NewClient(direct);
    environment_.endpoints.overrides[std::nullopt] = ServerUrl("/");
    environment_.now = [this] { return clock_.now(); };
    environment_.sleep = [this](milliseconds duration) { clock_.Sleep(duration); };
  }

  http::Url ServerUrl(const std::string& path) const {
    return *http::ParseUrl("http://127.0.0.1:" + std::to_string(server_->port()) + path);
  }
  std::shared_ptr<Client> MakeClient() { return std::make_shared<Client>(environment_, keys_); }
  /// What the server saw.
  std::vector<http::ServerRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string Header(std::size_t request, const char* name) {
    const std::lock_guard lock(mutex_);
    const std::string* value = http::FindHeader(requests_.at(request).headers, name);
    return value == nullptr ? "" : *value;
  }

  FakeClock clock_;
  std::shared_ptr<RenewableKeys> keys_ = std::make_shared<RenewableKeys>();
  Environment environment_;
  std::mutex mutex_;
  std::deque<Answer> script_;
  Answer rest_;
  std::vector<http::ServerRequest> requests_;
  std::unique_ptr<http::Server> server_;
};

Call StsCall() {
  return {.service = Service::kSts,
          .operation = "GetCallerIdentity",
          .body = "Action=GetCallerIdentity"};
}

TEST_F(ClientTest, SignsWhatTheServerCanVerify) {
  rest_.body = "ok";
  Call call{.service = Service::kS3,
            .operation = "GetObject",
            .region = "eu-west-1",
            .method = "GET",
            .path = "/BILLING_PERIOD%3D2026-11/a%20b",
            .query = {{"versionId", "1+a/="}},
            .headers = {{"Range", "bytes=0-9"}},
            .bucket = "acme-cur"};
  const auto response = MakeClient()->Send(call);
  ASSERT_TRUE(response.ok()) << response.error().message();
  const http::ServerRequest seen = requests().at(0);
  EXPECT_EQ(seen.target, "/acme-cur/BILLING_PERIOD%3D2026-11/a%20b?versionId=1%2Ba%2F%3D");

  // As a server does it: only the named headers, the raw target, the secret.
  const std::string authorization = Header(0, "Authorization");
  const auto names_at = authorization.find("SignedHeaders=") + 14;
  const std::string names =
      authorization.substr(names_at, authorization.find(',', names_at) - names_at);
  EXPECT_EQ(names, "host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token");
  http::Headers signed_headers;
  for (const std::string& name : Split(names, ';')) {
    signed_headers.push_back({name, Header(0, name.c_str())});
  }
  const auto question = seen.target.find('?');
  const std::string canonical = CanonicalRequest({.method = seen.method,
                                                  .raw_path = seen.target.substr(0, question),
                                                  .raw_query = seen.target.substr(question + 1),
                                                  .headers = &signed_headers,
                                                  .payload_hash = Sha256(""),
                                                  .path = PathStyle::kS3});
  const SigningScope scope{"eu-west-1", "s3"};
  const std::string date = Header(0, "X-Amz-Date");
  EXPECT_TRUE(authorization.ends_with(
      Signature("secret", date.substr(0, 8), scope, StringToSign(canonical, date, scope))));
}

TEST_F(ClientTest, PutsBucketsIntoHostOrPath) {
  environment_.endpoints.overrides[std::nullopt] = ServerUrl("/prefix/");
  const auto client = MakeClient();
  Call call{
      .service = Service::kS3, .operation = "HeadBucket", .method = "HEAD", .bucket = "acme-cur"};
  ASSERT_TRUE(client->Send(call).ok());
  EXPECT_EQ(requests().at(0).target, "/prefix/acme-cur/");
  // libcurl resolves names below localhost by itself.
  http::Url url = ServerUrl("/");
  url.host = "s3.localhost";
  environment_.endpoints.overrides[Service::kS3] = url;
  call.addressing = Addressing::kVirtualHost;
  ASSERT_TRUE(MakeClient()->Send(call).ok());
  EXPECT_EQ(requests().at(1).target, "/");
  EXPECT_EQ(Header(1, "Host"), "acme-cur." + url.authority());
  call.bucket = "a/b";
  EXPECT_EQ(MakeClient()->Send(call).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(ClientTest, RetriesThrottlesAndFailuresWithASignatureOfItsOwn) {
  script_ = {{.status = 400, .body = std::string(kThrottle)}, {.status = 503, .body = "busy"}, {}};
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send(StsCall()).ok());
  EXPECT_EQ(requests().size(), 3U);
  EXPECT_EQ(client->counts().requests, 3U);
  EXPECT_EQ(client->counts().retries, 2U);
  EXPECT_EQ(client->counts().throttles, 1U);
  EXPECT_EQ(clock_.sleeps(), 2);
}

TEST_F(ClientTest, GivesUpWithAwssWords) {
  rest_ = {.status = 400, .body = std::string(kThrottle), .headers = {{"x-amzn-RequestId", "r-9"}}};
  const auto response = MakeClient()->Send(StsCall());
  EXPECT_EQ(response.error().code(), Errc::kUnavailable);
  EXPECT_EQ(AwsCode(response.error()), "ThrottlingException");
  EXPECT_EQ(response.error().detail(kRequestIdDetail), "r-9");
  EXPECT_EQ(response.error().detail("attempts"), "3");
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(ClientTest, DoesNotRetryARefusal) {
  rest_ = {.status = 403, .body = R"({"__type":"AccessDeniedException","message":"no"})"};
  const auto client = MakeClient();
  EXPECT_EQ(client->Send(StsCall()).error().code(), Errc::kPermissionDenied);
  EXPECT_EQ(requests().size(), 1U);
  EXPECT_EQ(client->counts().retries, 0U);
}

TEST_F(ClientTest, DoesNotFollowRedirects) {
  rest_ = {.status = 301,
           .body = "<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>",
           .headers = {{"Location", ServerUrl("/elsewhere").ToString()},
                       {"x-amz-bucket-region", "eu-west-1"}}};
  const auto response = MakeClient()->Send(StsCall());
  EXPECT_EQ(AwsCode(response.error()), "PermanentRedirect");
  EXPECT_EQ(response.error().detail(kRegionDetail), "eu-west-1");
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(ClientTest, ReturnsNotModified) {
  rest_ = {.status = 304, .body = ""};
  EXPECT_EQ(MakeClient()->Send(StsCall())->status, 304);
}

TEST_F(ClientTest, RetriesACutConnectionUnlessBytesWereTaken) {
  script_ = {{.body = std::string(100, 'x'), .cut_after_bytes = 50},
             {.body = "whole"},
             {.body = std::string(100, 'x'), .cut_after_bytes = 50}};
  const auto client = MakeClient();
  EXPECT_EQ(client->Send(StsCall())->body, "whole");
  std::string taken;
  Call call = StsCall();
  call.send.sink = [&](std::string_view bytes) {
    taken += bytes;
    return Result<void>();
  };
  EXPECT_EQ(client->Send(call).error().code(), Errc::kUnavailable);
  EXPECT_EQ(taken.size(), 50U);
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(ClientTest, ASinkDoesNotHinderRetriesOfRefusals) {
  script_ = {{.status = 503, .body = "<Error><Code>SlowDown</Code></Error>"}, {.body = "bytes"}};
  std::string taken;
  Call call = StsCall();
  call.send.sink = [&](std::string_view bytes) {
    taken += bytes;
    return Result<void>();
  };
  ASSERT_TRUE(MakeClient()->Send(call).ok());
  EXPECT_EQ(taken, "bytes");
}

TEST_F(ClientTest, CorrectsItsClock) {
  // The server's clock is an hour ahead of ours.
  const Instant theirs{clock_.now().micros + 3'600'000'000LL};
  const http::Headers date = {{"Date", http::PrintDate(theirs)}};
  script_ = {{.status = 403,
              .body = R"({"__type":"InvalidSignatureException","message":"Signature expired: x"})",
              .headers = date}};
  rest_.headers = date;
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send(StsCall()).ok());
  EXPECT_EQ(requests().size(), 2U);
  EXPECT_EQ(clock_.sleeps(), 0);
  EXPECT_NEAR(static_cast<double>(client->clock_skew_ms()), 3'600'000, 1000);
  EXPECT_EQ(Header(0, "X-Amz-Date"), AmzDate(clock_.now()));
  // Theirs to the second, as a Date tells it: at the end of a minute that may be the minute before.
  EXPECT_EQ(Header(1, "X-Amz-Date"),
            AmzDate(Instant{clock_.now().micros + client->clock_skew_ms() * 1000}));
  // Learnt for good.
  ASSERT_TRUE(client->Send(StsCall()).ok());
  EXPECT_EQ(Header(2, "X-Amz-Date"), Header(1, "X-Amz-Date"));
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(ClientTest, ASkewThatStaysIsReportedAfterOneMoreTry) {
  rest_ = {.status = 403, .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"};
  const auto response = MakeClient()->Send(StsCall());
  EXPECT_EQ(AwsCode(response.error()), "RequestTimeTooSkewed");
  EXPECT_NE(response.error().hint().find("clock"), std::string::npos);
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(ClientTest, RenewsExpiredTokensOnce) {
  script_ = {{.status = 400, .body = R"({"__type":"ExpiredTokenException","message":"m"})"}};
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send(StsCall()).ok());
  EXPECT_NE(Header(1, "Authorization").find("Credential=AKID1/"), std::string::npos);
  rest_ = {.status = 400, .body = R"({"__type":"ExpiredTokenException","message":"m"})"};
  EXPECT_EQ(client->Send(StsCall()).error().code(), Errc::kUnauthenticated);
  EXPECT_EQ(keys_->generation(), 2);
  EXPECT_EQ(requests().size(), 4U);
  // A call without a signature has nothing to renew.
  Call call = StsCall();
  call.unsigned_call = true;
  EXPECT_FALSE(client->Send(call).ok());
  EXPECT_EQ(requests().size(), 5U);
  EXPECT_EQ(Header(4, "Authorization"), "");
}

TEST_F(ClientTest, HonoursRetryAfter) {
  script_ = {{.status = 503, .headers = {{"Retry-After", "30"}}}};
  const Instant start = clock_.now();
  const auto client = MakeClient();
  ASSERT_TRUE(client->Send(StsCall()).ok());
  EXPECT_GE(clock_.now().micros - start.micros, 30'000'000);
  // Longer than anybody waits inside a call.
  rest_ = {.status = 503, .headers = {{"Retry-After", "3600"}}};
  EXPECT_FALSE(client->Send(StsCall()).ok());
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(ClientTest, KeepsItsDeadline) {
  rest_ = {.status = 503, .headers = {{"Retry-After", "30"}}};
  const auto client = MakeClient()->WithLimits(milliseconds(10'000), nullptr);
  EXPECT_EQ(client->Send(StsCall()).error().detail(kStatusDetail), "503");
  EXPECT_EQ(requests().size(), 1U);
  rest_ = {.delay = milliseconds(5000)};
  const auto start = std::chrono::steady_clock::now();
  const auto hasty = MakeClient()->WithLimits(milliseconds(200), nullptr);
  EXPECT_EQ(hasty->Send(StsCall()).error().code(), Errc::kDeadline);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(3000));
}

TEST_F(ClientTest, StopsWhenCancelled) {
  rest_ = {.delay = milliseconds(5000)};
  http::Cancellation cancellation;
  const auto client = MakeClient()->WithLimits(milliseconds(0), &cancellation);
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(100));
    cancellation.Cancel();
  });
  const auto response = client->Send(StsCall());
  canceller.join();
  EXPECT_EQ(response.error().detail("cancelled"), "true");
  EXPECT_EQ(client->Send(StsCall()).error().detail("cancelled"), "true");
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(ClientTest, SlowAnswersAreTriedAgain) {
  script_ = {{.delay = milliseconds(3000)}};
  Call call = StsCall();
  call.send.total_timeout = milliseconds(200);
  EXPECT_TRUE(MakeClient()->Send(call).ok());
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(ClientTest, RefusesHugeBodies) {
  rest_.body = std::string(2000, 'x');
  Call call = StsCall();
  call.send.body_limit = 1000;
  EXPECT_EQ(MakeClient()->Send(call).error().code(), Errc::kTooLarge);
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(ClientTest, AsksCostExplorerOneAtATimeAndTwiceASecond) {
  const auto client = MakeClient();
  const Call call{.service = Service::kCostExplorer, .operation = "GetCostAndUsage", .body = "{}"};
  const Instant start = clock_.now();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->Send(call).ok());
  EXPECT_GE(clock_.now().micros - start.micros, 4 * 500'000);
  EXPECT_EQ(client->counts().cost_explorer_requests, 5U);
}

TEST_F(ClientTest, ConnectionsOfOneProgramShareThePaceOfCostExplorer) {
  const auto one = MakeClient();
  const auto other = MakeClient();  // from a copy of the same environment
  const Call call{.service = Service::kCostExplorer, .operation = "GetCostAndUsage", .body = "{}"};
  const Instant start = clock_.now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(one->Send(call).ok());
    ASSERT_TRUE(other->Send(call).ok());
  }
  EXPECT_GE(clock_.now().micros - start.micros, 5 * 500'000);
}

TEST_F(ClientTest, GatesLetOneCallThroughAtATime) {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const auto server = http::Server::Start({}, [&](const http::ServerRequest&) {
    most = std::max(most.load(), ++inside);
    std::this_thread::sleep_for(milliseconds(10));
    --inside;
    return http::ServerResponse{.body = "{}"};
  });
  environment_.endpoints.overrides[std::nullopt] =
      *http::ParseUrl("http://127.0.0.1:" + std::to_string((*server)->port()));
  environment_.sleep = {};
  const auto client = MakeClient();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const Call call{
          .service = Service::kOrganizations, .operation = "ListAccounts", .body = "{}"};
      EXPECT_TRUE(client->Send(call).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST_F(ClientTest, TheSharedBudgetEndsARetryStorm) {
  rest_ = {.status = 503};
  const auto client = MakeClient();
  const auto variant = client->WithCredentials(keys_);
  for (int i = 0; i < 60; ++i) EXPECT_FALSE((i % 2 == 0 ? client : variant)->Send(StsCall()).ok());
  // 500 tokens at 5 each are 100 retries, however many calls fail.
  EXPECT_EQ(client->counts().retries, 100U);
  EXPECT_EQ(requests().size(), 160U);
}

TEST_F(ClientTest, PassesOnWhatTheCredentialsSay) {
  class None final : public CredentialsProvider {
    Result<Credentials> Get() override { return Error(Errc::kUnauthenticated, "none found"); }
  };
  const auto client = MakeClient()->WithCredentials(std::make_shared<None>());
  EXPECT_EQ(client->Send(StsCall()).error().message(), "none found");
  EXPECT_EQ(requests().size(), 0U);
}

}  // namespace
}  // namespace farthing::aws
