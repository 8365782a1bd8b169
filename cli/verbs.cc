#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <ostream>

#include "base/text.h"
#include "cli/choices.h"
#include "cli/verb.h"
#include "cli/watch.h"
#include "query/dimension.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;

// As shells report a program that Ctrl-C ended: 128 and the number of the signal.
constexpr int kInterruptedExitCode = 130;

// How the name of a check by OneOf begins; the names that it allows follow.
constexpr std::string_view kOneOf = "one of";

// What is asked for counts also where the words are wrong.
bool AsksForJson(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--format=json") return true;
    if (words[i] == "--format" && i + 1 < words.size() && words[i + 1] == "json") return true;
  }
  return false;
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> FlagsOf(const CLI::App& verb) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

// The verb that was being parsed: `simulate bill` of `farthing simulate bill --loud`.
const CLI::App& Innermost(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : Innermost(*chosen.back());
}

std::string HelpOf(const CLI::App& verb) {
  std::string words;
  for (const CLI::App* at = &verb; at != nullptr; at = at->get_parent())
    words = (at->get_parent() == nullptr ? "farthing" : at->get_name()) +
            (words.empty() ? "" : " " + words);
  return "see: " + words + " --help";
}

// "table, csv or json"
std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? " or " : ", ";
    list += names[i];
  }
  return list;
}

// What CLI11 says, in our form, with the nearest known name for a word it does not know.
Error Explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = Innermost(app);
  const std::string help = HelpOf(verb);
  const std::vector<std::string> unknown = app.remaining(true);
  const bool lacks_verb =
      !VerbNames(verb).empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (unknown.empty() && lacks_verb) return Error(Errc::kInvalidArgument, "no command").Hint(help);
  if (!unknown.empty() &&
      (lacks_verb || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    const std::string& word = unknown.front();
    if (word.starts_with('-')) {
      const std::string flag = word.substr(0, word.find('='));
      const std::string guess = query::DidYouMean(flag, FlagsOf(verb));
      return Error(Errc::kInvalidArgument, "no such flag: " + flag)
          .Hint(guess.empty() ? help : guess + " " + help);
    }
    if (VerbNames(verb).empty())
      return Error(Errc::kInvalidArgument, "one word too many: " + word).Hint(help);
    const std::string guess = query::DidYouMean(word, VerbNames(verb));
    return Error(Errc::kInvalidArgument, "no such command: " + word)
        .Hint(guess.empty() ? help : guess);
  }
  std::string message = error.what();
  message = Trim(message.substr(0, message.find('\n')));
  return Error(Errc::kInvalidArgument, std::move(message)).Hint(help);
}

}  // namespace

void AddVerbs(CLI::App& app, CliContext& context) {
  app.add_option("--data", context.data, "The data directory (also FARTHING_DATA)")
      ->type_name("DIR");
  AddImportVerb(app, context);
  AddCostVerb(app, context);
  AddExportsVerb(app, context);
  AddDeliveriesVerb(app, context);
  AddVersionsVerb(app, context);
  AddElectVerb(app, context);
  AddCrossCheckVerb(app, context);
  AddDiffVerb(app, context);
  AddVerifyVerb(app, context);
  AddExplainVerb(app, context);
  AddSqlVerb(app, context);
  AddShellVerb(app, context);
  AddConnectVerb(app, context);
  AddTemplatesVerb(app, context);
  AddCheckVerb(app, context);
  AddDiscoverVerb(app, context);
  AddCollectVerb(app, context);
  AddFirstDayVerb(app, context);
  AddCoverageVerb(app, context);
  AddReconcileVerb(app, context);
  AddBackfillVerb(app, context);
  AddAccountsVerb(app, context);
  AddTagsVerb(app, context);
  AddConnectionsVerb(app, context);
  AddDisconnectVerb(app, context);
  AddSimulateVerb(app, context);
  AddDemoVerb(app, context);
  AddCompletionVerb(app, context);
}

CLI::App* AddVerb(CLI::App& app, CliContext& context, const std::string& name,
                  const std::string& description, const std::vector<std::string>& formats) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->add_option("--data", context.data, "The data directory (also FARTHING_DATA)")
      ->type_name("DIR");
  verb->add_option("--format", context.format, Listed(formats) + ", for the answer and for errors")
      ->check(OneOf(formats))
      ->type_name("NAME")
      ->default_str(context.format);
  return verb;
}

CLI::Validator OneOf(std::vector<std::string> names) {
  std::string kept(kOneOf);
  for (const std::string& name : names) kept += " " + name;
  return {[names = std::move(names)](const std::string& text) -> std::string {
            if (std::find(names.begin(), names.end(), text) != names.end()) return "";
            return "write " + Listed(names) + ", not " + text;
          },
          "", kept};
}

std::string ChoicesOf(CLI::Option& option) {
  try {
    const std::string& kept = option.get_validator()->get_name();
    return kept.starts_with(kOneOf) ? kept.substr(kOneOf.size() + 1) : "";
  } catch (const CLI::OptionNotFound&) {  // how CLI11 says that there is no check
    return "";
  }
}

CLI::Validator AtLeast(std::int64_t least) {
  return {[least](const std::string& text) -> std::string {
            std::int64_t number = 0;
            const auto [end, code] =
                std::from_chars(text.data(), text.data() + text.size(), number);
            const bool whole = code == std::errc() && end == text.data() + text.size();
            if (whole && number >= least) return "";
            return "write a whole number, " + std::to_string(least) + " or more, not " + text;
          },
          ""};
}

Result<void> RunWords(CLI::App& app, std::vector<std::string> words, CliContext& context) {
  ForgetInterrupt();
  if (!words.empty() && words.front() == "help") {  // help cost, as cost --help
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  const bool asks_for_json = AsksForJson(words);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help or --version
      app.exit(error, context.out, context.err);
      return {};
    }
    if (asks_for_json) context.format = "json";
    return Explain(app, error);
  }
  return context.action();
}

int PrintError(const Error& error, CliContext& context) {
  const bool interrupted = Interrupted();
  const int exit_code = interrupted ? kInterruptedExitCode : ExitCode(error.code());
  const std::string message = interrupted ? "interrupted" : error.message();
  const std::string hint = interrupted ? "" : error.hint();
  if (context.format == "json") {
    context.err << json::serialize(
                       json::object{{"code", interrupted ? "interrupted" : Token(error.code())},
                                    {"message", message},
                                    {"hint", hint},
                                    {"exit_code", exit_code}})
                << '\n';
    return exit_code;
  }
  const bool color = context.color && context.err_is_terminal;
  context.err << (color ? "\033[31merror:\033[0m " : "error: ") << message << '\n';
  if (!hint.empty()) context.err << (color ? "\033[1mfix:\033[0m " : "fix: ") << hint << '\n';
  return exit_code;
}

}  // namespace farthing::cli
