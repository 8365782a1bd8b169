#pragma once

// The table that every policy is made from: which action, where, for what, and who breaks without it.  What the rows
// mean for one scope is connect/grants/permissions.h.  Const-safe.

#include <optional>
#include <span>
#include <string_view>

#include "connect/grants/permissions.h"

namespace farthing::connect {

/// Where an action applies; each stands for patterns that depend on the scope.
enum class Where {
  kEverything,  ///< "*": the action knows no resource
  kBucket,
  kBelowPrefix,  ///< the objects
  kListing,      ///< the bucket, listed below the prefix only
  kKey,
  kHolder,
  kPolicies,  ///< policies that are or could be attached to the holder
  kGroups,
  kExports,
  kOneReport,
  kReportBesideExport,  ///< what CreateExport of the bill's table counts as; it names no report
  kTables,
  kExportAndTable,
};

/// When an action is needed at all, beside its set.
enum class Only { kAlways, kRole, kUser, kLegacy, kDataExport, kCur2, kKeyed, kSimulation };

/// One action of one set.
struct PermissionRow {
  std::string_view action;
  Where where;
  Only only;
  std::optional<PermissionSet> set;
  std::string_view needed_by;
  std::string_view reason;
};

/// All of them, in the order in which policies have them.
std::span<const PermissionRow> PermissionRows();

}  // namespace farthing::connect
