#pragma once

// What a restatement changed: two versions of one billing period of one export, key by key.
// One thread, as the Session.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/session.h"

namespace farthing::query {

struct DiffRequest {
  Period period;
  std::string export_name;        ///< may be empty where the period has one export only
  std::string from = "previous";  ///< version number, load id, "latest" or "previous"
  std::string to = "latest";
  std::vector<MetricRequest> metrics;
  std::vector<GroupKey> group_by;
  std::optional<Filter> filter;
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

struct Diff {
  lake::Version from;
  lake::Version to;
  std::vector<AnswerColumn> keys;
  std::vector<AnswerColumn> metrics;
  std::vector<DiffRow> rows;  ///< only what changed; the largest change of the first metric first
  std::vector<DiffRow>
      totals;  ///< of all keys, one per currency; the changes of the rows add up to theirs
  std::vector<std::string> notes;
};

/// Errors: kNotFound (no such version), kInvalidArgument (several exports), and as Session::Run.
Result<Diff> Compare(Session& session, const DiffRequest& request);

}  // namespace farthing::query
