#include "lake/not_added.h"

#include <algorithm>

#include "base/shell_words.h"
#include "base/text.h"
#include "billing/registry.h"
#include "lake/election.h"
#include "lake/same_bill.h"

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

// "12.5 USD and 3 EUR"; empty where nothing is known.
std::string CostsText(const std::map<std::string, Decimal>& costs) {
  std::vector<std::string> texts;
  for (const auto& [currency, cost] : costs) {
    texts.push_back(ToString(Canonical(cost)) + (currency.empty() ? "" : " " + currency));
  }
  return Join(texts, " and ");
}

std::string InBrackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

std::map<std::string, Decimal> CostsOf(const Load& load, const std::string& account,
                                       const FiguresOf& figures_of) {
  const std::optional<AccountFigures> figures = figures_of(load, account);
  return figures ? figures->costs : std::map<std::string, Decimal>();
}

// What several accounts cost together; empty where a part is unknown.
std::map<std::string, Decimal> CostsOfAll(const Load& load, const Accounts& accounts,
                                          const FiguresOf& figures_of) {
  std::map<std::string, Decimal> sums;
  for (const std::string& account : accounts) {
    const std::map<std::string, Decimal> costs = CostsOf(load, account, figures_of);
    if (costs.empty()) return {};
    for (const auto& [currency, cost] : costs) {
      Result<Decimal> sum = Add(sums[currency], cost);
      if (!sum.ok()) return {};
      sums[currency] = *sum;
    }
  }
  return sums;
}

Accounts AccountsInNone(const Load& load, const std::vector<Candidate>& candidates) {
  Accounts lost;
  for (const std::string& account : load.sub_accounts) {
    const bool is_read =
        std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
          return candidate.elected && candidate.load.period == load.period &&
                 Has(candidate.load.sub_accounts, account);
        });
    if (!is_read) lost.push_back(account);
  }
  return lost;
}

// Each with the money that is not read.
std::string SayLost(const Load& load, const Accounts& lost, const FiguresOf& figures_of) {
  constexpr std::ptrdiff_t kNamed = 5;
  const auto end = lost.begin() + std::min(kNamed, static_cast<std::ptrdiff_t>(lost.size()));
  std::vector<std::string> names;
  for (auto account = lost.begin(); account != end; ++account) {
    names.push_back(*account + InBrackets(CostsText(CostsOf(load, *account, figures_of))));
  }
  const Accounts rest(end, lost.end());
  return std::string(lost.size() == 1 ? "account " : "accounts ") + Join(names, ", ") +
         (rest.empty() ? ""
                       : " and " + std::to_string(rest.size()) + " more" +
                             InBrackets(CostsText(CostsOfAll(load, rest, figures_of)))) +
         (lost.size() == 1 ? " is" : " are") + " in no elected export";
}

// That a bill names another payer is no proof that it is another bill; whoever reads should know.
std::optional<std::string> OtherPayer(const Load& load, const Load& elected,
                                      const FiguresOf& figures_of) {
  const std::optional<std::string> member = PayerThatIsMemberOf(load, elected);
  if (!member || load.sub_accounts.empty()) return std::nullopt;
  const auto costs = [&](const Load& of) {
    const auto spelled = std::find_if(
        of.sub_accounts.begin(), of.sub_accounts.end(),
        [&](const std::string& account) { return PlainAccount(account) == PlainAccount(*member); });
    const std::string text =
        spelled == of.sub_accounts.end() ? "" : CostsText(CostsOf(of, *spelled, figures_of));
    return of.export_name + InBrackets(text);
  };
  return "account " + *member + " names itself as payer in " + costs(load) +
         ", and is an account of payer " + Join(elected.billing_accounts, ", ") + " in " +
         costs(elected);
}

}  // namespace

std::string Difference(const Candidate& other, const std::vector<Candidate>& candidates,
                       const FiguresOf& figures_of) {
  const Load& load = other.load;
  const auto elected =
      std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& one) {
        return one.elected && one.load.period == load.period &&
               one.load.export_name == other.elected_export;
      });
  if (other.elected || elected == candidates.end() || load.format == billing::kCostExplorerFormat) {
    return "";
  }
  std::vector<std::string> parts;
  if (auto payer = OtherPayer(load, elected->load, figures_of)) parts.push_back(*std::move(payer));
  const bool is_part =
      load.complete && load.condition.empty() && IsOfFewerAccounts(load, elected->load);
  if (!is_part && parts.empty()) {
    if (auto sum = OtherSum(load, elected->load)) parts.push_back(*std::move(sum));
  }
  // An elected load that names no accounts may have any.
  if (!elected->load.sub_accounts.empty()) {
    const Accounts lost = AccountsInNone(load, candidates);
    if (!lost.empty()) parts.push_back(SayLost(load, lost, figures_of));
  }
  return Join(parts, "; ");
}

std::vector<NotAdded> NotesOfNotAdded(const std::vector<Candidate>& candidates) {
  std::vector<NotAdded> notes;
  for (const Candidate& candidate : candidates) {
    if (candidate.difference.empty()) continue;
    const Load& load = candidate.load;
    notes.push_back({load.period, candidate.elected_export,
                     "not added: " + load.export_name + " " + ToString(load.period) + ", " +
                         candidate.reason +
                         "; compare them with: farthing crosscheck; choose another with: " +
                         CommandLine({"farthing", "elect", load.export_name})});
  }
  return notes;
}

}  // namespace farthing::lake
