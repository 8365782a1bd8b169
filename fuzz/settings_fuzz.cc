// Stored settings and check reports either are refused or print to JSON that reads back as the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connect/checks/checks.h"
#include "connect/connection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing::connect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto settings = ParseSettings(text); settings.ok()) {
    const auto again = ParseSettings(ToJson(*settings));
    CHECK(again.ok() && ToJson(*again) == ToJson(*settings));
    if (const auto valid = Validate(*settings); valid.ok()) CHECK(Validate(*valid).ok());
  }
  if (const auto report = ParseCheckReport(text); report.ok()) {
    const auto again = ParseCheckReport(ToJson(*report));
    CHECK(again.ok() && ToJson(*again) == ToJson(*report));
  }
  if (const auto policy = ParseImportPolicy(text); policy.ok()) CHECK(Name(*policy) == text);
  return 0;
}
