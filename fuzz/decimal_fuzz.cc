// Any bytes either are refused or print to a text that parses to the same number.

#include <cstdint>

#include "base/decimal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const Result<Decimal> value = ParseDecimal({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  CHECK(*value == Canonical(*value));
  const Result<Decimal> again = ParseDecimal(ToString(*value));
  CHECK(again.ok() && *again == *value);
  return 0;
}
