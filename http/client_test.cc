#include "http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "http/server.h"

namespace farthing::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The tests speak to loopback only, whatever proxy the machine uses.
ClientSettings Direct() {
  ClientSettings settings;
  settings.no_proxy = "*";
  return settings;
}

std::unique_ptr<Client> MakeClient(const ClientSettings& settings = Direct()) {
  auto client = NewClient(settings);
  EXPECT_TRUE(client.ok());
  return *std::move(client);
}

std::unique_ptr<Server> StartServer(Server::Handler handler) {
  auto server = Server::Start({}, std::move(handler));
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

Url UrlOf(const Server& server, const std::string& target = "/") {
  return *ParseUrl("http://127.0.0.1:" + std::to_string(server.port()) + target);
}

/// What the server saw, as text that a test can compare.
ServerResponse Echo(const ServerRequest& request) {
  ServerResponse response;
  response.body = request.method + " " + request.target + "\n";
  for (const Header& header : request.headers) {
    response.body += header.name + "=" + header.value + "\n";
  }
  response.body += request.body;
  return response;
}

TEST(ClientTest, SendsTheTargetByteByByte) {
  const auto server = StartServer(Echo);
  const auto client = MakeClient();
  for (const std::string target :
       {"/", "/a%3Db/./../c//d", "/BILLING_PERIOD=2026-11/~x", "/?list-type=2&prefix=a%2Fb&x",
        "/%C3%A9?a=%2b+%20", "//", "/a?b?c", "/a;b,c:d@e!$'()*"}) {
    Request request;
    request.url = UrlOf(*server);
    const auto question = std::min(target.find('?'), target.size());
    request.url.path = target.substr(0, question);
    if (question < target.size()) request.url.query = target.substr(question + 1);
    const auto response = client->Send(request, {});
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(response->body.substr(0, response->body.find('\n')), "GET " + target);
  }
}

TEST(ClientTest, AddsNothingThatSignaturesOrServersWouldStumbleOver) {
  const auto server = StartServer(Echo);
  const auto client = MakeClient();
  Request request{.method = "POST",
                  .url = UrlOf(*server),
                  .headers = {{"X-Empty", ""}, {"X-Two", "a  b"}},
                  .body = std::string(2 << 20, 'x')};
  const std::string head = "POST /\nHost=" + request.url.authority() +
                           "\nUser-Agent=farthing\nAccept=*/*\nX-Empty=\nX-Two=a  b\n"
                           "Content-Length=2097152\n";
  EXPECT_EQ(client->Send(request, {})->body, head + request.body);
  request.body.clear();
  EXPECT_NE(client->Send(request, {})->body.find("Content-Length=0\n"), std::string::npos);
  request.method = "DELETE";
  EXPECT_EQ(client->Send(request, {})->body.find("Content-Length"), std::string::npos);
  request.method = "PUT";
  request.body = std::string("a\0b", 3);
  EXPECT_TRUE(client->Send(request, {})->body.ends_with(request.body));
}

TEST(ClientTest, ReturnsHeadersInOrderAndBodiesAsTheyAre) {
  const auto server = StartServer([](const ServerRequest&) {
    ServerResponse response;
    response.status = 404;
    response.headers = {{"X-A", " 1 "}, {"x-a", "2"}, {"Content-Encoding", "gzip"}};
    response.body = std::string("\x1f\x8b\0no gzip", 10);
    return response;
  });
  const auto response = MakeClient()->Send({.url = UrlOf(*server)}, {});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->headers[0].value, "1");
  EXPECT_EQ(response->headers[1].name, "x-a");
  EXPECT_EQ(*FindHeader(response->headers, "X-A"), "1");
  EXPECT_EQ(response->body, std::string("\x1f\x8b\0no gzip", 10));
}

TEST(ClientTest, HeadWaitsForNoBody) {
  const auto server = StartServer([](const ServerRequest&) {
    ServerResponse response;
    response.headers = {{"Content-Length", "5000000000"}};
    return response;
  });
  const auto response = MakeClient()->Send({.method = "HEAD", .url = UrlOf(*server)}, {});
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(*FindHeader(response->headers, "content-length"), "5000000000");
}

TEST(ClientTest, FollowsNothing) {
  std::atomic<int> requests = 0;
  const auto server = StartServer([&](const ServerRequest&) {
    ++requests;
    ServerResponse response;
    response.status = 301;
    response.headers = {{"Location", "/elsewhere"}};
    return response;
  });
  EXPECT_EQ(MakeClient()->Send({.url = UrlOf(*server)}, {})->status, 301);
  EXPECT_EQ(requests, 1);
}

TEST(ClientTest, KeepsItsConnection) {
  std::mutex mutex;
  std::set<std::string> peers;
  const auto server = StartServer([&](const ServerRequest& request) {
    const std::lock_guard lock(mutex);
    peers.insert(request.peer);
    return ServerResponse{};
  });
  const auto client = MakeClient();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->Send({.url = UrlOf(*server)}, {}).ok());
  EXPECT_EQ(peers.size(), 1U);
}

TEST(ClientTest, ServesManyThreadsAtOnce) {
  const auto server = StartServer(Echo);
  const auto client = MakeClient();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
        const auto response = client->Send({.url = UrlOf(*server, target)}, {});
        if (response.ok() && response->body.starts_with("GET " + target + "\n")) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

TEST(ClientTest, GivesSuccessToTheSinkAndRefusalsToTheCaller) {
  const std::string large(3 << 20, 'x');
  const auto server = StartServer([&](const ServerRequest& request) {
    ServerResponse response;
    response.status = request.target == "/no" ? 403 : 200;
    response.body = request.target == "/no" ? "why" : large;
    return response;
  });
  const auto client = MakeClient();
  std::string taken;
  SendOptions options;
  options.body_limit = 10;
  options.sink = [&](std::string_view bytes) {
    taken += bytes;
    return Result<void>();
  };
  const auto whole = client->Send({.url = UrlOf(*server)}, options);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->body, "");
  EXPECT_EQ(taken, large);
  taken.clear();
  EXPECT_EQ(client->Send({.url = UrlOf(*server, "/no")}, options)->body, "why");
  EXPECT_EQ(taken, "");
  options.sink = [](std::string_view) -> Result<void> {
    return Error(Errc::kTooLarge, "disk full");
  };
  EXPECT_EQ(client->Send({.url = UrlOf(*server)}, options).error().message(), "disk full");
  options.sink = [](std::string_view) -> Result<void> { throw std::runtime_error("bug"); };
  EXPECT_EQ(client->Send({.url = UrlOf(*server)}, options).error().code(), Errc::kInternal);
  options.sink = {};
  EXPECT_EQ(client->Send({.url = UrlOf(*server)}, options).error().code(), Errc::kTooLarge);
}

TEST(ClientTest, TellsBrokenFromSlowFromCancelled) {
  const auto server = StartServer([](const ServerRequest& request) {
    ServerResponse response;
    response.body = std::string(1000, 'x');
    if (request.target == "/cut") response.cut_after_bytes = 10;
    if (request.target == "/slow") response.delay = milliseconds(5000);
    return response;
  });
  const auto client = MakeClient();
  EXPECT_EQ(client->Send({.url = UrlOf(*server, "/cut")}, {}).error().code(), Errc::kUnavailable);

  SendOptions options;
  options.total_timeout = milliseconds(200);
  const auto late = client->Send({.url = UrlOf(*server, "/slow")}, options);
  EXPECT_EQ(late.error().code(), Errc::kDeadline);
  EXPECT_EQ(late.error().detail("cancelled"), "");

  options.total_timeout = milliseconds(0);
  options.stall_timeout = std::chrono::seconds(1);
  const auto stalled = client->Send({.url = UrlOf(*server, "/slow")}, options);
  EXPECT_EQ(stalled.error().code(), Errc::kUnavailable) << stalled.error().message();

  Cancellation cancellation;
  options = {};
  options.cancellation = &cancellation;
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(100));
    cancellation.Cancel();
  });
  const auto start = steady_clock::now();
  const auto cancelled = client->Send({.url = UrlOf(*server, "/slow")}, options);
  canceller.join();
  EXPECT_EQ(cancelled.error().code(), Errc::kDeadline);
  EXPECT_EQ(cancelled.error().detail("cancelled"), "true");
  EXPECT_LT(steady_clock::now() - start, milliseconds(3000));
  EXPECT_FALSE(client->Send({.url = UrlOf(*server)}, options).ok());
}

TEST(ClientTest, NobodyListensThere) {
  int port = 0;
  {
    const auto server = StartServer(Echo);
    port = server->port();
  }
  const auto client = MakeClient();
  const auto url = ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/");
  const auto response = client->Send({.url = *url}, {});
  EXPECT_EQ(response.error().code(), Errc::kUnavailable);
  EXPECT_NE(response.error().hint(), "");
}

TEST(ClientTest, RefusesToSendWhatWouldBecomeMoreHeaders) {
  const auto client = MakeClient();
  const Url url = *ParseUrl("http://127.0.0.1:1/");
  const std::vector<Headers> bad = {
      {{"X", "a\r\nY: b"}}, {{"X\r\nY", "b"}}, {{"X:Y", "b"}}, {{"", "b"}}};
  for (const Headers& headers : bad) {
    const auto response = client->Send({.url = url, .headers = headers}, {});
    EXPECT_EQ(response.error().code(), Errc::kInvalidArgument);
  }
  Request request{.url = url};
  request.url.path = "/a b";
  EXPECT_EQ(client->Send(request, {}).error().code(), Errc::kInvalidArgument);
  for (const char* method : {"GET / HTTP/1.1\r\nX: y\r\n", "", "get it"}) {
    EXPECT_EQ(client->Send({.method = method, .url = url}, {}).error().code(),
              Errc::kInvalidArgument);
  }
}

TEST(ClientTest, SendsThroughAProxyUnlessToldOtherwise) {
  // A plain proxy is a server that gets whole URLs.
  const auto proxy = StartServer(Echo);
  const auto server = StartServer(Echo);
  ClientSettings settings;
  settings.proxy = "http://127.0.0.1:" + std::to_string(proxy->port());
  settings.no_proxy = "elsewhere.invalid";
  const auto client = MakeClient(settings);
  const Url url = UrlOf(*server, "/a%3Db//c?x=%2F&y");
  const auto proxied = client->Send({.url = url}, {});
  ASSERT_TRUE(proxied.ok()) << proxied.error().message();
  EXPECT_TRUE(proxied->body.starts_with("GET " + url.ToString() + "\n")) << proxied->body;

  SendOptions direct;
  direct.direct = true;
  EXPECT_TRUE(client->Send({.url = url}, direct)->body.starts_with("GET /a%3Db//c?x=%2F&y\n"));
  settings.no_proxy = "127.0.0.1";
  EXPECT_TRUE(
      MakeClient(settings)->Send({.url = url}, {})->body.starts_with("GET /a%3Db//c?x=%2F&y\n"));
}

TEST(ClientTest, NamesTheProxyThatRefuses) {
  const auto proxy = StartServer([](const ServerRequest& request) {
    ServerResponse response;
    response.status = request.method == "CONNECT" ? 407 : 200;
    return response;
  });
  ClientSettings settings;
  settings.proxy = "http://127.0.0.1:" + std::to_string(proxy->port());
  settings.no_proxy = "elsewhere.invalid";
  const auto response = MakeClient(settings)->Send({.url = *ParseUrl("https://aws.invalid/")}, {});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), Errc::kInvalidArgument) << response.error().message();
  EXPECT_NE(response.error().message().find("407"), std::string::npos);
}

TEST(ClientTest, RefusesSettingsThatCannotWork) {
  ClientSettings settings;
  settings.ca_bundle = "/no/such/file.pem";
  EXPECT_EQ(NewClient(settings).error().code(), Errc::kInvalidArgument);
  settings = {};
  for (const char* proxy : {"ftp://user:secret@h", "http://h:99999", "http://[", " "}) {
    settings.proxy = proxy;
    const auto client = NewClient(settings);
    ASSERT_FALSE(client.ok()) << proxy;
    EXPECT_EQ(client.error().message().find("secret"), std::string::npos);
  }
  for (const char* proxy : {"proxy:3128", "http://u:p@proxy:3128", "socks5h://proxy"}) {
    settings.proxy = proxy;
    EXPECT_TRUE(NewClient(settings).ok()) << proxy;
  }
}

}  // namespace
}  // namespace farthing::http
