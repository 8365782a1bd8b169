// Any bytes either are refused or print to a text that parses to the same instant or month.

#include <cstdint>

#include "base/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<Instant> instant = ParseInstant(text); instant.ok()) {
    const Result<Instant> again = ParseInstant(ToString(*instant));
    CHECK(again.ok() && *again == *instant);
    const Period period = PeriodOf(*instant);
    CHECK(period.start() <= *instant && *instant < period.end());
  }
  if (const Result<Period> period = ParsePeriod(text); period.ok())
    CHECK(ToString(*period) == text);
  return 0;
}
