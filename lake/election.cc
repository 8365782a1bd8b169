#include "lake/election.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "billing/registry.h"
#include "lake/not_added.h"

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

// FOCUS files of other makers spell AWS out.
std::string PlainProvider(const std::string& name) {
  return StartsWithIgnoreCase(name, "amazon") || StartsWithIgnoreCase(name, "aws") ? "AWS" : name;
}

bool Intersect(const std::vector<std::string>& a, const std::vector<std::string>& b,
               std::string (*plain)(const std::string&)) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& item) {
    return std::any_of(b.begin(), b.end(),
                       [&](const std::string& other) { return plain(item) == plain(other); });
  });
}

// An export may lack the column; what it does not say may be any.
bool SameProvider(const Load& a, const Load& b) {
  return a.providers.empty() || b.providers.empty() ||
         Intersect(a.providers, b.providers, PlainProvider);
}
bool SayPayers(const Load& a, const Load& b) {
  return !a.billing_accounts.empty() && !b.billing_accounts.empty();
}
bool SharePayer(const Load& a, const Load& b) {
  return Intersect(a.billing_accounts, b.billing_accounts, PlainAccount);
}
bool ShareAccounts(const Load& a, const Load& b) {
  return Intersect(a.sub_accounts, b.sub_accounts, PlainAccount);
}

bool SayAccounts(const Load& a, const Load& b) {
  return !a.sub_accounts.empty() && !b.sub_accounts.empty();
}

std::string Itself(const std::string& name) { return name; }

// The payer of a bill that names no accounts may be taken from who owns the export: a member owns its own.
bool IsOfMember(const Load& load, const Load& payers) {
  return load.sub_accounts.empty() &&
         Intersect(load.billing_accounts, payers.sub_accounts, PlainAccount);
}

// True where a column says that they are one bill, not only nothing that they are two.
bool AreKnownAsOne(const Load& a, const Load& b) { return SharePayer(a, b) || ShareAccounts(a, b); }

bool AreTwoBills(const Load& a, const Load& b) {
  if (SayAccounts(a, b) && !ShareAccounts(a, b)) return true;
  if (SayPayers(a, b)) return !SharePayer(a, b) && !IsOfMember(a, b) && !IsOfMember(b, a);
  return !AreKnownAsOne(a, b) && !a.currencies.empty() && !b.currencies.empty() &&
         !Intersect(a.currencies, b.currencies, Itself);
}

bool SameBill(const Load& a, const Load& b) {
  return a.period == b.period && a.export_id != b.export_id && SameProvider(a, b) &&
         !AreTwoBills(a, b);
}

bool IsFiller(const Load& load) { return load.format == billing::kCostExplorerFormat; }

bool WasCutFor(const Load& filler, const Load& bill) {
  const std::vector<std::string>& around = filler.fills_around;
  return std::find(around.begin(), around.end(), bill.id) != around.end();
}

std::string WhyPreferred(const Load& winner, const Load& other,
                         const std::vector<Preference>& preferences) {
  if (PreferenceRank(winner, preferences) != PreferenceRank(other, preferences))
    return "your choice";
  if (winner.sub_accounts.size() != other.sub_accounts.size()) return "covers more accounts";
  if (IsFiltered(winner) != IsFiltered(other)) return "its query has no WHERE";
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

bool IsFiltered(const Load& load) {
  return std::any_of(load.notes.begin(), load.notes.end(),
                     [](const std::string& note) { return note.starts_with(kFilteredNote); });
}

std::string PlainAccount(const std::string& id) {
  if (id.find_first_not_of("0123456789") != std::string::npos) return id;
  return id.substr(std::min(id.find_first_not_of('0'), id.size()));
}

bool MayShareCells(const Load& a, const Load& b) {
  return a.period == b.period && SameProvider(a, b) && (SharePayer(a, b) || ShareAccounts(a, b));
}

std::vector<Candidate> HoldElection(std::vector<Load> loads,
                                    const std::vector<Preference>& preferences) {
  std::vector<Candidate> candidates;
  for (Load& load : loads) candidates.push_back({std::move(load), false, "", ""});

  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&](std::size_t i) {
    const Load& load = candidates[i].load;
    return std::make_tuple(load.period, PreferenceRank(load, preferences),
                           -static_cast<std::int64_t>(load.sub_accounts.size()), IsFiltered(load),
                           !load.complete, FormatRank(load.format), -load.line_count,
                           load.export_id);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  std::vector<std::size_t> winners;
  for (const std::size_t i : order) {
    Candidate& candidate = candidates[i];
    if (IsFiller(candidate.load)) continue;
    const auto rival = std::find_if(winners.begin(), winners.end(), [&](std::size_t winner) {
      return SameBill(candidates[winner].load, candidate.load);
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
    if (const auto difference = Difference(candidate, candidates)) {
      candidate.reason += "; " + *difference;
    }
  }
  return candidates;
}

}  // namespace farthing::lake
