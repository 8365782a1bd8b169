#pragma once

// What stands behind a number: the request, the SQL, the loads, the deliveries, and the rows of the
// source files.  One thread, as the Session.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"
#include "query/session.h"

namespace farthing::query {

/// One row of a source file that contributes.
struct SourceLine {
  std::string load_id;
  std::string file;                                 ///< path as it was read
  std::int64_t row = 0;                             ///< from 1, the header not counted
  std::vector<std::optional<std::string>> amounts;  ///< in the order of Explanation::amount_names
};

struct Explanation {
  Answer answer;                           ///< with totals
  std::vector<lake::Delivery> deliveries;  ///< one per load of the plan, in its order
  std::vector<std::string> amount_names;   ///< lake columns the metrics add up
  std::vector<SourceLine> lines;           ///< the first ones, by load, file and row
  std::int64_t line_count = 0;             ///< of all that contribute
};

/// Answers the request and collects the evidence; at most `line_limit` lines are listed.
/// Errors: as Session::Run.
Result<Explanation> Explain(Session& session, const Request& request, std::int64_t line_limit);

}  // namespace farthing::query
