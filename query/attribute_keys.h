#pragma once

// product:KEY and attribute:KEY as the bills have them.  Only attribute_sets knows these keys, so it is asked.
// As thread-safe as the connection.

#include <vector>

#include "base/result.h"
#include "engine/duckdb.h"
#include "lake/catalog.h"
#include "query/dimension.h"

namespace farthing::query {

/// Fails where no line of these loads has the attribute: a typing mistake.  Other dimensions pass.
/// Errors: kInvalidArgument, with the closest keys and dimensions; as Connection::Query.
Result<void> CheckAttributeExists(const DimensionRef& dimension, engine::Connection& connection,
                                  const lake::Layout& layout, const std::vector<lake::Load>& loads);

}  // namespace farthing::query
