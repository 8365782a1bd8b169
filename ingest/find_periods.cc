#include "ingest/find_periods.h"

#include <algorithm>
#include <map>
#include <set>

#include "ingest/import_engine.h"

namespace farthing::ingest {
namespace {

// What the files say: the months of each file's rows, in both directions.
struct Months {
  std::map<Period, std::set<std::size_t>> files;
  std::set<std::size_t> with_month;  ///< numbers of files
  bool some_rows_say_none = false;
};

Result<Months> ReadMonths(engine::Connection& connection, const std::string& column,
                          const std::string& relation) {
  TRY_ASSIGN(const engine::Table found, connection.Query("SELECT DISTINCT source_file, strftime(" +
                                                         column + ", '%Y-%m') FROM " + relation));
  Months months;
  for (const auto& row : found.rows) {
    if (!row[1]) {
      months.some_rows_say_none = true;
      continue;
    }
    const auto file = static_cast<std::size_t>(std::stoul(row[0].value_or("0")));
    TRY_ASSIGN(const Period period, ParsePeriod(*row[1]));
    months.files[period].insert(file);
    months.with_month.insert(file);
  }
  return months;
}

Result<void> CheckHasColumn(const std::vector<SourceColumn>& columns, const std::string& name) {
  if (std::any_of(columns.begin(), columns.end(),
                  [&](const SourceColumn& column) { return column.name == name; })) {
    return {};
  }
  return Error(Errc::kInvalidArgument, "has no billing period column " + name)
      .Hint("put the files into a folder named billing_period=YYYY-MM");
}

Error NoReadableRow(const OpenedFiles& files, const lake::RowIssue& issue) {
  return Error(Errc::kCorrupt, files.paths.at(static_cast<std::size_t>(issue.file)).string() +
                                   ": row " + std::to_string(issue.row) +
                                   (issue.column.empty() ? "" : ", column " + issue.column) + ": " +
                                   issue.message)
      .Hint("no row of the files can be read; have the export delivered again");
}

// Bad rows are passed over here: the load of each month reports them.
Result<Months> MonthsInCsv(engine::Connection& connection, CsvSource& source,
                           const OpenedFiles& files, const std::string& column) {
  TRY(source.Register(connection.raw(), "csv_periods"));
  TRY(CheckHasColumn(source.columns(), column));
  Result<Months> months = ReadMonths(connection, column, "csv_periods()");
  if (auto failure = source.failure()) return *std::move(failure);
  if (months.ok() && months->files.empty() && !months->some_rows_say_none) {
    const std::vector<lake::RowIssue> issues = source.issues();
    if (!issues.empty()) return NoReadableRow(files, issues.front());
  }
  return months;
}

Result<Months> MonthsInParquet(engine::Connection& connection, ParquetSource& source,
                               const std::string& column) {
  TRY(source.Register(connection));
  TRY(CheckHasColumn(source.columns(), column));
  Result<Months> months = ReadMonths(connection, column, "(" + source.RelationSql() + ")");
  if (!months.ok()) return source.Blame(connection, std::move(months).error());
  return months;
}

}  // namespace

Result<std::vector<PeriodFiles>> FindPeriods(const lake::Layout& layout, const OpenedFiles& files,
                                             const ImportOptions& options) {
  TRY_ASSIGN(const auto database, OpenEngine(layout, options));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY_ASSIGN(const auto tags, OpenInterner(layout.spill() / "periods-tags.jsonl"));
  TRY_ASSIGN(const auto attributes, OpenInterner(layout.spill() / "periods-attributes.jsonl"));
  const billing::SourceFamily family = files.detection.family;
  const std::string& column = UsedColumns(family).front().name;
  Months months;
  if (files.is_parquet()) {
    ParquetSource source({family, files.parquet, std::nullopt, {}}, *tags, *attributes);
    TRY_ASSIGN(months, MonthsInParquet(connection, source, column));
  } else {
    CsvSource source(
        {family, files.csv, {}, OtherPeriods::kTake, {}, INT64_MAX, ThreadsOf(options)}, *tags,
        *attributes);
    TRY_ASSIGN(months, MonthsInCsv(connection, source, files, column));
  }
  if (months.some_rows_say_none && months.files.size() != 1) {
    return Error(Errc::kCorrupt, "lines do not say their month: column " + column + " is empty")
        .Hint("import the files of each month by themselves");
  }
  std::vector<PeriodFiles> periods;
  for (const auto& [period, numbers] : months.files) {
    PeriodFiles& one = periods.emplace_back(PeriodFiles{period, {}});
    for (std::size_t file = 0; file < files.paths.size(); ++file) {
      // A file without a good row belongs to nobody knows which month: each load looks at it.
      if (numbers.contains(file) || !months.with_month.contains(file)) one.files.push_back(file);
    }
  }
  return periods;
}

}  // namespace farthing::ingest
