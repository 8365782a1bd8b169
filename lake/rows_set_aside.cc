#include "lake/rows_set_aside.h"

#include "base/text.h"

namespace farthing::lake {

RowsSetAside CountSetAside(const std::vector<RowIssue>& issues) {
  RowsSetAside rows;
  for (const RowIssue& issue : issues) {
    if (issue.fate != RowIssue::Fate::kSetAside) continue;
    ++rows.count;
    const Result<Decimal> one = ParseDecimal(issue.cost);
    if (!one.ok()) {
      ++rows.unreadable;
      continue;
    }
    Decimal& sum = rows.costs[issue.currency];
    Result<Decimal> together = Add(sum, *one);
    if (together.ok()) {
      sum = *together;
    } else {
      ++rows.unreadable;
    }
  }
  return rows;
}

std::string CostText(const RowsSetAside& rows) {
  std::vector<std::string> parts;
  for (const auto& [currency, sum] : rows.costs)
    parts.push_back(ToString(Canonical(sum)) + (currency.empty() ? "" : " " + currency));
  if (rows.unreadable > 0) {
    parts.push_back((parts.empty() ? "what " : "and what ") + std::to_string(rows.unreadable) +
                    (rows.unreadable == 1 ? " unreadable row costs" : " unreadable rows cost"));
  }
  return Join(parts, " ");
}

std::string Describe(const RowsSetAside& rows) {
  if (rows.count == 0) return "";
  return std::to_string(rows.count) + (rows.count == 1 ? " row" : " rows") +
         " set aside; not in the lake: " + CostText(rows);
}

}  // namespace farthing::lake
