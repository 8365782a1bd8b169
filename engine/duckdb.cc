#include "engine/duckdb.h"

#include <duckdb.h>

#include <array>
#include <cstring>

#include "base/files.h"
#include "engine/duckdb_values.h"

namespace farthing::engine {
namespace {

Errc CodeOf(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_EXPRESSION:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED:
    case DUCKDB_ERROR_PERMISSION: return Errc::kInvalidArgument;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
    case DUCKDB_ERROR_OBJECT_SIZE: return Errc::kTooLarge;
    case DUCKDB_ERROR_IO: return Errc::kUnavailable;
    case DUCKDB_ERROR_INTERRUPT: return Errc::kDeadline;
    default: return Errc::kInternal;
  }
}

// DuckDB's messages start with "Binder Error: …" and may carry a stack of further lines.
Error Translate(duckdb_error_type type, const char* message) {
  std::string text = message == nullptr ? "unknown DuckDB error" : message;
  if (text.find("No space left") != std::string::npos) {
    return Error(Errc::kTooLarge, text).Hint(kFullDiskHint);
  }
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY) {  // its own advice is SQL
    return Error(CodeOf(type), text.substr(0, text.find('\n')))
        .Hint("give the work more memory; of an import: --memory MIB, or fewer --threads");
  }
  return Error(CodeOf(type), std::move(text));
}

// Preparing binds table functions, which open files: a prepared statement's failure has no type of its own.
duckdb_error_type TypeOfPreparing(std::string_view message) {
  return message.starts_with("IO Error") ? DUCKDB_ERROR_IO : DUCKDB_ERROR_BINDER;
}

struct ResultHolder {
  duckdb_result result{};
  ~ResultHolder() { duckdb_destroy_result(&result); }
};

struct PreparedHolder {
  duckdb_prepared_statement statement = nullptr;
  ~PreparedHolder() { duckdb_destroy_prepare(&statement); }
};

struct PendingHolder {
  duckdb_pending_result pending = nullptr;
  ~PendingHolder() { duckdb_destroy_pending(&pending); }
};

Result<void> Bind(duckdb_prepared_statement statement, const std::vector<Parameter>& parameters) {
  const idx_t wanted = duckdb_nparams(statement);
  if (wanted != parameters.size()) {
    return Error(Errc::kInternal, "statement wants " + std::to_string(wanted) +
                                      " parameters, got " + std::to_string(parameters.size()));
  }
  for (idx_t i = 0; i < parameters.size(); ++i) {
    const Parameter& value = parameters[i];
    duckdb_state state = DuckDBSuccess;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      state = duckdb_bind_int64(statement, i + 1, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      state = duckdb_bind_varchar_length(statement, i + 1, text->data(), text->size());
    } else {
      state = duckdb_bind_null(statement, i + 1);
    }
    if (state != DuckDBSuccess) return Error(Errc::kInternal, "cannot bind a parameter");
  }
  return {};
}

std::vector<Column> ColumnsOf(duckdb_result* result) {
  std::vector<Column> columns;
  const idx_t count = duckdb_column_count(result);
  for (idx_t i = 0; i < count; ++i) {
    duckdb_logical_type type = duckdb_column_logical_type(result, i);
    columns.push_back({duckdb_column_name(result, i), TypeName(type)});
    duckdb_destroy_logical_type(&type);
  }
  return columns;
}

}  // namespace

void Monitor::Interrupt() const {
  const std::lock_guard lock(target_->mutex);
  if (target_->connection != nullptr) duckdb_interrupt(target_->connection);
}

double Monitor::Progress() const {
  const std::lock_guard lock(target_->mutex);
  if (target_->connection == nullptr) return -1;
  return duckdb_query_progress(target_->connection).percentage;
}

Connection::Connection(_duckdb_connection* connection)
    : connection_(connection), target_(std::make_shared<Monitor::Target>()) {
  target_->connection = connection;
}

Connection::~Connection() {
  if (connection_ == nullptr) return;
  const std::lock_guard lock(target_->mutex);
  target_->connection = nullptr;
  duckdb_disconnect(&connection_);
}

Connection::Connection(Connection&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), target_(other.target_) {}

Result<void> Connection::Execute(const std::string& sql) {
  ResultHolder holder;
  if (duckdb_query(connection_, sql.c_str(), &holder.result) != DuckDBSuccess) {
    return Translate(duckdb_result_error_type(&holder.result), duckdb_result_error(&holder.result));
  }
  return {};
}

Result<Table> Connection::Query(const std::string& sql, const std::vector<Parameter>& parameters) {
  Table table;
  TRY(Stream(
      sql, parameters,
      [&](const std::vector<Column>& columns) -> Result<void> {
        table.columns = columns;
        return {};
      },
      [&](const Row& row) -> Result<void> {
        table.rows.push_back(row);
        return {};
      }));
  return table;
}

Result<void> Connection::Stream(
    const std::string& sql, const std::vector<Parameter>& parameters,
    const std::function<Result<void>(const std::vector<Column>&)>& on_columns,
    const std::function<Result<void>(const Row&)>& on_row) {
  PreparedHolder prepared;
  if (duckdb_prepare(connection_, sql.c_str(), &prepared.statement) != DuckDBSuccess) {
    const char* message = duckdb_prepare_error(prepared.statement);
    return Translate(TypeOfPreparing(message == nullptr ? "" : message), message);
  }
  TRY(Bind(prepared.statement, parameters));
  PendingHolder pending;
  if (duckdb_pending_prepared_streaming(prepared.statement, &pending.pending) != DuckDBSuccess) {
    return Translate(DUCKDB_ERROR_INVALID, duckdb_pending_error(pending.pending));
  }
  ResultHolder holder;
  if (duckdb_execute_pending(pending.pending, &holder.result) != DuckDBSuccess) {
    return Translate(duckdb_result_error_type(&holder.result), duckdb_result_error(&holder.result));
  }
  TRY(on_columns(ColumnsOf(&holder.result)));

  Row row;
  for (;;) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(holder.result);
    if (chunk == nullptr) break;
    ChunkReader reader(chunk);
    for (idx_t at = 0; at < reader.row_count(); ++at) {
      row.clear();
      for (idx_t column = 0; column < reader.column_count(); ++column) {
        row.push_back(reader.Text(column, at));
      }
      if (Result<void> taken = on_row(row); !taken.ok()) {
        duckdb_destroy_data_chunk(&chunk);
        return taken;
      }
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  // A streaming result reports a failure half-way by ending early.
  if (const char* message = duckdb_result_error(&holder.result); message != nullptr) {
    return Translate(duckdb_result_error_type(&holder.result), message);
  }
  return {};
}

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) {
    return Error(Errc::kInternal, "cannot create a DuckDB configuration");
  }
  const auto set = [&](const char* name, const std::string& value) {
    return duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess;
  };
  bool ok = set("autoinstall_known_extensions", "false") &&
            set("autoload_known_extensions", "false") &&
            set("preserve_insertion_order", options.preserve_order ? "true" : "false");
  if (options.threads > 0) ok = ok && set("threads", std::to_string(options.threads));
  if (options.memory_limit_bytes > 0) {
    ok = ok && set("memory_limit", std::to_string(options.memory_limit_bytes) + "B");
  }
  ok = ok && set("temp_directory", options.temp_directory);
  if (!ok) {
    duckdb_destroy_config(&config);
    return Error(Errc::kInternal, "DuckDB refused a setting");
  }
  duckdb_database database = nullptr;
  char* message = nullptr;
  const duckdb_state state = duckdb_open_ext(nullptr, &database, config, &message);
  duckdb_destroy_config(&config);
  if (state != DuckDBSuccess) {
    Error error = Translate(DUCKDB_ERROR_INTERNAL, message);
    duckdb_free(message);
    return std::move(error).Wrap("opening DuckDB");
  }
  return std::unique_ptr<Database>(new Database(database));
}

Database::~Database() { duckdb_close(&database_); }

Result<Connection> Database::Connect() {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess) {
    return Error(Errc::kInternal, "cannot connect to DuckDB");
  }
  Connection connected(connection);
  // TimeZone is an ICU setting, refused before connecting; progress is counted, never printed.
  TRY(
      connected.Execute("SET TimeZone = 'UTC'; SET enable_progress_bar = true; SET "
                        "enable_progress_bar_print = false"));
  return connected;
}

// The words are DuckDB 1.4's; that text is no number is no overflow.
Overflow OverflowOf(const Error& error) {
  const std::string& message = error.message();
  const auto has = [&](std::string_view text) { return message.find(text) != std::string::npos; };
  const bool is_sum = message.starts_with("Out of Range Error: Overflow in ");
  const bool is_cast = message.starts_with("Conversion Error: Casting value ") ||
                       message.starts_with("Conversion Error: Could not cast value ");
  if (is_sum && has("HUGEINT")) return Overflow::kOfWidest;
  if ((!is_sum && !is_cast) || !has("DECIMAL(")) return Overflow::kNone;
  return has("DECIMAL(38") ? Overflow::kOfWidest : Overflow::kOfDecimal;
}

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

std::string GlobOf(std::string_view path) {
  std::string glob;
  for (const char c : path) {
    if (c == '[' || c == '*' || c == '?') {
      glob.append("[").append(1, c).append("]");
    } else {
      glob += c;
    }
  }
  return glob;
}

std::string QuoteList(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ", ";
    list += QuoteLiteral(text);
  }
  return list + "]";
}

}  // namespace farthing::engine
