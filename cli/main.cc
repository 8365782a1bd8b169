#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "cli/version.h"

namespace farthing::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// FARTHING_DATA, else $XDG_DATA_HOME/farthing, else ~/.local/share/farthing.
std::filesystem::path DefaultData() {
  if (const std::string data = Environment("FARTHING_DATA"); !data.empty()) return data;
  if (const std::string xdg = Environment("XDG_DATA_HOME"); !xdg.empty()) {
    return std::filesystem::path(xdg) / "farthing";
  }
  return std::filesystem::path(Environment("HOME")) / ".local" / "share" / "farthing";
}

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 120;
}

// Exceptions are bugs, or no memory.
Result<void> RunSafely(CLI::App& app, std::vector<std::string> words, CliContext& context) {
  try {
    return RunWords(app, std::move(words), context);
  } catch (const std::exception& exception) {
    return Error(Errc::kInternal, exception.what())
        .Hint("this is a bug in Farthing; please report it");
  }
}

int Run(int argc, char** argv) {
  CliContext context{DefaultData(), std::cout, std::cerr};
  context.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  context.err_is_terminal = isatty(STDERR_FILENO) != 0;
  context.color = context.out_is_terminal && Environment("NO_COLOR").empty();
  context.width = TerminalWidth();
  context.variable = [](const std::string& name) -> std::optional<std::string> {
    std::string value = Environment(name.c_str());
    if (value.empty()) return std::nullopt;
    return value;
  };

  CLI::App app("Farthing reads AWS bills and answers questions about cost to the last digit.",
               "farthing");
  app.set_version_flag("--version", std::string("farthing ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  AddVerbs(app, context);
  Result<void> done = RunSafely(app, {argv + 1, argv + argc}, context);
  if (done.ok() && context.out.flush()) return 0;
  if (done.ok()) {
    done = Error(Errc::kUnavailable, "cannot write the answer")
               .Hint("is the disk full, or was the reader closed?");
  }
  return PrintError(done.error(), context);
}

}  // namespace
}  // namespace farthing::cli

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return farthing::cli::Run(argc, argv);
}
