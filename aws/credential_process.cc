#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "aws/credential_sources_internal.h"
#include "base/text.h"

extern char** environ;

namespace farthing::aws {
namespace {

constexpr std::chrono::milliseconds kPollPause{5};
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

using Clock = std::chrono::steady_clock;

Error TooLate(const std::string& program) {
  return Error(Errc::kDeadline, "credential_process did not end in time: " + program);
}

Result<std::string> ReadAll(int output, Clock::time_point deadline, const std::string& program) {
  std::string text;
  while (text.size() < kOutputLimit) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return TooLate(program);
    pollfd ready = {output, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    std::array<char, 4096> block;
    const ssize_t count = read(output, block.data(), block.size());
    if (count == 0) return text;
    if (count > 0) text.append(block.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR)
      return Error(Errc::kUnavailable, "cannot read what credential_process prints: " + program);
  }
  return Error(Errc::kUnauthenticated,
               "credential_process prints more than a mebibyte: " + program);
}

// One that has closed its output may still go on for ever.  Returns its status.
Result<int> WaitForEnd(pid_t child, Clock::time_point deadline, const std::string& program) {
  int status = 0;
  while (true) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    // Where SIGCHLD is ignored there is no status: what it has printed decides.
    if (ended < 0 && errno != EINTR) return 0;
    if (Clock::now() >= deadline) return TooLate(program);
    std::this_thread::sleep_for(kPollPause);
  }
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

Result<Credentials> RunCredentialProcess(const std::string& command, const std::string& source,
                                         std::chrono::milliseconds patience) {
  TRY_ASSIGN(const std::vector<std::string> words, SplitCommand(command));
  if (words.empty()) return Error(Errc::kInvalidArgument, "credential_process is empty: " + source);
  TRY_ASSIGN(const Child child, Spawn(words));
  const Clock::time_point deadline = Clock::now() + patience;
  const Result<std::string> text = ReadAll(child.output, deadline, words[0]);
  close(child.output);
  const Result<int> status =
      text.ok() ? WaitForEnd(child.id, deadline, words[0]) : Result<int>(text.error());
  if (!status.ok()) {
    kill(child.id, SIGKILL);
    while (waitpid(child.id, nullptr, 0) < 0 && errno == EINTR) {
    }
    return status.error();
  }
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    const std::string how = WIFEXITED(*status)
                                ? "ended with status " + std::to_string(WEXITSTATUS(*status))
                                : "was killed by signal " + std::to_string(WTERMSIG(*status));
    return Error(Errc::kUnauthenticated, "credential_process " + how + ": " + words[0])
        .Hint("run the command of the profile yourself to see why");
  }
  boost::system::error_code code;
  const boost::json::value value = boost::json::parse(*text, code);
  const boost::json::value* version =
      !code && value.is_object() ? value.get_object().if_contains("Version") : nullptr;
  if (version == nullptr || !version->is_int64() || version->get_int64() != 1)
    return Error(Errc::kUnauthenticated,
                 "credential_process must print a JSON object of Version 1: " + words[0]);
  return ReadKeys(*text, "the credential_process of " + source);
}

}  // namespace farthing::aws
