#include <algorithm>
#include <map>

#include "base/shell_words.h"
#include "base/text.h"
#include "connect/checks/checks_internal.h"

// What has changed since the last time.  Only what was read and differs, or is denied now, is a change that somebody
// made; what AWS did not answer is compared when it does, with what was known before.

namespace farthing::connect {
namespace {

/// In the evidence, before the id of a check that said nothing this time: what it said when it was last read.
constexpr std::string_view kLastRead = "last_read:";

/// What became worse there was not done to the account: our own identity, a directory here, and the hours that pass.
constexpr std::string_view kNotOfTheAccount[] = {"credentials", "directory", "delivery"};

std::string_view EvidenceIn(const CheckResult& result, std::string_view name) {
  for (const Error::Detail& detail : result.evidence) {
    if (detail.name == name) return detail.value;
  }
  return {};
}

bool WasRead(const CheckResult& result) {
  return result.status != CheckStatus::kSkipped && EvidenceIn(result, kUnanswered).empty();
}

/// What is known of an account's settings: of each check what it said when it was last read, and the policies.
struct Known {
  std::map<std::string, std::string> statuses;  ///< id → "pass"
  std::string policies;
};

Known KnownFrom(const CheckReport& report) {
  Known known;
  for (const CheckResult& result : report.results) {
    if (result.id == "drift") {
      for (const Error::Detail& detail : result.evidence) {
        if (!detail.name.starts_with(kLastRead)) continue;
        known.statuses.emplace(detail.name.substr(kLastRead.size()), detail.value);
      }
      if (known.policies.empty()) known.policies = EvidenceIn(result, kPoliciesFingerprint);
    } else if (WasRead(result)) {
      known.statuses[result.id] = Name(result.status);
      const std::string_view policies = EvidenceIn(result, kPoliciesFingerprint);
      if (!policies.empty()) known.policies = policies;
    }
  }
  return known;
}

int Badness(std::string_view status) {
  if (status == Name(CheckStatus::kPass)) return 0;
  return status == Name(CheckStatus::kWarning) ? 1 : 2;
}

struct Differences {
  std::vector<std::string> worse, better, unanswered;
  bool policies = false;
};

Differences Compare(const Known& before, const Known& now, const CheckReport& report) {
  Differences differences;
  for (const CheckResult& result : report.results) {
    if (!EvidenceIn(result, kUnanswered).empty()) differences.unanswered.push_back(result.id);
  }
  for (const auto& [id, status] : now.statuses) {
    const auto known = before.statuses.find(id);
    const bool is_ours =
        std::count(std::begin(kNotOfTheAccount), std::end(kNotOfTheAccount), id) > 0 &&
        (id != "delivery" || report.Emptied().empty());  // no hour that passes empties a bucket
    if (known == before.statuses.end() || is_ours) continue;
    const int change = Badness(status) - Badness(known->second);
    if (change > 0) differences.worse.push_back(id);
    if (change < 0) differences.better.push_back(id);
  }
  differences.policies =
      !before.policies.empty() && !now.policies.empty() && before.policies != now.policies;
  return differences;
}

/// What was known and could not be read this time, for the next comparison.
std::vector<Error::Detail> Carried(const Known& before, const Known& now) {
  std::vector<Error::Detail> carried;
  for (const auto& [id, status] : before.statuses) {
    if (!now.statuses.contains(id)) carried.push_back({std::string(kLastRead) + id, status});
  }
  if (now.policies.empty() && !before.policies.empty()) {
    carried.push_back({std::string(kPoliciesFingerprint), before.policies});
  }
  return carried;
}

Verdict CheckDrift(CheckContext& context) {
  const CheckReport* previous = context.options.previous;
  if (previous == nullptr) return Skip("these are the first checks");
  const Known before = KnownFrom(*previous), now = KnownFrom(context.report);
  const Differences found = Compare(before, now, context.report);
  const std::string since = " since " + ToString(previous->at);
  const std::string unanswered =
      found.unanswered.empty()
          ? ""
          : "; AWS did not answer, and so not compared: " + Join(found.unanswered, ", ");
  Verdict verdict = Pass("no setting that could be read became worse" + since + unanswered);
  if (found.unanswered.empty()) {
    verdict.finding = found.better.empty() ? "nothing changed" + since
                                           : "better" + since + ": " + Join(found.better, ", ");
  }
  if (!found.worse.empty() || found.policies) {
    std::string finding;
    if (!found.worse.empty()) finding = "worse" + since + ": " + Join(found.worse, ", ");
    if (found.policies)
      finding += (finding.empty() ? "" : "; ") + ("the granted policies were changed" + since);
    verdict = Warn(finding + unanswered,
                   "somebody changed the settings of the account, or of this connection",
                   "compare with AWS CloudTrail (PutRolePolicy, AttachRolePolicy, PutBucketPolicy, "
                   "DeleteReportDefinition), and with: " +
                       CommandLine({"farthing", "connections", "show", context.settings().name}));
  }
  verdict.evidence = Carried(before, now);
  return verdict;
}

bool AlwaysApplies(const Settings&) { return true; }

}  // namespace

std::vector<CheckRow> DriftChecks() {
  return {
      {"drift",
       "changes since the last checks",
       "what has become worse, and were policies changed",
       {},
       AlwaysApplies,
       CheckDrift},
  };
}

}  // namespace farthing::connect
