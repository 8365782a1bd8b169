// Any text either fails to parse as a request, or prints to JSON that parses to the same request.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/json/serialize.hpp>

#include "query/request_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const farthing::Result<farthing::query::Request> request = farthing::query::ParseRequest(text);
  if (!request.ok()) return 0;
  const auto again = farthing::query::ParseRequest(boost::json::serialize(ToJson(*request)));
  CHECK(again.ok());
  CHECK(*again == *request);
  return 0;
}
