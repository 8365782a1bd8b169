#pragma once

// The command lines in what a person is told: found, and tried as a shell reads them.

#include <string>
#include <string_view>
#include <vector>

namespace farthing::connect {

/// Each `farthing …` and `aws …` in the text, up to the end of its line or clause.
std::vector<std::string> CommandsIn(std::string_view text);

/// Expects that bash takes every command of the text, and that `value`, where a command has any of it, arrives there as
/// one argument.  Returns how often it does.
std::size_t ExpectTypable(std::string_view text, const std::string& value);

}  // namespace farthing::connect
