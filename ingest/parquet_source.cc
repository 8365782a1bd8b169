#include "ingest/parquet_source.h"

#include <algorithm>

#include "base/text.h"
#include "ingest/csv_plan.h"
#include "ingest/parquet_functions.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;
using engine::QuoteIdentifier;
using engine::QuoteLiteral;

constexpr std::string_view kDeliverAgain =
    "have the export delivered again; the previous version stays active";

// Amounts are part of the bill; reference prices are not.
bool IsAmount(const SourceColumn& column) {
  return column.kind == SourceKind::kAmount || column.kind == SourceKind::kNetAmount;
}

std::vector<std::string> Texts(const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> texts;
  for (const std::filesystem::path& file : files) texts.push_back(file.string());
  return texts;
}

// How a column is handed to a SetNumberer: text, doubles and maps of text as they are.
std::string SetArgumentSql(const ParquetColumn& column) {
  const std::string name = QuoteIdentifier(column.name);
  if (column.type == "VARCHAR" || column.type == "DOUBLE" ||
      column.type == "MAP(VARCHAR, VARCHAR)" || column.type == "MAP(VARCHAR, DOUBLE)") {
    return name;
  }
  if (column.type.starts_with("MAP(VARCHAR")) return "CAST(" + name + " AS MAP(VARCHAR, VARCHAR))";
  return "CAST(" + name + " AS VARCHAR)";
}

struct SetColumns {
  std::vector<SetColumn> columns;
  std::string arguments;
  void Add(const ParquetColumn& column, ColumnRole role, SourceFamily family) {
    if (!arguments.empty()) arguments += ", ";
    arguments += SetArgumentSql(column);
    SetColumn member{std::move(role), {}};
    if (member.role.use == ColumnRole::Use::kAttributeMap) {
      for (const SourceColumn& used : UsedColumns(family)) {
        if (const auto key = KeyInMap(member.role, used.name)) member.left_out.push_back(*key);
      }
    }
    columns.push_back(std::move(member));
  }
};

}  // namespace

struct ParquetSource::AmountFunction : AmountConverter {
  using AmountConverter::AmountConverter;
};

struct ParquetSource::SetFunction : SetNumberer {
  SetFunction(std::string name, SetColumns columns, SetInterner& interner)
      : SetNumberer(std::move(name), std::move(columns.columns), interner),
        sql(columns.arguments.empty() ? "" : function_name() + "(" + columns.arguments + ")") {}
  std::string sql;  ///< the call; empty when the files have no such columns
};

Result<std::vector<ParquetColumn>> ReadParquetColumns(
    engine::Connection& connection, const std::vector<std::filesystem::path>& files) {
  Result<engine::Table> table =
      connection.Query("DESCRIBE SELECT * FROM read_parquet(" + engine::QuoteList(Texts(files)) +
                       ", union_by_name = true, hive_partitioning = false)");
  if (!table.ok()) {
    return Error(Errc::kCorrupt, "unreadable Parquet: " + table.error().message())
        .Hint("copy the file again from the bucket");
  }
  std::vector<ParquetColumn> columns;
  for (const auto& row : table->rows) columns.push_back({row[0].value_or(""), row[1].value_or("")});
  return columns;
}

ParquetSource::ParquetSource(ParquetJob job, SetInterner& tags, SetInterner& attributes)
    : job_(std::move(job)), tags_(tags), attributes_(attributes) {
  SetColumns tag_columns;
  SetColumns attribute_columns;
  for (const ParquetColumn& column : job_.columns) {
    ColumnRole role = RoleOf(job_.family, column.name);
    if (role.use == ColumnRole::Use::kUsed) {
      if (used_.emplace(role.name, column).second) continue;
      role = {ColumnRole::Use::kAttribute, column.name,
              true};  // a second column of the same meaning
    }
    if (role.unknown) unknown_columns_.push_back(column.name);
    if (role.use == ColumnRole::Use::kIgnored) continue;
    if (IsMap(role.use) && column.type.starts_with("MAP(")) maps_.push_back({column, role});
    (BelongsToTags(role.use) ? tag_columns : attribute_columns)
        .Add(column, std::move(role), job_.family);
  }
  for (const SourceColumn& column : UsedColumns(job_.family)) {
    if (!used_.contains(column.name) && !MapValueOf(column.name)) continue;
    columns_.push_back(column);
    if (IsNumber(column.kind)) {
      amount_functions_.emplace_back("amount_" + std::to_string(amount_functions_.size()),
                                     column.name, TypeOf(column));
    }
  }
  tag_function_ = std::make_unique<SetFunction>("tag_set", std::move(tag_columns), tags_);
  attribute_function_ =
      std::make_unique<SetFunction>("attribute_set", std::move(attribute_columns), attributes_);
}

ParquetSource::~ParquetSource() = default;

Result<void> ParquetSource::Register(engine::Connection& connection) {
  for (AmountFunction& function : amount_functions_) TRY(function.Register(connection.raw()));
  TRY(tag_function_->Register(connection.raw()));
  return attribute_function_->Register(connection.raw());
}

DecimalType ParquetSource::TypeOf(const SourceColumn& column) const {
  const auto wide = job_.types.find(column.name);
  return wide == job_.types.end() ? DecimalType{} : wide->second;
}

const ParquetColumn* ParquetSource::ColumnFor(const std::string& name) const {
  const auto found = used_.find(name);
  return found == used_.end() ? nullptr : &found->second;
}

std::string ParquetSource::FilesSql() const {
  return "read_parquet(" + engine::QuoteList(Texts(job_.files)) +
         ", union_by_name = true, hive_partitioning = false, filename = true, file_row_number = "
         "true)";
}

std::optional<ParquetColumn> ParquetSource::MapValueOf(const std::string& name) const {
  for (const MapColumn& map : maps_) {
    const std::optional<std::string> key = KeyInMap(map.role, name);
    if (!key) continue;
    const bool doubles = map.column.type == "MAP(VARCHAR, DOUBLE)";
    return ParquetColumn{QuoteIdentifier(map.column.name) + "[" + QuoteLiteral(*key) + "]",
                         doubles ? "DOUBLE" : "VARCHAR"};
  }
  return std::nullopt;
}

ParquetColumn ParquetSource::Stored(const SourceColumn& column) const {
  if (const ParquetColumn* in_file = ColumnFor(column.name)) {
    return {QuoteIdentifier(in_file->name), in_file->type};
  }
  const std::optional<ParquetColumn> map_value = MapValueOf(column.name);
  CHECK(map_value);
  return *map_value;
}

std::string ParquetSource::AmountSql(const SourceColumn& column) const {
  const auto function =
      std::find_if(amount_functions_.begin(), amount_functions_.end(),
                   [&](const AmountFunction& f) { return f.column() == column.name; });
  CHECK(function != amount_functions_.end());
  const ParquetColumn stored = Stored(column);
  if (stored.type == "DOUBLE") return function->function_name() + "_double(" + stored.name + ")";
  return function->function_name() + "_text(CAST(" + stored.name + " AS VARCHAR))";
}

std::string ParquetSource::ValueSql(const SourceColumn& column) const {
  const auto& [name, type] = Stored(column);
  switch (column.kind) {
    case SourceKind::kText: {
      const std::string text = type == "VARCHAR" ? name : "CAST(" + name + " AS VARCHAR)";
      if (column.name.ends_with("_account_id") && type.find("INT") != std::string::npos) {
        // A loader that guesses types has cut off leading zeros.
        return "lpad(" + text + ", CAST(greatest(12, length(" + text + ")) AS INTEGER), '0')";
      }
      if (job_.family == SourceFamily::kCur) return "nullif(" + text + ", '')";
      return "CASE WHEN " + text + " NOT IN ('', 'NULL', 'null') THEN " + text + " END";
    }
    case SourceKind::kTime:
      if (type == "VARCHAR") return "CAST(nullif(" + name + ", '') AS TIMESTAMP)";
      return "CAST(" + name + " AS TIMESTAMP)";
    case SourceKind::kAmount: return "coalesce(" + AmountSql(column) + ", 0)";
    case SourceKind::kNetAmount:
    case SourceKind::kReference: return AmountSql(column);
  }
  return name;
}

std::string ParquetSource::RelationSql() const {
  std::string sql = "SELECT ";
  for (const SourceColumn& column : columns_) {
    sql += ValueSql(column) + " AS " + QuoteIdentifier(column.name) + ", ";
  }
  const auto set = [](const SetFunction& function) {
    return function.sql.empty() ? std::string("CAST(NULL AS INTEGER)") : function.sql;
  };
  sql += set(*tag_function_) + " AS tag_set_id, " + set(*attribute_function_) +
         " AS attribute_set_id, ";
  sql += job_.files.size() == 1 ? "0"
                                : "CAST(list_position(" + engine::QuoteList(Texts(job_.files)) +
                                      ", filename) - 1 AS INTEGER)";
  return sql + " AS source_file, file_row_number + 1 AS source_row FROM " + FilesSql();
}

std::string ParquetSource::TotalsSql(const std::string& where) const {
  std::string sql = "SELECT count(*)";
  for (const SourceColumn& column : columns_) {
    if (IsNumber(column.kind)) {
      sql += ", coalesce(sum(" + ValueSql(column) + "), 0) AS " + QuoteIdentifier(column.name);
    }
  }
  return sql + " FROM " + FilesSql() + where;
}

std::string ParquetSource::PeriodSql() const {
  const std::string& name = UsedColumns(job_.family).front().name;
  const auto column = std::find_if(columns_.begin(), columns_.end(),
                                   [&](const SourceColumn& c) { return c.name == name; });
  return column == columns_.end() ? "" : ValueSql(*column);
}

std::optional<Error> ParquetSource::failure() const {
  for (const SourceColumn& column : columns_) {
    if (!IsAmount(column)) continue;  // a price to compare with may be unknown
    for (const AmountFunction& function : amount_functions_) {
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
  for (const AmountFunction& function : amount_functions_) {
    if (function.has_misfit()) misfits[function.column()] = function.need();
  }
  return misfits;
}

std::optional<Error> ParquetSource::FirstBadRow(engine::Connection& connection,
                                                const SourceColumn& column,
                                                const std::string& converted,
                                                const std::string& message) const {
  const std::string text = "trim(CAST(" + Stored(column).name + " AS VARCHAR))";
  const Result<engine::Table> found = connection.Query(
      "SELECT filename, file_row_number + 1, " + text + " FROM " + FilesSql() + " WHERE " + text +
      " NOT IN ('', 'NULL', 'null') AND " + converted + " IS NULL LIMIT 1");
  if (!found.ok() || found->rows.empty()) return std::nullopt;
  const auto& row = found->rows[0];
  return Error(Errc::kCorrupt, row[0].value_or("") + ": row " + row[1].value_or("") + ", column " +
                                   column.name + ": " + message + ": " + row[2].value_or(""))
      .Hint(kDeliverAgain);
}

Error ParquetSource::Blame(engine::Connection& connection, Error error) const {
  if (error.code() == Errc::kTooLarge || error.code() == Errc::kDeadline) return error;
  const std::optional<Error> amount = failure();
  if (!amount && error.code() == Errc::kCorrupt) return error;  // says it all
  for (const SourceColumn& column : columns_) {
    std::optional<Error> found;
    if (IsAmount(column) && amount) {
      found = FirstBadRow(connection, column, AmountSql(column), "no number of at most 38 digits");
    } else if (column.kind == SourceKind::kTime) {
      found = FirstBadRow(connection, column, "TRY_CAST(" + Stored(column).name + " AS TIMESTAMP)",
                          "no time");
    }
    if (found) return *std::move(found);
  }
  for (const std::filesystem::path& file : job_.files) {
    const Result<engine::Table> read =
        connection.Query("SELECT max(hash(COLUMNS(*))) FROM read_parquet(" +
                         engine::QuoteList({file.string()}) + ", hive_partitioning = false)");
    if (read.ok()) continue;
    return Error(Errc::kCorrupt, file.string() + ": damaged Parquet: " + read.error().message())
        .Hint("copy the file again from the bucket");
  }
  return amount ? *amount : error;
}

}  // namespace farthing::ingest
