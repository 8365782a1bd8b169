#include "http/server.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <exception>

#include "base/time.h"

namespace farthing::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{5000};
constexpr milliseconds kAcceptPause{50};
constexpr std::size_t kPiece = std::size_t{1} << 20;
/// How long a connection that ends with a refusal is drained, so that the client reads the refusal
/// before it meets a reset.
constexpr milliseconds kLinger{500};

std::string_view ReasonOf(int status) {
  return std::string_view(beast::http::obsolete_reason(static_cast<beast::http::status>(status)));
}

/// Line ends would let a handler's text become headers of its own.
std::string HeaderLine(const Header& header) {
  std::string line = header.name + ": " + header.value;
  std::erase_if(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return line + "\r\n";
}

bool HasNoBody(int status) { return status == 204 || status == 304 || status / 100 == 1; }

/// The status line and the headers, with Date and Content-Length unless the handler has set them.
std::string Head(const ServerResponse& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(ReasonOf(response.status)).append("\r\n");
  for (const Header& header : response.headers) head += HeaderLine(header);
  if (FindHeader(response.headers, "Date") == nullptr) {
    head += HeaderLine({"Date", PrintDate(Now())});
  }
  if (FindHeader(response.headers, "Content-Length") == nullptr && !HasNoBody(response.status)) {
    head += HeaderLine({"Content-Length", std::to_string(response.body.size())});
  }
  if (!keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

/// The answer to what could not be read as a request; 0 where there is nobody to answer.
int StatusOf(const error_code& failed) {
  using beast::http::error;
  if (failed == error::header_limit || failed == error::buffer_overflow) return 431;
  if (failed == error::body_limit) return 413;
  if (failed == error::end_of_stream || failed == error::partial_message) return 0;
  return failed.category() == make_error_code(error::bad_method).category() ? 400 : 0;
}

class Session;

/// What all connections of a server share.
struct Shared {
  Server::Settings settings;
  Server::Handler handler;
  asio::thread_pool* handlers = nullptr;

  std::mutex mutex;
  std::condition_variable all_closed;
  std::vector<std::weak_ptr<Session>> sessions;
  int open = 0;
  bool stopping = false;
};

/// One connection: reads a request, lets a handler thread answer it, writes, and again.
/// Runs on its own strand; lives as long as an operation holds it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared)
      : stream_(std::move(socket)), delay_(stream_.get_executor()), shared_(shared) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    const tcp::endpoint peer = stream_.socket().remote_endpoint(ignored);
    peer_ = peer.address().to_string(ignored) + ":" + std::to_string(peer.port());
  }

  ~Session() {
    const std::lock_guard lock(shared_.mutex);
    --shared_.open;
    shared_.all_closed.notify_all();
  }

  void Start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->ReadHeader(); });
  }

  /// Ends the connection now when it idles, else after the response that is under way.
  void Stop() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      self->stopping_ = true;
      self->delay_.cancel();
      if (self->idle_) self->Close();
    });
  }
  void Abort() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->Close(); });
  }

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;

  auto Bound(void (Session::*next)(error_code)) {
    return [self = shared_from_this(), next](error_code failed, std::size_t) {
      (self.get()->*next)(failed);
    };
  }

  void ReadHeader() {
    if (stopping_) return Close();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.settings.header_limit));
    parser_->body_limit(shared_.settings.body_limit);
    idle_ = true;
    stream_.expires_after(shared_.settings.idle_timeout);
    beast::http::async_read_header(stream_, buffer_, *parser_, Bound(&Session::OnHeader));
  }

  void OnHeader(error_code failed) {
    idle_ = false;
    if (failed) return Refuse(failed);
    if (beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      return asio::async_write(stream_, asio::buffer(kContinue), Bound(&Session::OnContinued));
    }
    ReadBody();
  }

  void OnContinued(error_code failed) { failed ? Close() : ReadBody(); }

  /// Piece by piece, so that the timeout is one of silence and not of the whole body.
  void ReadBody() {
    if (parser_->is_done()) return Handle();
    stream_.expires_after(shared_.settings.idle_timeout);
    beast::http::async_read_some(stream_, buffer_, *parser_, Bound(&Session::OnBody));
  }

  void OnBody(error_code failed) { failed ? Refuse(failed) : ReadBody(); }

  void Handle() {
    stream_.expires_never();
    keep_alive_ = parser_->get().keep_alive();
    is_head_ = parser_->get().method() == beast::http::verb::head;
    auto message = parser_->release();
    ServerRequest request{.method = std::string(message.method_string()),
                          .target = std::string(message.target()),
                          .headers = {},
                          .body = std::move(message.body()),
                          .peer = peer_};
    for (const auto& field : message) {
      request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    asio::post(*shared_.handlers, [self = shared_from_this(), request = std::move(request)] {
      ServerResponse response = self->Answer(request);
      asio::post(self->stream_.get_executor(), [self, response = std::move(response)]() mutable {
        self->Delay(std::move(response));
      });
    });
  }

  /// A handler's exception is its bug and the client's 500.
  ServerResponse Answer(const ServerRequest& request) const {
    ServerResponse failed;
    failed.status = 500;
    try {
      return shared_.handler(request);
    } catch (const std::exception&) {
      return failed;
    }
  }

  void Delay(ServerResponse response) {
    response_ = std::move(response);
    if (response_.delay.count() <= 0 || stopping_) return Write();
    delay_.expires_after(response_.delay);
    delay_.async_wait([self = shared_from_this()](error_code) { self->Write(); });
  }

  void Write() {
    if (stopping_) keep_alive_ = false;
    head_ = Head(response_, keep_alive_);
    body_left_ = response_.body;
    if (is_head_ || response_.head_only || HasNoBody(response_.status)) body_left_ = {};
    if (response_.cut_after_bytes && *response_.cut_after_bytes < body_left_.size()) {
      body_left_ = body_left_.substr(0, static_cast<std::size_t>(*response_.cut_after_bytes));
    }
    WritePiece();
  }

  /// Piece by piece, for the same reason as in ReadBody.
  void WritePiece() {
    const std::string_view piece = body_left_.substr(0, kPiece);
    body_left_.remove_prefix(piece.size());
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head_), asio::buffer(piece)};
    stream_.expires_after(shared_.settings.idle_timeout);
    asio::async_write(stream_, buffers, Bound(&Session::OnWritten));
  }

  void OnWritten(error_code failed) {
    if (!failed && !body_left_.empty()) {
      head_.clear();
      return WritePiece();
    }
    const bool cut = response_.cut_after_bytes.has_value();
    response_ = {};
    if (failed || cut || !keep_alive_) return Close();
    ReadHeader();
  }

  /// Answers what is no request and closes.
  void Refuse(error_code failed) {
    const int status = StatusOf(failed);
    if (status == 0 || stopping_) return Close();
    keep_alive_ = false;
    response_ = {};
    response_.status = status;
    response_.headers = {{"Content-Type", "text/plain"}};
    response_.body = std::string(ReasonOf(status)) + "\n";
    head_ = Head(response_, false);
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head_),
                                                       asio::buffer(response_.body)};
    stream_.expires_after(kLinger);
    asio::async_write(stream_, buffers, Bound(&Session::OnRefused));
  }

  void OnRefused(error_code failed) {
    if (failed) return Close();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    Drain();
  }

  void Drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(std::size_t{64} << 10),
                            [self = shared_from_this()](error_code failed, std::size_t) {
                              // The time limit stays the one set before the first read.
                              failed ? self->Close() : self->Drain();
                            });
  }

  void Close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  asio::steady_timer delay_;
  Shared& shared_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  ServerResponse response_;
  std::string head_;
  std::string_view body_left_;  ///< of response_
  bool idle_ = false;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool stopping_ = false;
};

class BeastServer final : public Server {
 public:
  BeastServer(const Settings& settings, Handler handler)
      : acceptor_(asio::make_strand(context_)),
        pause_(acceptor_.get_executor()),
        handlers_(static_cast<std::size_t>(std::max(1, settings.threads))) {
    shared_.settings = settings;
    shared_.handler = std::move(handler);
    shared_.handlers = &handlers_;
  }

  ~BeastServer() override { Stop(); }

  Result<void> Listen() {
    error_code failed;
    const auto address = asio::ip::make_address(shared_.settings.address, failed);
    const int port = shared_.settings.port;
    if (failed || port < 0 || port > 65535) {
      return Error(Errc::kInvalidArgument, "not an address to listen on: " + Where());
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(port));
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed == asio::error::address_in_use) {
      return Error(Errc::kConflict, "another program listens there: " + Where())
          .Hint("choose another port");
    }
    namespace errc = boost::system::errc;
    if (failed == errc::permission_denied || failed == errc::address_not_available) {
      return Error(Errc::kInvalidArgument,
                   "cannot listen there, " + failed.message() + ": " + Where());
    }
    if (failed) {
      return Error(Errc::kUnavailable, "cannot listen, " + failed.message() + ": " + Where());
    }
    port_ = acceptor_.local_endpoint(failed).port();
    Accept();
    for (int i = 0; i < std::max(1, shared_.settings.threads); ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
    return {};
  }

  int port() const override { return port_; }

  void Stop() override {
    {
      const std::lock_guard lock(shared_.mutex);
      if (shared_.stopping) return;
      shared_.stopping = true;
    }
    asio::post(acceptor_.get_executor(), [this] {
      acceptor_.close();
      pause_.cancel();
    });
    ForEach([](Session& session) { session.Stop(); });
    if (!WaitUntilClosed()) {
      ForEach([](Session& session) { session.Abort(); });
      WaitUntilClosed();
    }
    handlers_.join();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::string Where() const {
    return shared_.settings.address + ":" + std::to_string(shared_.settings.port);
  }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_),
                           [this](error_code failed, tcp::socket socket) {
                             if (!failed) Admit(std::move(socket));
                             if (!acceptor_.is_open()) return;
                             failed ? Pause() : Accept();
                           });
  }

  /// No more descriptors, for example: trying again at once would only burn time.
  void Pause() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code) {
      if (acceptor_.is_open()) Accept();
    });
  }

  void Admit(tcp::socket socket) {
    std::unique_lock lock(shared_.mutex);
    if (shared_.stopping) return;
    ++shared_.open;
    std::erase_if(shared_.sessions, [](const auto& session) { return session.expired(); });
    lock.unlock();
    // The constructor may throw only before it counts; its destructor counts down.
    auto session = std::make_shared<Session>(std::move(socket), shared_);
    lock.lock();
    shared_.sessions.push_back(session);
    const bool late = shared_.stopping;
    lock.unlock();
    session->Start();
    if (late) session->Stop();
  }

  template <typename Work>
  void ForEach(Work work) {
    std::unique_lock lock(shared_.mutex);
    const std::vector<std::weak_ptr<Session>> sessions = shared_.sessions;
    lock.unlock();
    for (const auto& weak : sessions) {
      if (const auto session = weak.lock()) work(*session);
    }
  }

  bool WaitUntilClosed() {
    std::unique_lock lock(shared_.mutex);
    return shared_.all_closed.wait_for(lock, kGrace, [this] { return shared_.open == 0; });
  }

  Shared shared_;
  asio::io_context context_;
  // Keeps the context running while only handlers work.
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::thread_pool handlers_;
  std::vector<std::thread> threads_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const Settings& settings, Handler handler) {
  auto server = std::make_unique<BeastServer>(settings, std::move(handler));
  TRY(server->Listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace farthing::http
