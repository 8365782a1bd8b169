#pragma once

// The version as built; CMake sets it from project(VERSION).

namespace farthing::cli {
inline constexpr const char* kVersion = FARTHING_VERSION;
}  // namespace farthing::cli
