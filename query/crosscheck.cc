#include "query/crosscheck.h"

#include <algorithm>

namespace farthing::query {
namespace {

// The elected load of the export that stands for the candidate's bill.
const lake::Load* FindElected(const std::vector<lake::Candidate>& candidates,
                              const lake::Candidate& candidate) {
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [&](const lake::Candidate& other) {
        return other.elected && other.load.export_name == candidate.elected_export &&
               other.load.period == candidate.load.period;
      });
  return found == candidates.end() ? nullptr : &found->load;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

// A member's own report covers its account only.
Result<std::optional<Filter>> AccountsOf(const lake::Load& elected, const lake::Load& other) {
  if (other.sub_accounts.empty() || other.sub_accounts == elected.sub_accounts) {
    return std::optional<Filter>();
  }
  std::string accounts;
  for (const std::string& account : other.sub_accounts) {
    accounts += (accounts.empty() ? "" : ", ") + Quoted(account);
  }
  TRY_ASSIGN(Filter filter, ParseFilter("account in (" + accounts + ")"));
  return std::optional<Filter>(std::move(filter));
}

Result<ComparisonRequest> QuestionFor(const lake::Load& elected, const lake::Load& other) {
  const bool focus = elected.format == "focus" || other.format == "focus";
  ComparisonRequest request;
  TRY_ASSIGN(request.metrics, ParseMetrics(focus ? "billed_cost,effective_cost"
                                                 : "unblended_cost,net_amortized_cost"));
  // AWS spells product codes alike in all formats; names differ on some fee lines.
  const bool aws =
      std::find(other.providers.begin(), other.providers.end(), "AWS") != other.providers.end();
  TRY_ASSIGN(request.group_by, ParseGroupBy(aws ? "service_code" : "service"));
  TRY_ASSIGN(request.filter, AccountsOf(elected, other));
  return request;
}

}  // namespace

Result<std::vector<CrossCheck>> CrossCheckBills(Session& session, const lake::LoadFilter& filter) {
  TRY_ASSIGN(const std::vector<lake::Candidate> candidates, session.catalog().Candidates(filter));
  std::vector<CrossCheck> checks;
  for (const lake::Candidate& candidate : candidates) {
    // What Cost Explorer says stands for no bill; reconciling compares it.
    if (candidate.elected || candidate.load.format == billing::kCostExplorerFormat) continue;
    const lake::Load* elected = FindElected(candidates, candidate);
    CHECK(elected != nullptr);
    TRY_ASSIGN(const ComparisonRequest question, QuestionFor(*elected, candidate.load));
    TRY_ASSIGN(Differences differences, CompareLoads(session, question, *elected, candidate.load));
    checks.push_back({*elected, candidate.load, std::move(differences)});
  }
  return checks;
}

}  // namespace farthing::query
