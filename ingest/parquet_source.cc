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

std::vector<std::string> Texts(const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> texts;
  for (const std::filesystem::path& file : files) texts.push_back(file.string());
  return texts;
}

// How a column is handed to a SetNumberer: text, doubles and maps of text as they are.
std::string SetArgumentSql(const ParquetColumn& column) {
  const std::string name = QuoteIdentifier(column.name);
  if (column.type == "VARCHAR" || column.type == "DOUBLE" || column.type == "MAP(VARCHAR, VARCHAR)" ||
      column.type == "MAP(VARCHAR, DOUBLE)") {
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

Result<std::vector<ParquetColumn>> ReadParquetColumns(engine::Connection& connection,
                                                      const std::vector<std::filesystem::path>& files) {
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
      role = {ColumnRole::Use::kAttribute, column.name, true};  // a second column of the same meaning
    }
    if (role.unknown) unknown_columns_.push_back(column.name);
    if (role.use == ColumnRole::Use::kIgnored) continue;
    if (IsMap(role.use) && column.type.starts_with("MAP(")) maps_.push_back({column, role});
    (BelongsToTags(role.use) ? tag_columns : attribute_columns).Add(column, std::move(role), job_.family);
  }
  for (const SourceColumn& column : UsedColumns(job_.family)) {
    if (!used_.contains(column.name) && !MapValueOf(column.name)) continue;
    columns_.push_back(column);
    if (IsNumber(column.kind)) {
      amount_functions_.emplace_back("amount_" + std::to_string(amount_functions_.size()), column.name,
                                     TypeOf(column));
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
         ", union_by_name = true, hive_partitioning = false, filename = true, file_row_number = true)";
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

std::string ParquetSource::ValueSql(const SourceColumn& column) const {
  const ParquetColumn* file_column = ColumnFor(column.name);
  const std::optional<ParquetColumn> map_value = MapValueOf(column.name);
  CHECK(file_column != nullptr || map_value);
  const std::string name = file_column != nullptr ? QuoteIdentifier(file_column->name) : map_value->name;
  const std::string& type = file_column != nullptr ? file_column->type : map_value->type;
  switch (column.kind) {
    case SourceKind::kText: {
      const std::string text = type == "VARCHAR" ? name : "CAST(" + name + " AS VARCHAR)";
      if (job_.family == SourceFamily::kCur) return "nullif(" + text + ", '')";
      return "CASE WHEN " + text + " NOT IN ('', 'NULL', 'null') THEN " + text + " END";
    }
    case SourceKind::kTime:
      if (type == "VARCHAR") return "CAST(nullif(" + name + ", '') AS TIMESTAMP)";
      return "CAST(" + name + " AS TIMESTAMP)";
    case SourceKind::kAmount:
    case SourceKind::kNetAmount:
    case SourceKind::kReference: break;
  }
  const auto function = std::find_if(amount_functions_.begin(), amount_functions_.end(),
                                     [&](const AmountFunction& f) { return f.column() == column.name; });
  CHECK(function != amount_functions_.end());
  const std::string amount =
      type == "DOUBLE"
          ? function->function_name() + "_double(" + name + ")"
          : function->function_name() + "_text(CAST(" + name + " AS VARCHAR))";
  return column.kind == SourceKind::kNetAmount ? amount : "coalesce(" + amount + ", 0)";
}

std::string ParquetSource::RelationSql() const {
  std::string sql = "SELECT ";
  for (const SourceColumn& column : columns_) {
    sql += ValueSql(column) + " AS " + QuoteIdentifier(column.name) + ", ";
  }
  const auto set = [](const SetFunction& function) {
    return function.sql.empty() ? std::string("CAST(NULL AS INTEGER)") : function.sql;
  };
  sql += set(*tag_function_) + " AS tag_set_id, " + set(*attribute_function_) + " AS attribute_set_id, ";
  sql += job_.files.size() == 1
             ? "0"
             : "CAST(list_position(" + engine::QuoteList(Texts(job_.files)) + ", filename) - 1 AS INTEGER)";
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
  for (const AmountFunction& function : amount_functions_) {
    if (const std::string bad = function.bad_value(); !bad.empty()) {
      return Error(Errc::kCorrupt, "column " + function.column() + ": not a number Farthing can keep: " + bad)
          .Hint("have the export delivered again; the previous version stays active");
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

std::string ParquetSource::FirstBadRowSql() const {
  std::string conditions;
  for (const AmountFunction& function : amount_functions_) {
    const ParquetColumn* column = ColumnFor(function.column());
    if (column == nullptr || column->type != "DOUBLE") continue;
    if (!conditions.empty()) conditions += " OR ";
    conditions += "NOT isfinite(" + QuoteIdentifier(column->name) + ")";
  }
  if (conditions.empty()) return "";
  return "SELECT filename, file_row_number + 1 FROM " + FilesSql() + " WHERE " + conditions + " LIMIT 1";
}

}  // namespace farthing::ingest
