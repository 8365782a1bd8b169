#include "ingest/load.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "billing/tag_key.h"
#include "ingest/bytes.h"
#include "ingest/duckdb_functions.h"
#include "ingest/mapping.h"
#include "ingest/parquet_source.h"
#include "ingest/scaled_function.h"
#include "lake/stage.h"

namespace farthing::ingest {
namespace {

constexpr std::size_t kInternerBudgetBytes = std::size_t{96} << 20;

std::uint64_t SizeOf(const std::vector<std::filesystem::path>& files) {
  std::uint64_t bytes = 0;
  for (const auto& file : files) {
    std::error_code code;
    bytes += std::filesystem::file_size(file, code);
  }
  return bytes;
}

int ThreadsOf(const ImportOptions& options) {
  if (options.threads > 0) return options.threads;
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

Result<std::unique_ptr<engine::Database>> OpenEngine(const lake::Layout& layout,
                                                     const ImportOptions& options) {
  TRY(MakeDirectories(layout.spill()));
  engine::DatabaseOptions settings;
  settings.threads = ThreadsOf(options);
  settings.memory_limit_bytes = options.memory_bytes;
  settings.temp_directory = layout.spill().string();
  settings.preserve_order = false;
  return engine::Database::Open(settings);
}

// Calls the observer a few times a second while the object lives.
class Ticker {
 public:
  Ticker(const ImportOptions& options, std::function<Progress()> look)
      : observer_(options.observer), look_(std::move(look)) {
    if (observer_) thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
  }

 private:
  void Run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex);
      stopped.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
      observer_(look_());
    }
  }
  std::function<void(const Progress&)> observer_;
  std::function<Progress()> look_;
  std::jthread thread_;
};

// What reading a source once gave; the same for CSV and Parquet.
struct Reading {
  std::int64_t rows = 0;
  std::map<std::string, Decimal> totals;  ///< by source column
  std::vector<std::string> unknown_columns;
  std::vector<lake::RowIssue> issues;
  std::vector<std::string> notes;
};

class Loader {
 public:
  Loader(const lake::Layout& layout, const OpenedFiles& files, OtherPeriods other_periods,
         const ImportOptions& options, lake::Load& load)
      : layout_(layout),
        files_(files),
        other_periods_(other_periods),
        options_(options),
        load_(load) {}

  Result<void> Run() {
    TRY_ASSIGN(const Reading reading, ReadWithFittingTypes());
    engine::Connection& connection = *connection_;
    if (reading.rows == 0) {
      return Error(Errc::kInvalidArgument, "holds no line items, only a header")
          .Hint(
              "an export that is not ready looks like this; import it again when AWS has delivered "
              "it");
    }
    Report("rolling up", reading.rows);
    TRY(StageSets(connection));
    TRY(lake::StageRollups(connection, layout_, load_.period, load_.id));
    Report("proving", reading.rows);
    TRY(Prove(connection, reading));
    return CollectFacts(connection, reading);
  }

 private:
  // Amounts start in the narrow type; columns that turn out to need more are read again with it.
  Result<Reading> ReadWithFittingTypes() {
    for (;;) {
      std::map<std::string, DecimalNeed> misfits;
      TRY(OpenInterners());
      TRY(Reconnect());
      Result<Reading> reading =
          files_.parquet ? ReadParquet(*connection_, misfits) : ReadCsv(*connection_, misfits);
      if (!reading.ok() && IsOverflow(reading.error()) && !widened_) {
        WidenAll();  // a sum of two narrow amounts is too wide
        continue;
      }
      if (!reading.ok() || misfits.empty()) return reading;
      TRY(Widen(misfits));
    }
  }

  // Gives every group of amounts with a misfit a type that holds all its values.
  Result<void> Widen(const std::map<std::string, DecimalNeed>& misfits) {
    const std::map<std::string, DecimalType> before = types_;
    for (const auto& [column, misfit] : misfits) {
      DecimalNeed& need = needs_[DecimalGroup(column)];
      need.Add(DecimalNeed{kNarrowWidth - DecimalType{}.scale, DecimalType{}.scale});
      need.Add(misfit);
      Result<DecimalType> type = TypeFor(need);
      if (!type.ok()) return std::move(type).error().Wrap(Place() + ": column " + column);
      for (const SourceColumn& other : UsedColumns(files_.detection.family)) {
        if (IsNumber(other.kind) && DecimalGroup(other.name) == DecimalGroup(column)) {
          types_[other.name] = *type;
        }
      }
    }
    if (types_ == before) {
      return Error(Errc::kInternal,
                   "column " + misfits.begin()->first + " does not fit the type made for it");
    }
    return {};
  }

  // DuckDB refuses to cast a decimal into a type it does not fit.
  static bool IsOverflow(const Error& error) {
    return error.code() == Errc::kInvalidArgument &&
           (error.message().starts_with("Conversion Error") ||
            error.message().starts_with("Out of Range Error"));
  }

  void WidenAll() {
    widened_ = true;
    for (const SourceColumn& column : UsedColumns(files_.detection.family)) {
      if (!IsNumber(column.kind)) continue;
      DecimalType& type = types_[column.name];
      type = Widest(type, DecimalType{kWideWidth, DecimalType{}.scale});
    }
  }

  Result<void> OpenInterners() {
    const auto directory = layout_.staging(load_.id);
    TRY(MakeDirectories(directory));
    TRY_ASSIGN(tags_, SetInterner::Create(directory / "tag_sets.jsonl", kInternerBudgetBytes));
    TRY_ASSIGN(attributes_,
               SetInterner::Create(directory / "attribute_sets.jsonl", kInternerBudgetBytes));
    return {};
  }

  Result<Reading> ReadCsv(engine::Connection& connection,
                          std::map<std::string, DecimalNeed>& misfits) {
    CsvJob job{files_.detection.family, files_.csv,         load_.period, other_periods_, types_,
               options_.tolerated_rows, ThreadsOf(options_)};
    CsvSource source(std::move(job), *tags_, *attributes_);
    TRY(source.Register(connection.raw(), "csv_bill"));
    const SourceRelation relation{
        files_.detection.family, "SELECT * FROM csv_bill()", source.columns(),
        [&](const SourceColumn& column) { return source.TypeOf(column); }};
    {
      const Ticker ticker(options_, [&] {
        return Progress{load_.export_name,  load_.period,          "reading",
                        source.row_count(), source.packed_bytes(), SizeOf(files_.paths)};
      });
      Result<void> written = WriteLines(connection, relation);
      if (auto failure = source.failure()) return *std::move(failure);
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

  Result<Reading> ReadParquet(engine::Connection& connection,
                              std::map<std::string, DecimalNeed>& misfits) {
    TRY_ASSIGN(std::vector<ParquetColumn> columns, ReadParquetColumns(connection, files_.paths));
    ParquetSource source({files_.detection.family, files_.paths, std::move(columns), types_},
                         *tags_, *attributes_);
    TRY(source.Register(connection));
    Result<Reading> reading = ReadParquetFrom(connection, source, misfits);
    if (!reading.ok()) return source.Blame(connection, std::move(reading).error());
    return reading;
  }

  Result<Reading> ReadParquetFrom(engine::Connection& connection, const ParquetSource& source,
                                  std::map<std::string, DecimalNeed>& misfits) {
    TRY_ASSIGN(const std::string where, PeriodCondition(connection, source));
    Report("reading", 0);
    const Result<engine::Table> totals = connection.Query(source.TotalsSql(where));
    misfits = source.misfits();
    if (auto failure = source.failure()) return *std::move(failure);
    if (!totals.ok()) return totals.error();
    if (!misfits.empty()) return Reading{};

    Reading reading{
        std::stoll(totals->rows[0][0].value_or("0")), {}, source.unknown_columns(), {}, {}};
    for (std::size_t i = 1; i < totals->columns.size(); ++i) {
      TRY_ASSIGN(reading.totals[totals->columns[i].name],
                 ParseDecimal(totals->rows[0][i].value_or("0")));
    }
    const SourceRelation relation{
        files_.detection.family, source.RelationSql() + where, source.columns(),
        [&](const SourceColumn& column) { return source.TypeOf(column); }};
    const Ticker ticker(options_, [&] {
      const double share = std::max(0.0, connection.Progress()) / 100.0;
      return Progress{load_.export_name,
                      load_.period,
                      "reading",
                      static_cast<std::int64_t>(share * static_cast<double>(reading.rows)),
                      static_cast<std::uint64_t>(share * static_cast<double>(SizeOf(files_.paths))),
                      SizeOf(files_.paths)};
    });
    TRY(WriteLines(connection, relation));
    return reading;
  }

  // Our functions carry the attempt's types, so each attempt has an engine of its own.
  Result<void> Reconnect() {
    connection_.reset();
    TRY_ASSIGN(database_, OpenEngine(layout_, options_));
    TRY_ASSIGN(engine::Connection connection, database_->Connect());
    connection_.emplace(std::move(connection));
    return {};
  }

  // A Parquet file may hold other months: an error under a manifest, another load without one.
  Result<std::string> PeriodCondition(engine::Connection& connection, const ParquetSource& source) {
    const std::string period = source.PeriodSql();
    if (period.empty()) return std::string();
    const std::string inside = " WHERE coalesce(" + period + " >= TIMESTAMP '" +
                               DayString(load_.period.start()) + "' AND " + period +
                               " < TIMESTAMP '" + DayString(load_.period.end()) + "', true)";
    if (other_periods_ == OtherPeriods::kSkip) return inside;
    Result<engine::Table> found = connection.Query(
        "SELECT source_file, source_row, other FROM (SELECT *, " +
        UsedColumns(files_.detection.family).front().name + " AS other FROM (" +
        source.RelationSql() + ")) WHERE other < TIMESTAMP '" + DayString(load_.period.start()) +
        "' OR other >= TIMESTAMP '" + DayString(load_.period.end()) + "' LIMIT 1");
    if (!found.ok()) return std::move(found).error();
    if (found->rows.empty()) return std::string();
    const auto& row = found->rows[0];
    return Error(Errc::kCorrupt, FileOf(row[0].value_or("0")) + ": row " + row[1].value_or("?") +
                                     " belongs to " + row[2].value_or("?") +
                                     ", the delivery is for " + ToString(load_.period))
        .Hint("copy the bucket again; a file of another month has taken this one's place");
  }

  // Where the files are, for errors that no single row causes.
  std::string Place() const {
    const std::filesystem::path& first = files_.paths.front();
    return (files_.paths.size() == 1 ? first : first.parent_path()).string();
  }

  std::string FileOf(const std::string& number) const {
    return files_.paths.at(static_cast<std::size_t>(std::stoul(number))).string();
  }

  Result<void> WriteLines(engine::Connection& connection, const SourceRelation& relation) {
    const LakeMapping mapping = MapToLake(relation);
    TRY(RegisterScaled(connection.raw(), mapping.scaled_type));
    TRY_ASSIGN(const auto directory,
               lake::StagingDirectory(layout_, lake::kCostLines, load_.period, load_.id));
    return connection.Execute(lake::CopySql(mapping.sql, directory / "part-00000.parquet"));
  }

  Result<void> StageSets(engine::Connection& connection) {
    TRY(tags_->Finish());
    TRY(attributes_->Finish());
    const auto directory = layout_.staging(load_.id);
    TRY(lake::StageSets(connection, layout_, lake::kTagSets, directory / "tag_sets.jsonl",
                        load_.period, load_.id));
    return lake::StageSets(connection, layout_, lake::kAttributeSets,
                           directory / "attribute_sets.jsonl", load_.period, load_.id);
  }

  // Conservation: the source's own sums = the lines' = each rollup's.
  Result<void> Prove(engine::Connection& connection, const Reading& reading) {
    TRY_ASSIGN(const lake::TableTotals lines, AddUpStaged(connection, lake::kCostLines));
    if (lines.line_count != reading.rows) {
      return Error(Errc::kInternal, "read " + std::to_string(reading.rows) + " rows, wrote " +
                                        std::to_string(lines.line_count));
    }
    for (const billing::LakeColumn& column : billing::LakeColumns()) {
      const bool cur = files_.detection.family == billing::SourceFamily::kCur;
      const auto source = reading.totals.find(std::string(cur ? column.cur : column.focus));
      const auto lake = lines.sums.find(std::string(column.name));
      if (source == reading.totals.end() || lake == lines.sums.end()) continue;
      if (source->second != lake->second) {
        return Error(Errc::kInternal, std::string(column.name) + " adds up to " +
                                          ToString(lake->second) + ", the source's " +
                                          source->first + " to " + ToString(source->second));
      }
    }
    for (const std::string_view table : {lake::kCostResourceDaily, lake::kCostDaily}) {
      TRY_ASSIGN(const lake::TableTotals rollup, AddUpStaged(connection, table));
      TRY(lake::ProveEqual(lines, rollup, table));
    }
    load_.line_count = lines.line_count;
    load_.totals = lines.sums;
    for (const auto& [column, total] : reading.totals) load_.totals["source:" + column] = total;
    load_.unavailable = lines.unavailable;
    return {};
  }

  Result<lake::TableTotals> AddUpStaged(engine::Connection& connection, std::string_view table) {
    return lake::AddUp(connection, table, StagedFiles(table));
  }

  std::string StagedFiles(std::string_view table) const {
    return layout_.StagedFiles(table, load_.period, load_.id);
  }

  Result<void> CollectFacts(engine::Connection& connection, const Reading& reading) {
    TRY(lake::CollectFacts(connection, StagedFiles(lake::kCostDaily), load_));
    load_.format = FormatName(files_.detection);
    load_.unknown_columns = reading.unknown_columns;
    load_.issues = reading.issues;
    load_.notes = reading.notes;
    const auto keys = [](const SetInterner& interner, const char* column) {
      const auto found = interner.keys().find(column);
      if (found == interner.keys().end()) return std::vector<std::string>();
      return std::vector<std::string>(found->second.begin(), found->second.end());
    };
    load_.tag_keys = keys(*tags_, "tags");
    load_.cost_categories = keys(*tags_, "cost_categories");
    std::map<std::string, std::string> normalized;
    for (const std::string& key : load_.tag_keys) {
      const auto [other, is_new] = normalized.emplace(billing::NormalizeTagKey(key), key);
      if (!is_new) load_.tag_collisions.push_back(other->second + " and " + key);
    }
    return {};
  }

  void Report(const char* phase, std::int64_t rows) const {
    if (options_.observer) {
      options_.observer({load_.export_name, load_.period, phase, rows, 0, SizeOf(files_.paths)});
    }
  }

  const lake::Layout& layout_;
  const OpenedFiles& files_;
  OtherPeriods other_periods_;
  const ImportOptions& options_;
  lake::Load& load_;
  std::unique_ptr<engine::Database> database_;
  std::optional<engine::Connection> connection_;
  std::unique_ptr<SetInterner> tags_;
  std::unique_ptr<SetInterner> attributes_;
  std::map<std::string, DecimalType> types_;
  std::map<std::string_view, DecimalNeed> needs_;  // by decimal group, of all attempts
  bool widened_ = false;
};

Result<void> CheckMandatory(billing::SourceFamily family, const std::set<std::string>& present) {
  for (const std::string_view name : MandatoryColumns(family)) {
    if (!present.contains(std::string(name))) {
      return Error(Errc::kInvalidArgument, "lacks the column " + std::string(name))
          .Hint("add the column to the export's query; without it no line can be read");
    }
  }
  return {};
}

}  // namespace

std::string FormatName(const Detection& detection) {
  if (detection.family == billing::SourceFamily::kFocus) return "focus";
  return detection.is_cur2 ? "cur2" : "cur1";
}

Result<OpenedFiles> OpenFiles(const std::vector<std::filesystem::path>& paths) {
  OpenedFiles files;
  files.paths = paths;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto context = [&](Error error) { return std::move(error).Wrap(paths[i].string()); };
    Result<bool> parquet = IsParquet(paths[i]);
    if (!parquet.ok()) return context(std::move(parquet).error());
    if (i > 0 && *parquet != files.parquet) {
      return context(Error(Errc::kInvalidArgument, "CSV and Parquet files in one delivery"));
    }
    files.parquet = *parquet;
    std::vector<std::string> header;
    if (*parquet) {
      TRY_ASSIGN(auto database, engine::Database::Open({.threads = 1}));
      TRY_ASSIGN(engine::Connection connection, database->Connect());
      Result<std::vector<ParquetColumn>> columns = ReadParquetColumns(connection, {paths[i]});
      if (!columns.ok()) return context(std::move(columns).error());
      for (const ParquetColumn& column : *columns) header.push_back(column.name);
    } else {
      Result<std::vector<std::string>> cells = ReadCsvHeader(paths[i]);
      if (!cells.ok()) return context(std::move(cells).error());
      header = *std::move(cells);
      files.csv.push_back({paths[i], header});
    }
    Result<Detection> detection = DetectFamily(header);
    if (!detection.ok()) return context(std::move(detection).error());
    if (i > 0 && detection->family != files.detection.family) {
      return context(Error(Errc::kInvalidArgument, "CUR and FOCUS files in one delivery"));
    }
    files.detection = *detection;
    std::set<std::string> present;
    for (const std::string& cell : header) {
      const ColumnRole role = RoleOf(detection->family, cell);
      if (role.use == ColumnRole::Use::kUsed) present.insert(role.name);
    }
    Result<void> complete = CheckMandatory(detection->family, present);
    if (!complete.ok()) return context(std::move(complete).error());
  }
  return files;
}

Result<std::vector<Period>> FindPeriods(const lake::Layout& layout, const OpenedFiles& files,
                                        const ImportOptions& options) {
  TRY_ASSIGN(auto database, OpenEngine(layout, options));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY_ASSIGN(auto tags,
             SetInterner::Create(layout.spill() / "periods-tags.jsonl", kInternerBudgetBytes));
  TRY_ASSIGN(auto attributes, SetInterner::Create(layout.spill() / "periods-attributes.jsonl",
                                                  kInternerBudgetBytes));
  const std::string& column = UsedColumns(files.detection.family).front().name;
  std::string relation;
  std::unique_ptr<CsvSource> csv;
  std::unique_ptr<ParquetSource> parquet;
  std::vector<SourceColumn> columns;
  if (files.parquet) {
    TRY_ASSIGN(auto parquet_columns, ReadParquetColumns(connection, files.paths));
    parquet = std::make_unique<ParquetSource>(
        ParquetJob{files.detection.family, files.paths, std::move(parquet_columns), {}}, *tags,
        *attributes);
    TRY(parquet->Register(connection));
    relation = "(" + parquet->RelationSql() + ")";
    columns = parquet->columns();
  } else {
    CsvJob job{files.detection.family, files.csv, {}, OtherPeriods::kTake, {}, INT64_MAX,
               ThreadsOf(options)};
    csv = std::make_unique<CsvSource>(std::move(job), *tags, *attributes);
    TRY(csv->Register(connection.raw(), "csv_periods"));
    relation = "csv_periods()";
    columns = csv->columns();
  }
  if (std::none_of(columns.begin(), columns.end(),
                   [&](const auto& c) { return c.name == column; })) {
    return Error(Errc::kInvalidArgument, "has no billing period column " + column)
        .Hint("put the files into a folder named billing_period=YYYY-MM");
  }
  Result<engine::Table> found = connection.Query("SELECT DISTINCT strftime(" + column +
                                                 ", '%Y-%m') FROM " + relation + " ORDER BY 1");
  if (csv != nullptr) {
    if (auto failure = csv->failure()) return *std::move(failure);
  }
  if (!found.ok() && parquet != nullptr) {
    return parquet->Blame(connection, std::move(found).error());
  }
  if (!found.ok()) return std::move(found).error();
  std::vector<Period> periods;
  bool has_monthless = false;
  for (const auto& row : found->rows) {
    has_monthless = has_monthless || !row[0];
    if (!row[0]) continue;
    TRY_ASSIGN(const Period period, ParsePeriod(*row[0]));
    periods.push_back(period);
  }
  if (has_monthless && periods.size() != 1) {
    return Error(Errc::kCorrupt, "lines do not say their month: column " + column + " is empty")
        .Hint("import the files of each month by themselves");
  }
  if (periods.empty() && csv != nullptr && !csv->issues().empty()) {
    const lake::RowIssue issue = csv->issues().front();
    return Error(Errc::kCorrupt, files.paths[static_cast<std::size_t>(issue.file)].string() +
                                     ": row " + std::to_string(issue.row) +
                                     (issue.column.empty() ? "" : ", column " + issue.column) +
                                     ": " + issue.message)
        .Hint("no row of the files can be read; have the export delivered again");
  }
  return periods;
}

Result<void> StageLoad(const lake::Layout& layout, const OpenedFiles& files,
                       OtherPeriods other_periods, const ImportOptions& options, lake::Load& load) {
  return Loader(layout, files, other_periods, options, load).Run();
}

}  // namespace farthing::ingest
