#include "lake/election.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "billing/registry.h"
#include "lake/not_added.h"
#include "lake/same_bill.h"

namespace farthing::lake {
namespace {

int FormatRank(const std::string& format) {
  if (format == "cur2") return 0;
  if (format == "cur1") return 1;
  return 2;
}

// 0 for the newest choice; loads nobody chose come after all chosen ones.
std::size_t PreferenceRank(const Load& load, const std::vector<Preference>& preferences) {
  for (std::size_t i = 0; i < preferences.size(); ++i) {
    const Preference& choice = preferences[i];
    if (choice.export_id == load.export_id &&
        (choice.period.empty() || choice.period == ToString(load.period))) {
      return i;
    }
  }
  return preferences.size();
}

// Such an export may leave lines out.
bool IsFiltered(const Load& load) { return !load.condition.empty(); }

bool IsFiller(const Load& load) { return load.format == billing::kCostExplorerFormat; }

bool WasCutFor(const Load& filler, const Load& bill) {
  const std::vector<std::string>& around = filler.fills_around;
  return std::find(around.begin(), around.end(), bill.id) != around.end();
}

// Days of the billing period on which charges began; lines may lie outside it.
struct Days {
  std::string first, last;
  int count = 0;  ///< 0: unknown
};
Days DaysOf(const Load& load) {
  if (load.first_charge_day.empty() || load.last_charge_day.empty()) return {};
  const std::string month_end = DayString({load.period.end().micros - 1});
  Days days{std::max(load.first_charge_day, DayString(load.period.start())),
            std::min(load.last_charge_day, month_end), 0};
  if (days.first > days.last) return {};
  days.count = 1 + std::stoi(days.last.substr(8)) - std::stoi(days.first.substr(8));
  return days;
}

// Exports of one bill come at different hours; one day less says nothing.
bool LacksDaysOf(const Load& load, const Load& other) {
  constexpr int kLacking = 2;
  const Days here = DaysOf(load);
  const Days there = DaysOf(other);
  return here.count > 0 && there.first <= here.first && here.last <= there.last &&
         there.count >= here.count + kLacking;
}

bool CoversAccountsOf(const Load& other, const Load& load) {
  std::set<std::string> accounts;
  for (const std::string& account : other.sub_accounts) accounts.insert(PlainAccount(account));
  return std::all_of(
      load.sub_accounts.begin(), load.sub_accounts.end(),
      [&](const std::string& account) { return accounts.contains(PlainAccount(account)); });
}

// The loads of which another export has the same bill with all accounts and more days: an export that was given up
// within the month, or files that were copied before its end.
std::set<std::string> LoadsThatLackDays(const std::vector<Candidate>& candidates,
                                        const FiguresOf& figures_of) {
  std::map<Period, std::vector<const Load*>> months;
  for (const Candidate& candidate : candidates) {
    if (!IsFiller(candidate.load)) months[candidate.load.period].push_back(&candidate.load);
  }
  std::set<std::string> lacking;
  for (const auto& [_, loads] : months) {
    for (const Load* load : loads) {
      const bool lacks = std::any_of(loads.begin(), loads.end(), [&](const Load* other) {
        return LacksDaysOf(*load, *other) && !IsFiltered(*other) &&
               CoversAccountsOf(*other, *load) && AreSameBill(*other, *load, figures_of);
      });
      if (lacks) lacking.insert(load->id);
    }
  }
  return lacking;
}

std::string WhyPreferred(const Load& winner, const Load& other,
                         const std::vector<Preference>& preferences) {
  if (PreferenceRank(winner, preferences) != PreferenceRank(other, preferences))
    return "your choice";
  if (winner.sub_accounts.size() != other.sub_accounts.size()) return "covers more accounts";
  if (IsFiltered(winner) != IsFiltered(other)) return "its query has no WHERE";
  if (LacksDaysOf(other, winner)) {
    const Days more = DaysOf(winner);
    const Days less = DaysOf(other);
    return "has charges from " + more.first + " to " + more.last + ", not only from " + less.first +
           " to " + less.last;
  }
  if (winner.complete != other.complete) return "has a manifest";
  if (winner.format != other.format) return winner.format + " is preferred to " + other.format;
  if (winner.line_count != other.line_count) return "has more lines";
  return "was found first";
}

// Adds what Cost Explorer answered where it was cut to fit all of `bills`, the elected ones.
void ElectFillers(std::vector<Candidate>& candidates, const std::vector<std::size_t>& order,
                  const std::vector<std::size_t>& bills) {
  std::vector<std::size_t> elected;
  for (const std::size_t i : order) {
    Candidate& filler = candidates[i];
    if (!IsFiller(filler.load)) continue;
    const auto unfit = std::find_if(bills.begin(), bills.end(), [&](std::size_t bill) {
      return MayShareCells(filler.load, candidates[bill].load) &&
             !WasCutFor(filler.load, candidates[bill].load);
    });
    const auto twin = std::find_if(elected.begin(), elected.end(), [&](std::size_t other) {
      return filler.load.period == candidates[other].load.period &&
             ShareAccounts(filler.load, candidates[other].load);
    });
    if (unfit != bills.end()) {
      filler.elected_export = candidates[*unfit].load.export_name;
      filler.reason = filler.elected_export + " has a newer version; the next collection fits " +
                      filler.load.export_name + " around it";
    } else if (twin != elected.end()) {
      filler.elected_export = candidates[*twin].load.export_name;
      filler.reason = "same figures as " + filler.elected_export;
    } else {
      filler.elected = true;
      filler.elected_export = filler.load.export_name;
      filler.reason = bills.empty() || filler.load.fills_around.empty()
                          ? "there is no bill of these days yet"
                          : "fills the days that the bill does not have";
      elected.push_back(i);
    }
  }
}

}  // namespace

std::optional<AccountFigures> FiguresInLoad(const Load& load, const std::string& account) {
  const auto found = load.accounts.find(account);
  return found == load.accounts.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Candidate> HoldElection(std::vector<Load> loads,
                                    const std::vector<Preference>& preferences,
                                    const FiguresOf& figures_of) {
  std::vector<Candidate> candidates;
  for (Load& load : loads) candidates.push_back({std::move(load), false, "", "", ""});

  const std::set<std::string> lacking_days = LoadsThatLackDays(candidates, figures_of);
  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&](std::size_t i) {
    const Load& load = candidates[i].load;
    return std::make_tuple(load.period, PreferenceRank(load, preferences),
                           -static_cast<std::int64_t>(load.sub_accounts.size()), IsFiltered(load),
                           lacking_days.contains(load.id), !load.complete, FormatRank(load.format),
                           -load.line_count, load.export_id);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  std::vector<std::size_t> winners;
  for (const std::size_t i : order) {
    Candidate& candidate = candidates[i];
    if (IsFiller(candidate.load)) continue;
    const auto rival = std::find_if(winners.begin(), winners.end(), [&](std::size_t winner) {
      return AreSameBill(candidates[winner].load, candidate.load, figures_of);
    });
    if (rival == winners.end()) {
      candidate.elected = true;
      candidate.elected_export = candidate.load.export_name;
      candidate.reason = "the only export of this bill";
      winners.push_back(i);
      continue;
    }
    Candidate& winner = candidates[*rival];
    winner.reason = WhyPreferred(winner.load, candidate.load, preferences);
    candidate.elected_export = winner.load.export_name;
    candidate.reason =
        "same bill as " + winner.load.export_name + " (elected: " + winner.reason + ")";
    if (!AreKnownAsOne(winner.load, candidate.load)) {
      candidate.reason += "; no payer and no account says that they are two";
    }
  }
  ElectFillers(candidates, order, winners);
  for (Candidate& candidate : candidates) {
    candidate.difference = Difference(candidate, candidates, figures_of);
    if (!candidate.difference.empty()) candidate.reason += "; " + candidate.difference;
  }
  return candidates;
}

}  // namespace farthing::lake
