// farthing shell: one command per line, one warm session.

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "base/text.h"
#include "cli/question.h"
#include "cli/shell_words.h"
#include "cli/verb.h"
#include "query/session.h"

namespace farthing::cli {
namespace {

Result<void> CheckVerb(CLI::App& app, const std::string& verb) {
  std::vector<std::string> known;
  for (const CLI::App* known_verb : app.get_subcommands([](CLI::App*) { return true; })) {
    known.push_back(known_verb->get_name());
  }
  if (std::find(known.begin(), known.end(), verb) != known.end()) return {};
  return Error(Errc::kInvalidArgument, "no such command: " + verb)
      .Hint(query::DidYouMean(verb, known));
}

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
  if (!words.front().starts_with('-')) TRY(CheckVerb(app, words.front()));
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    app.exit(error, context.out, context.err);
    return {};
  }
  return context.action();
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
      app.add_subcommand("shell", "Many questions to one warm process, one command per line");
  auto end_marker = std::make_shared<std::string>();
  verb->add_option("--end-marker", *end_marker, "Print this line after every answer, for scripts")
      ->type_name("TEXT");
  verb->footer(
      "Reads commands from standard input with the same verbs and flags; words may be quoted as in "
      "sh.\n"
      "Errors go to standard error and do not end the shell.\n\n"
      "Examples:\n"
      "  farthing shell\n"
      "  printf 'cost --by service --format csv\\ncost --grain day --format csv\\n' | farthing "
      "shell --end-marker .");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunShell(*end_marker, context); }; });
}

}  // namespace farthing::cli
