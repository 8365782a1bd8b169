// Any config file of the AWS CLI has sections of properties with lower-case names, or is refused by file and line.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aws/profile_internal.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<aws::Sections> sections = aws::ParseSections(text, "config");
  if (!sections.ok()) {
    CHECK(sections.error().code() == Errc::kInvalidArgument);
    CHECK(sections.error().message().starts_with("config:"));
    return 0;
  }
  for (const auto& [header, properties] : *sections) {
    CHECK(header.find('\n') == std::string::npos);
    for (const auto& [name, value] : properties) CHECK(!name.empty() && ToLower(name) == name);
  }
  return 0;
}
