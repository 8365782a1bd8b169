#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>

#include "aws/credential_sources_internal.h"
#include "base/text.h"

extern char** environ;

namespace farthing::aws {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kOutputLimit = 1 << 20;

struct Child {
  pid_t id = -1;
  int output = -1;
};

Result<Child> Spawn(const std::vector<std::string>& words) {
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0)
    return Error(Errc::kUnavailable, "cannot make a pipe for credential_process");
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  // What it complains of may hold secrets; nobody would see it either.
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  Child child;
  child.output = pipe_ends[0];
  const int failed =
      posix_spawnp(&child.id, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  if (failed == 0) return child;
  close(pipe_ends[0]);
  return Error(Errc::kUnauthenticated, "cannot start credential_process: " + words[0])
      .Hint("give the full path of the program in the profile");
}

// Reads to the end of the output.  False: it took too long or said too much.
bool ReadAll(int output, std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (text.size() < kOutputLimit) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready = {output, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    std::array<char, 4096> block;
    const ssize_t count = read(output, block.data(), block.size());
    if (count == 0) return true;
    if (count > 0) text.append(block.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return false;
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> SplitCommand(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool started = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
      started = true;
    } else if (c == '\\' && quote != '\'' && i + 1 < command.size() &&
               (quote == '\0' || command[i + 1] == '"' || command[i + 1] == '\\')) {
      word += command[++i];
      started = true;
    } else if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      if (started) words.push_back(std::exchange(word, ""));
      started = false;
    } else {
      word += c;
      started = true;
    }
  }
  if (quote != '\0')
    return Error(Errc::kInvalidArgument,
                 "a quote is not closed in credential_process: " + std::string(command));
  if (started) words.push_back(word);
  return words;
}

Result<Credentials> RunCredentialProcess(const std::string& command, const std::string& source) {
  TRY_ASSIGN(const std::vector<std::string> words, SplitCommand(command));
  if (words.empty()) return Error(Errc::kInvalidArgument, "credential_process is empty: " + source);
  TRY_ASSIGN(const Child child, Spawn(words));
  std::string text;
  const bool complete = ReadAll(child.output, text);
  close(child.output);
  if (!complete) kill(child.id, SIGKILL);
  int status = 0;
  while (waitpid(child.id, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete)
    return Error(Errc::kDeadline, "credential_process did not end in a minute: " + words[0]);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string how = WIFEXITED(status)
                                ? "ended with status " + std::to_string(WEXITSTATUS(status))
                                : "was killed by signal " + std::to_string(WTERMSIG(status));
    return Error(Errc::kUnauthenticated, "credential_process " + how + ": " + words[0])
        .Hint("run the command of the profile yourself to see why");
  }
  boost::system::error_code code;
  const boost::json::value value = boost::json::parse(text, code);
  const boost::json::value* version =
      !code && value.is_object() ? value.get_object().if_contains("Version") : nullptr;
  if (version == nullptr || !version->is_int64() || version->get_int64() != 1)
    return Error(Errc::kUnauthenticated,
                 "credential_process must print a JSON object of Version 1: " + words[0]);
  return ReadKeys(text, "the credential_process of " + source);
}

}  // namespace farthing::aws
