// Completion scripts are made from the verbs and options themselves, so they cannot go stale.

#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/choices.h"
#include "cli/records.h"
#include "cli/verb.h"

namespace farthing::cli {
namespace {

struct Verb {
  std::string name;
  std::string description;
  std::vector<std::string> words;              ///< options, nested verbs, choices of arguments
  std::map<std::string, std::string> choices;  ///< by option; between spaces
};

void AddOptions(CLI::App& app, Verb& verb) {
  for (CLI::Option* option : app.get_options({})) {
    const std::string choices = ChoicesOf(*option);
    for (const std::string& name : option->get_lnames()) {
      verb.words.push_back("--" + name);
      if (!choices.empty()) verb.choices["--" + name] = choices;
    }
    if (option->get_positional() && !choices.empty()) verb.words.push_back(choices);
  }
}

std::vector<Verb> VerbsOf(CLI::App& app) {
  std::vector<Verb> verbs;
  for (CLI::App* verb : app.get_subcommands({})) {
    Verb entry{verb->get_name(), verb->get_description(), {}, {}};
    AddOptions(*verb, entry);
    for (CLI::App* nested : verb->get_subcommands({})) {
      entry.words.push_back(nested->get_name());
      AddOptions(*nested, entry);
    }
    verbs.push_back(std::move(entry));
  }
  return verbs;
}

std::string Words(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

std::string VerbNames(const std::vector<Verb>& verbs) {
  std::string names;
  for (const Verb& verb : verbs) names += (names.empty() ? "" : " ") + verb.name;
  return names;
}

std::string Bash(const std::vector<Verb>& verbs) {
  std::ostringstream out;
  out << "_farthing() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \""
      << VerbNames(verbs)
      << " --data --help --version\" -- \"$word\"))\n    return\n  fi\n"
         "  case \"${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD-1]}\" in\n";
  for (const Verb& verb : verbs) {
    for (const auto& [option, choices] : verb.choices) {
      out << "    '" << verb.name << ' ' << option << "') COMPREPLY=($(compgen -W \"" << choices
          << "\" -- \"$word\")); return ;;\n";
    }
  }
  out << "  esac\n  case ${COMP_WORDS[1]} in\n";
  for (const Verb& verb : verbs) {
    out << "    " << verb.name << ") COMPREPLY=($(compgen -f -W \"" << Words(verb.words)
        << "\" -- \"$word\")) ;;\n";
  }
  out << "  esac\n}\ncomplete -o filenames -F _farthing farthing\n";
  return out.str();
}

std::string Zsh(const std::vector<Verb>& verbs) {
  std::ostringstream out;
  out << "#compdef farthing\n_farthing() {\n  local -a verbs\n  verbs=(\n";
  for (const Verb& verb : verbs) {
    std::string description = verb.description;
    for (std::size_t at = description.find('\''); at != std::string::npos;
         at = description.find('\'', at + 4)) {
      description.replace(at, 1, "'\\''");
    }
    out << "    '" << verb.name << ":" << description << "'\n";
  }
  out << "  )\n  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
         "  case \"$words[2] $words[CURRENT-1]\" in\n";
  for (const Verb& verb : verbs) {
    for (const auto& [option, choices] : verb.choices) {
      out << "    '" << verb.name << ' ' << option << "') compadd -- " << choices
          << "; return ;;\n";
    }
  }
  out << "  esac\n  case $words[2] in\n";
  for (const Verb& verb : verbs) {
    out << "    " << verb.name << ") compadd -- " << Words(verb.words) << "; _files ;;\n";
  }
  out << "  esac\n}\n_farthing \"$@\"\n";
  return out.str();
}

std::string Fish(const std::vector<Verb>& verbs) {
  std::ostringstream out;
  for (const Verb& verb : verbs) {
    std::string description = verb.description;
    for (std::size_t at = description.find('\''); at != std::string::npos;
         at = description.find('\'', at + 2)) {
      description.replace(at, 1, "\\'");
    }
    out << "complete -c farthing -n __fish_use_subcommand -f -a " << verb.name << " -d '"
        << description << "'\n";
    for (const std::string& word : verb.words) {
      const std::string condition = " -n '__fish_seen_subcommand_from " + verb.name + "'";
      out << "complete -c farthing" << condition
          << (word.starts_with("--") ? " -l " + word.substr(2) : " -f -a '" + word + "'");
      const auto choices = verb.choices.find(word);
      if (choices != verb.choices.end()) out << " -x -a '" << choices->second << "'";
      out << '\n';
    }
  }
  return out.str();
}

Result<void> PrintCompletion(CLI::App& app, const std::string& shell, CliContext& context) {
  const std::vector<Verb> verbs = VerbsOf(app);
  const std::string script = shell == "bash"  ? Bash(verbs)
                             : shell == "zsh" ? Zsh(verbs)
                                              : Fish(verbs);
  PrintRecords({{"shell", "script"}, {{shell, script}}}, script, context);
  return {};
}

}  // namespace

void AddCompletionVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "completion", "Print a completion script for bash, zsh or fish");
  auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(OneOf({"bash", "zsh", "fish"}));
  verb->footer(
      "Examples:\n  farthing completion bash > /etc/bash_completion.d/farthing\n"
      "  farthing completion zsh > ~/.zfunc/_farthing\n"
      "  farthing completion fish > ~/.config/fish/completions/farthing.fish");
  verb->callback([=, &app, &context] {
    context.action = [=, &app, &context] { return PrintCompletion(app, *shell, context); };
  });
}

}  // namespace farthing::cli
