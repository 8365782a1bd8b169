#pragma once

// What every verb of the command line shares.  One file per verb; each registers a CLI11 subcommand
// whose callback stores the work to do in context.action.  One thread.

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <iosfwd>

#include "base/result.h"

namespace farthing::query {
class Session;
}

namespace farthing::cli {

struct CliContext {
  std::filesystem::path data;  ///< --data, FARTHING_DATA or the XDG data directory
  std::ostream& out;           ///< answers
  std::ostream& err;           ///< progress, notes, errors
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;                         ///< false under NO_COLOR or away from a terminal
  int width = 80;                             ///< of the terminal
  std::function<Result<void>()> action = {};  ///< set by the chosen verb
  query::Session* session = nullptr;          ///< warm inside `farthing shell`
};

void AddCompletionVerb(CLI::App& app, CliContext& context);
void AddCostVerb(CLI::App& app, CliContext& context);
void AddCrossCheckVerb(CLI::App& app, CliContext& context);
void AddDeliveriesVerb(CLI::App& app, CliContext& context);
void AddDiffVerb(CLI::App& app, CliContext& context);
void AddElectVerb(CLI::App& app, CliContext& context);
void AddExplainVerb(CLI::App& app, CliContext& context);
void AddExportsVerb(CLI::App& app, CliContext& context);
void AddImportVerb(CLI::App& app, CliContext& context);
void AddShellVerb(CLI::App& app, CliContext& context);
void AddSimulateVerb(CLI::App& app, CliContext& context);
void AddSqlVerb(CLI::App& app, CliContext& context);
void AddVerifyVerb(CLI::App& app, CliContext& context);
void AddVersionsVerb(CLI::App& app, CliContext& context);

/// Registers every verb above on `app`; used by main and by the shell.
void AddVerbs(CLI::App& app, CliContext& context);

/// Prints "error: …" and "fix: …" the same way for every verb.
void PrintError(const Error& error, CliContext& context);

}  // namespace farthing::cli
