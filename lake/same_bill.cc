#include "lake/same_bill.h"

#include <algorithm>
#include <bitset>
#include <vector>

#include "base/text.h"

namespace farthing::lake {
namespace {

using Names = std::vector<std::string>;

// FOCUS files of other makers spell AWS out.
std::string PlainProvider(const std::string& name) {
  return StartsWithIgnoreCase(name, "amazon") || StartsWithIgnoreCase(name, "aws") ? "AWS" : name;
}

std::string Itself(const std::string& name) { return name; }

const std::string* FindIn(const Names& names, const std::string& name,
                          std::string (*plain)(const std::string&)) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& other) {
    return plain(name) == plain(other);
  });
  return found == names.end() ? nullptr : &*found;
}

bool Intersect(const Names& a, const Names& b, std::string (*plain)(const std::string&)) {
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& item) { return FindIn(b, item, plain) != nullptr; });
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
bool SayAccounts(const Load& a, const Load& b) {
  return !a.sub_accounts.empty() && !b.sub_accounts.empty();
}

std::uint32_t UsageDays(const Load& load, const std::string& account, const FiguresOf& figures_of) {
  const std::string* spelled = FindIn(load.sub_accounts, account, PlainAccount);
  if (spelled == nullptr) return 0;
  const std::optional<AccountFigures> figures = figures_of(load, *spelled);
  return figures ? figures->usage_days : 0;
}

// An account that joins or leaves a payer within a month is used on one bill until then and on the other from then
// on; both have at most the day of the change.  Of two views of one bill the one that came later has all days.
bool ChangedPayer(const std::string& account, const Load& a, const Load& b,
                  const FiguresOf& figures_of) {
  const std::uint32_t here = UsageDays(a, account, figures_of);
  const std::uint32_t there = UsageDays(b, account, figures_of);
  return (here & ~there) != 0 && (there & ~here) != 0 && std::bitset<32>(here & there).count() <= 1;
}

// A member may name itself as payer, or be named by its export, which it owns.
bool IsOfMember(const Load& load, const Load& payers, const FiguresOf& figures_of) {
  const std::optional<std::string> member = PayerThatIsMemberOf(load, payers);
  return member && !ChangedPayer(*member, load, payers, figures_of);
}

bool AreTwoBills(const Load& a, const Load& b, const FiguresOf& figures_of) {
  if (SayAccounts(a, b) && !ShareAccounts(a, b)) return true;
  if (SayPayers(a, b)) {
    return !SharePayer(a, b) && !IsOfMember(a, b, figures_of) && !IsOfMember(b, a, figures_of);
  }
  return !AreKnownAsOne(a, b) && !a.currencies.empty() && !b.currencies.empty() &&
         !Intersect(a.currencies, b.currencies, Itself);
}

}  // namespace

std::string PlainAccount(const std::string& id) {
  if (id.find_first_not_of("0123456789") != std::string::npos) return id;
  return id.substr(std::min(id.find_first_not_of('0'), id.size()));
}

bool ShareAccounts(const Load& a, const Load& b) {
  return Intersect(a.sub_accounts, b.sub_accounts, PlainAccount);
}

bool MayShareCells(const Load& a, const Load& b) {
  return a.period == b.period && SameProvider(a, b) && (SharePayer(a, b) || ShareAccounts(a, b));
}

bool AreKnownAsOne(const Load& a, const Load& b) { return SharePayer(a, b) || ShareAccounts(a, b); }

std::optional<std::string> PayerThatIsMemberOf(const Load& load, const Load& other) {
  if (SharePayer(load, other)) return std::nullopt;
  for (const std::string& payer : load.billing_accounts) {
    if (FindIn(other.sub_accounts, payer, PlainAccount) != nullptr) return payer;
  }
  return std::nullopt;
}

bool AreSameBill(const Load& a, const Load& b, const FiguresOf& figures_of) {
  return a.period == b.period && a.export_id != b.export_id && SameProvider(a, b) &&
         !AreTwoBills(a, b, figures_of);
}

}  // namespace farthing::lake
