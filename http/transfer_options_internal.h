#pragma once

// A request as options of libcurl.  Pure but for the handle that is set.

#include <curl/curl.h>

#include <memory>

#include "http/client.h"

namespace farthing::http {

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

/// Errors: kInvalidArgument (a method, target or header that could end its line, and so let a caller write headers of
/// its own).
Result<void> CheckRequest(const Request& request);

/// Sets method, URL, headers and body.  The handle refers to `request` and to what is returned: both must live until
/// the transfer is over.
HeaderList SetRequest(CURL* easy, const Request& request);

/// Sets the timeouts.
void SetLimits(CURL* easy, const SendOptions& options);

/// What every transfer of a client has in common: protocols, buffers, user agent, authorities.
void SetFixed(CURL* easy, const ClientSettings& settings);

/// Sets or forbids the proxy.
void SetProxy(CURL* easy, const ClientSettings& settings, const SendOptions& options);

/// Errors: kInvalidArgument.  The text may hold a password: it is not repeated.
Result<void> CheckProxy(const std::string& proxy);

}  // namespace farthing::http
