#pragma once

// Splits a command line into words as sh does, without expansions.  Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing::cli {

/// 'a b' and "a b" are one word; in "…" a backslash keeps \ " $ and `; outside, the next character.
/// Errors: kInvalidArgument (a quote is never closed).
Result<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace farthing::cli
