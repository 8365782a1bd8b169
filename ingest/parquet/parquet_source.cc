#include "ingest/parquet/parquet_source.h"

#include <algorithm>
#include <set>

#include "ingest/mapping/time_functions.h"
#include "ingest/parquet/parquet_maps.h"

namespace farthing::ingest {
namespace {

using engine::QuoteIdentifier;
using engine::QuoteLiteral;

constexpr std::string_view kDeliverAgain =
    "have the export delivered again; the previous version stays active";

// Amounts are part of the bill; reference prices are not.
bool IsAmount(const SourceColumn& column) {
  return column.kind == SourceKind::kAmount || column.kind == SourceKind::kNetAmount;
}

// True where the files say nothing: the words that IsAbsentValue knows.  Numbers may have spaces around them.
std::string EmptySql(const ParquetColumn& stored, const SourceColumn& column) {
  if (stored.type != "VARCHAR") return stored.name + " IS NULL";
  const std::string text = IsNumber(column.kind) ? "trim(" + stored.name + ")" : stored.name;
  return "coalesce(" + text + ", '') IN ('', 'NULL', 'null', 'None')";
}

// DuckDB reads decimals of more than 38 digits as doubles, and as wrong ones.
Result<void> CheckDecimals(engine::Connection& connection, const std::filesystem::path& file) {
  TRY_ASSIGN(const engine::Table table,
             connection.Query("SELECT name, precision FROM parquet_schema(" +
                              QuoteLiteral(file.string()) + ") WHERE precision > 38 LIMIT 1"));
  if (table.rows.empty()) return {};
  return Error(Errc::kInvalidArgument, "column " + table.rows[0][0].value_or("") +
                                           " is a decimal of " + table.rows[0][1].value_or("") +
                                           " digits; at most 38 are read exactly")
      .Hint("export the column as DECIMAL(38, 18) or as text");
}

// What DuckDB says goes on with our SQL.
std::string FirstLine(const std::string& message) { return message.substr(0, message.find('\n')); }

std::string Timestamp(Instant instant) { return "TIMESTAMP '" + DayString(instant) + "'"; }

}  // namespace

Result<std::vector<ParquetColumn>> ReadParquetColumns(engine::Connection& connection,
                                                      const std::filesystem::path& file) {
  const Result<engine::Table> table =
      connection.Query("DESCRIBE SELECT * FROM read_parquet(" + QuoteLiteral(file.string()) +
                       ", hive_partitioning = false)");
  if (!table.ok()) {
    if (table.error().code() == Errc::kTooLarge) return table.error();
    return Error(Errc::kCorrupt, "unreadable Parquet: its footer is damaged or cut off")
        .Hint("copy the file again from the bucket");
  }
  TRY(CheckDecimals(connection, file));
  std::vector<ParquetColumn> columns;
  for (const auto& row : table->rows) columns.push_back({row[0].value_or(""), row[1].value_or("")});
  return columns;
}

ParquetSource::ParquetSource(ParquetJob job, SetInterner& tags, SetInterner& attributes)
    : job_(std::move(job)) {
  std::vector<const std::vector<ParquetColumn>*> kinds;  // of shapes_
  for (const ParquetFile& file : job_.files) {
    std::size_t number = 0;
    while (number < kinds.size() && *kinds[number] != file.columns) ++number;
    if (number == kinds.size()) {
      kinds.push_back(&file.columns);
      shapes_.emplace_back(job_.family, file.columns, static_cast<int>(number), tags, attributes);
    }
    shapes_[number].AddFile(file.path);
    shape_of_file_.push_back(number);
  }
  for (const SourceColumn& column : UsedColumns(job_.family)) {
    if (std::none_of(shapes_.begin(), shapes_.end(),
                     [&](const ParquetShape& shape) { return shape.Provides(column); })) {
      continue;
    }
    columns_.push_back(column);
    if (IsNumber(column.kind)) {
      amount_functions_.emplace_back("amount_" + std::to_string(amount_functions_.size()),
                                     column.name, TypeOf(column), job_.rest_of_doubles);
    }
  }
}

Result<void> ParquetSource::Register(engine::Connection& connection) {
  TRY(RegisterTimes(connection.raw()));
  TRY(RegisterMaps(connection.raw()));
  for (AmountConverter& function : amount_functions_) TRY(function.Register(connection.raw()));
  for (ParquetShape& shape : shapes_) TRY(shape.Register(connection));
  return {};
}

std::vector<std::set<std::string>> ParquetSource::ColumnsByFile() const {
  std::vector<std::set<std::string>> files;
  for (const std::size_t number : shape_of_file_) {
    std::set<std::string>& names = files.emplace_back();
    for (const SourceColumn& column : columns_) {
      if (shapes_[number].Provides(column)) names.insert(column.name);
    }
  }
  return files;
}

DecimalType ParquetSource::TypeOf(const SourceColumn& column) const {
  const auto wide = job_.types.find(column.name);
  return wide == job_.types.end() ? DecimalType{} : wide->second;
}

std::vector<std::string> ParquetSource::unknown_columns() const {
  std::set<std::string> names;
  for (const ParquetShape& shape : shapes_) {
    names.insert(shape.unknown_columns().begin(), shape.unknown_columns().end());
  }
  return {names.begin(), names.end()};
}

std::string ParquetSource::AmountSql(const ParquetShape& shape, const SourceColumn& column) const {
  const auto function =
      std::find_if(amount_functions_.begin(), amount_functions_.end(),
                   [&](const AmountConverter& f) { return f.column() == column.name; });
  CHECK(function != amount_functions_.end());
  const ParquetColumn stored = shape.Stored(column);
  if (stored.type == "DOUBLE") return function->function_name() + "_double(" + stored.name + ")";
  return function->function_name() + "_text(CAST(" + stored.name + " AS VARCHAR))";
}

std::string ParquetSource::ValueSql(const ParquetShape& shape, const SourceColumn& column) const {
  const bool provided = shape.Provides(column);
  switch (column.kind) {
    case SourceKind::kText:
    case SourceKind::kAccount: return provided ? shape.TextSql(column) : "CAST(NULL AS VARCHAR)";
    case SourceKind::kTime: return provided ? shape.TimeSql(column) : "CAST(NULL AS TIMESTAMP)";
    case SourceKind::kAmount:
    case SourceKind::kNetAmount:
    case SourceKind::kReference: break;
  }
  // An empty amount is zero; one whose column is missing is unknown.
  if (!provided) return "CAST(NULL AS " + TypeOf(column).Sql() + ")";
  const std::string amount = AmountSql(shape, column);
  if (column.kind == SourceKind::kAmount) return "coalesce(" + amount + ", 0)";
  if (column.kind != SourceKind::kReference) return amount;
  // A price that is no number is unknown all the same.
  return "coalesce(" + amount + ", CASE WHEN " + EmptySql(shape.Stored(column), column) +
         " THEN 0 END)";
}

std::optional<std::string> ParquetSource::PeriodSql(const ParquetShape& shape) const {
  const SourceColumn& column = UsedColumns(job_.family).front();
  if (!shape.Provides(column)) return std::nullopt;
  return ValueSql(shape, column);
}

std::string ParquetSource::WhereSql(const ParquetShape& shape) const {
  const std::optional<std::string> period = PeriodSql(shape);
  if (!job_.period || !period) return "";
  return " WHERE coalesce(" + *period + " >= " + Timestamp(job_.period->start()) + " AND " +
         *period + " < " + Timestamp(job_.period->end()) + ", true)";
}

std::string ParquetSource::RelationSql() const {
  std::vector<std::string> paths;
  for (const ParquetFile& file : job_.files) paths.push_back(file.path.string());
  const std::string file_number =
      paths.size() == 1
          ? "0"
          : "CAST(list_position(" + engine::QuoteList(paths) + ", filename) - 1 AS INTEGER)";
  std::string sql;
  for (const ParquetShape& shape : shapes_) {
    sql += sql.empty() ? "SELECT " : " UNION ALL SELECT ";
    for (const SourceColumn& column : columns_) {
      sql += ValueSql(shape, column) + " AS " + QuoteIdentifier(column.name) + ", ";
    }
    sql += shape.TagSetSql() + " AS tag_set_id, " + shape.AttributeSetSql() +
           " AS attribute_set_id, " + file_number +
           " AS source_file, file_row_number + 1 AS source_row FROM " + shape.FilesSql() +
           WhereSql(shape);
  }
  return sql;
}

std::string ParquetSource::TotalsSql() const {
  std::string sums = "SELECT count(*)";
  std::string parts;
  for (const SourceColumn& column : columns_) {
    if (!IsNumber(column.kind)) continue;
    const std::string name = QuoteIdentifier(column.name);
    sums += ", coalesce(sum(" + name + "), 0) AS " + name;
  }
  for (const ParquetShape& shape : shapes_) {
    parts += parts.empty() ? "SELECT " : " UNION ALL SELECT ";
    for (const SourceColumn& column : columns_) {
      if (!IsNumber(column.kind)) continue;
      parts += ValueSql(shape, column) + " AS " + QuoteIdentifier(column.name) + ", ";
    }
    parts += "0 FROM " + shape.FilesSql() + WhereSql(shape);
  }
  return sums + " FROM (" + parts + ")";
}

Result<void> ParquetSource::RefuseOtherPeriods(engine::Connection& connection,
                                               Period period) const {
  for (const ParquetShape& shape : shapes_) {
    const std::optional<std::string> start = PeriodSql(shape);
    if (!start) continue;
    TRY_ASSIGN(
        const engine::Table found,
        connection.Query("SELECT filename, file_row_number + 1, " + *start + " AS other FROM " +
                         shape.FilesSql() + " WHERE other < " + Timestamp(period.start()) +
                         " OR other >= " + Timestamp(period.end()) + " LIMIT 1"));
    if (found.rows.empty()) continue;
    const auto& row = found.rows[0];
    return Error(Errc::kCorrupt, row[0].value_or("") + ": row " + row[1].value_or("") +
                                     " belongs to " + row[2].value_or("") +
                                     ", the delivery is for " + ToString(period))
        .Hint("copy the bucket again; a file of another month has taken this one's place");
  }
  return {};
}

Result<void> ParquetSource::RefuseEmptyCells(engine::Connection& connection) const {
  for (const ParquetShape& shape : shapes_) {
    for (const SourceColumn& column : columns_) {
      if (!IsOnEveryLine(job_.family, column.name) || !shape.Provides(column)) continue;
      TRY_ASSIGN(const engine::Table found,
                 connection.Query("SELECT filename, file_row_number + 1 FROM " + shape.FilesSql() +
                                  " WHERE " + EmptySql(shape.Stored(column), column) + " LIMIT 1"));
      if (found.rows.empty()) continue;
      const auto& row = found.rows[0];
      return Error(Errc::kCorrupt, row[0].value_or("") + ": row " + row[1].value_or("") +
                                       ", column " + column.name + ": is empty")
          .Hint(kDeliverAgain);
    }
  }
  return {};
}

std::optional<Error> ParquetSource::failure() const {
  for (const SourceColumn& column : columns_) {
    if (!IsAmount(column)) continue;  // a price to compare with may be unknown
    for (const AmountConverter& function : amount_functions_) {
      const std::string bad = function.column() == column.name ? function.bad_value() : "";
      if (bad.empty()) continue;
      return Error(Errc::kCorrupt,
                   "column " + column.name + ": no number of at most 38 digits: " + bad)
          .Hint(kDeliverAgain);
    }
  }
  return std::nullopt;
}

std::map<std::string, DecimalNeed> ParquetSource::misfits() const {
  std::map<std::string, DecimalNeed> misfits;
  for (const AmountConverter& function : amount_functions_) {
    if (function.has_misfit()) misfits[function.column()] = function.need();
  }
  return misfits;
}

std::optional<Error> ParquetSource::FirstBadRow(engine::Connection& connection,
                                                const ParquetShape& shape,
                                                const SourceColumn& column,
                                                const BadRow& bad) const {
  const std::string stored = "CAST(" + shape.Stored(column).name + " AS VARCHAR)";
  // Amounts may have spaces around them, times may not.
  const std::string text = IsAmount(column) ? "trim(" + stored + ")" : stored;
  const Result<engine::Table> found = connection.Query(
      "SELECT filename, file_row_number + 1, " + text + " FROM " + shape.FilesSql() + " WHERE " +
      text + " NOT IN ('', 'NULL', 'null', 'None') AND " + bad.condition + " LIMIT 1");
  if (!found.ok() || found->rows.empty()) return std::nullopt;
  const auto& row = found->rows[0];
  return Error(Errc::kCorrupt, row[0].value_or("") + ": row " + row[1].value_or("") + ", column " +
                                   column.name + ": " + bad.message + ": " + row[2].value_or(""))
      .Hint(kDeliverAgain);
}

std::optional<Error> ParquetSource::FirstDamagedFile(engine::Connection& connection) const {
  for (const ParquetFile& file : job_.files) {
    const Result<engine::Table> read =
        connection.Query("SELECT max(hash(COLUMNS(*))) FROM read_parquet(" +
                         QuoteLiteral(file.path.string()) + ", hive_partitioning = false)");
    if (read.ok()) continue;
    return Error(Errc::kCorrupt,
                 file.path.string() + ": damaged Parquet: " + FirstLine(read.error().message()))
        .Hint("copy the file again from the bucket");
  }
  return std::nullopt;
}

Error ParquetSource::Blame(engine::Connection& connection, Error error) const {
  if (error.code() == Errc::kTooLarge || error.code() == Errc::kDeadline) return error;
  const std::optional<Error> amount = failure();
  if (!amount && error.code() == Errc::kCorrupt) return error;  // says it all
  for (const SourceColumn& column : columns_) {
    for (const ParquetShape& shape : shapes_) {
      if (!shape.Provides(column)) continue;
      std::optional<Error> found;
      if (IsAmount(column) && amount) {
        found =
            FirstBadRow(connection, shape, column,
                        {AmountSql(shape, column) + " IS NULL", "no number of at most 38 digits"});
      } else if (column.kind == SourceKind::kTime) {
        const auto& [name, type] = shape.Stored(column);
        found = FirstBadRow(connection, shape, column,
                            {type == "VARCHAR" ? "NOT is_instant(" + name + ")"
                                               : "TRY_CAST(" + name + " AS TIMESTAMP) IS NULL",
                             "not a date or time"});
      }
      if (found) return *std::move(found);
    }
  }
  if (std::optional<Error> damaged = FirstDamagedFile(connection)) return *std::move(damaged);
  return amount ? *amount : error;
}

}  // namespace farthing::ingest
