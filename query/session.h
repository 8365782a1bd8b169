#pragma once

// A place to ask questions: one DuckDB and one catalog, kept warm between questions.
// A Session belongs to one thread; several processes may have one on the same data.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb.h"
#include "engine/sqlite.h"
#include "lake/catalog.h"
#include "lake/not_added.h"
#include "query/planner.h"
#include "query/request.h"

namespace farthing::query {

/// Values in the order of the columns; std::nullopt is absent (keys) or unknown (metrics).
/// Hours are "2026-01-31T23:00:00Z", days "2026-01-31", months and periods "2026-01".
using AnswerRow = std::vector<std::optional<std::string>>;

struct Answer {
  std::vector<AnswerColumn> columns;
  std::vector<AnswerRow> rows;
  bool more = false;                 ///< the limit cut rows off
  std::vector<AnswerRow> remainder;  ///< what was cut off, added up: one row per currency
  std::vector<AnswerRow> totals;     ///< of all groups, shown or not: one row per currency
  std::vector<std::string> notes;
  Plan plan;  ///< empty SQL where no load is in scope
};

struct RunOptions {
  bool totals = false;
  /// Takes the rows as they come, instead of Answer::rows; `on_columns` is called once before.
  std::function<Result<void>(const std::vector<AnswerColumn>&)> on_columns = nullptr;
  std::function<Result<void>(const AnswerRow&)> on_row = nullptr;
};

struct SessionOptions {
  int threads = 0;                       ///< 0: one per core
  std::uint64_t memory_limit_bytes = 0;  ///< 0: DuckDB's default
};

class Session {
 public:
  /// Errors: kNotFound (nothing was ever imported into `data`).
  static Result<std::unique_ptr<Session>> Open(const std::filesystem::path& data,
                                               const SessionOptions& options = {});

  /// Answers a request from the active loads.
  /// Errors: kInvalidArgument (the request), kTooLarge, kUnavailable (a file went away).
  Result<Answer> Run(const Request& request, const RunOptions& options = {});
  /// Answers from these loads instead: versions that are compared.
  Result<Answer> RunOver(const Request& request, std::vector<lake::Load> loads,
                         const RunOptions& options = {});

  /// Writes the answer as one Parquet file, zstd; returns its notes.
  /// Errors: as Run; kInvalidArgument (with remainder).
  Result<std::vector<std::string>> WriteParquet(const Request& request,
                                                const std::filesystem::path& file);

  /// The loads a question with these periods and this as-of time reads.
  Result<std::vector<lake::Load>> Loads(const lake::LoadFilter& filter);
  Result<std::vector<lake::Load>> LoadsOf(const Request& request);

  /// The request as it is run (currencies split) and what its plan may read.
  struct Prepared {
    Request request;
    Scope scope;
    std::vector<std::string> notes;
  };
  /// Requires: at least one load.
  Result<Prepared> Prepare(const Request& request, std::vector<lake::Load> loads);
  /// SplitCurrencies over these loads, knowing which of them have lines without a currency.
  Result<Request> Split(Request request, std::vector<lake::Load> loads,
                        std::vector<std::string>& notes);
  /// Of the request's tags and cost categories those that some active load has as they were typed.
  Result<std::set<DimensionRef>> ExactKeys(const Request& request);
  /// Runs the statement that `write` writes for the scope; where its sums or amounts pass 38 digits,
  /// again in parts, for which the scope is changed.  `on_columns` is called once.
  /// Errors: as Run.
  Result<void> Stream(const std::function<Result<Sql>(const Scope&)>& write, std::string_view table,
                      Scope& scope, const std::function<Result<void>()>& on_columns,
                      const std::function<Result<void>(const AnswerRow&)>& on_row);
  /// The decimal types of a table's files; nothing for a single load, which cannot disagree.
  Result<FileTypes> Types(std::string_view table, const std::vector<lake::Load>& loads);

  lake::Catalog& catalog() { return *catalog_; }
  engine::Connection& connection() { return connection_; }
  const SessionOptions& options() const { return options_; }

 private:
  Session(SessionOptions options, std::unique_ptr<lake::Catalog> catalog,
          std::unique_ptr<engine::SqliteDatabase> watch, std::unique_ptr<engine::Database> database,
          engine::Connection connection)
      : options_(options),
        catalog_(std::move(catalog)),
        watch_(std::move(watch)),
        database_(std::move(database)),
        connection_(std::move(connection)) {}

  Result<std::vector<lake::Load>> ActiveLoads();
  Result<Answer> RunOverFiles(const Request& request, std::vector<lake::Load> loads,
                              const RunOptions& options);
  Result<FileTypes> AllTypes(std::string_view table, const std::vector<lake::Load>& loads);
  Result<std::vector<std::string>> WriteAnswer(const Request& request,
                                               std::vector<lake::Load> loads,
                                               const std::filesystem::path& file);
  /// A key that no bill of any month has is a typing mistake.
  Result<void> CheckKeys(const Request& request);
  Result<void> NoteNotAdded(const Request& request, Answer& answer);
  /// Notes what the loads that were read leave out.
  Result<void> NoteLeftOut(const Request& request, Answer& answer);
  /// Adds "" to the currencies of the loads that have lines without one.
  Result<void> MarkUnknownCurrencies(std::vector<lake::Load>& loads);
  Result<void> AddTotals(const Request& request, const std::vector<lake::Load>& loads,
                         Answer& answer);

  SessionOptions options_;
  std::unique_ptr<lake::Catalog> catalog_;
  std::unique_ptr<engine::SqliteDatabase>
      watch_;  // never writes, so its data_version tells of all writes
  std::unique_ptr<engine::Database> database_;
  engine::Connection connection_;
  std::optional<std::int64_t> seen_version_;  // of the catalog when active_ was read
  std::vector<lake::Load> active_;
  std::vector<lake::NotAdded> not_added_;                     // beside active_
  std::map<std::string, DecimalColumns, std::less<>> types_;  // "table/load id"; files never change
  std::map<std::string, bool> lacks_currency_;                // load id → some line has no currency
};

/// Database options that let large questions spill to the system's temporary directory.
engine::DatabaseOptions SpillingOptions(const SessionOptions& options);

}  // namespace farthing::query
