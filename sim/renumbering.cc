#include "sim/renumbering.h"

namespace farthing::sim {
namespace {

constexpr std::size_t kDigits = 12;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Renumbering::Renumbering(const Numbers& numbers) : one_account_(numbers.one_account) {
  const auto number = [&](std::string_view id) {
    // No number of the first organisation ends like this.
    return numbers.organization == 1 ? std::string(id)
                                     : std::string(id.substr(0, kDigits - 2)) + "0" +
                                           std::to_string(numbers.organization);
  };
  const std::string payer = number(Payer().id);
  numbers_.emplace(Payer().id, payer);
  for (const Account& each : LinkedAccounts()) {
    numbers_.emplace(each.id, one_account_ ? payer : number(each.id));
  }
  const auto add = [&](Account account) {
    account.id = Number(account.id);
    accounts_.push_back(account);
  };
  add(Payer());
  for (const Account& each : LinkedAccounts()) add(one_account_ ? Payer() : each);

  texts_.reserve(Reservations().size() + SavingsPlans().size() + TagSets().size());
  const auto keep = [&](std::string_view text) -> std::string_view {
    return texts_.emplace_back(Replaced(text));
  };
  for (const Reservation& each : Reservations()) {
    reservations_.emplace(&each, each).first->second.arn = keep(each.arn);
  }
  for (const SavingsPlan& each : SavingsPlans()) {
    plans_.emplace(&each, each).first->second.arn = keep(each.arn);
  }
  for (const TagSet& each : TagSets()) {
    tags_.emplace(&each, each).first->second.created_by = keep(each.created_by);
  }
}

std::span<const Account> Renumbering::linked() const {
  return one_account_ ? std::span<const Account>() : std::span(accounts_).subspan(1);
}

const Line& Renumbering::Apply(const Line& line) {
  line_ = line;
  const auto linked = LinkedAccounts();
  const bool is_linked =
      line.account >= linked.data() && line.account < linked.data() + linked.size();
  line_.account =
      &accounts_[is_linked ? static_cast<std::size_t>(line.account - linked.data()) + 1 : 0];
  if (line.reservation != nullptr) line_.reservation = &reservations_.at(line.reservation);
  if (line.plan != nullptr) line_.plan = &plans_.at(line.plan);
  if (const auto tags = tags_.find(line.tags); tags != tags_.end()) line_.tags = &tags->second;
  resource_ = Replaced(line.resource_id);
  line_.resource_id = resource_;
  parent_ = Replaced(line.split.parent);
  line_.split.parent = parent_;
  return line_;
}

std::string_view Renumbering::Number(std::string_view id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? id : std::string_view(found->second);
}

std::string Renumbering::Replaced(std::string_view text) const {
  std::string replaced;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && IsDigit(text[end])) ++end;
    const std::string_view digits = text.substr(at, end - at);
    replaced += digits.size() == kDigits ? Number(digits) : digits;
    if (end < text.size()) replaced += text[end];
    at = end + 1;
  }
  return replaced;
}

}  // namespace farthing::sim
