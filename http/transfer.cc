#include <algorithm>
#include <exception>

#include "base/text.h"
#include "http/transfer_internal.h"

namespace farthing::http {
namespace {

constexpr std::size_t kHeaderLimit = std::size_t{256} << 10;
constexpr std::uint64_t kReserveLimit = std::uint64_t{64} << 20;

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

Result<void> TakeBody(Transfer& transfer, std::string_view bytes) {
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  const SendOptions& options = *transfer.options;
  if (options.sink && status >= 200 && status < 300) return options.sink(bytes);
  std::string& body = transfer.response.body;
  if (body.size() + bytes.size() > options.body_limit) return BodyTooLarge(options.body_limit);
  if (body.empty()) {
    curl_off_t announced = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    const auto expected = static_cast<std::uint64_t>(std::max<curl_off_t>(announced, 0));
    body.reserve(std::min({expected, options.body_limit, kReserveLimit}));
  }
  body.append(bytes);
  return {};
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  const bool taken = Guard(transfer, [&] { return TakeHeader(transfer, {data, length}); });
  return taken ? length : 0;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  const bool taken = Guard(transfer, [&] { return TakeBody(transfer, {data, length}); });
  return taken ? length : 0;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* cancellation = static_cast<const Cancellation*>(user);
  return cancellation->cancelled() ? 1 : 0;
}

}  // namespace

void SetCallbacks(Transfer& transfer) {
  CURL* easy = transfer.easy;
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.reason.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  if (transfer.options->cancellation != nullptr) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer.options->cancellation);
  }
}

}  // namespace farthing::http
