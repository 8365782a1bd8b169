#pragma once

// The HTTP client: one request, one response, no redirects, no retries, no decoding of bodies.
// Over libcurl.  A Client is used from any number of threads at once and keeps connections open.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace farthing::http {

/// Tells running calls to stop; thread-safe.
class Cancellation {
 public:
  Cancellation() = default;
  /// One that is cancelled as soon as either of two others is; they may be null and must outlive it.
  Cancellation(const Cancellation* first, const Cancellation* second) : others_{first, second} {}

  void Cancel() { cancelled_ = true; }
  bool cancelled() const {
    for (const Cancellation* other : others_) {
      if (other != nullptr && other->cancelled()) return true;
    }
    return cancelled_;
  }

 private:
  std::atomic<bool> cancelled_{false};
  std::array<const Cancellation*, 2> others_{};
};
/// The error of a call that was cancelled.
Error CancelledError();

/// Takes the body of a successful response as it arrives; an error ends the transfer and is returned.
using BodySink = std::function<Result<void>(std::string_view bytes)>;

struct SendOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{60'000};  ///< 0: none, the stall timeout ends dead calls
  std::chrono::seconds stall_timeout{30};           ///< nothing arrives for so long
  std::uint64_t body_limit = std::uint64_t{32} << 20;  ///< of Response::body
  bool direct = false;  ///< past any proxy, as link-local addresses need it
  BodySink sink;        ///< when set, a 2xx body goes here and Response::body stays empty
  const Cancellation* cancellation = nullptr;  ///< must outlive the call
};

class Client {
 public:
  virtual ~Client() = default;
  /// Sends one request; any status is a success here.
  /// Errors: kUnavailable (no connection, broken or stalled transfer: trying again may help), kDeadline
  /// (a timeout, or cancelled: detail "cancelled" is "true"), kInvalidArgument (the certificate or
  /// the proxy is refused: trying again will not help), kTooLarge (body_limit), the sink's own.
  virtual Result<Response> Send(const Request& request, const SendOptions& options) = 0;
};

struct ClientSettings {
  std::string user_agent = "farthing";
  std::string proxy;      ///< URL; empty: what the usual variables (https_proxy, …) say
  std::string no_proxy;   ///< comma list; empty: what no_proxy says
  std::string ca_bundle;  ///< PEM file that replaces the system's authorities; empty: the system's
  int idle_connections = 16;  ///< kept per client
};

/// Returns a client over libcurl.  Speaks http and https only and follows nothing.
/// Errors: kInvalidArgument (no such CA bundle, a proxy that is no URL).
Result<std::unique_ptr<Client>> NewClient(const ClientSettings& settings);

}  // namespace farthing::http
