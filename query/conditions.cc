#include "query/conditions.h"

#include <algorithm>

namespace farthing::query {
namespace {

// The operator as DuckDB and Trino write it; NULL gives NULL with each of them.
std::string_view Operator(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual: return " = ";
    case Comparison::kNotEqual: return " <> ";
    case Comparison::kIn: return " IN ";
    case Comparison::kNotIn: return " NOT IN ";
    case Comparison::kLike: return " LIKE ";
    case Comparison::kNotLike: return " NOT LIKE ";
    case Comparison::kLess: return " < ";
    case Comparison::kLessOrEqual: return " <= ";
    case Comparison::kGreater: return " > ";
    case Comparison::kGreaterOrEqual: return " >= ";
  }
  return "";
}

Sql Compare(const Filter& filter, const Sql& expression) {
  const bool is_list =
      filter.comparison == Comparison::kIn || filter.comparison == Comparison::kNotIn;
  const Sql value = is_list ? BoundList(filter.values) : Bound(filter.values.front());
  const Sql present = expression + Operator(filter.comparison) + value;
  if (!Matches(filter.comparison, filter.values, "")) return present;
  return "(" + present + " OR " + expression + " IS NULL)";
}

}  // namespace

Sql Condition(const Filter& filter, const ExpressionOf& expression) {
  CHECK(filter.kind != Filter::Kind::kNot);
  if (filter.kind == Filter::Kind::kCompare) return Compare(filter, expression(filter.dimension));
  std::vector<Sql> parts;
  for (const Filter& part : filter.parts) parts.push_back(Condition(part, expression));
  return "(" + JoinSql(parts, filter.kind == Filter::Kind::kAnd ? " AND " : " OR ") + ")";
}

std::vector<Filter> Conjuncts(const Filter& filter) {
  Filter plain = WithoutNot(filter);
  if (plain.kind == Filter::Kind::kAnd) return std::move(plain.parts);
  return {std::move(plain)};
}

bool PinsToOneValue(const Filter& filter,
                    const std::function<bool(const DimensionRef&)>& is_dimension) {
  const std::vector<Filter> conjuncts = Conjuncts(filter);
  return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const Filter& part) {
    const bool is_equality =
        part.comparison == Comparison::kEqual || part.comparison == Comparison::kIn;
    return part.kind == Filter::Kind::kCompare && is_equality && part.values.size() == 1 &&
           is_dimension(part.dimension);
  });
}

}  // namespace farthing::query
