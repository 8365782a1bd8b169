#include "engine/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "base/files.h"

namespace farthing::engine {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

Errc CodeOf(int status) {
  switch (status & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT: return Errc::kConflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::kCorrupt;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM: return Errc::kTooLarge;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return Errc::kPermissionDenied;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL: return Errc::kUnavailable;
    default: return Errc::kInternal;  // our SQL or our use of the library is wrong
  }
}

bool IsNoRoom(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

/// True when a little file cannot be written beside `file` for want of room.
bool HasNoRoomBeside(const std::string& file) {
  const std::string probe = file + "-probe";
  const std::array<char, 65536> bytes{};  // what SQLite needs at least to open a database
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return IsNoRoom(errno);
  errno = 0;
  const bool written =
      ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      ::fsync(descriptor) == 0;
  const bool full = !written && (IsNoRoom(errno) || errno == 0);  // 0: a part went in
  ::close(descriptor);
  ::unlink(probe.c_str());
  return full;
}

/// SQLite says "unable to open" or "disk I/O error" where it finds no room, and has often forgotten why:
/// what it cleans up after a failed call overwrites errno.  Then the disk itself is asked.
bool IsFullDisk(sqlite3* database, int status, const std::string& file) {
  const int code = status & 0xFF;
  if (code == SQLITE_FULL) return true;
  if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN) return false;
  return IsNoRoom(sqlite3_system_errno(database)) || (!file.empty() && HasNoRoomBeside(file));
}

bool IsForbidden(int error_number) {
  return error_number == EACCES || error_number == EPERM || error_number == EROFS;
}

std::string DirectoryOf(const std::string& file) {
  const std::string directory = std::filesystem::path(file).parent_path().string();
  return directory.empty() ? "." : directory;
}

/// A failed call that another user, or the same one on another disk, would not have met.  The directory is asked,
/// since "unable to open" has forgotten its cause.
bool IsForbidden(int status, const std::string& file) {
  if (CodeOf(status) == Errc::kPermissionDenied) return true;
  return (status & 0xFF) == SQLITE_CANTOPEN &&
         ::access(DirectoryOf(file).c_str(), W_OK | X_OK) != 0 && IsForbidden(errno);
}

/// Translates the last failure of `database`; the one place where SQLite's codes are read.
Error LastError(sqlite3* database, int status, std::string file = "") {
  if (database == nullptr) return Error(CodeOf(status), sqlite3_errstr(status));
  const char* name = sqlite3_db_filename(database, "main");
  if (name != nullptr && *name != '\0') file = name;  // empty where it could not be opened
  const std::string where = "metadata database " + file + ": ";
  if (IsFullDisk(database, status, file)) {
    return Error(Errc::kTooLarge, where + "No space left on device").Hint(kFullDiskHint);
  }
  if (IsForbidden(status, file)) {
    return Error(Errc::kPermissionDenied, where + "this user may not write it or its directory")
        .Hint("run as the owner of that directory, or give this user the right to write there");
  }
  Error error(CodeOf(status), where + sqlite3_errmsg(database));
  if ((status & 0xFF) == SQLITE_BUSY || (status & 0xFF) == SQLITE_LOCKED) {
    return std::move(error).Hint("another command is writing; run this one again");
  }
  if (error.code() == Errc::kUnavailable) {
    return std::move(error).Hint("is the disk broken or read-only? mend that and run again");
  }
  return error;
}

/// True where a writer left changes that are not in the file itself.
bool HasLog(const std::string& path) {
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(path + "-wal", absent);
  return !absent && size > 0;
}

/// The file as a URI that has SQLite neither lock it nor look for files beside it.
std::string UriOf(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

int Bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT,
                               SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, index);
}

}  // namespace

std::int64_t SqliteRow::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteRow::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool SqliteRow::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void SqliteDatabase::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::OpenWith(const std::string& path,
                                                                 const std::string& name,
                                                                 int flags) {
  sqlite3* handle = nullptr;
  const int status = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  // Even a failed open leaves a handle to close.
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(handle));
  if (status != SQLITE_OK) return LastError(handle, status, path);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  TRY_ASSIGN(auto database, OpenWith(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                             "PRAGMA foreign_keys = ON", "PRAGMA secure_delete = ON"}) {
    TRY(database->Execute(pragma));
  }
  return database;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::OpenExisting(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return ErrnoError("cannot open", path, errno);
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const bool is_writable = ::access(path.c_str(), W_OK) == 0 &&
                           ::access(directory.empty() ? "." : directory.c_str(), W_OK | X_OK) == 0;
  if (is_writable) return Open(path);
  if (!HasLog(path)) return OpenWith(path, UriOf(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);

  // What a writer has not yet moved into the file is in the log; SQLite reads it where the log's index is there, too.
  TRY_ASSIGN(auto database, OpenWith(path, path, SQLITE_OPEN_READONLY));
  if (database->Execute("SELECT 1 FROM sqlite_schema").ok()) return database;
  return Error(Errc::kPermissionDenied,
               "the last changes of the metadata database are in a log that cannot be read in a "
               "directory without write permission: " +
                   path + "-wal")
      .Hint("copy the whole directory to where this user may write and name the copy with --data");
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(database_); }

Result<void> SqliteDatabase::Execute(const std::string& sql) {
  const int status = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return LastError(database_, status);
  return {};
}

Result<void> SqliteDatabase::Run(std::string_view sql, const std::vector<SqliteValue>& parameters) {
  return Each(sql, parameters, [](const SqliteRow&) {});
}

bool SqliteDatabase::is_read_only() const { return sqlite3_db_readonly(database_, "main") == 1; }

std::int64_t SqliteDatabase::changes() const { return sqlite3_changes64(database_); }

Result<SqliteDatabase::Statement> SqliteDatabase::Prepare(
    std::string_view sql, const std::vector<SqliteValue>& parameters) {
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error(Errc::kTooLarge, "SQL statement too long");
  }
  sqlite3_stmt* handle = nullptr;
  int status =
      sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  Statement statement(handle);
  if (status != SQLITE_OK) return LastError(database_, status);
  if (!statement) return Error(Errc::kInternal, "metadata database: empty statement");
  if (sqlite3_bind_parameter_count(handle) != static_cast<int>(parameters.size())) {
    return Error(Errc::kInternal,
                 "metadata database: wrong number of parameters: " + std::string(sql));
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    status = Bind(handle, static_cast<int>(i) + 1, parameters[i]);
    if (status != SQLITE_OK) return LastError(database_, status);
  }
  return statement;
}

Result<bool> SqliteDatabase::Step(const Statement& statement) {
  const int status = sqlite3_step(statement.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return LastError(database_, status);
}

}  // namespace farthing::engine
