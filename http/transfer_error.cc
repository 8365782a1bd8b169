// Translates libcurl's failures, once.

#include "http/transfer_internal.h"

namespace farthing::http {
namespace {

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
Error TimeoutError(const Transfer& transfer, const std::string& where) {
  const SendOptions& options = *transfer.options;
  curl_off_t elapsed_micros = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_TOTAL_TIME_T, &elapsed_micros);
  const std::chrono::microseconds elapsed(elapsed_micros);
  curl_off_t connected = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
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

}  // namespace

Error TransferError(CURLcode code, const Transfer& transfer, const std::string& where) {
  const std::string detail =
      transfer.reason[0] != 0 ? transfer.reason.data() : curl_easy_strerror(code);
  if (auto refusal = ProxyRefusal(transfer.easy, where)) return *std::move(refusal);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return TimeoutError(transfer, where);
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

}  // namespace farthing::http
