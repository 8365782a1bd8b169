#include "query/explain.h"

#include <algorithm>

#include "lake/layout.h"
#include "lake/load_files.h"

namespace farthing::query {
namespace {

std::string FileOf(const Explanation& explanation, const std::string& load_id, std::size_t number) {
  const auto& loads = explanation.answer.plan.loads;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (loads[i].id != load_id) continue;
    const auto& files = explanation.deliveries[i].files;
    if (number < files.size()) return files[number].path;
  }
  return "file " + std::to_string(number);
}

Result<void> ListLines(Session& session, const Request& request, Scope scope, std::int64_t limit,
                       Explanation& explanation) {
  TRY_ASSIGN(const Sql count, LinesBehind(request, scope, 0));
  TRY_ASSIGN(const engine::Table counted, session.connection().Query(count.text, count.parameters));
  explanation.line_count = std::stoll(counted.rows.at(0).at(0).value_or("0"));
  if (limit == 0) return {};
  explanation.amount_names = ColumnsBehind(request);
  return session.Stream([&](const Scope& read) { return LinesBehind(request, read, limit); },
                        lake::kCostLines, scope, [] { return Result<void>(); },
                        [&](const AnswerRow& row) -> Result<void> {
                          SourceLine line;
                          line.load_id = row[0].value_or("");
                          line.file =
                              FileOf(explanation, line.load_id, std::stoull(row[1].value_or("0")));
                          line.row = std::stoll(row[2].value_or("0"));
                          line.amounts.assign(row.begin() + 3, row.end());
                          explanation.lines.push_back(std::move(line));
                          return {};
                        });
}

}  // namespace

Result<Explanation> Explain(Session& session, const Request& request, std::int64_t line_limit) {
  Explanation explanation;
  TRY_ASSIGN(explanation.answer, session.Run(request, {.totals = true}));
  const std::vector<lake::Load>& loads = explanation.answer.plan.loads;
  if (loads.empty()) return explanation;
  for (const lake::Load& load : loads) {
    TRY_ASSIGN(lake::Delivery delivery, session.catalog().GetDelivery(load.delivery_id));
    explanation.deliveries.push_back(std::move(delivery));
  }
  TRY_ASSIGN(FileTypes types, session.Types(lake::kCostLines, loads));
  TRY_ASSIGN(std::set<DimensionRef> exact, session.ExactKeys(request));
  Result<void> listed = ListLines(session, request,
                                  {.loads = loads,
                                   .types = std::move(types),
                                   .layout = session.catalog().layout(),
                                   .exact_keys = std::move(exact)},
                                  line_limit, explanation);
  if (listed.ok()) return explanation;
  return lake::BlameFiles(session.catalog().layout(), loads, std::move(listed).error());
}

}  // namespace farthing::query
