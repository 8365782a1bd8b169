#include "ingest/parquet/parquet_shape.h"

#include "ingest/csv/csv_plan.h"
#include "ingest/mapping/other_names.h"
#include "ingest/parquet/parquet_functions.h"
#include "ingest/parquet/parquet_maps.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;
using engine::QuoteIdentifier;
using engine::QuoteLiteral;

// True for maps with keys that are typed columns (KeyInMap).
bool HasTypedKeys(const ColumnRole& role) {
  return role.use == ColumnRole::Use::kProductMap || role.use == ColumnRole::Use::kAttributeMap;
}

// A column as CSV has it: what is nested as JSON.
std::string AsText(const ParquetColumn& column) {
  const std::string name = QuoteIdentifier(column.name);
  if (column.type == "VARCHAR") return name;
  const bool nested = column.type.ends_with("]") || column.type.starts_with("STRUCT(") ||
                      column.type.starts_with("MAP(");
  return "CAST(" + (nested ? "to_json(" + name + ")" : name) + " AS VARCHAR)";
}

bool IsMapOfTexts(const std::string& type) { return type == "MAP(VARCHAR, VARCHAR)"; }
bool IsMapOfDoubles(const std::string& type) { return type == "MAP(VARCHAR, DOUBLE)"; }

// A map with typed keys as SQL of one of these two types, whatever form it has.
ParquetColumn AsMap(const ParquetColumn& column, const ColumnRole& role) {
  if (IsMapOfTexts(column.type) || IsMapOfDoubles(column.type))
    return {QuoteIdentifier(column.name), column.type};
  return {MapOfJsonSql(role, AsText(column)), "MAP(VARCHAR, VARCHAR)"};
}

// How a column is handed to a SetNumberer: text, doubles and maps of text as they are.
std::string SetArgumentSql(const ParquetColumn& column, const ColumnRole& role) {
  const std::string name = QuoteIdentifier(column.name);
  if (HasTypedKeys(role)) return AsMap(column, role).name;
  if (column.type == "DOUBLE" || (IsMap(role.use) && IsMapOfDoubles(column.type))) return name;
  const bool is_map = IsMap(role.use) && column.type.starts_with("MAP(VARCHAR");
  if (is_map && !IsMapOfTexts(column.type)) return "CAST(" + name + " AS MAP(VARCHAR, VARCHAR))";
  return is_map ? name : AsText(column);
}

bool IsNumberType(const std::string& type) {
  return type.ends_with("INT") || type.ends_with("INTEGER") || type.starts_with("DECIMAL") ||
         type == "DOUBLE" || type == "FLOAT";
}

struct SetColumns {
  std::vector<SetColumn> columns;
  std::string arguments;
  void Add(const ParquetColumn& column, ColumnRole role, SourceFamily family) {
    if (!arguments.empty()) arguments += ", ";
    arguments += SetArgumentSql(column, role);
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

struct ParquetShape::SetFunction : SetNumberer {
  SetFunction(const std::string& name, int number, SetColumns columns, SetInterner& interner)
      : SetNumberer(name + "_" + std::to_string(number), std::move(columns.columns), interner,
                    number == 0 ? "" : "shape " + std::to_string(number) + ":"),
        sql(columns.arguments.empty() ? "CAST(NULL AS INTEGER)"
                                      : function_name() + "(" + columns.arguments + ")") {}
  std::string sql;  ///< the call; NULL when the files have no such columns
};

ParquetShape::ParquetShape(SourceFamily family, const std::vector<ParquetColumn>& columns,
                           int number, SetInterner& tags, SetInterner& attributes)
    : family_(family) {
  SetColumns tag_columns;
  SetColumns attribute_columns;
  std::vector<std::string> header;
  for (const ParquetColumn& column : columns) header.push_back(column.name);
  std::vector<ColumnRole> roles = RolesOf(family_, header);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ParquetColumn& column = columns[i];
    ColumnRole role = std::move(roles[i]);
    if (role.use == ColumnRole::Use::kUsed) {
      if (used_.emplace(role.name, column).second) continue;
      role = {ColumnRole::Use::kAttribute, column.name, true};  // a second one of the same meaning
    }
    if (role.unknown) unknown_columns_.push_back(column.name);
    if (role.use == ColumnRole::Use::kIgnored) continue;
    if (HasTypedKeys(role)) maps_.push_back({AsMap(column, role), role});
    (BelongsToTags(role.use) ? tag_columns : attribute_columns)
        .Add(column, std::move(role), family_);
  }
  tag_function_ = std::make_unique<SetFunction>("tag_set", number, std::move(tag_columns), tags);
  attribute_function_ = std::make_unique<SetFunction>("attribute_set", number,
                                                      std::move(attribute_columns), attributes);
}

ParquetShape::~ParquetShape() = default;
ParquetShape::ParquetShape(ParquetShape&&) noexcept = default;

void ParquetShape::AddFile(const std::filesystem::path& path) { files_.push_back(path.string()); }

Result<void> ParquetShape::Register(engine::Connection& connection) {
  TRY(tag_function_->Register(connection.raw()));
  return attribute_function_->Register(connection.raw());
}

std::optional<ParquetColumn> ParquetShape::InMap(const std::string& name) const {
  for (const MapColumn& map : maps_) {
    const std::optional<std::string> key = KeyInMap(map.role, name);
    if (!key) continue;
    const bool doubles = IsMapOfDoubles(map.column.type);
    return ParquetColumn{map.column.name + "[" + QuoteLiteral(*key) + "]",
                         doubles ? "DOUBLE" : "VARCHAR"};
  }
  return std::nullopt;
}

bool ParquetShape::Provides(const SourceColumn& column) const {
  return used_.contains(column.name) || InMap(column.name).has_value();
}

ParquetColumn ParquetShape::Stored(const SourceColumn& column) const {
  if (const auto found = used_.find(column.name); found != used_.end()) {
    return {QuoteIdentifier(found->second.name), found->second.type};
  }
  const std::optional<ParquetColumn> in_map = InMap(column.name);
  CHECK(in_map);
  return *in_map;
}

// The words that IsAbsent and IsAbsentValue know.  Values of maps say what they say.
// A chain of comparisons takes two thirds of the time of NOT IN.
std::string ParquetShape::PresentSql(const SourceColumn& column, const std::string& text) const {
  if (!used_.contains(column.name)) return "nullif(" + text + ", '')";
  std::string absent = text + " = '' OR " + text + " = 'NULL' OR " + text + " = 'null'";
  if (column.kind == SourceKind::kTime) absent += " OR " + text + " = 'None'";
  return "CASE WHEN " + absent + " THEN NULL ELSE " + text + " END";
}

std::string ParquetShape::TextSql(const SourceColumn& column) const {
  const auto& [name, type] = Stored(column);
  if (column.kind == SourceKind::kAccount && IsNumberType(type)) return AccountSql(name);
  return PresentSql(column, type == "VARCHAR" ? name : "CAST(" + name + " AS VARCHAR)");
}

// A loader that guesses types has made a number of an id and cut off its leading zeros.
std::string ParquetShape::AccountSql(const std::string& number) const {
  const std::string digits = "CAST(TRY_CAST(" + number + " AS HUGEINT) AS VARCHAR)";
  const std::string twelve =
      "lpad(" + digits + ", CAST(greatest(12, length(" + digits + ")) AS INTEGER), '0')";
  if (family_ != SourceFamily::kFocus) return twelve;
  std::string providers;
  for (const char* column : {"ServiceProviderName", "ProviderName"}) {
    const auto found = used_.find(column);
    if (found == used_.end()) continue;
    providers += "CAST(" + QuoteIdentifier(found->second.name) + " AS VARCHAR), ";
  }
  const std::string provider = "upper(coalesce(" + providers + "''))";
  return "CASE WHEN " + provider + " LIKE 'AWS%' OR " + provider + " LIKE 'AMAZON%' THEN " +
         twelve + " ELSE " + digits + " END";
}

std::string ParquetShape::TimeSql(const SourceColumn& column) const {
  const auto& [name, type] = Stored(column);
  if (type == "VARCHAR") return "instant_of(" + PresentSql(column, name) + ")";
  return "CAST(" + name + " AS TIMESTAMP)";
}

std::string ParquetShape::TagSetSql() const { return tag_function_->sql; }
std::string ParquetShape::AttributeSetSql() const { return attribute_function_->sql; }

std::string ParquetShape::FilesSql() const {
  return "read_parquet(" + engine::QuoteList(files_) +
         ", union_by_name = true, hive_partitioning = false, filename = true, file_row_number = "
         "true)";
}

}  // namespace farthing::ingest
