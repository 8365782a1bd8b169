#pragma once

// Signed calls with retries: the one way to AWS.  Measures clock skew per host, retries with full
// jitter out of a shared token bucket, renews expired tokens once, limits the rate per service, obeys deadline
// and cancellation.  A Client is thread-safe and cheap to copy by shared_ptr; With…() makes variants
// that share connections, bucket and skew.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/pacing.h"
#include "aws/sigv4.h"
#include "base/result.h"
#include "http/client.h"

namespace farthing::aws {

/// What a program shares between all its calls.  Clients that are made from copies of one share its pacing too.
struct Environment {
  std::shared_ptr<http::Client> http;
  EndpointSettings endpoints;
  std::string region = "us-east-1";  ///< where nothing else says
  std::function<Instant()> now = Now;
  std::function<void(std::chrono::milliseconds)> sleep;  ///< empty: really sleeps
  int attempts = 3;                                      ///< of one call, the first included
  std::shared_ptr<Pacing> pacing = std::make_shared<Pacing>();
};

/// Where the name of a bucket goes.  kAuto: into the host, but into the path for names with a dot and for
/// endpoints that are overridden.
enum class Addressing { kAuto, kPath, kVirtualHost };

/// One call before it is signed.
struct Call {
  Service service;
  std::string operation;    ///< "GetCallerIdentity"; for errors and logs
  std::string region = {};  ///< empty: the environment's
  std::string method = "POST";
  std::string path = "/";  ///< encoded
  http::Parameters query = {};
  http::Headers headers = {};
  std::string body = {};
  /// For S3 (and only there): "bucket" goes into the host or the path.
  std::string bucket = {};
  Addressing addressing = Addressing::kAuto;
  /// Where S3 has redirected the call: instead of endpoint, bucket, path and query.
  std::optional<http::Url> location = {};
  std::string content_sha256 = {};  ///< SignOptions::content_sha256
  /// Sink, limits, cancellation.  A call whose sink has taken bytes is not tried again: only its
  /// owner knows where to go on.
  http::SendOptions send = {};
  bool unsigned_call = false;  ///< AssumeRoleWithWebIdentity and the SSO portal
};

/// Counts for "how many requests did that take", and for prices.  Thread-safe.
struct CallCounts {
  std::uint64_t requests = 0, retries = 0, throttles = 0, cost_explorer_requests = 0;
};

class Client {
 public:
  Client(Environment environment, std::shared_ptr<CredentialsProvider> credentials);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Shares everything but whom it signs as.
  std::shared_ptr<Client> WithCredentials(std::shared_ptr<CredentialsProvider> credentials) const;
  /// Shares everything; every call ends by `deadline` or when `cancellation` says so.
  std::shared_ptr<Client> WithLimits(std::chrono::milliseconds per_call,
                                     const http::Cancellation* cancellation) const;

  /// Sends and returns the first answer that is no refusal (2xx; also 304 for conditional reads).
  /// Errors: aws/error.h for refusals; http::Client's for transport; the credentials provider's.
  Result<http::Response> Send(const Call& call);

  const Environment& environment() const;
  CredentialsProvider& credentials() const;
  CallCounts counts() const;
  /// AWS's clock minus ours as last measured, in milliseconds; 0 before the first answer.
  std::int64_t clock_skew_ms() const;

 private:
  struct Shared;
  struct Try;
  Client(std::shared_ptr<Shared> shared, std::shared_ptr<CredentialsProvider> credentials);
  Result<http::Response> SendOnce(const Call& call, Try& state);
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<CredentialsProvider> credentials_;
  std::chrono::milliseconds per_call_{0};
  const http::Cancellation* cancellation_ = nullptr;
};

}  // namespace farthing::aws
