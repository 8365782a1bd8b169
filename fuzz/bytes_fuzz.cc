// Any file is unpacked to the same bytes however large the pieces are that it is read in, or refused.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ingest/csv/bytes.h"

namespace {

using namespace farthing;

constexpr std::size_t kEnough = 1 << 20;

// The content and the note; nothing when the file is refused.
std::optional<std::string> ReadAll(const std::filesystem::path& file, std::size_t piece) {
  auto source = ingest::OpenBytes(file);
  if (!source.ok()) return std::nullopt;
  std::string text;
  std::string buffer(piece, '\0');
  while (text.size() < kEnough) {
    const Result<std::size_t> count = (*source)->Read(buffer);
    if (!count.ok()) return std::nullopt;
    CHECK(*count <= piece);
    if (*count == 0) return text + "\n" + (*source)->note();
    text.append(buffer, 0, *count);
  }
  return "too much";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = memfd_create("bill", MFD_CLOEXEC);
  CHECK(file >= 0);
  CHECK(write(file, data, size) == static_cast<ssize_t>(size));
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file);
  const std::optional<std::string> whole = ReadAll(path, 1 << 16);
  CHECK(ReadAll(path, 13) == whole);
  close(file);
  return 0;
}
