#include "ingest/mapping/mapping.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/duckdb.h"

namespace farthing::ingest {
namespace {

using billing::ColumnKind;
using billing::LakeColumn;
using billing::Need;
using billing::SourceFamily;

constexpr std::string_view kSplitPrefix = "split_line_item_";

// True for the lines that may share an instance's cost, in files that do not tell the operation: those with split
// cost allocation data, else of the usage types of shares, else usage that costs nothing.
std::string MayBeSplitLine(const std::set<std::string>& present) {
  std::vector<std::string> conditions;
  for (const std::string& column : present) {
    if (!column.starts_with(kSplitPrefix)) continue;
    const SourceColumn* used = FindUsedColumn(SourceFamily::kCur, column);
    const std::string name = engine::QuoteIdentifier(column);
    conditions.push_back(IsNumber(used->kind) ? "coalesce(" + name + " <> 0, false)"
                                              : name + " IS NOT NULL");
  }
  if (!conditions.empty()) return Join(conditions, " OR ");
  if (present.contains("line_item_usage_type"))
    return "line_item_usage_type LIKE '%EKS-EC2-%' OR line_item_usage_type LIKE '%ECS-EC2-%'";
  return "line_item_line_item_type = 'Usage' AND line_item_unblended_cost = 0";
}

// The condition, NULL where the file lacks the column that tells.
std::string Known(const std::set<std::string>& present, const char* column,
                  const std::string& condition) {
  return present.contains(column) ? "coalesce(" + (column + condition) + ", false)"
                                  : std::string("CAST(NULL AS BOOLEAN)");
}

// Shorthands the registry's CUR expressions use.
// Source: CID summary_view.sql for the refund rule and its containers view for usage types of shares; AWS, Split cost
// allocation data, for the operations.
std::string IsSavingsPlanRefund(const std::set<std::string>& present) {
  return Known(present, "line_item_product_code", " LIKE '%SavingsPlan%'") + " AND " +
         Known(present, "line_item_line_item_description",
               " LIKE 'Refund for one-time fee for Savings Plan ID%'");
}
std::string IsSplitLine(const std::set<std::string>& present) {
  if (!present.contains("line_item_operation"))
    return "CASE WHEN " + MayBeSplitLine(present) + " THEN NULL ELSE false END";
  return Known(present, "line_item_operation", " IN ('EKSPod-EC2', 'ECSTask-EC2')");
}

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
  explicit Mapper(const SourceRelation& relation) : relation_(relation), kinds_(relation.kinds) {
    for (const SourceColumn& column : relation.columns) present_.insert(column.name);
    if (kinds_.empty()) kinds_.push_back({{}, present_});
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
    mapping.sql = sql + " FROM (SELECT *" + (cur ? Shorthands() : "") + " FROM (" +
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

  // What is made of each kind of file, as one expression.
  template <typename Make>
  std::string ByKind(Make make) const {
    const std::string sql = make(kinds_.back());
    std::string cases;
    for (std::size_t i = 0; i + 1 < kinds_.size(); ++i) {
      const std::string other = make(kinds_[i]);
      if (other == sql) continue;
      std::vector<std::string> numbers;
      for (const std::size_t file : kinds_[i].files) numbers.push_back(std::to_string(file));
      cases += " WHEN source_file IN (" + Join(numbers, ", ") + ") THEN " + other;
    }
    return cases.empty() ? sql : "CASE" + cases + " ELSE " + sql + " END";
  }

  std::string Shorthands() const {
    const auto refund = [](const FileKind& kind) { return IsSavingsPlanRefund(kind.columns); };
    const auto split = [](const FileKind& kind) { return IsSplitLine(kind.columns); };
    return ", " + ByKind(refund) + " AS is_savings_plan_refund, " + ByKind(split) +
           " AS is_split_line";
  }

  // The column's value, NULL in the lines for which files of this kind lack what they need.
  std::string KnownSql(const LakeColumn& column, std::string expression,
                       const FileKind& kind) const {
    for (const Need& need : column.Needs(relation_.family)) {
      const std::string name(need.column);
      if (kind.columns.contains(name)) continue;
      const bool missed = need.bill_with.empty() || kind.taken_for_none.contains(name);
      if (!missed) continue;
      if (need.line_types.empty()) return "NULL";
      if (need.bill_with.empty())
        continue;  // the expression itself is NULL where it reads the column
      std::vector<std::string> types = Split(need.line_types, ' ');
      for (std::string& type : types) type = engine::QuoteLiteral(type);
      expression = "CASE WHEN line_item_line_item_type IN (" + Join(types, ", ") +
                   ") THEN NULL ELSE " + expression + " END";
    }
    return expression;
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
    const std::string typed = Replace(expression, "$T", type);
    return "CAST(" + ByKind([&](const FileKind& kind) { return KnownSql(column, typed, kind); }) +
           " AS " + type + ")";
  }

  const SourceRelation& relation_;
  std::vector<FileKind> kinds_;
  std::set<std::string> present_;
};

}  // namespace

LakeMapping MapToLake(const SourceRelation& relation) { return Mapper(relation).Map(); }

}  // namespace farthing::ingest
