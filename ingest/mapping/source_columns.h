#pragma once

// The source side of the registry: which columns a bill's files may have, under whatever spelling, and
// what kind each is.  The only place, with schema/columns.json, that knows CUR and FOCUS column names.
// Const-safe.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "billing/registry.h"

namespace farthing::ingest {

enum class SourceKind {
  kText,
  kAccount,  ///< text: the id of an account
  kTime,
  kAmount,     ///< empty means zero
  kNetAmount,  ///< empty means "use the gross amount": the account has no negotiated discounts
  kReference,  ///< a price to compare with, no part of the bill: text that is no number makes it
               ///< unknown and is reported, where in an amount it makes the row bad
};

/// True for kinds whose values are decimals.
bool IsNumber(SourceKind kind);

/// Numbers of one group meet in expressions, so they share one decimal type in a load: DuckDB rounds
/// silently where types meet whose integer digits and decimals together pass 38.
/// "" is money; quantities are a group; unit prices stand alone.
std::string_view DecimalGroup(std::string_view canonical_name);

struct SourceColumn {
  std::string name;  ///< the canonical name used in the registry's expressions
  SourceKind kind;
};

/// All source columns that the registry's expressions read, by family.
const std::vector<SourceColumn>& UsedColumns(billing::SourceFamily family);
/// Nothing when no expression reads such a column.
const SourceColumn* FindUsedColumn(billing::SourceFamily family, std::string_view canonical_name);

/// Returns the used source columns that an expression names.
std::vector<std::string> ColumnsIn(billing::SourceFamily family, std::string_view expression);

/// What a column of a file is for.
struct ColumnRole {
  enum class Use {
    kUsed,          ///< read by expressions under `name`
    kTag,           ///< a tag; `name` is its key, e.g. "user:CostCenter"
    kCostCategory,  ///< a cost category; `name` is its name
    kTagMap,        ///< a map of tags: resource_tags, FOCUS Tags
    kMixedTagMap,   ///< CUR 2.0 `tags`: keys carry resourceTags/, costCategory/, accountTag/, …
    kCategoryMap,   ///< a map of cost categories
    kProduct,       ///< a product attribute; `name` is its key
    kProductMap,    ///< CUR 2.0 `product`; `name` is the prefix its keys have as columns
    kAttribute,     ///< anything else; kept under `name`
    kAttributeMap,  ///< a map of other things, e.g. `discount`; `name` as above
    kIgnored,       ///< an empty header cell, or a partition column added by a re-export
  };
  Use use = Use::kAttribute;
  std::string name;
  bool unknown = false;  ///< no AWS or FOCUS document names it: reported once
};

/// Decides the role of a header cell: any of the spellings of cur-facts 1.6 and 1.7
/// (lineItem/UnblendedCost, line_item_unblended_cost, lineitem_unblendedcost, …_arn for …_a_r_n).
ColumnRole RoleOf(billing::SourceFamily family, std::string_view header);

/// CUR 2.0 keeps columns that legacy reports spread out inside maps: product_region is the key `region` of
/// `product`.  Returns the key under which `map` would hold a used column, nothing when it never would.
std::optional<std::string> KeyInMap(const ColumnRole& map, std::string_view column);

/// What a set of header cells is.
struct Detection {
  billing::SourceFamily family;
  bool is_cur2 = false;  ///< CUR only: map columns make it CUR 2.0
};

/// Recognises a bill by its columns.
/// Errors: kInvalidArgument: not a bill; the message says what it is instead, as far as known.
Result<Detection> DetectFamily(std::span<const std::string> headers);

/// Source columns without which no line can be made; what the line charges comes first.
std::span<const std::string_view> MandatoryColumns(billing::SourceFamily family);
/// True for what a line charges and when: no bill has a line without them, so an empty one is lost, not zero.
bool IsOnEveryLine(billing::SourceFamily family, std::string_view canonical_name);

}  // namespace farthing::ingest
