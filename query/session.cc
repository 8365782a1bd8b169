#include "query/session.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "lake/load_files.h"
#include "lake/rows_set_aside.h"
#include "query/attribute_keys.h"
#include "query/fact_source.h"
#include "query/tag_values.h"
#include "query/totals.h"
#include "query/unmatched_values.h"

namespace farthing::query {
namespace {

// "…/load_id=01J…/part-0.parquet" -> "01J…"
std::string LoadIdOf(std::string_view file) {
  constexpr std::string_view kKey = "load_id=";
  const std::size_t start = file.rfind(kKey) + kKey.size();
  return std::string(file.substr(start, file.find('/', start) - start));
}

lake::LoadFilter FilterOf(const Request& request) {
  return {request.time.first_period, request.time.last_period, request.as_of};
}

bool IsWithin(const lake::Load& load, const lake::LoadFilter& filter) {
  return (!filter.first || *filter.first <= load.period) &&
         (!filter.last || load.period <= *filter.last);
}

// DuckDB's text of the time column as we print it.
void PrintTime(Grain grain, std::optional<std::string>& time) {
  if (!time) return;
  if (grain == Grain::kHour) {
    (*time)[10] = 'T';
    *time += 'Z';
  } else if (grain == Grain::kMonth) {
    time->resize(7);
  }
}

// False where every metric is zero or unknown, as they are where no line passed the filter.
bool HasFigures(const Request& request, const AnswerRow& row) {
  return std::any_of(row.end() - static_cast<std::ptrdiff_t>(request.metrics.size()), row.end(),
                     [](const std::optional<std::string>& cell) {
                       return cell && cell->find_first_of("123456789") != std::string::npos;
                     });
}

void NoteRemainder(const Answer& answer, std::vector<std::string>& notes) {
  for (const AnswerColumn& column : answer.columns) {
    if (column.role == ColumnRole::kMetric && !column.metric->additive) {
      notes.push_back(column.name +
                      " is empty in the remainder: its groups overlap and do not add up");
    }
  }
}

}  // namespace

engine::DatabaseOptions SpillingOptions(const SessionOptions& options) {
  engine::DatabaseOptions database;
  database.threads = options.threads;
  database.memory_limit_bytes = options.memory_limit_bytes;
  database.temp_directory = (fs::temp_directory_path() / ("farthing-" + NewUlid())).string();
  return database;
}

Result<std::unique_ptr<Session>> Session::Open(const fs::path& data,
                                               const SessionOptions& options) {
  const lake::Layout layout(data);
  TRY_ASSIGN(auto catalog, lake::Catalog::OpenExisting(layout));
  TRY_ASSIGN(auto watch, engine::SqliteDatabase::OpenExisting(layout.database().string()));
  TRY_ASSIGN(auto database, engine::Database::Open(SpillingOptions(options)));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  TRY(connection.Execute("SET parquet_metadata_cache = true"));
  return std::unique_ptr<Session>(new Session(options, std::move(catalog), std::move(watch),
                                              std::move(database), std::move(connection)));
}

Result<std::vector<lake::Load>> Session::ActiveLoads() {
  std::int64_t version = 0;
  TRY(watch_->Each("PRAGMA data_version", {},
                   [&](const engine::SqliteRow& row) { version = row.Int(0); }));
  if (seen_version_ != version) {
    TRY_ASSIGN(std::vector<lake::Candidate> candidates, catalog_->Candidates({}));
    not_added_ = lake::NotesOfNotAdded(candidates);
    active_.clear();
    for (lake::Candidate& candidate : candidates) {
      if (candidate.elected) active_.push_back(std::move(candidate.load));
    }
    seen_version_ = version;
  }
  return active_;
}

Result<std::vector<lake::Load>> Session::Loads(const lake::LoadFilter& filter) {
  if (filter.as_of) return catalog_->ActiveLoads(filter);
  TRY_ASSIGN(std::vector<lake::Load> loads, ActiveLoads());
  std::erase_if(loads, [&](const lake::Load& load) { return !IsWithin(load, filter); });
  return loads;
}

Result<std::vector<lake::Load>> Session::LoadsOf(const Request& request) {
  return Loads(FilterOf(request));
}

Result<FileTypes> Session::Types(std::string_view table, const std::vector<lake::Load>& loads) {
  if (loads.size() < 2) return FileTypes();
  return AllTypes(table, loads);
}

Result<FileTypes> Session::AllTypes(std::string_view table, const std::vector<lake::Load>& loads) {
  FileTypes types;
  const auto key_of = [&](std::string_view load_id) {
    return std::string(table) + "/" + std::string(load_id);
  };
  std::vector<lake::Load> unseen;
  for (const lake::Load& load : loads) {
    if (!types_.contains(key_of(load.id))) unseen.push_back(load);
  }
  if (!unseen.empty()) {
    TRY_ASSIGN(const engine::Table found,
               connection_.Query("SELECT file_name, name, precision, scale FROM parquet_schema(" +
                                 FileList(catalog_->layout(), table, unseen) +
                                 ") WHERE precision IS NOT NULL"));
    for (const lake::Load& load : unseen) types_[key_of(load.id)];
    for (const auto& row : found.rows) {
      DecimalType& type = types_[key_of(LoadIdOf(*row[0]))][*row[1]];
      type = {std::stoi(*row[2]), std::stoi(*row[3])};
    }
  }
  for (const lake::Load& load : loads) types.emplace(load.id, types_.find(key_of(load.id))->second);
  return types;
}

Result<void> Session::MarkUnknownCurrencies(std::vector<lake::Load>& loads) {
  std::vector<lake::Load> unseen;
  for (const lake::Load& load : loads) {
    if (!lacks_currency_.contains(load.id)) unseen.push_back(load);
  }
  if (!unseen.empty()) {
    TRY_ASSIGN(const engine::Table found,
               connection_.Query("SELECT DISTINCT load_id FROM " +
                                 query::Relation(catalog_->layout(), lake::kCostDaily, unseen, {}) +
                                 " WHERE billing_currency IS NULL"));
    for (const lake::Load& load : unseen) lacks_currency_[load.id] = false;
    for (const auto& row : found.rows) lacks_currency_[row[0].value_or("")] = true;
  }
  for (lake::Load& load : loads) {
    if (lacks_currency_[load.id]) load.currencies.emplace_back();
  }
  return {};
}

Result<Request> Session::Split(Request request, std::vector<lake::Load> loads,
                               std::vector<std::string>& notes) {
  TRY(MarkUnknownCurrencies(loads));
  return SplitCurrencies(std::move(request), loads, notes);
}

Result<std::set<DimensionRef>> Session::ExactKeys(const Request& request) {
  TRY_ASSIGN(const std::vector<lake::Load> known, ActiveLoads());
  std::set<DimensionRef> exact;
  EachDimension(request, [&](const DimensionRef& dimension) {
    if (IsInTagSet(dimension) && MatchOf(dimension, known) == KeyMatch::kExact)
      exact.insert(dimension);
  });
  return exact;
}

Result<Session::Prepared> Session::Prepare(const Request& request, std::vector<lake::Load> loads) {
  std::vector<std::string> notes;
  TRY_ASSIGN(Request split, Split(request, loads, notes));
  TRY_ASSIGN(FileTypes types, Types(ChooseTable(split), ChargedWithin(split.time, loads)));
  TRY_ASSIGN(std::set<DimensionRef> exact, ExactKeys(split));
  Scope scope{.loads = std::move(loads),
              .types = std::move(types),
              .layout = catalog_->layout(),
              .exact_keys = std::move(exact)};
  return Prepared{std::move(split), std::move(scope), std::move(notes)};
}

Result<void> Session::Stream(const std::function<Result<Sql>(const Scope&)>& write,
                             std::string_view table, Scope& scope,
                             const std::function<Result<void>()>& on_columns,
                             const std::function<Result<void>(const AnswerRow&)>& on_row) {
  bool named = false;
  bool has_rows = false;
  const auto name = [&](const std::vector<engine::Column>&) -> Result<void> {
    return std::exchange(named, true) ? Result<void>() : on_columns();
  };
  const auto take = [&](const AnswerRow& row) {
    has_rows = true;
    return on_row(row);
  };
  const auto run = [&]() -> Result<void> {
    TRY_ASSIGN(const Sql sql, write(scope));
    return connection_.Stream(sql.text, sql.parameters, name, take);
  };
  Result<void> done = run();
  if (done.ok() || has_rows || engine::OverflowOf(done.error()) != engine::Overflow::kOfWidest)
    return done;
  scope.sums = Sums::kInParts;
  TRY_ASSIGN(scope.types, AllTypes(table, scope.loads));
  done = run();
  if (done.ok() || engine::OverflowOf(done.error()) != engine::Overflow::kOfWidest) return done;
  return TooManyDigits("ask about fewer bills at once: --period YYYY-MM, or --where export=NAME");
}

Result<Answer> Session::Run(const Request& request, const RunOptions& options) {
  TRY_ASSIGN(std::vector<lake::Load> loads, LoadsOf(request));
  if (!loads.empty()) TRY(CheckKeys(request));
  bool has_figures = false;
  RunOptions watched = options;
  if (options.on_row) {
    watched.on_row = [&](const AnswerRow& row) {
      has_figures = has_figures || HasFigures(request, row);
      return options.on_row(row);
    };
  }
  TRY_ASSIGN(Answer answer, RunOver(request, std::move(loads), watched));
  for (const AnswerRow& row : answer.rows) has_figures = has_figures || HasFigures(request, row);
  if (!has_figures) TRY(NoteUnmatched(*this, request, answer.plan.loads, answer.notes));
  TRY(NoteLeftOut(request, answer));
  return answer;
}

Result<void> Session::CheckKeys(const Request& request) {
  TRY_ASSIGN(const std::vector<lake::Load> known, Loads({{}, {}, request.as_of}));
  Result<void> checked;
  EachDimension(request, [&](const DimensionRef& dimension) {
    if (checked.ok()) checked = CheckKeyExists(dimension, known);
    if (checked.ok())
      checked = CheckAttributeExists(dimension, connection_, catalog_->layout(), known);
  });
  if (checked.ok()) return checked;
  return lake::BlameFiles(catalog_->layout(), known, std::move(checked).error());
}

Result<void> Session::NoteLeftOut(const Request& request, Answer& answer) {
  TRY(NoteNotAdded(request, answer));
  for (const lake::Load& load : answer.plan.loads) {
    const std::string rows = Describe(lake::CountSetAside(load.issues));
    if (rows.empty()) continue;
    answer.notes.push_back(load.export_name + " " + ToString(load.period) + ": " + rows);
  }
  return {};
}

// Only where a load that was read stands for the bill: other months and bills are not asked for.
Result<void> Session::NoteNotAdded(const Request& request, Answer& answer) {
  std::vector<lake::NotAdded> of_then;
  if (request.as_of) {
    TRY_ASSIGN(const std::vector<lake::Candidate> candidates,
               catalog_->Candidates(FilterOf(request)));
    of_then = lake::NotesOfNotAdded(candidates);
  }
  for (const lake::NotAdded& left : request.as_of ? of_then : not_added_) {
    const bool is_read = std::any_of(
        answer.plan.loads.begin(), answer.plan.loads.end(), [&](const lake::Load& load) {
          return load.period == left.period && load.export_name == left.elected_export;
        });
    if (is_read) answer.notes.push_back(left.note);
  }
  return {};
}

Result<Answer> Session::RunOver(const Request& request, std::vector<lake::Load> loads,
                                const RunOptions& options) {
  Result<Answer> answer = RunOverFiles(request, loads, options);
  if (answer.ok()) return answer;
  return lake::BlameFiles(catalog_->layout(), loads, std::move(answer).error());
}

Result<Answer> Session::RunOverFiles(const Request& request, std::vector<lake::Load> loads,
                                     const RunOptions& options) {
  TRY(Validate(request));
  Answer answer;
  answer.columns = ColumnsOf(request);
  if (loads.empty()) {
    answer.notes.emplace_back("no bill of these periods has been imported");
    if (options.on_columns) TRY(options.on_columns(answer.columns));
    return answer;
  }
  // Split by currency, plan.
  TRY_ASSIGN(Prepared prepared, Prepare(request, std::move(loads)));
  const auto write = [&](const Scope& scope) -> Result<Sql> {
    TRY_ASSIGN(answer.plan, MakePlan(prepared.request, scope));
    return answer.plan.sql;
  };
  answer.columns = ColumnsOf(prepared.request);

  // Rows, one more than the limit to see whether it cuts.
  ShownSums shown(answer.columns);
  std::int64_t count = 0;
  const auto on_columns = [&]() -> Result<void> {
    return options.on_columns ? options.on_columns(answer.columns) : Result<void>();
  };
  const auto on_row = [&](const AnswerRow& raw) -> Result<void> {
    if (request.limit && count == *request.limit) {
      answer.more = true;
      return {};
    }
    ++count;
    AnswerRow row = raw;
    if (request.time.grain != Grain::kNone) PrintTime(request.time.grain, row.front());
    if (request.remainder) TRY(shown.Add(row));
    if (options.on_row) return options.on_row(row);
    answer.rows.push_back(std::move(row));
    return {};
  };
  TRY(Stream(write, ChooseTable(prepared.request), prepared.scope, on_columns, on_row));
  answer.notes = std::move(prepared.notes);
  answer.notes.insert(answer.notes.end(), answer.plan.notes.begin(), answer.plan.notes.end());

  // Totals from their own statement: right for counts of different things, too.
  const bool wants_remainder = request.remainder && answer.more;
  if (options.totals || wants_remainder) TRY(AddTotals(request, prepared.scope.loads, answer));
  if (wants_remainder) {
    TRY_ASSIGN(answer.remainder, shown.Remainder(answer.totals));
    NoteRemainder(answer, answer.notes);
  }
  return answer;
}

Result<void> Session::AddTotals(const Request& request, const std::vector<lake::Load>& loads,
                                Answer& answer) {
  TRY_ASSIGN(Prepared prepared, Prepare(TotalRequest(request), loads));
  const auto write = [&](const Scope& scope) -> Result<Sql> {
    TRY_ASSIGN(Plan plan, MakePlan(prepared.request, scope));
    return std::move(plan.sql);
  };
  const std::vector<AnswerColumn> columns = ColumnsOf(prepared.request);
  return Stream(
      write, ChooseTable(prepared.request), prepared.scope, [] { return Result<void>(); },
      [&](const AnswerRow& row) -> Result<void> {
        answer.totals.push_back(InColumnsOf(answer.columns, columns, row));
        return {};
      });
}

Result<std::vector<std::string>> Session::WriteParquet(const Request& request,
                                                       const fs::path& file) {
  TRY(Validate(request));
  if (request.remainder) {
    return Error(Errc::kInvalidArgument, "a Parquet answer has no remainder row")
        .Hint("ask without --limit, or for csv");
  }
  TRY_ASSIGN(std::vector<lake::Load> loads, LoadsOf(request));
  if (loads.empty()) return Error(Errc::kNotFound, "no bill of these periods has been imported");
  TRY(CheckKeys(request));
  Result<std::vector<std::string>> notes = WriteAnswer(request, loads, file);
  if (notes.ok()) return notes;
  return lake::BlameFiles(catalog_->layout(), loads, std::move(notes).error());
}

Result<std::vector<std::string>> Session::WriteAnswer(const Request& request,
                                                      std::vector<lake::Load> loads,
                                                      const fs::path& file) {
  TRY_ASSIGN(Prepared prepared, Prepare(request, std::move(loads)));
  Answer answer;
  TRY_ASSIGN(answer.plan, MakePlan(prepared.request, prepared.scope));
  std::string select = answer.plan.sql.text;
  if (request.limit)
    select = "SELECT * FROM (" + select + ") LIMIT " + std::to_string(*request.limit);
  const Result<engine::Table> written =
      connection_.Query("COPY (" + select + ") TO " + engine::QuoteLiteral(file.string()) +
                            " (FORMAT parquet, COMPRESSION zstd)",
                        answer.plan.sql.parameters);
  if (!written.ok()) {
    if (engine::OverflowOf(written.error()) != engine::Overflow::kOfWidest) return written.error();
    return TooManyDigits(
        "Parquet keeps decimals of 38 digits: ask for one currency, --where currency=USD, or for "
        "--format csv");
  }
  answer.notes = std::move(prepared.notes);
  answer.notes.insert(answer.notes.end(), answer.plan.notes.begin(), answer.plan.notes.end());
  TRY(NoteLeftOut(request, answer));
  return std::move(answer.notes);
}

}  // namespace farthing::query
