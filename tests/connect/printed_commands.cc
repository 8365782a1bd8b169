#include "tests/connect/printed_commands.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/shell_words.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

std::size_t BeginOfCommand(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const bool begins = at == 0 || std::string_view(" \n(").find(text[at - 1]) != text.npos;
    const std::string_view rest = text.substr(at);
    if (begins && (rest.starts_with("farthing ") || rest.starts_with("aws "))) return at;
  }
  return text.npos;
}

std::size_t EndOfCommand(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '\\') {
      ++at;
    } else if (c == ';' || c == '\n' || c == ')' || text.substr(at).starts_with(", ")) {
      return at;
    }
  }
  return text.size();
}

bool BashTakes(const std::string& line) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("farthing-command-" + NewUlid());
  if (!WriteFileDurably(file, line + "\n").ok()) return false;
  const int status = std::system(("bash -n " + QuoteShell(file.string())).c_str());
  std::filesystem::remove(file);
  return status == 0;
}

}  // namespace

std::vector<std::string> CommandsIn(std::string_view text) {
  std::vector<std::string> commands;
  std::size_t at = BeginOfCommand(text, 0);
  while (at != text.npos) {
    const std::size_t end = EndOfCommand(text, at);
    commands.emplace_back(text.substr(at, end - at));
    at = BeginOfCommand(text, end);
  }
  return commands;
}

std::size_t ExpectTypable(std::string_view text, const std::string& value) {
  const std::string first = Split(value, ' ').front(), last = Split(value, ' ').back();
  std::size_t named = 0;
  for (const std::string& command : CommandsIn(text)) {
    EXPECT_TRUE(BashTakes(command)) << command;
    const auto words = SplitWords(command);
    EXPECT_TRUE(words.ok()) << command;
    if (!words.ok()) continue;
    for (const std::string& word : *words) {
      if (word == value) ++named;
      if (word == value) continue;
      EXPECT_TRUE(word.find(first) == word.npos && word.find(last) == word.npos)
          << word << " in " << command;
    }
  }
  return named;
}

}  // namespace farthing::connect
