#pragma once

// For tests: an http::Client that answers from a script and remembers what it was asked.  Thread-safe.

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

class ScriptedHttp : public http::Client {
 public:
  using Answer = std::function<Result<http::Response>(const http::Request&)>;

  /// Answers the next request.
  void Expect(int status, const std::string& body, const http::Headers& headers = {}) {
    Expect([=](const http::Request&) -> Result<http::Response> {
      return http::Response{status, headers, body};
    });
  }
  void Expect(Answer answer) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(answer));
  }
  /// Answers every request that the script has no answer for.
  void Always(Answer answer) { always_ = std::move(answer); }

  Result<http::Response> Send(const http::Request& request,
                              const http::SendOptions& options) override {
    Answer answer = always_;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      options_.push_back(options);
      if (!script_.empty()) {
        answer = std::move(script_.front());
        script_.pop_front();
      }
    }
    if (!answer)
      return Error(Errc::kInternal, "the script has no answer for " + request.url.ToString());
    Result<http::Response> response = answer(request);
    if (response.ok() && options.sink && response->status / 100 == 2) {
      TRY(options.sink(response->body));
      response->body.clear();
    }
    if (response.ok() && response->body.size() > options.body_limit)
      return Error(Errc::kTooLarge, "the response is larger than allowed");
    return response;
  }

  std::vector<http::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  http::Request request(std::size_t i) const { return requests().at(i); }
  std::vector<http::SendOptions> options() const {
    const std::lock_guard lock(mutex_);
    return options_;
  }
  bool AllAsked() const {
    const std::lock_guard lock(mutex_);
    return script_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Answer> script_;
  Answer always_;
  std::vector<http::Request> requests_;
  std::vector<http::SendOptions> options_;
};

/// The value of a parameter of a form, "" when absent.
inline std::string FormValue(const http::Request& request, const std::string& name) {
  for (const auto& [key, value] : http::DecodeQuery(request.body, http::QueryKind::kForm))
    if (key == name) return value;
  return "";
}
inline std::string QueryValue(const http::Request& request, const std::string& name) {
  for (const auto& [key, value] : http::DecodeQuery(request.url.query))
    if (key == name) return value;
  return "";
}
inline std::string HeaderValue(const http::Request& request, const std::string& name) {
  const std::string* value = http::FindHeader(request.headers, name);
  return value == nullptr ? "" : *value;
}

/// A script, a client over it, and a clock that stands still until it is set.
struct ScriptedAws {
  std::shared_ptr<ScriptedHttp> http = std::make_shared<ScriptedHttp>();
  std::shared_ptr<Instant> clock = std::make_shared<Instant>(*ParseInstant("2026-11-21T08:00:00Z"));
  Environment environment;
  std::shared_ptr<Client> client;

  ScriptedAws() {
    environment.http = http;
    environment.now = [clock = clock] { return *clock; };
    environment.sleep = [](std::chrono::milliseconds) {};
    client = std::make_shared<Client>(
        environment, StaticCredentials({"AKIDEXAMPLE", "secret", "", std::nullopt, "test"}));
  }
};

}  // namespace farthing::aws
