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

std::string DayOf(std::string_view table) {
  return table == kCostLines ? "CAST(charge_period_start AS DATE)" : "charge_day";
}

// What a rollup groups by, beside the day.
std::vector<std::string> KeysOf(std::string_view rollup) {
  std::vector<std::string> keys;
  for (const LakeColumn& column : billing::LakeColumns()) {
    if (!IsNumber(column) && KeepsColumn(column, rollup)) keys.emplace_back(column.name);
  }
  return keys;
}

// The share of the groups of a rollup that a row of `table`, itself or the lines, belongs to.
std::string ShareOf(std::string_view rollup, std::string_view table) {
  std::string sql = "hash(" + DayOf(table);
  for (const std::string& key : KeysOf(rollup)) sql += ", " + engine::QuoteIdentifier(key);
  return sql + ") % 64";
}

// SELECT of the sums of a table's rows by each of `keys`, named k0, k1, …; where a part is unknown, the sum is.
std::string SumsSql(std::string_view table, const std::string& from,
                    const std::vector<std::string>& numbers, const std::vector<std::string>& keys) {
  std::string sql = "SELECT ";
  for (std::size_t i = 0; i < keys.size(); ++i) sql += keys[i] + " AS k" + std::to_string(i) + ", ";
  sql += "CAST(" + std::string(table == kCostLines ? "count(*)" : "sum(line_count)") +
         " AS BIGINT) AS line_count";
  for (const std::string& number : numbers) {
    const std::string name = engine::QuoteIdentifier(number);
    sql += ", CASE WHEN count(" + name + ") = count(*) THEN sum(" + name + ") END AS " + name;
  }
  return sql + " FROM " + from + " GROUP BY ALL";
}

// SELECT of the first keys by which two selects of sums differ, and each sum of both: lines', rollup's, …
std::string DifferenceSql(const std::string& lines, const std::string& rollup,
                          const std::vector<std::string>& names, std::size_t keys) {
  std::string columns;
  std::string same_keys;
  for (std::size_t i = 0; i < keys; ++i) {
    const std::string key = "k" + std::to_string(i);
    columns += "coalesce(l." + key + ", r." + key + "), ";
    same_keys += (i == 0 ? "l." : " AND l.") + key + " IS NOT DISTINCT FROM r." + key;
  }
  std::string differs;
  for (const std::string& number : names) {
    const std::string name = engine::QuoteIdentifier(number);
    columns += "l." + name + ", r." + name + ", ";
    differs += (differs.empty() ? "" : " OR ") + ("l." + name + " IS DISTINCT FROM r." + name);
  }
  return "SELECT " + columns.substr(0, columns.size() - 2) + " FROM (" + lines + ") l FULL JOIN (" +
         rollup + ") r ON " + same_keys + " WHERE " + differs + " ORDER BY ALL LIMIT 1";
}

std::string Figures(const std::string& name, const std::string& figure, const std::string& source,
                    const std::string& of_source) {
  return ": " + name + " is " + figure + ", by the " + source + " it is " + of_source;
}

}  // namespace

Result<LineSums> LineSums::Of(engine::Connection& connection, const std::string& files) {
  const std::vector<std::string> shares = {ShareOf(kCostDaily, kCostLines),
                                           ShareOf(kCostResourceDaily, kCostLines)};
  TRY(connection.Execute("CREATE OR REPLACE TEMP TABLE " + std::string(kSums) + " AS " +
                         SumsSql(kCostLines, ReadParquet(files), NumbersOf(kCostLines), shares)));
  LineSums sums(connection, files);
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
  const std::vector<std::string> numbers = NumbersOf(rollup);
  std::vector<std::string> names = numbers;
  names.insert(names.begin(), "line_count");
  // The sums of the lines have been made by the shares of both rollups, and are rows as those of a rollup are.
  const std::string lines =
      SumsSql(rollup, std::string(kSums), numbers, {rollup == kCostDaily ? "k0" : "k1"});
  TRY_ASSIGN(const engine::Table found,
             connection_.Query(DifferenceSql(
                 lines, SumsSql(rollup, ReadParquet(files), numbers, {ShareOf(rollup, rollup)}),
                 names, 1)));
  if (found.rows.empty()) return {};
  return WhereItDiffers(rollup, files);
}

// Looked for only where something differs: by day and service, which people know, then by each other key.
Error LineSums::WhereItDiffers(std::string_view rollup, const std::string& files) const {
  const std::vector<std::string> numbers = NumbersOf(rollup);
  std::vector<std::string> names = numbers;
  names.insert(names.begin(), "line_count");
  std::vector<std::pair<std::string, std::string>> ways = {
      {"", "coalesce(service_code, service_name)"}};
  for (const std::string& key : KeysOf(rollup))
    ways.emplace_back(key + " ", engine::QuoteIdentifier(key));
  const std::string differs = std::string(rollup) + " does not equal its lines";
  for (const auto& [what, key] : ways) {
    const Result<engine::Table> found = connection_.Query(DifferenceSql(
        SumsSql(kCostLines, ReadParquet(files_), numbers, {DayOf(kCostLines), key}),
        SumsSql(rollup, ReadParquet(files), numbers, {DayOf(rollup), key}), names, 2));
    if (!found.ok()) return found.error();
    if (found->rows.empty()) continue;
    const auto& row = found->rows[0];
    std::size_t i = 0;
    while (i + 1 < names.size() && row[2 + 2 * i] == row[3 + 2 * i]) ++i;
    const std::string absent = i == 0 ? "0" : "unknown";
    return Error(Errc::kCorrupt, differs + " on " + row[0].value_or("no day") + ", " + what +
                                     row[1].value_or(what.empty() ? "no service" : "absent") +
                                     Figures(names[i], row[3 + 2 * i].value_or(absent), "lines",
                                             row[2 + 2 * i].value_or(absent)));
  }
  return Error(Errc::kCorrupt, differs);
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
