#include "lake/not_added.h"

#include <algorithm>

#include "base/text.h"
#include "billing/registry.h"
#include "lake/election.h"

namespace farthing::lake {
namespace {

using Accounts = std::vector<std::string>;

bool Has(const Accounts& accounts, const std::string& account) {
  return std::any_of(accounts.begin(), accounts.end(), [&](const std::string& one) {
    return PlainAccount(one) == PlainAccount(account);
  });
}

bool AreAmong(const Accounts& some, const Accounts& all) {
  return std::all_of(some.begin(), some.end(),
                     [&](const std::string& account) { return Has(all, account); });
}

bool IsOfFewerAccounts(const Load& load, const Load& elected) {
  return !load.sub_accounts.empty() && AreAmong(load.sub_accounts, elected.sub_accounts) &&
         !AreAmong(elected.sub_accounts, load.sub_accounts);
}

const Decimal* TotalOf(const Load& load, const std::string& metric) {
  const auto total = load.totals.find(metric);
  const bool is_known =
      std::find(load.unavailable.begin(), load.unavailable.end(), metric) == load.unavailable.end();
  return total != load.totals.end() && is_known ? &total->second : nullptr;
}

std::string Money(const Decimal& amount, const Load& load) {
  return ToString(Canonical(amount)) +
         (load.currencies.size() == 1 ? " " + load.currencies.front() : "");
}

// By the first amount that both have; net columns may be in one of them only.
std::optional<std::string> OtherSum(const Load& load, const Load& elected) {
  for (const char* metric : {"unblended_cost", "billed_cost"}) {
    const Decimal* here = TotalOf(load, metric);
    const Decimal* there = TotalOf(elected, metric);
    if (here == nullptr || there == nullptr) continue;
    if (Canonical(*here) == Canonical(*there)) return std::nullopt;
    if (load.currencies.size() > 1 || elected.currencies.size() > 1) {
      return "its " + std::string(metric) + " is not that of " + elected.export_name;
    }
    return "its " + std::string(metric) + " is " + Money(*here, load) + ", that of " +
           elected.export_name + " " + Money(*there, elected);
  }
  return std::nullopt;
}

std::optional<std::string> AccountsInNone(const Load& load,
                                          const std::vector<Candidate>& candidates) {
  constexpr std::size_t kNamed = 5;
  Accounts lost;
  for (const std::string& account : load.sub_accounts) {
    const bool is_read =
        std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
          return candidate.elected && candidate.load.period == load.period &&
                 Has(candidate.load.sub_accounts, account);
        });
    if (!is_read) lost.push_back(account);
  }
  if (lost.empty()) return std::nullopt;
  const std::size_t rest = lost.size() - std::min(lost.size(), kNamed);
  const bool is_one = lost.size() == 1;
  lost.resize(lost.size() - rest);
  return std::string(is_one ? "account " : "accounts ") + Join(lost, ", ") +
         (rest == 0 ? "" : " and " + std::to_string(rest) + " more") + (is_one ? " is" : " are") +
         " in no elected export";
}

}  // namespace

std::optional<std::string> Difference(const Candidate& other,
                                      const std::vector<Candidate>& candidates) {
  const Load& load = other.load;
  const auto elected =
      std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& one) {
        return one.elected && one.load.period == load.period &&
               one.load.export_name == other.elected_export;
      });
  if (other.elected || elected == candidates.end() || load.format == billing::kCostExplorerFormat) {
    return std::nullopt;
  }
  std::vector<std::string> parts;
  const bool is_part = load.complete && !IsFiltered(load) && IsOfFewerAccounts(load, elected->load);
  if (!is_part) {
    if (auto sum = OtherSum(load, elected->load)) parts.push_back(*std::move(sum));
  }
  // An elected load that names no accounts may have any.
  if (!elected->load.sub_accounts.empty()) {
    if (auto lost = AccountsInNone(load, candidates)) parts.push_back(*std::move(lost));
  }
  return parts.empty() ? std::nullopt : std::optional(Join(parts, "; "));
}

std::vector<NotAdded> NotesOfNotAdded(const std::vector<Candidate>& candidates) {
  std::vector<NotAdded> notes;
  for (const Candidate& candidate : candidates) {
    if (!Difference(candidate, candidates)) continue;
    const Load& load = candidate.load;
    notes.push_back({load.period, candidate.elected_export,
                     "not added: " + load.export_name + " " + ToString(load.period) + ", " +
                         candidate.reason + "; farthing crosscheck compares them, farthing elect " +
                         load.export_name + " changes it"});
  }
  return notes;
}

}  // namespace farthing::lake
