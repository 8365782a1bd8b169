#pragma once

// What an option allows, for completion scripts.  OneOf of cli/verb.h keeps its names in its check, so that they need
// not be written twice.

#include <CLI/CLI.hpp>

#include <string>

namespace farthing::cli {

/// Returns the names that OneOf allows to the option, between spaces; "" where it checks something else.
std::string ChoicesOf(CLI::Option& option);

}  // namespace farthing::cli
