#pragma once

// What Cost Explorer is asked for on the first day, and its answers as rows.  Pure functions; for connect/cost_explorer/first_day.cc.

#include <string>
#include <string_view>
#include <vector>

#include "aws/cost_explorer.h"
#include "base/result.h"
#include "ingest/cost_explorer_file.h"

namespace farthing::connect {

/// A request and the group of charges that its answer holds.
struct CostQuestion {
  std::string charge_group;  ///< "Tax", …, "Usage" for whatever has no group of its own
  aws::CostQuery query;
};
/// The questions that together hold every charge of those days exactly once, by day, service and account; `end` is
/// exclusive.  The one of usage is the last.
std::vector<CostQuestion> QuestionsOf(const std::string& start, const std::string& end);
/// How many these are: what a span of months costs at least.
int QuestionCount();

/// One figure as a row.  Errors: kCorrupt (no service and account).
Result<ingest::CostExplorerRow> RowOf(const aws::CostGroup& cell, std::string_view charge_group,
                                      const std::string& payer, const aws::CostAnswer& answer);

/// Puts the hours of usage in place of its days where they add up to exactly the day.  Returns how many days differ
/// and stay whole.  Errors: kCorrupt (an amount).
Result<int> ReplaceByHours(const std::vector<ingest::CostExplorerRow>& hours,
                           std::vector<ingest::CostExplorerRow>& days);

}  // namespace farthing::connect
