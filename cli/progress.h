#pragma once

// The texts of progress lines, shared by imports and questions.  Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace farthing::cli {

/// Returns "[==========          ] 50%".
std::string ProgressBar(std::uint64_t percent);

/// Returns the seconds left at the pace so far; nothing at 0 %.
std::optional<std::int64_t> SecondsLeft(std::chrono::milliseconds elapsed, std::uint64_t percent);

}  // namespace farthing::cli
