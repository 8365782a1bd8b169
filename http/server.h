#pragma once

// The HTTP server's wire code: connections, limits, keep-alive; no routes.  Over Boost.Beast.
// The handler runs on a pool of threads and gets the request line as it came.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace farthing::http {

/// A request as it came over the wire.
struct ServerRequest {
  std::string method;
  std::string target;  ///< raw: "/a%3Db?list-type=2", never decoded or normalised
  Headers headers;     ///< in order, repeated names kept
  std::string body;
  std::string peer;  ///< "127.0.0.1:51234"
};

struct ServerResponse {
  int status = 200;
  Headers headers = {};  ///< without Content-Length and Date, unless set on purpose
  std::string body = {};
  bool head_only = false;  ///< send Content-Length of `body` but not the body; always so for HEAD
  /// For rehearsing failures: waits, then cuts the connection after so many body bytes.
  std::chrono::milliseconds delay{0};
  std::optional<std::uint64_t> cut_after_bytes = {};
};

class Server {
 public:
  struct Settings {
    std::string address = "127.0.0.1";
    int port = 0;  ///< 0: any free one
    int threads = 4;
    std::uint64_t header_limit = std::uint64_t{64} << 10;
    std::uint64_t body_limit = std::uint64_t{64} << 20;
    std::chrono::seconds idle_timeout{60};
  };
  using Handler = std::function<ServerResponse(const ServerRequest&)>;

  /// Listens and serves until destruction.
  /// Errors: kConflict (the port is taken), kInvalidArgument (the address), kUnavailable.
  static Result<std::unique_ptr<Server>> Start(const Settings& settings, Handler handler);
  virtual ~Server() = default;

  virtual int port() const = 0;
  /// Stops accepting, lets running requests end (five seconds), closes; called by the destructor too.
  /// Requires: not called by a handler.
  virtual void Stop() = 0;
};

}  // namespace farthing::http
