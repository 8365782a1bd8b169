#pragma once

// Dimensions that a source cannot tell: their lines are under the blank value, which reads like "none".  Const-safe.

#include <span>
#include <string>
#include <vector>

#include "lake/catalog.h"
#include "query/dimension.h"

namespace farthing::query {

/// Says for which exports a dimension is blank because their sources lack the columns it is made of.
void NoteBlank(const DimensionRef& dimension, std::span<const lake::Load> loads,
               std::vector<std::string>& notes);

}  // namespace farthing::query
