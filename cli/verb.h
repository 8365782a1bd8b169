#pragma once

// What every verb of the command line shares: the context, --format, errors.  One file per verb; each
// registers a CLI11 subcommand whose callback stores the work to do in context.action.  One thread.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

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
  std::string format = "table";               ///< --format of the chosen verb
  std::function<Result<void>()> action = {};  ///< set by the chosen verb
  /// A variable of the environment, when it is set and not empty.
  std::function<std::optional<std::string>(const std::string& name)> variable = {};
  query::Session* session = nullptr;  ///< warm inside `farthing shell`
};

void AddAccountsVerb(CLI::App& app, CliContext& context);
void AddBackfillVerb(CLI::App& app, CliContext& context);
void AddCheckVerb(CLI::App& app, CliContext& context);
void AddCollectVerb(CLI::App& app, CliContext& context);
void AddCompletionVerb(CLI::App& app, CliContext& context);
void AddConnectVerb(CLI::App& app, CliContext& context);
void AddConnectionsVerb(CLI::App& app, CliContext& context);
void AddCostVerb(CLI::App& app, CliContext& context);
void AddCoverageVerb(CLI::App& app, CliContext& context);
void AddCrossCheckVerb(CLI::App& app, CliContext& context);
void AddDeliveriesVerb(CLI::App& app, CliContext& context);
void AddDemoVerb(CLI::App& app, CliContext& context);
void AddDiffVerb(CLI::App& app, CliContext& context);
void AddDisconnectVerb(CLI::App& app, CliContext& context);
void AddDiscoverVerb(CLI::App& app, CliContext& context);
void AddElectVerb(CLI::App& app, CliContext& context);
void AddExplainVerb(CLI::App& app, CliContext& context);
void AddExportsVerb(CLI::App& app, CliContext& context);
void AddFirstDayVerb(CLI::App& app, CliContext& context);
void AddImportVerb(CLI::App& app, CliContext& context);
void AddReconcileVerb(CLI::App& app, CliContext& context);
void AddShellVerb(CLI::App& app, CliContext& context);
void AddSimulateAws(CLI::App& simulate, CliContext& context);  ///< the subcommand of simulate
void AddSimulateVerb(CLI::App& app, CliContext& context);
void AddSqlVerb(CLI::App& app, CliContext& context);
void AddTagsVerb(CLI::App& app, CliContext& context);
void AddTemplatesVerb(CLI::App& app, CliContext& context);
void AddVerifyVerb(CLI::App& app, CliContext& context);
void AddVersionsVerb(CLI::App& app, CliContext& context);

/// Registers every verb above on `app`; used by main and by the shell.
void AddVerbs(CLI::App& app, CliContext& context);

/// Registers one verb with --format, which sets context.format.
CLI::App* AddVerb(CLI::App& app, CliContext& context, const std::string& name,
                  const std::string& description,
                  const std::vector<std::string>& formats = {"table", "csv", "json"});

/// Checks of values that say what to write.
CLI::Validator OneOf(std::vector<std::string> names);
CLI::Validator AtLeast(std::int64_t least);

/// Parses the words of a command line and runs the verb they name; prints help where it is asked for.
/// Errors: kInvalidArgument (no such verb or flag), and those of the verb.
Result<void> RunWords(CLI::App& app, std::vector<std::string> words, CliContext& context);

/// Prints an error on the error stream: "error: …" and "fix: …", or one JSON object under
/// --format json.  Returns the exit code.
int PrintError(const Error& error, CliContext& context);

}  // namespace farthing::cli
