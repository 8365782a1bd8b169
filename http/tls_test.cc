// The client against a TLS server that is not ours (openssl s_server), straight and through a tunnel.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "http/client.h"

namespace farthing::http {
namespace {

namespace fs = std::filesystem;

int Listen(int* port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener, 8), 0);
  socklen_t length = sizeof address;
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  *port = ntohs(address.sin_port);
  return listener;
}

int Connect(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return connection;
}

/// A proxy for one connection: answers CONNECT, then copies bytes both ways.
class Tunnel {
 public:
  explicit Tunnel(int target_port) : listener_(Listen(&port_)) {
    thread_ = std::thread([this, target_port] { Serve(target_port); });
  }
  ~Tunnel() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  int port() const { return port_; }
  std::string connect_line() const { return connect_line_; }

 private:
  void Serve(int target_port) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && recv(client, &c, 1, 0) == 1) head += c;
    connect_line_ = head.substr(0, head.find('\r'));
    static constexpr std::string_view kYes =
        "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    EXPECT_GT(send(client, kYes.data(), kYes.size(), MSG_NOSIGNAL), 0);
    const int target = Connect(target_port);
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {target, POLLIN, 0}}};
    bool open = true;
    while (open && poll(ends.data(), ends.size(), 10'000) > 0) {
      for (std::size_t i = 0; i < 2 && open; ++i) {
        if (ends[i].revents == 0) continue;
        std::array<char, 4096> piece{};
        const ssize_t length = recv(ends[i].fd, piece.data(), piece.size(), 0);
        open = length > 0 && send(ends[1 - i].fd, piece.data(), static_cast<std::size_t>(length),
                                  MSG_NOSIGNAL) == length;
      }
    }
    close(client);
    close(target);
  }

  int port_ = 0;
  int listener_;
  std::string connect_line_;
  std::thread thread_;
};

/// A self-signed certificate for 127.0.0.1 and a server that shows it.
class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("openssl version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "openssl is not installed";
    std::string pattern = (fs::temp_directory_path() / "farthing-tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    const std::string make =
        "cd '" + pattern +
        "' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1";
    ASSERT_EQ(std::system(make.c_str()), 0);
    StartServer();
  }

  void TearDown() override {
    if (server_ > 0) {
      kill(server_, SIGKILL);
      waitpid(server_, nullptr, 0);
    }
    if (!directory_.empty()) fs::remove_all(directory_);
  }

  void StartServer() {
    std::array<int, 2> output{};
    ASSERT_EQ(pipe(output.data()), 0);
    const std::string cert = (directory_ / "cert.pem").string();
    const std::string key = (directory_ / "key.pem").string();
    server_ = fork();
    if (server_ == 0) {
      dup2(output[1], STDOUT_FILENO);
      dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
      close(output[0]);
      execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", cert.c_str(),
             "-key", key.c_str(), "-www", nullptr);
      _exit(127);
    }
    close(output[1]);
    // It says "ACCEPT 127.0.0.1:PORT" when it is ready.
    std::string said;
    char c = 0;
    while (read(output[0], &c, 1) == 1) {
      said += c;
      const auto at = said.find("ACCEPT 127.0.0.1:");
      if (c == '\n' && at != std::string::npos) {
        port_ = std::stoi(said.substr(at + 17));
        break;
      }
    }
    output_ = output[0];
    ASSERT_GT(port_, 0) << said;
  }

  Result<Response> Get(ClientSettings settings) const {
    if (settings.proxy.empty()) settings.no_proxy = "*";
    const auto client = NewClient(settings);
    if (!client.ok()) return client.error();
    Request request;
    request.url = *ParseUrl("https://127.0.0.1:" + std::to_string(port_) + "/");
    const std::unique_ptr<Client>& http = *client;
    return http->Send(request, {});
  }

  fs::path directory_;
  pid_t server_ = 0;
  int output_ = -1;
  int port_ = 0;
};

TEST_F(TlsTest, AnUnknownAuthorityIsRefusedWithTheFix) {
  const auto response = Get({});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), Errc::kInvalidArgument) << response.error().message();
  EXPECT_NE(response.error().hint().find("CA bundle"), std::string::npos);
}

TEST_F(TlsTest, TheBundleReplacesTheSystemsAuthorities) {
  ClientSettings settings;
  settings.ca_bundle = (directory_ / "cert.pem").string();
  const auto response = Get(settings);
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 200);
  settings.ca_bundle = (directory_ / "key.pem").string();
  EXPECT_EQ(Get(settings).error().code(), Errc::kInvalidArgument);
}

TEST_F(TlsTest, GoesThroughATunnelOfTheProxy) {
  const Tunnel tunnel(port_);
  ClientSettings settings;
  settings.ca_bundle = (directory_ / "cert.pem").string();
  settings.proxy = "http://127.0.0.1:" + std::to_string(tunnel.port());
  settings.no_proxy = "elsewhere.invalid";
  const auto response = Get(settings);
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 200);
  // What the proxy says of itself is no header of the answer.
  EXPECT_EQ(FindHeader(response->headers, "Via"), nullptr);
  EXPECT_EQ(tunnel.connect_line(), "CONNECT 127.0.0.1:" + std::to_string(port_) + " HTTP/1.1");
}

TEST_F(TlsTest, TheBundleNamesTheAuthoritiesOfAProxyToo) {
  ClientSettings settings;
  settings.ca_bundle = (directory_ / "cert.pem").string();
  settings.proxy = "https://127.0.0.1:" + std::to_string(port_);
  settings.no_proxy = "elsewhere.invalid";
  SendOptions options;
  options.total_timeout = std::chrono::milliseconds(500);
  const auto client = NewClient(settings);
  ASSERT_TRUE(client.ok());
  Request request;
  request.url = *ParseUrl("https://aws.invalid/");
  // It is no proxy and never answers CONNECT: what counts is that its certificate is taken.
  const std::unique_ptr<Client>& http = *client;
  const auto response = http->Send(request, options);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().message().find("certificate"), std::string::npos)
      << response.error().message();
}

}  // namespace
}  // namespace farthing::http
