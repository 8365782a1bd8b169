// farthing shell: one command per line, one warm session.

#include <unistd.h>

#include <iostream>
#include <string>

#include "base/shell_words.h"
#include "base/text.h"
#include "cli/question.h"
#include "cli/verb.h"
#include "cli/watch.h"
#include "query/session.h"

namespace farthing::cli {
namespace {

// Parses and runs one line as main does with its arguments.
Result<void> RunLine(const std::string& line, CliContext& context) {
  TRY_ASSIGN(std::vector<std::string> words, SplitWords(line));
  if (!words.empty() && words.front() == "farthing") words.erase(words.begin());
  if (words.empty()) return {};
  if (words.front() == "help") words.front() = "--help";
  if (words.front() == "shell") return Error(Errc::kInvalidArgument, "this is the shell already");

  CLI::App app("One command per line: the verbs and flags of farthing; exit ends the shell.", "");
  app.require_subcommand(1);
  app.fallthrough();
  context.action = nullptr;
  AddVerbs(app, context);
  return RunWords(app, std::move(words), context);
}

Result<void> RunShell(const std::string& end_marker, CliContext& outer) {
  std::unique_ptr<query::Session> own;
  TRY_ASSIGN(query::Session * session, SessionOf(outer, own));
  const bool has_prompt = isatty(STDIN_FILENO) != 0 && outer.out_is_terminal;
  for (std::string line;;) {
    if (has_prompt) outer.out << "farthing> " << std::flush;
    if (!std::getline(std::cin, line)) return {};
    const std::string_view command = Trim(line);
    if (command == "exit" || command == "quit") return {};
    if (command.empty() || command.front() == '#') continue;

    CliContext context = outer;
    context.session = session;
    const Result<void> done = RunLine(line, context);
    if (Interrupted() && !has_prompt)
      return done;  // Ctrl-C ends a script, but at a prompt one answer
    if (!done.ok()) PrintError(done.error(), context);
    outer.err.flush();
    if (!end_marker.empty()) outer.out << end_marker << '\n';
    outer.out.flush();
    if (!outer.out) return Error(Errc::kUnavailable, "cannot write the answer");
  }
}

}  // namespace

void AddShellVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "shell", "Many questions to one warm process, one command per line");
  auto end_marker = std::make_shared<std::string>();
  verb->add_option("--end-marker", *end_marker, "Print this line after every answer, for scripts")
      ->type_name("TEXT");
  verb->footer(
      "Reads commands from standard input with the same verbs and flags; words may be quoted as in "
      "sh.\n"
      "Errors go to standard error and do not end the shell.  --format is that of all answers "
      "whose\n"
      "command names none.  Ctrl-C stops the question at hand.\n\n"
      "Examples:\n"
      "  farthing shell\n"
      "  printf 'cost --by service --format csv\\ncost --grain day --format csv\\n' | farthing "
      "shell --end-marker .");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunShell(*end_marker, context); }; });
}

}  // namespace farthing::cli
