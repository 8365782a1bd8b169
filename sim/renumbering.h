#pragma once

// The synthetic organisation under other account numbers: another organisation beside the first, or everything in one
// account that is in none.  Amounts stay as they are.  One thread.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/line.h"

namespace farthing::sim {

struct Numbers {
  int organization = 1;      ///< 1: the numbers of organisation.h; 2 to 9: others
  bool one_account = false;  ///< every account is the payer
  bool AreGiven() const { return organization == 1 && !one_account; }
};

class Renumbering {
 public:
  explicit Renumbering(const Numbers& numbers);
  Renumbering(const Renumbering&) = delete;
  Renumbering& operator=(const Renumbering&) = delete;

  const Account& payer() const { return accounts_.front(); }
  /// Empty where there is one account.
  std::span<const Account> linked() const;
  /// The line with every account number that it holds replaced; good until the next call.
  const Line& Apply(const Line& line);

 private:
  std::string_view Number(std::string_view id) const;
  /// The text with each account number in it replaced.
  std::string Replaced(std::string_view text) const;

  bool one_account_;
  std::map<std::string, std::string, std::less<>> numbers_;
  std::vector<Account> accounts_;  ///< the payer, then the linked ones as in organisation.h
  std::vector<std::string> texts_;
  std::map<const Reservation*, Reservation> reservations_;
  std::map<const SavingsPlan*, SavingsPlan> plans_;
  std::map<const TagSet*, TagSet> tags_;
  Line line_;
  std::string resource_, parent_;
};

}  // namespace farthing::sim
