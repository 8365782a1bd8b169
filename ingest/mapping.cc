#include "ingest/mapping.h"

#include <algorithm>
#include <set>

#include "engine/duckdb.h"

namespace farthing::ingest {
namespace {

using billing::ColumnKind;
using billing::LakeColumn;
using billing::SourceFamily;

// Shorthands the registry's CUR expressions use.
// Source: CID summary_view.sql for the refund rule; AWS, Split cost allocation data, for the operations.
constexpr std::string_view kCurShorthands =
    ", coalesce(line_item_product_code LIKE '%SavingsPlan%' AND line_item_line_item_description "
    "LIKE"
    " 'Refund for one-time fee for Savings Plan ID%', false) AS is_savings_plan_refund"
    ", coalesce(line_item_operation IN ('EKSPod-EC2', 'ECSTask-EC2'), false) AS is_split_line";

std::string TypeSql(const SourceColumn& column) {
  switch (column.kind) {
    case SourceKind::kText:
    case SourceKind::kAccount: return "VARCHAR";
    case SourceKind::kTime: return "TIMESTAMP";
    case SourceKind::kAmount:
    case SourceKind::kNetAmount:
    case SourceKind::kReference: return DecimalType{}.Sql();
  }
  return "VARCHAR";
}

// The relation with NULL for every used column that the source lacks.
std::string CompleteSql(const SourceRelation& relation, const std::set<std::string>& present) {
  std::string sql = "SELECT *";
  for (const SourceColumn& column : UsedColumns(relation.family)) {
    if (!present.contains(column.name)) {
      sql += ", CAST(NULL AS " + TypeSql(column) + ") AS " + engine::QuoteIdentifier(column.name);
    }
  }
  return sql + " FROM (" + relation.sql + ")";
}

std::string Replace(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class Mapper {
 public:
  explicit Mapper(const SourceRelation& relation) : relation_(relation) {
    for (const SourceColumn& column : relation.columns) present_.insert(column.name);
  }

  LakeMapping Map() const {
    LakeMapping mapping;
    std::string sql = "SELECT ";
    for (const LakeColumn& column : billing::LakeColumns()) {
      if (column.name == "net_amortized_cost") mapping.scaled_type = TypeOf(column);
      if (sql.size() > 7) sql += ", ";
      sql += ColumnSql(column) + " AS " + engine::QuoteIdentifier(column.name);
    }
    const bool cur = relation_.family == SourceFamily::kCur;
    mapping.sql = sql + " FROM (SELECT *" + std::string(cur ? kCurShorthands : "") + " FROM (" +
                  CompleteSql(relation_, present_) + "))";
    return mapping;
  }

 private:
  std::string_view Expression(const LakeColumn& column) const {
    return column.Expression(relation_.family);
  }

  // The type that keeps every input exactly.
  DecimalType TypeOf(const LakeColumn& column) const {
    DecimalType type;
    for (const std::string& name : ColumnsIn(relation_.family, Expression(column))) {
      const auto source = std::find_if(relation_.columns.begin(), relation_.columns.end(),
                                       [&](const SourceColumn& c) { return c.name == name; });
      if (source == relation_.columns.end()) continue;
      if (IsNumber(source->kind)) type = Widest(type, relation_.type_of(*source));
    }
    return type;
  }

  bool Lacks(const LakeColumn& column) const {
    const auto needs = column.Needs(relation_.family);
    return std::any_of(needs.begin(), needs.end(), [&](std::string_view name) {
      return !present_.contains(std::string(name));
    });
  }

  std::string ColumnSql(const LakeColumn& column) const {
    const std::string expression(Expression(column));
    switch (column.kind) {
      case ColumnKind::kText: return "CAST(" + expression + " AS VARCHAR)";
      case ColumnKind::kTime: return "CAST(" + expression + " AS TIMESTAMP)";
      case ColumnKind::kKey: return expression;
      case ColumnKind::kAmount:
      case ColumnKind::kQuantity: break;
    }
    const std::string type = TypeOf(column).Sql();
    const std::string value = Lacks(column) ? "NULL" : Replace(expression, "$T", type);
    return "CAST(" + value + " AS " + type + ")";
  }

  const SourceRelation& relation_;
  std::set<std::string> present_;
};

}  // namespace

LakeMapping MapToLake(const SourceRelation& relation) { return Mapper(relation).Map(); }

}  // namespace farthing::ingest
