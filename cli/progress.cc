#include "cli/progress.h"

#include <algorithm>

namespace farthing::cli {

std::string ProgressBar(std::uint64_t percent) {
  const std::uint64_t shown = std::min<std::uint64_t>(100, percent);
  std::string bar(static_cast<std::size_t>(shown / 5), '=');
  bar.resize(20, ' ');
  return "[" + bar + "] " + std::to_string(shown) + "%";
}

std::optional<std::int64_t> SecondsLeft(std::chrono::milliseconds elapsed, std::uint64_t percent) {
  if (percent == 0) return std::nullopt;
  const auto done = static_cast<std::int64_t>(std::min<std::uint64_t>(100, percent));
  return elapsed.count() * (100 - done) / done / 1000;
}

}  // namespace farthing::cli
