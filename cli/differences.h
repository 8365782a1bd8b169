#pragma once

// Prints what two sets of lines differ in: diff and crosscheck.  One thread.

#include <string>

#include <boost/json/array.hpp>

#include "cli/render.h"
#include "query/diff.h"

namespace farthing::cli {

/// Names the two sides of a comparison in its columns: "<metric>_<from>".
struct SideNames {
  std::string from;
  std::string to;
};

/// Returns the rows as a table, the totals as its footer.
TextTable ToTable(const query::Differences& differences, const SideNames& sides);

/// Returns [{column: text or null}].
boost::json::array RowsToJson(const TextTable& table, const std::vector<Cells>& rows);

}  // namespace farthing::cli
