#pragma once

// What the FOCUS specification demands of each charge, as conditions over `cost_lines`.  Our columns have its
// names in snake case, but ConsumedQuantity is usage_quantity and absent quantities are 0.  Plain values.

#include <string>
#include <vector>

#include "tests/kit/sheet.h"

namespace farthing::testkit {

struct FocusRule {
  std::string name;     ///< unique
  std::string section;  ///< of the FOCUS 1.2 specification
  std::string broken;   ///< SQL: true for a line, or for a group of lines, that breaks the rule
  Cells breaks;         ///< cells with which a good charge breaks it; none: a missing column does
  std::string group_by = {};  ///< empty: the rule is about each line
};

/// Mandatory columns that are never null, by their names in FOCUS and in the lake.
struct MandatoryColumn {
  std::string focus;
  std::string lake;
};
const std::vector<MandatoryColumn>& MandatoryFocusColumns();

/// The rules, those of mandatory columns included.
const std::vector<FocusRule>& FocusRules();

}  // namespace farthing::testkit
