#include "aws/client.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <mutex>

#include "aws/error.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTransientBase{100};
constexpr milliseconds kThrottleBase{1000};
constexpr std::string_view kNetworkHint =
    "the network, a proxy or AWS failed: try again; if it stays, see that this machine reaches the "
    "host";
/// AWS asks for more patience than a call has: its caller decides.
constexpr milliseconds kRetryAfterLimit{60'000};
/// A Date header has whole seconds and travels: less is no skew.
constexpr std::int64_t kSkewNoiseMs = 2000;

bool IsBucketName(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 255 && bucket.front() != '.' &&
         bucket.find("..") == std::string_view::npos &&
         std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

/// Names that can stand in a host name, and before a certificate's one-level wildcard.
bool IsHostLabel(std::string_view bucket) {
  return bucket.size() <= 63 && std::none_of(bucket.begin(), bucket.end(), [](char c) {
           return c == '.' || c == '_' || (c >= 'A' && c <= 'Z');
         });
}

bool IsAddress(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool GoesIntoHost(const Call& call, const Endpoint& endpoint) {
  switch (call.addressing) {
    case Addressing::kPath: return false;
    case Addressing::kVirtualHost: return !IsAddress(endpoint.url.host);
    case Addressing::kAuto: return !endpoint.overridden && IsHostLabel(call.bucket);
  }
  return false;
}

/// Puts the override's prefix, the bucket and the call's path together.
Result<http::Url> UrlOf(const Call& call, const Endpoint& endpoint) {
  http::Url url = endpoint.url;
  while (url.path.ends_with('/')) url.path.pop_back();
  if (!call.bucket.empty()) {
    if (!IsBucketName(call.bucket)) {
      return Error(Errc::kInvalidArgument,
                   "not a bucket name: \"" + ReplaceInvalidUtf8(call.bucket.substr(0, 80)) + "\"")
          .Hint("a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens");
    }
    if (GoesIntoHost(call, endpoint)) {
      url.host = call.bucket + "." + url.host;
    } else {
      url.path += "/" + call.bucket;
    }
  }
  url.path += call.path;
  url.query = http::EncodeQuery(call.query);
  return url;
}

/// Reads Retry-After: seconds, or a date.
std::optional<milliseconds> RetryAfter(const http::Response& response, Instant aws_now) {
  const std::string* value = http::FindHeader(response.headers, "Retry-After");
  if (value == nullptr) return std::nullopt;
  int seconds = 0;
  const auto [end, failed] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (failed == std::errc() && end == value->data() + value->size() && seconds >= 0) {
    return std::chrono::seconds(seconds);
  }
  const Result<Instant> date = http::ParseDate(*value);
  if (!date.ok()) return std::nullopt;
  return milliseconds(std::max<std::int64_t>(0, (date->micros - aws_now.micros) / 1000));
}

bool IsCancelled(const Error& error) { return !error.detail("cancelled").empty(); }

/// Leaves the gate at the end of the scope.
class Pass {
 public:
  explicit Pass(Gate* gate) : gate_(gate) {}
  ~Pass() {
    if (gate_ != nullptr) gate_->Leave();
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

 private:
  Gate* gate_;
};

}  // namespace

struct Client::Shared {
  explicit Shared(Environment e) : environment(std::move(e)) {}

  const Environment environment;
  RetryQuota quota;

  std::mutex mutex;  ///< of what follows
  std::map<std::string, std::int64_t> skew_by_host;
  std::int64_t last_skew_ms = 0;
  CallCounts counts;

  /// Now by the clock of that host.
  Instant HostNow(const std::string& host) {
    const std::lock_guard lock(mutex);
    const auto found = skew_by_host.find(host);
    return {environment.now().micros + (found == skew_by_host.end() ? 0 : found->second * 1000)};
  }

  void LearnSkew(const std::string& host, const http::Response& response) {
    const std::string* text = http::FindHeader(response.headers, "Date");
    const Result<Instant> date = http::ParseDate(text == nullptr ? "" : *text);
    if (!date.ok()) return;
    std::int64_t skew = (date->micros - environment.now().micros) / 1000;
    if (std::abs(skew) < kSkewNoiseMs) skew = 0;
    const std::lock_guard lock(mutex);
    skew_by_host[host] = skew;
    last_skew_ms = skew;
  }

  void CountRequest(Service service) {
    const std::lock_guard lock(mutex);
    ++counts.requests;
    if (service == Service::kCostExplorer) ++counts.cost_explorer_requests;
  }
};

/// One call on its way through its attempts.
struct Client::Try {
  Endpoint endpoint;
  http::Url url;
  CallLimits limits;
  bool sink_took_bytes = false;
  Retry reason = Retry::kNever;  ///< why the last attempt may be repeated
  bool timed_out = false;
  std::optional<milliseconds> retry_after = {};
};

Client::Client(Environment environment, std::shared_ptr<CredentialsProvider> credentials)
    : Client(std::make_shared<Shared>(std::move(environment)), std::move(credentials)) {}
Client::Client(std::shared_ptr<Shared> shared, std::shared_ptr<CredentialsProvider> credentials)
    : shared_(std::move(shared)), credentials_(std::move(credentials)) {}
Client::~Client() = default;

std::shared_ptr<Client> Client::WithCredentials(
    std::shared_ptr<CredentialsProvider> credentials) const {
  std::shared_ptr<Client> other(new Client(shared_, std::move(credentials)));
  other->per_call_ = per_call_;
  other->cancellation_ = cancellation_;
  return other;
}

std::shared_ptr<Client> Client::WithLimits(milliseconds per_call,
                                           const http::Cancellation* cancellation) const {
  std::shared_ptr<Client> other(new Client(shared_, credentials_));
  other->per_call_ = per_call;
  other->cancellation_ = cancellation;
  return other;
}

Result<http::Response> Client::SendOnce(const Call& call, Try& state) {
  const Environment& environment = shared_->environment;
  state.reason = Retry::kNever;
  state.timed_out = false;
  state.retry_after.reset();
  // First the wait, then the signature, which grows old.
  Gate* gate = environment.pacing->Of(call.service);
  if (gate != nullptr) TRY(gate->Enter(state.limits));
  const Pass pass(gate);

  http::Request request{
      .method = call.method, .url = state.url, .headers = call.headers, .body = call.body};
  const std::string host = state.url.authority();
  if (!call.unsigned_call) {
    TRY_ASSIGN(const Credentials credentials, credentials_->Get());
    SignOptions options{.path = PathStyle::kNormalized, .content_sha256 = call.content_sha256};
    if (call.service == Service::kS3) {
      options.path = PathStyle::kS3;
      if (options.content_sha256.empty()) options.content_sha256 = Sha256(call.body);
    }
    Sign(request, credentials, {state.endpoint.region, state.endpoint.signing_name},
         shared_->HostNow(host), options);
  }

  http::SendOptions options = call.send;
  options.cancellation = state.limits.cancellation;
  const auto left = state.limits.Left();
  const bool until_deadline =
      left && (options.total_timeout.count() == 0 || *left < options.total_timeout);
  if (until_deadline) options.total_timeout = std::max(*left, milliseconds(1));
  if (call.send.sink) {
    options.sink = [&](std::string_view bytes) {
      state.sink_took_bytes = true;
      return call.send.sink(bytes);
    };
  }

  shared_->CountRequest(call.service);
  Result<http::Response> response = environment.http->Send(request, options);
  if (!response.ok()) {
    const Errc code = response.error().code();
    state.timed_out = code == Errc::kDeadline && !IsCancelled(response.error()) && !until_deadline;
    if (code == Errc::kUnavailable || state.timed_out) state.reason = Retry::kTransient;
    Error error =
        std::move(response)
            .error()
            .Wrap(std::string(Name(call.service)) + ":" + call.operation)
            .With(kOperationDetail, std::string(Name(call.service)) + ":" + call.operation);
    const bool advise = state.reason == Retry::kTransient && error.hint().empty();
    return advise ? std::move(error).Hint(kNetworkHint) : error;
  }
  shared_->LearnSkew(host, *response);
  if (response->status / 100 == 2 || response->status == 304) return response;
  const ServiceError refused = ReadServiceError(*response);
  state.reason = Classify(refused);
  state.retry_after = RetryAfter(*response, shared_->HostNow(host));
  return ToError(refused, call.service, call.operation);
}

Result<http::Response> Client::Send(const Call& call) {
  const Environment& environment = shared_->environment;
  const std::string& region = call.region.empty() ? environment.region : call.region;
  const http::Cancellation cancellation(call.send.cancellation, cancellation_);
  Try state;
  TRY_ASSIGN(state.endpoint, ResolveEndpoint(call.service, region, environment.endpoints));
  if (call.location) {
    state.url = *call.location;
  } else {
    TRY_ASSIGN(state.url, UrlOf(call, state.endpoint));
  }
  state.limits = {.now = environment.now,
                  .sleep = environment.sleep,
                  .deadline = std::nullopt,
                  .cancellation = &cancellation};
  if (per_call_.count() > 0) {
    state.limits.deadline = Instant{environment.now().micros + per_call_.count() * 1000};
  }

  bool renewed = false;
  bool corrected = false;
  int retries = 0;
  int taken = 0;
  while (true) {
    TRY(state.limits.Check());
    Result<http::Response> response = SendOnce(call, state);
    if (response.ok()) {
      shared_->quota.GiveBack(taken);
      return response;
    }
    if (state.reason == Retry::kNever || state.sink_took_bytes) return response;
    // Both of these are answered by what has changed since, at once and once.
    if (state.reason == Retry::kClockSkew || state.reason == Retry::kExpiredToken) {
      bool& done = state.reason == Retry::kClockSkew ? corrected : renewed;
      if (done || call.unsigned_call) return response;
      done = true;
      if (state.reason == Retry::kExpiredToken) credentials_->Invalidate();
      const std::lock_guard lock(shared_->mutex);
      ++shared_->counts.retries;
      continue;
    }
    const bool throttled = state.reason == Retry::kThrottled;
    if (throttled) {
      const std::lock_guard lock(shared_->mutex);
      ++shared_->counts.throttles;
    }
    ++retries;
    const int cost = state.timed_out ? RetryQuota::kTimeoutCost : RetryQuota::kRetryCost;
    const milliseconds wait =
        std::max(state.retry_after.value_or(milliseconds(0)),
                 Backoff(retries, throttled ? kThrottleBase : kTransientBase));
    if (retries >= environment.attempts || wait > kRetryAfterLimit || !shared_->quota.Take(cost)) {
      return std::move(response).error().With("attempts", std::to_string(retries));
    }
    taken = cost;
    if (Result<void> waited = state.limits.Wait(wait); !waited.ok()) {
      // What AWS said tells more than that the time is over.
      if (IsCancelled(waited.error())) return std::move(waited).error();
      return response;
    }
    const std::lock_guard lock(shared_->mutex);
    ++shared_->counts.retries;
  }
}

const Environment& Client::environment() const { return shared_->environment; }
CredentialsProvider& Client::credentials() const { return *credentials_; }

CallCounts Client::counts() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->counts;
}

std::int64_t Client::clock_skew_ms() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->last_skew_ms;
}

}  // namespace farthing::aws
