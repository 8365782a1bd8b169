#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

namespace farthing::http {
namespace {

/// A socket that says exactly what the test says.
class RawConnection {
 public:
  explicit RawConnection(int port) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~RawConnection() { close(descriptor_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Say(std::string_view text) const {
    EXPECT_EQ(send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// What arrives until the text `end` was seen or the server closes.
  std::string Hear(std::string_view end = "\n\n\n") const {
    std::string heard;
    std::array<char, 4096> piece{};
    while (heard.find(end) == std::string::npos) {
      const ssize_t length = recv(descriptor_, piece.data(), piece.size(), 0);
      if (length <= 0) break;
      heard.append(piece.data(), static_cast<std::size_t>(length));
    }
    return heard;
  }

 private:
  int descriptor_;
};

std::unique_ptr<Server> StartServer(Server::Handler handler,
                                    const Server::Settings& settings = {}) {
  auto server = Server::Start(settings, std::move(handler));
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

ServerResponse Echo(const ServerRequest& request) {
  ServerResponse response;
  response.body = request.method + " " + request.target + "\n";
  for (const Header& header : request.headers) {
    response.body += header.name + "=" + header.value + "\n";
  }
  response.body += request.body + ".";
  return response;
}

TEST(ServerTest, HandsOverTheRequestAsItCame) {
  const auto server = StartServer(Echo);
  const RawConnection connection(server->port());
  connection.Say(
      "POST //a%3Db/../c?x=%2f&&y HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nx-b: 2\r\n"
      "Content-Length: 3\r\n\r\nabc");
  const std::string heard = connection.Hear("abc.");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << heard;
  EXPECT_NE(heard.find("POST //a%3Db/../c?x=%2f&&y\nHost=h\nX-B=1\nx-b=2\n"), std::string::npos)
      << heard;
}

TEST(ServerTest, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  const auto server = StartServer(Echo);
  const RawConnection connection(server->port());
  connection.Say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string heard = connection.Hear("GET /2\nHost=h\n.");
  EXPECT_LT(heard.find("GET /1"), heard.find("GET /2"));
  connection.Say("GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(connection.Hear().find("Connection: close\r\n"), std::string::npos);
}

TEST(ServerTest, AnswersHeadWithTheLengthOnly) {
  const auto server = StartServer(Echo);
  const RawConnection connection(server->port());
  connection.Say("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string heard = connection.Hear();
  EXPECT_NE(heard.find("Content-Length: 32\r\n"), std::string::npos) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n")) << heard;
}

TEST(ServerTest, AsksForTheBodyThatAClientHoldsBack) {
  const auto server = StartServer(Echo);
  const RawConnection connection(server->port());
  connection.Say("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(connection.Hear("\r\n\r\n").starts_with("HTTP/1.1 100 Continue"));
  connection.Say("ok");
  EXPECT_NE(connection.Hear("ok.").find("200 OK"), std::string::npos);
}

TEST(ServerTest, RefusesWhatIsNoRequest) {
  Server::Settings settings;
  settings.header_limit = 1000;
  settings.body_limit = 10;
  const auto server = StartServer(Echo, settings);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x16\x03\x01 TLS\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: 1\r\n\r\n", "400"},
      {"GET / HTTP/7.3\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n12345678901", "413"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", "431"},
  };
  for (const auto& [text, status] : cases) {
    const RawConnection connection(server->port());
    connection.Say(text);
    EXPECT_TRUE(connection.Hear().starts_with("HTTP/1.1 " + status + " ")) << text;
  }
}

TEST(ServerTest, ClosesSilentConnections) {
  Server::Settings settings;
  settings.idle_timeout = std::chrono::seconds(1);
  const auto server = StartServer(Echo, settings);
  const RawConnection idle(server->port());
  const RawConnection slow(server->port());
  slow.Say("GET / HTTP/1.1\r\nHos");
  EXPECT_EQ(idle.Hear(), "");
  EXPECT_EQ(slow.Hear(), "");
}

TEST(ServerTest, CutsAndDelaysWhenToldTo) {
  const auto server = StartServer([](const ServerRequest&) {
    ServerResponse response;
    response.body = "0123456789";
    response.delay = std::chrono::milliseconds(50);
    response.cut_after_bytes = 4;
    return response;
  });
  const RawConnection connection(server->port());
  const auto start = std::chrono::steady_clock::now();
  connection.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string heard = connection.Hear();
  EXPECT_TRUE(heard.ends_with("Content-Length: 10\r\n\r\n0123")) << heard;
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
}

TEST(ServerTest, AHandlersExceptionIsA500AndHeadersCannotBeInjected) {
  const auto server = StartServer([](const ServerRequest& request) -> ServerResponse {
    if (request.target == "/throw") throw std::runtime_error("bug");
    ServerResponse response;
    response.headers = {{"X", "a\r\nY: b"}, {"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}};
    return response;
  });
  const RawConnection connection(server->port());
  connection.Say("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(connection.Hear("\r\n\r\n").starts_with("HTTP/1.1 500 "));
  connection.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string heard = connection.Hear("\r\n\r\n");
  EXPECT_NE(heard.find("X: aY: b\r\nDate: Thu, 01 Jan 1970"), std::string::npos) << heard;
}

TEST(ServerTest, StopLetsRunningRequestsEnd) {
  std::atomic<bool> entered = false;
  const auto server = StartServer([&](const ServerRequest& request) {
    entered = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return Echo(request);
  });
  const RawConnection idle(server->port());
  const RawConnection busy(server->port());
  busy.Say("GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  server->Stop();
  EXPECT_NE(busy.Hear().find("GET /last"), std::string::npos);
  EXPECT_EQ(idle.Hear(), "");
}

TEST(ServerTest, SaysWhyItCannotListen) {
  const auto server = StartServer(Echo);
  Server::Settings settings;
  settings.port = server->port();
  EXPECT_EQ(Server::Start(settings, Echo).error().code(), Errc::kConflict);
  settings.address = "nowhere";
  EXPECT_EQ(Server::Start(settings, Echo).error().code(), Errc::kInvalidArgument);
  settings.address = "192.0.2.1";
  settings.port = 0;
  EXPECT_EQ(Server::Start(settings, Echo).error().code(), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace farthing::http
