#pragma once

// Filters as SQL.  Absent (NULL) counts as "", so that SQL answers as query::Matches does.  Const-safe.

#include <functional>
#include <vector>

#include "query/filter.h"
#include "query/sql_text.h"

namespace farthing::query {

/// The SQL that stands for a dimension in the FROM clause at hand.
using ExpressionOf = std::function<Sql(const DimensionRef&)>;

/// Returns a condition that is true, or else false or NULL; all values are bound.
/// Requires: no kNot inside (WithoutNot).
Sql Condition(const Filter& filter, const ExpressionOf& expression);

/// Splits at the top-level "and"; the parts hold no kNot.
std::vector<Filter> Conjuncts(const Filter& filter);

/// True when only lines with one value of the dimension can pass.
bool PinsToOneValue(const Filter& filter,
                    const std::function<bool(const DimensionRef&)>& is_dimension);

}  // namespace farthing::query
