// What hands out credentials gives a whole pair of keys or is refused; a command line becomes words that, quoted, are
// the same words again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/credential_sources_internal.h"

namespace {

std::string Quoted(std::string_view word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace farthing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto keys = aws::ReadKeys(text, "a source"); keys.ok()) {
    CHECK(!keys->access_key_id.empty() && !keys->secret_access_key.empty());
  } else {
    CHECK(keys.error().code() == Errc::kCorrupt);
  }
  if (const auto words = aws::SplitCommand(text); words.ok()) {
    std::string command;
    for (const std::string& word : *words) command += Quoted(word) + " ";
    const auto again = aws::SplitCommand(command);
    CHECK(again.ok() && *again == *words);
  } else {
    CHECK(words.error().code() == Errc::kInvalidArgument);
  }
  return 0;
}
