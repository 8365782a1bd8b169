#pragma once

// What a restatement changed: two versions of one billing period of one export, key by key.
// One thread, as the Session.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/session.h"

namespace farthing::query {

/// What to compare: metrics by keys, over the lines a filter keeps.
struct ComparisonRequest {
  std::vector<MetricRequest> metrics;
  std::vector<GroupKey> group_by;
  std::optional<Filter> filter;
};

struct DiffRequest {
  Period period;
  std::string export_name;        ///< may be empty where the period has one export only
  std::string from = "previous";  ///< version number, load id, "latest" or "previous"
  std::string to = "latest";
  ComparisonRequest what;
};

/// One metric of one key.  nullopt: unknown in that version; a key that is absent there is zero.
struct Change {
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> change;  ///< to - from, exact
};

struct DiffRow {
  AnswerRow keys;
  std::vector<Change> changes;  ///< one per metric
};

/// Two sets of lines compared key by key.
struct Differences {
  std::vector<AnswerColumn> keys;
  std::vector<AnswerColumn> metrics;
  /// Only what changed; the largest change of the first metric first.
  std::vector<DiffRow> rows;
  /// Of all keys, one per currency; the changes of the rows add up to theirs.
  std::vector<DiffRow> totals;
  std::vector<std::string> notes;
};

struct Diff {
  lake::Version from;
  lake::Version to;
  Differences differences;
};

/// Compares two loads.  Errors: as Session::Run.
Result<Differences> CompareLoads(Session& session, const ComparisonRequest& request,
                                 const lake::Load& from, const lake::Load& to);

/// Errors: kNotFound (no such version), kInvalidArgument (several exports), and as Session::Run.
Result<Diff> Compare(Session& session, const DiffRequest& request);

}  // namespace farthing::query
