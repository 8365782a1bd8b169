#include "base/shell_words.h"

#include <algorithm>

namespace farthing {
namespace {

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("_./:@,+-").find(c) != std::string_view::npos;
}

}  // namespace

std::string QuoteShell(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsPlain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string CommandLine(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + QuoteShell(word);
  return line;
}

Result<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (quote == '\0' && is_blank) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && at + 1 < line.size() &&
               (quote == '\0' ||
                std::string_view("\\\"$`").find(line[at + 1]) != std::string_view::npos)) {
      words.back() += line[++at];
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0')
    return Error(Errc::kInvalidArgument, std::string("this quote is never closed: ") + quote);
  return words;
}

}  // namespace farthing
