#pragma once

// One connection of the server: reads a request, lets a handler thread answer it, writes, and again.
// Runs on its own strand; lives as long as an operation holds it.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <mutex>

#include "http/server.h"

namespace farthing::http {

class Session;

/// What all connections of a server share.
struct ServerState {
  Server::Settings settings;
  Server::Handler handler;
  boost::asio::thread_pool* handlers = nullptr;

  std::mutex mutex;
  std::condition_variable all_closed;
  std::vector<std::weak_ptr<Session>> sessions;
  int open = 0;
  bool stopping = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, ServerState& shared);
  ~Session();

  void Start();
  /// Ends the connection now when it idles, else after the response that is under way.
  void Stop();
  /// Ends the connection now.
  void Abort();

 private:
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  auto Bound(void (Session::*next)(ErrorCode));
  void ReadHeader();
  void OnHeader(ErrorCode failed);
  void OnContinued(ErrorCode failed);
  void ReadBody();
  void OnBody(ErrorCode failed);
  void Handle();
  ServerResponse Answer(const ServerRequest& request) const;
  void Delay(ServerResponse response);
  void Write();
  void WritePiece();
  void OnWritten(ErrorCode failed);
  void Refuse(ErrorCode failed);
  void OnRefused(ErrorCode failed);
  void Drain();
  void Close();

  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer delay_;
  ServerState& shared_;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  ServerResponse response_;
  std::string head_;
  std::string_view body_left_;  ///< of response_
  bool idle_ = false;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool stopping_ = false;
};

}  // namespace farthing::http
