// Any bytes are a manifest that names files and a version, another JSON, or refused with a fix.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ingest/discover/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = farthing::ingest::ParseManifest(text);
  if (!parsed.ok()) {
    CHECK(parsed.error().code() == farthing::Errc::kCorrupt);
    CHECK(!parsed.error().hint().empty());
    return 0;
  }
  if (!*parsed) return 0;
  const farthing::ingest::Manifest& manifest = **parsed;
  CHECK(!manifest.keys.empty());
  CHECK(!manifest.version_key.empty());
  for (const std::string& key : manifest.keys) CHECK(!key.empty());
  return 0;
}
