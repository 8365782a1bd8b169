#include <algorithm>

#include "aws/profile_internal.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::uint64_t kFileLimitBytes = 4 << 20;

// A comment inside a line begins with a blank and "#" or ";".
std::string_view WithoutComment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && (text[i - 1] == ' ' || text[i - 1] == '\t'))
      return Trim(text.substr(0, i));
  }
  return Trim(text);
}

// "profile  "my one"" is "profile my one".
std::string HeaderName(std::string_view inside) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  bool open = false;
  for (const char c : inside) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ' || c == '\t') {
      if (open || !word.empty()) words.push_back(std::exchange(word, ""));
      open = false;
    } else {
      word += c;
    }
  }
  if (open || !word.empty()) words.push_back(word);
  return Join(words, " ");
}

Error BadLine(const std::string& file, std::size_t line, std::string_view what) {
  return Error(Errc::kInvalidArgument,
               file + ":" + std::to_string(line) + ": " + std::string(what));
}

class Parser {
 public:
  explicit Parser(std::string file) : file_(std::move(file)) {}

  Result<void> Line(std::string_view line) {
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view text = Trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return {};
    if (text.front() == '[') return Header(text);
    if (section_ == nullptr) return BadLine(file_, number_, "a line before the first [section]");
    const bool indented = line.front() == ' ' || line.front() == '\t';
    return indented && !outer_.empty() ? Inner(text) : Property(text);
  }

  Sections Take() { return std::move(sections_); }

 private:
  Result<void> Header(std::string_view text) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos)
      return BadLine(file_, number_, "a [section] without its end");
    section_ = &sections_[HeaderName(text.substr(1, end - 1))];
    outer_.clear();
    return {};
  }

  Result<void> Property(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || Trim(text.substr(0, equals)).empty())
      return BadLine(file_, number_, "neither a [section] nor a \"name = value\"");
    outer_ = ToLower(Trim(text.substr(0, equals)));
    (*section_)[outer_] = WithoutComment(text.substr(equals + 1));
    return {};
  }

  // Below an empty value stand properties of its own, below another one its continuation.
  Result<void> Inner(std::string_view text) {
    std::string& value = (*section_)[outer_];
    if (!value.empty()) {
      value += "\n" + std::string(text);
      return {};
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
      return BadLine(file_, number_, "an indented line that is no \"name = value\"");
    (*section_)[outer_ + "." + ToLower(Trim(text.substr(0, equals)))] =
        WithoutComment(text.substr(equals + 1));
    return {};
  }

  const std::string file_;
  std::size_t number_ = 0;
  Sections sections_;
  Properties* section_ = nullptr;
  std::string outer_;  // the property that indented lines belong to
};

Result<Sections> ReadSections(const fs::path& path) {
  Result<std::string> text = ReadFile(path, kFileLimitBytes);
  if (!text.ok() && text.error().code() == Errc::kNotFound) return Sections();
  if (!text.ok()) return std::move(text).error();
  return ParseSections(*text, path.string());
}

void Overlay(const Sections& sections, const std::string& header,
             std::optional<Properties>& properties) {
  const auto found = sections.find(header);
  if (found == sections.end()) return;
  if (!properties) properties.emplace();
  for (const auto& [name, value] : found->second) (*properties)[name] = value;
}

}  // namespace

Result<Sections> ParseSections(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Parser parser(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    TRY(parser.Line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.Take();
}

std::optional<Properties> ProfileFiles::Profile(const std::string& name) const {
  std::optional<Properties> properties;
  // [profile default] is meant where a file has both it and [default].
  if (name == "default" && config.count("profile default") == 0)
    Overlay(config, "default", properties);
  Overlay(config, "profile " + name, properties);
  Overlay(credentials, name, properties);
  return properties;
}

std::optional<Properties> ProfileFiles::Section(const std::string& kind,
                                                const std::string& name) const {
  std::optional<Properties> properties;
  Overlay(config, kind + " " + name, properties);
  return properties;
}

std::vector<std::string> ProfileFiles::ProfileNames() const {
  std::vector<std::string> names;
  for (const auto& [header, _] : config) {
    if (header.starts_with("profile ")) names.push_back(header.substr(8));
    if (header == "default") names.push_back(header);
  }
  for (const auto& [header, _] : credentials) names.push_back(header);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<ProfileFiles> ReadProfileFiles(const Machine& machine) {
  const auto place = [&](const std::string& variable, const std::string& name) {
    const std::string set = Variable(machine, variable);
    return set.empty() ? machine.home / ".aws" / name : ExpandHome(machine, set);
  };
  const fs::path config = place("AWS_CONFIG_FILE", "config");
  const fs::path credentials = place("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  ProfileFiles files;
  files.config_file = config.string();
  files.credentials_file = credentials.string();
  TRY_ASSIGN(files.config, ReadSections(config));
  TRY_ASSIGN(files.credentials, ReadSections(credentials));
  return files;
}

ChosenProfile ChooseProfile(const Machine& machine, const std::string& asked) {
  if (!asked.empty()) return {asked, true};
  const std::string set = Variable(machine, "AWS_PROFILE");
  return set.empty() ? ChosenProfile{"default", false} : ChosenProfile{set, true};
}

Result<Properties> ReadProfile(const ProfileFiles& files, const ChosenProfile& chosen) {
  std::optional<Properties> properties = files.Profile(chosen.name);
  if (properties) return *std::move(properties);
  if (!chosen.asked) return Properties();
  const std::vector<std::string> close = ClosestWords(chosen.name, files.ProfileNames());
  return Error(Errc::kInvalidArgument, "no such AWS profile in " + files.config_file + " and " +
                                           files.credentials_file + ": " + chosen.name)
      .Hint(close.empty() ? "`aws configure list-profiles` lists them"
                          : "did you mean " + Join(close, " or ") + "?");
}

std::string Variable(const Machine& machine, const std::string& name) {
  return machine.variable ? machine.variable(name).value_or("") : "";
}

fs::path ExpandHome(const Machine& machine, const std::string& path) {
  if (path == "~") return machine.home;
  return path.starts_with("~/") ? machine.home / path.substr(2) : fs::path(path);
}

std::string PropertyOf(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found == properties.end() ? "" : found->second;
}

}  // namespace farthing::aws
