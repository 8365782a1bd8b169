// Any bytes either are refused or are a URL that prints to one with the same parts.

#include <cstdint>

#include "http/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<http::Url> url = http::ParseUrl(text); url.ok()) {
    CHECK(!url->host.empty() && url->path.starts_with('/'));
    const Result<http::Url> again = http::ParseUrl(url->ToString());
    CHECK(again.ok() && again->ToString() == url->ToString());
  }
  const http::Parameters parameters = http::DecodeQuery(text);
  CHECK(http::DecodeQuery(http::EncodeQuery(parameters)) == parameters);
  if (const Result<Instant> date = http::ParseDate(text); date.ok()) {
    CHECK(http::PrintDate(*date) == text);
  }
  return 0;
}
