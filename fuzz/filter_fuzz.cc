// Any text either fails to parse as a filter, or prints to text that parses to the same filter.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "query/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const farthing::Result<farthing::query::Filter> filter = farthing::query::ParseFilter(text);
  if (!filter.ok()) return 0;
  const auto again = farthing::query::ParseFilter(ToString(*filter));
  CHECK(again.ok());
  CHECK(*again == *filter);
  return 0;
}
