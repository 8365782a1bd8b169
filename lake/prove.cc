#include "lake/prove.h"

#include "billing/registry.h"
#include "lake/rollups.h"
#include "lake/stage.h"

namespace farthing::lake {
namespace {

using billing::LakeColumn;

constexpr std::string_view kSums = "sums_of_lines";

std::vector<std::string> NumbersOf(std::string_view table) {
  std::vector<std::string> names;
  for (const LakeColumn& column : billing::LakeColumns()) {
    if (IsNumber(column) && KeepsColumn(column, table)) names.emplace_back(column.name);
  }
  return names;
}

// SELECT of a table's sums for each day and service; where a part is unknown, the sum is.
std::string SumsSql(std::string_view table, const std::string& files) {
  const bool is_lines = table == kCostLines;
  std::string sql = "SELECT " +
                    std::string(is_lines ? "CAST(charge_period_start AS DATE)" : "charge_day") +
                    " AS day, coalesce(service_code, service_name) AS service, CAST(" +
                    (is_lines ? "count(*)" : "sum(line_count)") + " AS BIGINT) AS line_count";
  for (const std::string& number : NumbersOf(table)) {
    const std::string name = engine::QuoteIdentifier(number);
    sql += ", CASE WHEN count(" + name + ") = count(*) THEN sum(" + name + ") END AS " + name;
  }
  return sql + " FROM " + ReadParquet(files) + " GROUP BY ALL";
}

std::string Figures(const std::string& name, const std::string& figure, const std::string& source,
                    const std::string& of_source) {
  return ": " + name + " is " + figure + ", by the " + source + " it is " + of_source;
}

}  // namespace

Result<LineSums> LineSums::Of(engine::Connection& connection, const std::string& files) {
  TRY(connection.Execute("CREATE OR REPLACE TEMP TABLE " + std::string(kSums) + " AS " +
                         SumsSql(kCostLines, files)));
  LineSums sums(connection);
  TRY(sums.AddUp());
  return sums;
}

Result<void> LineSums::AddUp() {
  const std::vector<std::string> names = NumbersOf(kCostLines);
  std::string sql = "SELECT coalesce(sum(line_count), 0)";
  for (const std::string& number : names) {
    const std::string name = engine::QuoteIdentifier(number);
    sql += ", CASE WHEN count(" + name + ") = count(*) THEN coalesce(sum(" + name + "), 0) END";
  }
  TRY_ASSIGN(const engine::Table result, connection_.Query(sql + " FROM " + std::string(kSums)));
  const auto& row = result.rows.at(0);
  total_.line_count = std::stoll(row[0].value_or("0"));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!row[i + 1]) {
      total_.unavailable.push_back(names[i]);
      continue;
    }
    TRY_ASSIGN(total_.sums[names[i]], ParseDecimal(*row[i + 1]));
  }
  return {};
}

Result<void> LineSums::Prove(std::string_view rollup, const std::string& files) const {
  std::vector<std::string> names = NumbersOf(rollup);
  names.insert(names.begin(), "line_count");
  std::string select = "SELECT coalesce(l.day, r.day), coalesce(l.service, r.service)";
  std::string differs;
  for (const std::string& number : names) {
    const std::string name = engine::QuoteIdentifier(number);
    select += ", l." + name + ", r." + name;
    differs += (differs.empty() ? "" : " OR ") + ("l." + name + " IS DISTINCT FROM r." + name);
  }
  TRY_ASSIGN(const engine::Table found,
             connection_.Query(select + " FROM " + std::string(kSums) + " l FULL JOIN (" +
                               SumsSql(rollup, files) +
                               ") r ON l.day IS NOT DISTINCT FROM r.day AND l.service IS NOT "
                               "DISTINCT FROM r.service WHERE " +
                               differs + " ORDER BY 1, 2 LIMIT 1"));
  if (found.rows.empty()) return {};
  const auto& row = found.rows[0];
  std::size_t i = 0;
  while (i + 1 < names.size() && row[2 + 2 * i] == row[3 + 2 * i]) ++i;
  const std::string absent = i == 0 ? "0" : "unknown";
  return Error(Errc::kCorrupt, std::string(rollup) + " does not equal its lines on " +
                                   row[0].value_or("no day") + ", " +
                                   row[1].value_or("no service") +
                                   Figures(names[i], row[3 + 2 * i].value_or(absent), "lines",
                                           row[2 + 2 * i].value_or(absent)));
}

Result<void> ProveRecorded(const Load& load, const TableTotals& lines) {
  const auto differ = [](const std::string& name, const std::string& is, const std::string& was) {
    return Error(Errc::kCorrupt,
                 "cost_lines does not equal its source" + Figures(name, is, "source", was));
  };
  if (lines.line_count != load.line_count) {
    return differ("line_count", std::to_string(lines.line_count), std::to_string(load.line_count));
  }
  for (const std::string& name : NumbersOf(kCostLines)) {
    const auto is = lines.sums.find(name);
    const auto was = load.totals.find(name);
    const std::string is_text = is == lines.sums.end() ? "unknown" : ToString(is->second);
    const std::string was_text = was == load.totals.end() ? "unknown" : ToString(was->second);
    if (is_text != was_text) return differ(name, is_text, was_text);
  }
  return {};
}

// Where an input of a part is lacking, kept or left out, there is no sum of the whole.
Result<void> ProveSource(const Load& load, const TableTotals& lines) {
  for (const LakeColumn& column : billing::LakeColumns()) {
    const std::string source(column.Expression(billing::FamilyOf(load.format)));
    const auto was = load.totals.find("source:" + source);
    const auto is = lines.sums.find(std::string(column.name));
    if (was == load.totals.end() || is == lines.sums.end()) continue;
    Decimal whole = is->second;
    if (load.left_out) {
      const auto rest = load.left_out->totals.find(is->first);
      if (rest == load.left_out->totals.end()) continue;
      TRY_ASSIGN(whole, Add(whole, rest->second));
    }
    if (Canonical(whole) == Canonical(was->second)) continue;
    return Error(Errc::kCorrupt, is->first + " adds up to " + ToString(whole) + ", the source's " +
                                     source + " to " + ToString(was->second));
  }
  return {};
}

}  // namespace farthing::lake
