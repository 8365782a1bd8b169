#pragma once

// Small text functions that every module could want.  All const-safe.

#include <string>
#include <string_view>
#include <vector>

namespace farthing {

/// ASCII lower case.
std::string ToLower(std::string_view text);
/// Strips ASCII spaces and tabs at both ends.
std::string_view Trim(std::string_view text);
/// Splits at every separator; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string> Split(std::string_view text, char separator);
/// Joins with the separator.
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix);

/// Returns the offset of the first byte that is not valid UTF-8, or npos.
std::size_t FindInvalidUtf8(std::string_view text);
/// Replaces each invalid byte by U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

/// Returns the known words closest to `word`, for "did you mean" hints; at most three.
std::vector<std::string> ClosestWords(std::string_view word, const std::vector<std::string>& known);

/// Returns a new ULID: 26 characters, sorts by time (ulid/spec, 2019), never repeats.
std::string NewUlid();

}  // namespace farthing
