#pragma once

// Which absent columns matter.  AWS leaves columns out of legacy reports where a bill does not use them, and a
// query of CUR 2.0 may leave out any: only the bill's own lines and sums tell the one from the other.  The files
// of a delivery may lack different columns, so each kind of file is judged by itself.
// Pure; const-safe.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// A bill as far as it tells which columns it needs.
struct BillContent {
  Detection detection{billing::SourceFamily::kCur};
  std::set<std::string> line_types = {};       ///< AWS's types of its lines
  std::map<std::string, Decimal> totals = {};  ///< by source column
};

/// Files of a delivery that have the same source columns.
struct FileKind {
  std::set<std::size_t> files;                ///< their numbers
  std::set<std::string> columns;              ///< canonical names
  std::set<std::string> line_types = {};      ///< of their lines; none: they have no lines
  std::set<std::string> taken_for_none = {};  ///< see TakenForNone
};

/// Sorts files into kinds, by the columns of each.
std::vector<FileKind> KindsOf(const std::vector<std::set<std::string>>& columns_by_file);

/// Returns the columns that the registry needs of bills with discounts or reservations only, that this bill has
/// and these files lack.  Mapped without knowing, their absence would read as "none".
std::set<std::string> TakenForNone(const BillContent& bill, const FileKind& kind);

/// Returns the absent columns because of which some figure of the files' lines may be unknown.
std::set<std::string> MissedColumns(const BillContent& bill, const FileKind& kind);

/// Returns the lake's texts that are blank in lines because their files have none of the columns they are made of,
/// with those columns.
std::map<std::string, std::vector<std::string>, std::less<>> BlankColumns(
    billing::SourceFamily family, const std::vector<FileKind>& kinds);

}  // namespace farthing::ingest
