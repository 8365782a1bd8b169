#pragma once

// A thin RAII layer over SQLite for the metadata database.  Knows no billing words.
// One SqliteDatabase belongs to one thread at a time; several processes may open one file (WAL).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace farthing::engine {

/// A value bound to a `?`; std::monostate is NULL.
using SqliteValue = std::variant<std::monostate, std::int64_t, std::string>;

/// One row of a result, read by column number while the statement stands on it.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t Int(int column) const;
  /// NULL reads as an empty string.
  std::string Text(int column) const;
  bool IsNull(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class SqliteDatabase {
 public:
  /// Opens or creates the file with WAL, foreign keys and full sync; what is deleted is overwritten.
  /// Errors: kTooLarge (disk full), kUnavailable (cannot open), kCorrupt (not a database).
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  /// Opens a file that is there.  Where this user may not write it and its directory (a share, a backup) it is opened
  /// for reading only, without locks or files beside it, and what others write later is not seen.
  /// Errors: as Open; kNotFound; kPermissionDenied (may not be read, or its last changes lie in a log beside it that
  /// cannot be read there).
  static Result<std::unique_ptr<SqliteDatabase>> OpenExisting(const std::string& path);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  /// Runs statements without parameters or rows.
  Result<void> Execute(const std::string& sql);
  /// Runs one statement with parameters and no rows.
  Result<void> Run(std::string_view sql, const std::vector<SqliteValue>& parameters);
  /// Calls `on_row(const SqliteRow&)` for each row.
  template <typename OnRow>
  Result<void> Each(std::string_view sql, const std::vector<SqliteValue>& parameters,
                    OnRow on_row) {
    TRY_ASSIGN(Statement statement, Prepare(sql, parameters));
    for (;;) {
      TRY_ASSIGN(const bool has_row, Step(statement));
      if (!has_row) return {};
      on_row(SqliteRow(statement.get()));
    }
  }
  /// Runs `body` (returning Result<void>) inside BEGIN IMMEDIATE … COMMIT; an error rolls back.
  template <typename Body>
  Result<void> Transaction(Body body) {
    TRY(Execute("BEGIN IMMEDIATE"));
    if (Result<void> done = body(); !done.ok()) {
      if (!Execute("ROLLBACK").ok()) return Error(Errc::kInternal, "rollback failed");
      return done;
    }
    Result<void> done = Execute("COMMIT");
    // A commit that failed for want of room may have left the transaction open.
    if (!done.ok()) {
      [[maybe_unused]] const Result<void> ended = Execute("ROLLBACK");
    }
    return done;
  }
  /// Rows changed by the last statement.
  std::int64_t changes() const;
  /// True where OpenExisting found that nothing can be written.
  bool is_read_only() const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  static Result<std::unique_ptr<SqliteDatabase>> OpenWith(const std::string& path,
                                                          const std::string& name, int flags);
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  Result<Statement> Prepare(std::string_view sql, const std::vector<SqliteValue>& parameters);
  Result<bool> Step(const Statement& statement);
  sqlite3* database_;
};

}  // namespace farthing::engine
