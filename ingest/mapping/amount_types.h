#pragma once

// The decimal types of a load's amounts.  They start narrow; columns that turn out to need more get it,
// together with all columns they meet in expressions.  One thread.

#include <map>
#include <string>

#include "base/result.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

class AmountTypes {
 public:
  explicit AmountTypes(billing::SourceFamily family) : family_(family) {}

  /// Columns with another type than the narrow one.
  const std::map<std::string, DecimalType>& types() const { return types_; }

  /// Gives every group of amounts with a misfit a type that holds all its values.
  /// Errors: kInvalidArgument (no decimal type does), naming the column.
  Result<void> Widen(const std::map<std::string, DecimalNeed>& misfits);

  /// Gives all amounts with more decimals than kRoundedDoubles that type: what else their doubles say is rounded.
  /// False when there are none.  Requires: the source is Parquet.
  bool RoundDoubles();
  bool rounds_doubles() const { return rounds_doubles_; }

  /// Makes every amount wide; false when that has been tried before.
  bool WidenAll();

 private:
  billing::SourceFamily family_;
  std::map<std::string, DecimalType> types_;
  std::map<std::string_view, DecimalNeed> needs_;  ///< by decimal group, of all attempts
  bool widened_ = false;
  bool rounds_doubles_ = false;
};

}  // namespace farthing::ingest
