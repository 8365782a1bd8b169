#pragma once

// A thin RAII layer over DuckDB's C API: databases, connections, text rows.  Knows no billing words.
// A Database may be shared by threads; a Connection belongs to one thread at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

struct _duckdb_database;
struct _duckdb_connection;

namespace farthing::engine {

/// A value bound to a `?` of a statement; std::monostate is NULL.
using Parameter = std::variant<std::monostate, std::int64_t, std::string>;

struct Column {
  std::string name;
  std::string type;  ///< DuckDB's spelling, e.g. "DECIMAL(38,10)"
};

/// Rows of a finished query as text; std::nullopt is NULL.  Decimals are exact and plain, timestamps
/// "2026-01-31 23:00:00", lists and maps JSON.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// A view of what a connection is running, for any thread, also when the connection is gone.
class Monitor {
 public:
  /// Asks the running statement to stop; it then fails with kDeadline.
  void Interrupt() const;
  /// Share of the running statement that is done, 0..100; negative when unknown.
  double Progress() const;

 private:
  friend class Connection;
  struct Target {
    std::mutex mutex;
    _duckdb_connection* connection = nullptr;  ///< null when the connection is gone
  };
  explicit Monitor(std::shared_ptr<Target> target) : target_(std::move(target)) {}
  std::shared_ptr<Target> target_;
};

class Connection {
 public:
  explicit Connection(_duckdb_connection* connection);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  /// Runs one or more statements and drops their results.
  /// Errors: kInvalidArgument (SQL refused), kTooLarge (memory or disk), kUnavailable (files).
  Result<void> Execute(const std::string& sql);

  /// Runs one statement and returns all rows.  Decimals print without trailing zeros.
  /// Errors: as Execute.
  Result<Table> Query(const std::string& sql, const std::vector<Parameter>& parameters = {});

  /// Runs one statement and hands rows over as they come; memory stays bounded.
  /// `on_columns` is called once before the first row; either callback may stop by an error.
  using Row = std::vector<std::optional<std::string>>;
  Result<void> Stream(const std::string& sql, const std::vector<Parameter>& parameters,
                      const std::function<Result<void>(const std::vector<Column>&)>& on_columns,
                      const std::function<Result<void>(const Row&)>& on_row);

  /// Watches this connection's statements; may outlive it.
  Monitor monitor() const { return Monitor(target_); }
  double Progress() const { return monitor().Progress(); }

  /// The C handle, for registering functions (engine and ingest only).
  _duckdb_connection* raw() const { return connection_; }

 private:
  _duckdb_connection* connection_;
  std::shared_ptr<Monitor::Target> target_;
};

struct DatabaseOptions {
  int threads = 0;                       ///< 0: one per core
  std::uint64_t memory_limit_bytes = 0;  ///< 0: DuckDB's default (80 % of the machine)
  std::string temp_directory = {};       ///< spill space; empty: no spilling
  bool preserve_order = true;            ///< false lets writers reorder rows, with less memory
};

/// An in-memory DuckDB with parquet, json and icu inside; nothing is loaded from the network.
class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Connection> Connect();

 private:
  explicit Database(_duckdb_database* database) : database_(database) {}
  _duckdb_database* database_;
};

/// How a statement failed for decimals that are too narrow for their values or sums; its message is all that tells.
enum class Overflow {
  kNone,       ///< it failed for something else
  kOfDecimal,  ///< of fewer than 38 digits
  kOfWidest,   ///< of 38 digits: no decimal holds the value
};
Overflow OverflowOf(const Error& error);

/// Quotes a name for SQL: tags"x -> "tags""x".
std::string QuoteIdentifier(std::string_view name);
/// Quotes text as an SQL literal: it's -> 'it''s'.  For paths in COPY and read_parquet, which
/// cannot be bound; values of questions are always bound.
std::string QuoteLiteral(std::string_view text);
/// Returns a glob for DuckDB's readers that matches the path itself: [ * ? are taken literally.
std::string GlobOf(std::string_view path);
/// Returns ['a', 'b'] of quoted literals.
std::string QuoteList(const std::vector<std::string>& texts);

}  // namespace farthing::engine
