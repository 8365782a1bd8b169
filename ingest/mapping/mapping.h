#pragma once

// From source columns to lake columns: the registry's expressions as one SELECT.  Pure; const-safe.

#include <functional>
#include <string>
#include <vector>

#include "ingest/mapping/absent_columns.h"
#include "ingest/mapping/amounts.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// A delivery's rows as SQL: the source columns it has, with the types its amounts need, and the keys
/// tag_set_id, attribute_set_id, source_file and source_row.
struct SourceRelation {
  billing::SourceFamily family = billing::SourceFamily::kCur;
  std::string sql;
  std::vector<SourceColumn> columns;
  std::function<DecimalType(const SourceColumn&)> type_of;
  std::vector<FileKind> kinds = {};  ///< of its files; empty: each has all the columns
};

struct LakeMapping {
  std::string sql;          ///< SELECT of all columns of cost_lines, in registry order
  DecimalType scaled_type;  ///< type of the function scaled(x, net, gross) the SQL calls
};

/// Maps the relation.  Amounts are NULL in the lines whose needs their file lacks.
LakeMapping MapToLake(const SourceRelation& relation);

}  // namespace farthing::ingest
