#include "query/diff.h"

#include <algorithm>
#include <set>

#include "base/decimal.h"
#include "base/text.h"

namespace farthing::query {
namespace {

Result<std::vector<lake::Version>> VersionsOf(Session& session, const DiffRequest& request) {
  TRY_ASSIGN(std::vector<lake::Version> versions, session.catalog().Versions());
  std::erase_if(versions, [&](const lake::Version& version) {
    return version.period != request.period ||
           (!request.export_name.empty() && version.export_name != request.export_name);
  });
  std::set<std::string> exports;
  for (const lake::Version& version : versions) exports.insert(version.export_name);
  if (exports.size() > 1) {
    return Error(Errc::kInvalidArgument, "several exports have " + ToString(request.period) + ": " +
                                             Join({exports.begin(), exports.end()}, ", "))
        .Hint("choose one with --export");
  }
  if (versions.empty()) {
    return Error(Errc::kNotFound,
                 "no version of " + ToString(request.period) +
                     (request.export_name.empty() ? "" : " of " + request.export_name))
        .Hint("farthing versions lists them");
  }
  std::sort(versions.begin(), versions.end(),
            [](const lake::Version& a, const lake::Version& b) { return a.number < b.number; });
  return versions;
}

Result<lake::Version> FindVersion(const std::vector<lake::Version>& versions,
                                  const std::string& wanted) {
  if (wanted == "latest") return versions.back();
  if (wanted == "previous" && versions.size() > 1) return versions[versions.size() - 2];
  for (const lake::Version& version : versions) {
    if (std::to_string(version.number) == wanted || version.load_id == wanted) return version;
  }
  const lake::Version& any = versions.front();
  return Error(Errc::kNotFound,
               any.export_name + " has no version of " + ToString(any.period) + " called " + wanted)
      .Hint("it has 1 to " + std::to_string(versions.back().number) +
            "; farthing versions lists them");
}

std::vector<AnswerColumn> ColumnsWithRole(const std::vector<AnswerColumn>& columns,
                                          ColumnRole role) {
  std::vector<AnswerColumn> chosen;
  for (const AnswerColumn& column : columns) {
    if (column.role == role) chosen.push_back(column);
  }
  return chosen;
}

Result<Change> ChangeOf(std::optional<std::string> from, std::optional<std::string> to) {
  Change change{std::move(from), std::move(to), std::nullopt};
  if (!change.from || !change.to) return change;
  TRY_ASSIGN(const Decimal before, ParseDecimal(*change.from));
  TRY_ASSIGN(const Decimal after, ParseDecimal(*change.to));
  TRY_ASSIGN(const Decimal difference, Add(after, Negate(before)));
  change.change = ToString(Canonical(difference));
  return change;
}

bool IsChanged(const Change& change) {
  return change.change ? *change.change != "0" : change.from != change.to;
}

/// Both versions' values of one key, keys first.
struct Pair {
  AnswerRow from;
  AnswerRow to;
};

Result<std::vector<DiffRow>> JoinVersions(const std::vector<AnswerRow>& from,
                                          const std::vector<AnswerRow>& to, std::size_t key_count,
                                          std::size_t metric_count) {
  std::map<AnswerRow, Pair> pairs;
  const auto take = [&](const std::vector<AnswerRow>& rows, AnswerRow Pair::* side) {
    for (const AnswerRow& row : rows) {
      const auto keys_end = row.begin() + static_cast<std::ptrdiff_t>(key_count);
      pairs[AnswerRow(row.begin(), keys_end)].*side = AnswerRow(keys_end, row.end());
    }
  };
  take(from, &Pair::from);
  take(to, &Pair::to);
  std::vector<DiffRow> joined;
  for (auto& [keys, pair] : pairs) {
    pair.from.resize(metric_count,
                     pair.from.empty() ? std::optional<std::string>("0") : std::nullopt);
    pair.to.resize(metric_count, pair.to.empty() ? std::optional<std::string>("0") : std::nullopt);
    DiffRow row{keys, {}};
    for (std::size_t i = 0; i < metric_count; ++i) {
      TRY_ASSIGN(Change change, ChangeOf(pair.from[i], pair.to[i]));
      row.changes.push_back(std::move(change));
    }
    joined.push_back(std::move(row));
  }
  return joined;
}

// |a| > |b|; unknown changes come first.
bool IsLarger(const Change& a, const Change& b) {
  if (!a.change || !b.change) return !a.change && b.change;
  const auto magnitude = [](const Change& change) {
    const Decimal value = *ParseDecimal(*change.change);
    return value.units < 0 ? Negate(value) : value;
  };
  const Result<Decimal> difference = Add(magnitude(a), Negate(magnitude(b)));
  return difference.ok() && difference->units > 0;
}

}  // namespace

Result<Differences> CompareLoads(Session& session, const ComparisonRequest& request,
                                 const lake::Load& from_load, const lake::Load& to_load) {
  Differences differences;
  // Both sides get the currency as key as soon as the two together have more than one.
  Request question;
  question.metrics = request.metrics;
  question.group_by = request.group_by;
  question.filter = request.filter;
  const std::vector<lake::Load> both = {from_load, to_load};
  TRY_ASSIGN(question, session.Split(std::move(question), both, differences.notes));

  TRY_ASSIGN(const Answer from, session.RunOver(question, {from_load}, {.totals = true}));
  TRY_ASSIGN(const Answer to, session.RunOver(question, {to_load}, {.totals = true}));
  differences.keys = ColumnsWithRole(from.columns, ColumnRole::kKey);
  differences.metrics = ColumnsWithRole(from.columns, ColumnRole::kMetric);
  for (const Answer* answer : {&from, &to}) {
    for (const std::string& note : answer->notes) {
      std::vector<std::string>& notes = differences.notes;
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
  }
  const std::size_t key_count = differences.keys.size();
  const std::size_t metric_count = differences.metrics.size();
  TRY_ASSIGN(differences.rows, JoinVersions(from.rows, to.rows, key_count, metric_count));
  TRY_ASSIGN(differences.totals, JoinVersions(from.totals, to.totals, key_count, metric_count));
  std::erase_if(differences.rows, [](const DiffRow& row) {
    return std::none_of(row.changes.begin(), row.changes.end(), IsChanged);
  });
  std::stable_sort(differences.rows.begin(), differences.rows.end(),
                   [](const DiffRow& a, const DiffRow& b) {
                     return IsLarger(a.changes.front(), b.changes.front());
                   });
  return differences;
}

Result<Diff> Compare(Session& session, const DiffRequest& request) {
  Diff diff;
  TRY_ASSIGN(const std::vector<lake::Version> versions, VersionsOf(session, request));
  TRY_ASSIGN(diff.from, FindVersion(versions, request.from));
  TRY_ASSIGN(diff.to, FindVersion(versions, request.to));
  TRY_ASSIGN(const lake::Load from_load, session.catalog().GetLoad(diff.from.load_id));
  TRY_ASSIGN(const lake::Load to_load, session.catalog().GetLoad(diff.to.load_id));
  TRY_ASSIGN(diff.differences, CompareLoads(session, request.what, from_load, to_load));
  return diff;
}

}  // namespace farthing::query
