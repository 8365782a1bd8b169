#include "tests/referee/service.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/text.h"

extern char** environ;

namespace farthing::referee {
namespace {

constexpr int kNotInstalled = 77;
constexpr int kPatienceMs = 90'000;

// The first line that the process prints, or "" when it ends or stays silent.
std::string FirstLine(int output) {
  std::string line;
  pollfd ready = {output, POLLIN, 0};
  while (poll(&ready, 1, kPatienceMs) > 0) {
    char c;
    if (read(output, &c, 1) != 1) return "";
    if (c == '\n') return line;
    line += c;
  }
  return "";
}

}  // namespace

std::unique_ptr<Service> Service::Start(const std::string& name) {
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return nullptr;
  std::string script = "scripts/services/" + name;
  std::string any_port = "0";
  const std::array<char*, 3> arguments = {script.data(), any_port.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  pid_t process = -1;
  const int failed =
      posix_spawn(&process, script.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  const std::string line = failed == 0 ? FirstLine(pipe_ends[0]) : "";
  close(pipe_ends[0]);
  const std::vector<std::string> words = Split(line, ' ');
  if (words.size() >= 3 && words[0] == "ready") {
    std::map<std::string, std::string> facts;
    for (const std::string& word : words)
      facts[word.substr(0, word.find('='))] =
          word.substr(std::min(word.find('='), word.size() - 1) + 1);
    return std::unique_ptr<Service>(
        new Service(process, *http::ParseUrl(words[2]), std::move(facts)));
  }
  int status = 0;
  if (failed == 0) {
    kill(process, SIGTERM);
    waitpid(process, &status, 0);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kNotInstalled)
    ADD_FAILURE() << script << " does not start";
  return nullptr;
}

Service::Service(pid_t process, http::Url url, std::map<std::string, std::string> facts)
    : process_(process), url_(std::move(url)), facts_(std::move(facts)) {}

Service::~Service() {
  kill(process_, SIGTERM);
  int status = 0;
  waitpid(process_, &status, 0);
}

std::string Service::fact(const std::string& name) const {
  const auto found = facts_.find(name);
  return found == facts_.end() ? "" : found->second;
}

std::shared_ptr<aws::CredentialsProvider> Keys(const std::string& key, const std::string& secret) {
  return aws::StaticCredentials({key, secret, "", std::nullopt, "test"});
}

aws::Environment EnvironmentOf(const Service& service) {
  aws::Environment environment;
  environment.http = *http::NewClient({});
  environment.endpoints.overrides[std::nullopt] = service.url();
  return environment;
}

std::shared_ptr<aws::Client> ClientOf(const Service& service, const std::string& key,
                                      const std::string& secret, const std::string& region) {
  aws::Environment environment = EnvironmentOf(service);
  environment.region = region;
  return std::make_shared<aws::Client>(std::move(environment), Keys(key, secret));
}

}  // namespace farthing::referee
