#pragma once

// The flags that make a question, shared by cost and explain, and the session that answers it.  One thread.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/verb.h"
#include "query/request.h"
#include "query/session.h"

namespace farthing::cli {

struct QuestionFlags {
  std::vector<std::string> by;
  std::vector<std::string> metrics;
  std::string grain;
  std::string from;
  std::string to;
  std::string period;
  std::string where;
  std::vector<std::string> order_by;
  std::int64_t limit = 0;  ///< 0: none
  bool other = false;
  std::string as_of;
  std::string request;  ///< JSON instead of all of these
};

/// Adds the flags to a verb; `flags` must live as long as the verb.
void AddQuestionFlags(CLI::App& verb, QuestionFlags& flags);

/// Reads the --period of verbs that take one month.  Errors: kInvalidArgument.
Result<Period> ParsePeriodFlag(const std::string& text);

/// Errors: kInvalidArgument, naming the flag.
Result<query::Request> ToRequest(const QuestionFlags& flags);

/// Returns the warm session of a shell, or opens one into `own`.
/// Errors: kNotFound (nothing imported yet).
Result<query::Session*> SessionOf(const CliContext& context, std::unique_ptr<query::Session>& own);

}  // namespace farthing::cli
