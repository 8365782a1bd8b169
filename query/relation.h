#pragma once

// The files of the loads in scope as something to select FROM.  Loads may keep the same amount in
// decimals of different width and scale; reading them together never rounds.  Const-safe.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lake/catalog.h"
#include "lake/layout.h"
#include "query/request.h"
#include "query/sum_in_parts.h"

namespace farthing::query {

struct DecimalType {
  int width = 18;
  int scale = 10;
  auto operator<=>(const DecimalType&) const = default;
};

/// The decimal columns of one load's files of a table.
using DecimalColumns = std::map<std::string, DecimalType, std::less<>>;
/// Load id → its decimal columns.
using FileTypes = std::map<std::string, DecimalColumns, std::less<>>;

/// Returns the column's types in which some load's values would be rounded if DuckDB united the
/// files on its own: DuckDB 1.4 cuts the scale when integer digits and decimals pass 38 together.
/// The value is the type that keeps all decimals (and refuses, rather than rounds, what is too large).
DecimalColumns UnsafeColumns(std::span<const lake::Load> loads, const FileTypes& types);

/// Returns the loads that may have charges in the time; one of them where none has, so that there is
/// something to select from.  Unlike periods, which say what is asked about, this only saves reading.
/// Requires: at least one load.
std::vector<lake::Load> ChargedWithin(const TimeRange& time, std::span<const lake::Load> loads);

/// Returns a FROM item with all columns of the table plus billing_period and load_id.
/// Requires: at least one load.
std::string Relation(const lake::Layout& layout, std::string_view table,
                     std::span<const lake::Load> loads, const FileTypes& types);

/// The same with every decimal column as parts (query/sum_in_parts.h).
/// Requires: at least one load, and the types of all.
std::string RelationInParts(const lake::Layout& layout, std::string_view table,
                            std::span<const lake::Load> loads, const FileTypes& types);

/// Returns ['…/part-0.parquet', …] of the loads.
std::string FileList(const lake::Layout& layout, std::string_view table,
                     std::span<const lake::Load> loads);

}  // namespace farthing::query
