#include "ingest/repeated_days.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"
#include "ingest/import_engine.h"
#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

// Days in the order of their names, which is that of time as long as all are spelled alike.
std::vector<fs::path> DaysOf(const std::vector<fs::path>& files) {
  std::set<fs::path> days;
  for (const fs::path& file : files) {
    if (const fs::path day = DayOfBareFile(file); !day.empty()) days.insert(day);
  }
  return {days.begin(), days.end()};
}

std::string DaysSql(const std::vector<fs::path>& files, const std::vector<fs::path>& days) {
  std::vector<std::string> rows;
  for (std::size_t file = 0; file < files.size(); ++file) {
    const auto day = std::find(days.begin(), days.end(), DayOfBareFile(files[file]));
    if (day == days.end()) continue;
    rows.push_back("(" + std::to_string(file) + ", " + std::to_string(day - days.begin()) + ")");
  }
  return "(VALUES " + Join(rows, ", ") + ") AS days(file, day)";
}

// Of each day: its lines, and those that the next day has as well.
Result<std::vector<std::size_t>> RepeatedDays(engine::Connection& connection,
                                              const std::vector<SourceColumn>& columns,
                                              const std::string& relation,
                                              const std::string& days) {
  std::vector<std::string> cells;
  for (const SourceColumn& column : columns) cells.push_back(engine::QuoteIdentifier(column.name));
  TRY_ASSIGN(const engine::Table found,
             connection.Query(
                 "WITH lines AS MATERIALIZED (SELECT DISTINCT day, hash(" + Join(cells, ", ") +
                 ") AS line FROM " + relation + " AS source JOIN " + days +
                 " ON source.source_file = days.file) SELECT this.day FROM lines AS this LEFT JOIN "
                 "lines AS next ON next.line = this.line AND next.day = this.day + 1 "
                 "GROUP BY this.day HAVING count(*) > 1 AND 2 * count(next.line) >= count(*) "
                 "ORDER BY this.day"));
  std::vector<std::size_t> repeated;
  for (const auto& row : found.rows) repeated.push_back(std::stoul(row[0].value_or("0")));
  return repeated;
}

}  // namespace

Result<void> CheckDaysAreParts(const lake::Layout& layout, const OpenedFiles& files,
                               const ImportOptions& options) {
  const std::vector<fs::path> days = DaysOf(files.paths);
  if (days.size() < 2) return {};
  TRY_ASSIGN(const auto database, OpenEngine(layout, options));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY_ASSIGN(const auto tags, OpenInterner(layout.spill() / "days-tags.jsonl"));
  TRY_ASSIGN(const auto attributes, OpenInterner(layout.spill() / "days-attributes.jsonl"));
  const billing::SourceFamily family = files.detection.family;
  const std::string days_sql = DaysSql(files.paths, days);
  std::vector<std::size_t> repeated;
  if (files.is_parquet()) {
    ParquetSource source({family, files.parquet, std::nullopt, {}}, *tags, *attributes);
    TRY(source.Register(connection));
    TRY_ASSIGN(repeated, RepeatedDays(connection, source.columns(),
                                      "(" + source.RelationSql() + ")", days_sql));
  } else {
    CsvSource source(
        {family, files.csv, {}, OtherPeriods::kTake, {}, INT64_MAX, ThreadsOf(options)}, *tags,
        *attributes);
    TRY(source.Register(connection.raw(), "csv_days"));
    TRY_ASSIGN(repeated, RepeatedDays(connection, source.columns(), "csv_days()", days_sql));
  }
  if (repeated.empty()) return {};
  return Error(Errc::kInvalidArgument,
               "the folders of days are no parts of a month: the next one repeats the lines of " +
                   days.at(repeated.front()).string())
      .Hint("copy the last day's files to a folder that is not named after a date and import that");
}

}  // namespace farthing::ingest
