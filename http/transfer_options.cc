#include "http/transfer_options_internal.h"

#include <algorithm>
#include <new>

#include "base/text.h"

namespace farthing::http {
namespace {

constexpr long kReadBuffer = 256L << 10;

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

}  // namespace

Result<void> CheckRequest(const Request& request) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  const auto unfit = [&](char c) { return control(c) || c == ' ' || c == '#'; };
  if (request.method.empty() || std::any_of(request.method.begin(), request.method.end(),
                                            [](char c) { return c < 'A' || c > 'Z'; })) {
    return Error(
        Errc::kInvalidArgument,
        "not a method of a request: \"" + ReplaceInvalidUtf8(request.method.substr(0, 80)) + "\"");
  }
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

HeaderList SetRequest(CURL* easy, const Request& request) {
  SetMethod(easy, request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.ToString().c_str());
  HeaderList headers = MakeHeaderList(request);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  return headers;
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
}

void SetFixed(CURL* easy, const ClientSettings& settings) {
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
  curl_easy_setopt(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  if (!settings.ca_bundle.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca_bundle.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    // A proxy that is spoken to in TLS is known by the same authorities.
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, settings.ca_bundle.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  }
}

void SetProxy(CURL* easy, const ClientSettings& settings, const SendOptions& options) {
  if (options.direct) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return;
  }
  if (!settings.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy.c_str());
  if (!settings.no_proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, settings.no_proxy.c_str());
  }
}

// Accepts what libcurl does: "host:port" too, and SOCKS.
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

}  // namespace farthing::http
