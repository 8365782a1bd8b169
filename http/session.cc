#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <exception>

#include "base/time.h"
#include "http/session_internal.h"

namespace farthing::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

namespace {

using std::chrono::milliseconds;

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
int StatusOf(const boost::system::error_code& failed) {
  using beast::http::error;
  if (failed == error::header_limit || failed == error::buffer_overflow) return 431;
  if (failed == error::body_limit) return 413;
  if (failed == error::end_of_stream || failed == error::partial_message) return 0;
  return failed.category() == make_error_code(error::bad_method).category() ? 400 : 0;
}

}  // namespace

Session::Session(tcp::socket socket, ServerState& shared)
    : stream_(std::move(socket)), delay_(stream_.get_executor()), shared_(shared) {
  ErrorCode ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  const tcp::endpoint peer = stream_.socket().remote_endpoint(ignored);
  peer_ = peer.address().to_string(ignored) + ":" + std::to_string(peer.port());
}

Session::~Session() {
  const std::lock_guard lock(shared_.mutex);
  --shared_.open;
  shared_.all_closed.notify_all();
}

void Session::Start() {
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->ReadHeader(); });
}

void Session::Stop() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->stopping_ = true;
    self->delay_.cancel();
    if (self->idle_) self->Close();
  });
}

void Session::Abort() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->Close(); });
}

auto Session::Bound(void (Session::*next)(ErrorCode)) {
  return [self = shared_from_this(), next](ErrorCode failed, std::size_t) {
    (self.get()->*next)(failed);
  };
}

void Session::ReadHeader() {
  if (stopping_) return Close();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.settings.header_limit));
  parser_->body_limit(shared_.settings.body_limit);
  idle_ = true;
  stream_.expires_after(shared_.settings.idle_timeout);
  beast::http::async_read_header(stream_, buffer_, *parser_, Bound(&Session::OnHeader));
}

void Session::OnHeader(ErrorCode failed) {
  idle_ = false;
  if (failed) return Refuse(failed);
  if (beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    return asio::async_write(stream_, asio::buffer(kContinue), Bound(&Session::OnContinued));
  }
  ReadBody();
}

void Session::OnContinued(ErrorCode failed) { failed ? Close() : ReadBody(); }

/// Piece by piece, so that the timeout is one of silence and not of the whole body.
void Session::ReadBody() {
  if (parser_->is_done()) return Handle();
  stream_.expires_after(shared_.settings.idle_timeout);
  beast::http::async_read_some(stream_, buffer_, *parser_, Bound(&Session::OnBody));
}

void Session::OnBody(ErrorCode failed) { failed ? Refuse(failed) : ReadBody(); }

void Session::Handle() {
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
ServerResponse Session::Answer(const ServerRequest& request) const {
  ServerResponse failed;
  failed.status = 500;
  try {
    return shared_.handler(request);
  } catch (const std::exception&) {
    return failed;
  }
}

void Session::Delay(ServerResponse response) {
  response_ = std::move(response);
  if (response_.delay.count() <= 0 || stopping_) return Write();
  delay_.expires_after(response_.delay);
  delay_.async_wait([self = shared_from_this()](ErrorCode) { self->Write(); });
}

void Session::Write() {
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
void Session::WritePiece() {
  const std::string_view piece = body_left_.substr(0, kPiece);
  body_left_.remove_prefix(piece.size());
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head_), asio::buffer(piece)};
  stream_.expires_after(shared_.settings.idle_timeout);
  asio::async_write(stream_, buffers, Bound(&Session::OnWritten));
}

void Session::OnWritten(ErrorCode failed) {
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
void Session::Refuse(ErrorCode failed) {
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

void Session::OnRefused(ErrorCode failed) {
  if (failed) return Close();
  ErrorCode ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLinger);
  Drain();
}

void Session::Drain() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(std::size_t{64} << 10),
                          [self = shared_from_this()](ErrorCode failed, std::size_t) {
                            // The time limit stays the one set before the first read.
                            failed ? self->Close() : self->Drain();
                          });
}

void Session::Close() {
  ErrorCode ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
  stream_.close();
}

}  // namespace farthing::http
