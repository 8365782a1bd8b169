#pragma once

// tag:KEY and its kin as SQL over tag_sets and attribute_sets.  Keys are resolved per load, because
// exports spell the same tag differently (cur-facts 1.7, 2.5).  Const-safe.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/catalog.h"
#include "query/dimension.h"
#include "query/sql_text.h"

namespace farthing::query {

/// Stored key → the loads where it is what was typed.
using KeysOfLoads = std::map<std::string, std::vector<std::string>>;

/// What a typed key may stand for.
enum class KeyMatch {
  kLoose,  ///< any key that is equal after normalisation
  kExact,  ///< that key, and what AWS's Parquet columns and maps make of it ("user_cost_center")
};

/// kExact where one of these loads has the key as it was typed, with or without "user:".
KeyMatch MatchOf(const DimensionRef& dimension, std::span<const lake::Load> loads);

/// Resolves a tag or cost category in each load.  Empty when none of `loads` has it.
/// Errors: kInvalidArgument (ambiguous in one load).
Result<KeysOfLoads> ResolveKey(const DimensionRef& dimension, std::span<const lake::Load> loads,
                               KeyMatch match);

/// Says where several stored keys are read as one, and which keys that look alike are not read.
void NoteKeys(const DimensionRef& dimension, std::span<const lake::Load> loads, KeyMatch match,
              std::vector<std::string>& notes);

/// Fails where no load at all has the tag: a typing mistake rather than an untagged month.
/// Errors: kInvalidArgument, with the closest keys.
Result<void> CheckKeyExists(const DimensionRef& dimension, std::span<const lake::Load> loads);

/// Returns the value of the dimension over a row of its set table; NULL where absent or empty.
/// Errors: as ResolveKey.
Result<Sql> SetValue(const DimensionRef& dimension, std::span<const lake::Load> loads,
                     KeyMatch match);

/// The map column of the set table that holds the values; "" for registered dimensions.
std::string_view MapColumn(DimensionKind kind);

/// True for tag: and cost_category:, whose set table is tag_sets.
bool IsInTagSet(const DimensionRef& dimension);
/// True for product: and attribute:, whose set table is attribute_sets.
bool IsInAttributeSet(const DimensionRef& dimension);

}  // namespace farthing::query
