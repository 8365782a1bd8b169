#include "ingest/line_reader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/files.h"
#include "ingest/import_engine.h"
#include "ingest/mapping/absent_columns.h"
#include "ingest/mapping/scaled_function.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

// Reports "reading" a few times a second while the object lives.
class Ticker {
 public:
  struct Reached {
    std::int64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  Ticker(const LoadTask& task, std::function<Reached()> look)
      : task_(task), look_(std::move(look)) {
    if (task_.options.observer) thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
  }

 private:
  void Run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex);
      stopped.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
      const Reached reached = look_();
      task_.Report("reading", reached.rows, reached.bytes);
    }
  }
  const LoadTask& task_;
  std::function<Reached()> look_;
  std::jthread thread_;
};

// DuckDB refuses to cast a decimal into a type it does not fit; its own sums have 39 digits, which ours have not.
bool IsOverflow(const Error& error) {
  return engine::OverflowOf(error) != engine::Overflow::kNone ||
         (error.code() == Errc::kInvalidArgument &&
          error.message().starts_with("needs more than 38 digits"));
}

}  // namespace

void LoadTask::Report(const char* phase, std::int64_t rows, std::uint64_t bytes) const {
  if (!options.observer) return;
  options.observer({load.export_name, load.period, phase, rows, bytes, files.SizeBytes()});
}

// Amounts start in the narrow type; columns that turn out to need more are read again with it.  So are bills
// that turn out to need columns they lack.
Result<Reading> LineReader::Read() {
  for (;;) {
    Misfits misfits;
    TRY(StartAfresh());
    Result<Reading> reading = task_.files.is_parquet() ? ReadParquet(misfits) : ReadCsv(misfits);
    if (!reading.ok() && IsOverflow(reading.error()) && amount_types_.WidenAll()) {
      continue;  // a sum of two narrow amounts is too wide
    }
    const bool may_round = task_.files.is_parquet();
    if (!reading.ok() && IsOverflow(reading.error()) && may_round && amount_types_.RoundDoubles()) {
      continue;
    }
    if (!reading.ok()) return reading;
    if (misfits.empty()) {
      TRY_ASSIGN(const bool learned, LearnMissed(*reading));
      if (!learned) return reading;
      continue;
    }
    Result<void> widened = amount_types_.Widen(misfits);
    if (!widened.ok() && may_round && amount_types_.RoundDoubles()) continue;
    if (!widened.ok()) return std::move(widened).error().Wrap(task_.files.Place());
  }
}

// Our functions carry the attempt's types, so each attempt has an engine of its own.
Result<void> LineReader::StartAfresh() {
  const auto directory = task_.layout.staging(task_.load.id);
  TRY(MakeDirectories(directory));
  TRY_ASSIGN(tags_, OpenInterner(directory / "tag_sets.jsonl"));
  TRY_ASSIGN(attributes_, OpenInterner(directory / "attribute_sets.jsonl"));
  connection_.reset();
  TRY_ASSIGN(database_, OpenEngine(task_.layout, task_.options));
  TRY_ASSIGN(engine::Connection connection, database_->Connect());
  connection_.emplace(std::move(connection));
  return {};
}

// CSV: one pass writes the lines and adds up the amounts.
Result<Reading> LineReader::ReadCsv(Misfits& misfits) {
  const CsvJob job{
      task_.files.detection.family, task_.files.csv,       task_.load.period,
      task_.other_periods,          amount_types_.types(), task_.options.tolerated_rows,
      ThreadsOf(task_.options)};
  CsvSource source(job, *tags_, *attributes_);
  TRY(source.Register(connection_->raw(), "csv_bill"));
  const SourceRelation relation{task_.files.detection.family, "SELECT * FROM csv_bill()",
                                source.columns(),
                                [&](const SourceColumn& column) { return source.TypeOf(column); },
                                KindsOf(source.ColumnsByFile())};
  {
    const Ticker ticker(task_,
                        [&] { return Ticker::Reached{source.row_count(), source.packed_bytes()}; });
    Result<void> written = WriteLines(relation);
    if (auto failure = source.failure()) {
      return source.has_too_many_bad_rows() ? FirstOfTooMany(job, *std::move(failure))
                                            : FirstFailure(job, *std::move(failure));
    }
    TRY(written);
  }
  const AmountFindings findings = source.findings();
  misfits = findings.misfits;
  Reading reading{
      source.row_count(), {}, source.unknown_columns(), source.issues(), source.notes()};
  for (const SourceColumn& column : source.columns()) {
    const auto total = findings.totals.find(column.name);
    if (total == findings.totals.end()) continue;
    reading.totals[column.name] = Canonical(Decimal{total->second, source.TypeOf(column).scale});
  }
  return reading;
}

// Threads meet bad rows in any order, and sort what they hold: the one to name is the first of the files.
Error LineReader::FirstFailure(CsvJob job, Error failure) {
  job.in_file_order = true;
  CsvSource source(std::move(job), *tags_, *attributes_);
  if (!source.Register(connection_->raw(), "csv_bill_in_order").ok()) return failure;
  [[maybe_unused]] const auto counted =
      connection_->Query("SELECT count(*) FROM csv_bill_in_order()");
  return source.failure().value_or(std::move(failure));
}

// The rows that would have passed are as bad as the one that was too many.
Error LineReader::FirstOfTooMany(CsvJob job, Error failure) {
  const std::int64_t tolerated = std::exchange(job.tolerated_rows, 0);
  Error first = FirstFailure(std::move(job), std::move(failure));
  if (tolerated == 0) return first;
  return Error(first.code(), first.message() + "; it is the first of more than the " +
                                 std::to_string(tolerated) +
                                 (tolerated == 1 ? " bad row" : " bad rows") + " tolerated")
      .Hint(first.hint());
}

// Parquet: the amounts are added up first, which is cheap by columns and finds out what they need.
Result<Reading> LineReader::ReadParquet(Misfits& misfits) {
  const bool skip = task_.other_periods == OtherPeriods::kSkip;
  ParquetSource source(
      {task_.files.detection.family, task_.files.parquet,
       skip ? std::optional(task_.load.period) : std::nullopt, amount_types_.types(),
       amount_types_.rounds_doubles() ? AmountConverter::Rest::kIsRounded
                                      : AmountConverter::Rest::kIsMisfit},
      *tags_, *attributes_);
  TRY(source.Register(*connection_));
  const auto blame = [&](Error error) { return source.Blame(*connection_, std::move(error)); };
  if (!skip) {
    Result<void> one_period = source.RefuseOtherPeriods(*connection_, task_.load.period);
    if (!one_period.ok()) return blame(std::move(one_period).error());
  }
  Result<void> no_empty = source.RefuseEmptyCells(*connection_);
  if (!no_empty.ok()) return blame(std::move(no_empty).error());
  task_.Report("reading", 0);
  const Result<engine::Table> totals = connection_->Query(source.TotalsSql());
  misfits = source.misfits();
  if (auto failure = source.failure()) return blame(*std::move(failure));
  if (!totals.ok()) return blame(totals.error());
  if (!misfits.empty()) return Reading{};

  Reading reading{
      std::stoll(totals->rows[0][0].value_or("0")), {}, source.unknown_columns(), {}, {}};
  for (std::size_t i = 1; i < totals->columns.size(); ++i) {
    TRY_ASSIGN(reading.totals[totals->columns[i].name],
               ParseDecimal(totals->rows[0][i].value_or("0")));
  }
  if (amount_types_.rounds_doubles()) {
    reading.notes.push_back(
        "amounts that are doubles are rounded to " + std::to_string(kRoundedDoubles.scale) +
        " decimals: with all they say no decimal of 38 digits holds the column or its sum");
  }
  const SourceRelation relation{task_.files.detection.family, source.RelationSql(),
                                source.columns(),
                                [&](const SourceColumn& column) { return source.TypeOf(column); },
                                KindsOf(source.ColumnsByFile())};
  const Ticker ticker(task_, [&] {
    const double share = std::max(0.0, connection_->Progress()) / 100.0;
    return Ticker::Reached{
        static_cast<std::int64_t>(share * static_cast<double>(reading.rows)),
        static_cast<std::uint64_t>(share * static_cast<double>(task_.files.SizeBytes()))};
  });
  Result<void> written = WriteLines(relation);
  if (!written.ok()) return blame(std::move(written).error());
  return reading;
}

// Reads from the staged lines which types of lines each kind of file has.
Result<void> LineReader::FindLineTypes() {
  const std::string lines =
      task_.layout.StagedFiles(lake::kCostLines, task_.load.period, task_.load.id);
  TRY_ASSIGN(const engine::Table types,
             connection_->Query("SELECT DISTINCT line_item_type, " +
                                std::string(kinds_.size() == 1 ? "0" : "source_file") +
                                " FROM read_parquet(" + engine::QuoteLiteral(lines) + ")"));
  for (const auto& row : types.rows) {
    const std::size_t file = std::stoul(row[1].value_or("0"));
    for (FileKind& kind : kinds_) {
      if (kind.files.contains(file)) kind.line_types.insert(row[0].value_or(""));
    }
  }
  return {};
}

// Returns true if the lines were written without knowing that they need columns their files lack.
Result<bool> LineReader::LearnMissed(Reading& reading) {
  TRY(FindLineTypes());
  BillContent bill{task_.files.detection, {}, reading.totals};
  for (const FileKind& kind : kinds_)
    bill.line_types.insert(kind.line_types.begin(), kind.line_types.end());
  std::set<std::string> missed;
  bool learned = false;
  for (FileKind& kind : kinds_) {
    missed.merge(MissedColumns(bill, kind));
    std::set<std::string> taken = TakenForNone(bill, kind);
    learned = learned || taken != kind.taken_for_none;
    kind.taken_for_none = std::move(taken);
  }
  reading.missed_columns.assign(missed.begin(), missed.end());
  reading.blank_columns = BlankColumns(task_.files.detection.family, kinds_);
  return learned;
}

Result<void> LineReader::WriteLines(SourceRelation relation) {
  if (kinds_.empty()) kinds_ = relation.kinds;
  relation.kinds = kinds_;
  const LakeMapping mapping = MapToLake(relation);
  TRY(RegisterScaled(connection_->raw(), mapping.scaled_type));
  TRY_ASSIGN(const auto directory, lake::StagingDirectory(task_.layout, lake::kCostLines,
                                                          task_.load.period, task_.load.id));
  return connection_->Execute(lake::CopyLinesSql(mapping.sql, directory));
}

}  // namespace farthing::ingest
