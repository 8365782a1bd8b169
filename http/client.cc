#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "http/transfer_internal.h"
#include "http/transfer_options_internal.h"

namespace farthing::http {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

/// A handle of libcurl with the one connection that it keeps open.
struct Connection {
  Easy easy;
  std::string origin;  ///< "https://host:port" it last spoke to
};

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
    transfer.easy = easy;
    transfer.options = &options;
    curl_easy_reset(easy);  // options only; the connection stays
    SetFixed(easy, settings_);
    SetProxy(easy, settings_, options);
    SetLimits(easy, options);
    const HeaderList headers = SetRequest(easy, request);
    SetCallbacks(transfer);
    const CURLcode code = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    if (transfer.failed) return *std::move(transfer.failed);
    if (code != CURLE_OK) return TransferError(code, transfer, request.url.authority());
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    return std::move(transfer.response);
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
