#include "lake/left_out.h"

#include "base/text.h"
#include "engine/duckdb.h"

namespace farthing::lake {

Result<Reach> ReachOf(engine::Connection& connection, const std::string& relation,
                      const std::string& day) {
  const std::string usage = "(" + day + ") FILTER (WHERE charge_category = 'Usage') AS VARCHAR)";
  TRY_ASSIGN(const engine::Table found,
             connection.Query("SELECT CAST(min" + usage + ", CAST(max" + usage +
                              ", count(*) FILTER (WHERE invoice_id IS NULL) FROM " + relation));
  const auto& row = found.rows.at(0);
  return Reach{row.at(0).value_or(""), row.at(1).value_or(""), row.at(2).value_or("1") == "0"};
}

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
