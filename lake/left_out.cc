#include "lake/left_out.h"

#include "base/text.h"

namespace farthing::lake {

std::string Describe(const LeftOut& left_out) {
  if (left_out.line_count == 0) return "nothing left out: every account of the bill is connected";
  std::vector<std::string> costs;
  for (const auto& [currency, cost] : left_out.costs) {
    costs.push_back(ToString(Canonical(cost)) + " " + currency);
  }
  return "left out, as their accounts are not connected: " + std::to_string(left_out.line_count) +
         (left_out.line_count == 1 ? " line" : " lines") + " of " +
         std::to_string(left_out.accounts.size()) +
         (left_out.accounts.size() == 1 ? " account" : " accounts") +
         (costs.empty() ? "" : ", " + left_out.metric + " " + Join(costs, ", "));
}

}  // namespace farthing::lake
