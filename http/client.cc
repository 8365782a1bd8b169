#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/text.h"

namespace farthing::http {
namespace {

constexpr std::size_t kHeaderLimit = std::size_t{256} << 10;
constexpr std::uint64_t kReserveLimit = std::uint64_t{64} << 20;
constexpr long kReadBuffer = 256L << 10;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

/// A handle of libcurl with the one connection that it keeps open.
struct Connection {
  Easy easy;
  std::string origin;  ///< "https://host:port" it last spoke to
};

/// What the callbacks of one transfer fill and obey.
struct Transfer {
  const SendOptions* options = nullptr;
  Response response;
  std::size_t header_bytes = 0;
  std::optional<Error> failed;  ///< why a callback ended the transfer
  std::array<char, CURL_ERROR_SIZE> reason{};
};

/// Runs a callback's work; whatever it throws must not pass through C.
template <typename Work>
bool Guard(Transfer& transfer, Work work) {
  try {
    Result<void> done = work();
    if (done.ok()) return true;
    transfer.failed = std::move(done).error();
  } catch (const std::exception& thrown) {
    transfer.failed =
        Error(Errc::kInternal, std::string("while reading a response: ") + thrown.what());
  } catch (...) {
    transfer.failed = Error(Errc::kInternal, "while reading a response");
  }
  return false;
}

Error BodyTooLarge(std::uint64_t limit) {
  return Error(Errc::kTooLarge,
               "the response is larger than allowed, limit in bytes: " + std::to_string(limit));
}

Result<void> TakeHeader(Transfer& transfer, std::string_view line) {
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kHeaderLimit) {
    return Error(Errc::kTooLarge, "the response's headers are larger than 256 KiB");
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  Response& response = transfer.response;
  if (line.starts_with("HTTP/")) {
    // An interim response (100) came before; only the last one counts.
    response.headers.clear();
    return {};
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  response.headers.push_back(
      {std::string(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  return {};
}

Result<void> TakeBody(CURL* easy, Transfer& transfer, std::string_view bytes) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  const SendOptions& options = *transfer.options;
  if (options.sink && status >= 200 && status < 300) return options.sink(bytes);
  std::string& body = transfer.response.body;
  if (body.size() + bytes.size() > options.body_limit) return BodyTooLarge(options.body_limit);
  if (body.empty()) {
    curl_off_t announced = 0;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    const auto expected = static_cast<std::uint64_t>(std::max<curl_off_t>(announced, 0));
    body.reserve(std::min({expected, options.body_limit, kReserveLimit}));
  }
  body.append(bytes);
  return {};
}

/// What libcurl hands to the body callback: the handle is needed for the status.
struct BodyTarget {
  CURL* easy;
  Transfer* transfer;
};

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  const bool taken = Guard(transfer, [&] { return TakeHeader(transfer, {data, length}); });
  return taken ? length : 0;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  const auto& target = *static_cast<BodyTarget*>(user);
  const std::size_t length = size * count;
  const bool taken = Guard(*target.transfer,
                           [&] { return TakeBody(target.easy, *target.transfer, {data, length}); });
  return taken ? length : 0;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* cancellation = static_cast<const Cancellation*>(user);
  return cancellation->cancelled() ? 1 : 0;
}

/// A name or value that could end its line would let a caller write headers of its own.
Result<void> CheckRequest(const Request& request) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  const auto unfit = [&](char c) { return control(c) || c == ' ' || c == '#'; };
  const std::string target = request.url.target();
  if (!target.starts_with('/') || std::any_of(target.begin(), target.end(), unfit) ||
      request.url.host.empty()) {
    return Error(Errc::kInvalidArgument, "not a target of a request: \"" +
                                             ReplaceInvalidUtf8(target.substr(0, 200)) + "\"");
  }
  for (const Header& header : request.headers) {
    const bool broken =
        header.name.empty() || std::any_of(header.name.begin(), header.name.end(), [&](char c) {
          return control(c) || c == ' ' || c == ':' || c == ';';
        });
    if (broken || std::any_of(header.value.begin(), header.value.end(), control)) {
      return Error(Errc::kInvalidArgument,
                   "not a header of a request: \"" + ReplaceInvalidUtf8(header.name) + "\"");
    }
  }
  return {};
}

HeaderList MakeHeaderList(const Request& request) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const Header& header : request.headers) {
    // libcurl's own spelling of a header without a value ends in a semicolon.
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  // An empty header removes what libcurl would add unasked.
  add("Expect:");
  if (FindHeader(request.headers, "Content-Type") == nullptr) add("Content-Type:");
  return list;
}

void SetMethod(CURL* easy, const Request& request) {
  const bool sends_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (sends_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void SetLimits(CURL* easy, const SendOptions& options) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  if (options.stall_timeout.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(options.stall_timeout.count()));
  }
  if (options.cancellation != nullptr) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, options.cancellation);
  }
}

/// A proxy that answers CONNECT with a refusal.
std::optional<Error> ProxyRefusal(CURL* easy, const std::string& where) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status == 0 || status / 100 == 2) return std::nullopt;
  return Error(status >= 500 ? Errc::kUnavailable : Errc::kInvalidArgument,
               where + ": the proxy refused with HTTP " + std::to_string(status))
      .Hint(status == 407 ? "give the proxy's user name and password in its URL"
                          : "ask whoever runs the proxy to allow this host");
}

/// Says which of the three timeouts it was: only the whole call's own is a deadline.
Error TimeoutError(CURL* easy, const std::string& where, const SendOptions& options) {
  curl_off_t elapsed_micros = 0;
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &elapsed_micros);
  const std::chrono::microseconds elapsed(elapsed_micros);
  curl_off_t connected = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  if (options.total_timeout.count() > 0 && elapsed >= options.total_timeout) {
    return Error(Errc::kDeadline, where + ": no complete answer within " +
                                      std::to_string(options.total_timeout.count()) + " ms");
  }
  if (connected == 0) {
    return Error(Errc::kUnavailable, where + ": no connection within " +
                                         std::to_string(options.connect_timeout.count()) + " ms")
        .Hint("check the network, the firewall and the proxy");
  }
  return Error(Errc::kUnavailable, where + ": nothing arrived for " +
                                       std::to_string(options.stall_timeout.count()) + " s");
}

/// Translates libcurl's failures, once.
Error TransferError(CURLcode code, CURL* easy, const std::string& where, const Transfer& transfer) {
  const std::string detail =
      transfer.reason[0] != 0 ? transfer.reason.data() : curl_easy_strerror(code);
  if (auto refusal = ProxyRefusal(easy, where)) return *std::move(refusal);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return TimeoutError(easy, where, *transfer.options);
    case CURLE_ABORTED_BY_CALLBACK: return CancelledError();
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Error(Errc::kInvalidArgument,
                   where + ": the server's certificate is refused: " + detail)
          .Hint("if a proxy of yours inspects TLS, name its authority as the CA bundle");
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Errc::kInvalidArgument, where + ": the CA bundle cannot be used: " + detail)
          .Hint("name a file with certificates in PEM form");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Error(Errc::kInvalidArgument, where + ": " + detail);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Error(Errc::kUnavailable, where + ": the proxy cannot be reached: " + detail)
          .Hint("check the proxy's address");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return Error(Errc::kUnavailable, where + ": no connection: " + detail)
          .Hint("check the network, DNS and the proxy");
    default: return Error(Errc::kUnavailable, where + ": the transfer broke: " + detail);
  }
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(ClientSettings settings) : settings_(std::move(settings)) {}

  Result<Response> Send(const Request& request, const SendOptions& options) override {
    TRY(CheckRequest(request));
    if (options.cancellation != nullptr && options.cancellation->cancelled())
      return CancelledError();
    Url origin = request.url;
    origin.path.clear();
    origin.query.clear();
    Connection connection = Take(origin.ToString());
    Result<Response> response = Perform(connection.easy.get(), request, options);
    GiveBack(std::move(connection));
    return response;
  }

 private:
  Result<Response> Perform(CURL* easy, const Request& request, const SendOptions& options) const {
    Transfer transfer;
    transfer.options = &options;
    BodyTarget target{easy, &transfer};
    const std::string url = request.url.ToString();
    const HeaderList headers = MakeHeaderList(request);
    curl_easy_reset(easy);  // options only; the connection stays
    SetFixed(easy);
    SetProxy(easy, options);
    SetMethod(easy, request);
    SetLimits(easy, options);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.reason.data());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &target);
    const CURLcode code = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    if (transfer.failed) return *std::move(transfer.failed);
    if (code != CURLE_OK) return TransferError(code, easy, request.url.authority(), transfer);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    return std::move(transfer.response);
  }

  void SetFixed(CURL* easy) const {
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReadBuffer);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, settings_.user_agent.c_str());
    if (!settings_.ca_bundle.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_bundle.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
  }

  void SetProxy(CURL* easy, const SendOptions& options) const {
    if (options.direct) {
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
      return;
    }
    if (!settings_.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, settings_.proxy.c_str());
    if (!settings_.no_proxy.empty()) {
      curl_easy_setopt(easy, CURLOPT_NOPROXY, settings_.no_proxy.c_str());
    }
  }

  /// An idle connection to that origin, else a new handle, else the one that idles longest.
  Connection Take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    const auto same = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Connection& connection) {
      return connection.origin == origin;
    });
    auto chosen = same == idle_.rend() ? idle_.begin() : std::prev(same.base());
    const bool full = idle_.size() >= static_cast<std::size_t>(settings_.idle_connections);
    if (idle_.empty() || (same == idle_.rend() && !full)) {
      Connection made{Easy(curl_easy_init()), origin};
      if (made.easy == nullptr) throw std::bad_alloc();
      return made;
    }
    Connection taken = std::move(*chosen);
    idle_.erase(chosen);
    taken.origin = origin;
    return taken;
  }

  void GiveBack(Connection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < static_cast<std::size_t>(settings_.idle_connections)) {
      idle_.push_back(std::move(connection));
    }
  }

  const ClientSettings settings_;
  std::mutex mutex_;
  std::vector<Connection> idle_;  ///< the longest idle first
};

/// Accepts what libcurl does: "host:port" too, and SOCKS.  The text may hold a password: it is not repeated.
Result<void> CheckProxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(),
                                      CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME);
  char* text = nullptr;
  std::string scheme;
  if (code == CURLUE_OK && curl_url_get(url.get(), CURLUPART_SCHEME, &text, 0) == CURLUE_OK) {
    scheme = ToLower(text);
    curl_free(text);
  }
  for (const std::string_view known : {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}) {
    if (scheme == known) return {};
  }
  return Error(Errc::kInvalidArgument, "the proxy is no URL")
      .Hint("write it like http://proxy.example.com:3128");
}

}  // namespace

Error CancelledError() {
  return Error(Errc::kDeadline, "the call was cancelled").With("cancelled", "true");
}

Result<std::unique_ptr<Client>> NewClient(const ClientSettings& settings) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return Error(Errc::kInternal, "libcurl cannot be initialised");
  TRY(CheckProxy(settings.proxy));
  std::error_code ignored;
  if (!settings.ca_bundle.empty() &&
      !std::filesystem::is_regular_file(settings.ca_bundle, ignored)) {
    return Error(Errc::kInvalidArgument, "no such CA bundle: " + settings.ca_bundle)
        .Hint("name a file with certificates in PEM form");
  }
  return std::unique_ptr<Client>(std::make_unique<CurlClient>(settings));
}

}  // namespace farthing::http
