#pragma once

// Command lines as sh reads them: words printed so that sh finds the same words again, and lines split into words.
// Whatever a person is told to type is printed by CommandLine().  Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace farthing {

/// One word for sh: as it is where that is safe, else '…'.
std::string QuoteShell(std::string_view word);

/// The line that sh splits into these words: CommandLine({"farthing", "check", name}).
std::string CommandLine(const std::vector<std::string>& words);

/// Splits as sh does, without expansions.  'a b' and "a b" are one word; in "…" a backslash keeps \ " $ and `;
/// outside, the next character.
/// Errors: kInvalidArgument (a quote is never closed).
Result<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace farthing
