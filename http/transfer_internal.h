#pragma once

// One transfer of libcurl: what its callbacks fill and obey.  Belongs to the thread that performs it.

#include <curl/curl.h>

#include <array>
#include <optional>

#include "http/client.h"

namespace farthing::http {

struct Transfer {
  CURL* easy = nullptr;
  const SendOptions* options = nullptr;
  Response response;
  std::size_t header_bytes = 0;
  std::optional<Error> failed;  ///< why a callback ended the transfer
  std::array<char, CURL_ERROR_SIZE> reason{};
};

/// Lets libcurl fill `transfer`, which must stay where it is until the transfer is over.
void SetCallbacks(Transfer& transfer);

/// Translates a failure of libcurl; `where` is the server's name and port.
Error TransferError(CURLcode code, const Transfer& transfer, const std::string& where);

}  // namespace farthing::http
