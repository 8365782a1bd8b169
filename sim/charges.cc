#include "sim/charges.h"

#include <algorithm>
#include <string>

namespace farthing::sim {
namespace {

constexpr int kHoursPerYear = 8760;
constexpr Units kCent = kOne / 100;

/// What the two fees of a lease have in common.
Line MakeLeaseLine(LineType type, const BillHead& head, const Reservation& lease,
                   const TimeSpan& span) {
  const auto index = static_cast<std::uint64_t>(&lease - Reservations().data());
  Line line = MakeLine(type, head, Payer(), *lease.product, lease.region, span, 400 + index);
  line.interval = &head.period;
  line.usage_type = lease.fee_usage_type;
  line.reservation = &lease;
  return line;
}

}  // namespace

Line LeaseFee(const BillHead& head, const Reservation& lease, const LeaseUse& use,
              const TimeSpan& span) {
  const Units hours = use.instances * use.hours;
  const Units unused = hours - use.used;
  Line line = MakeLeaseLine(LineType::kRiFee, head, lease, span);
  line.description = "Hourly fee of a reserved instance";
  line.amount = hours * kOne;
  line.rate = lease.hourly_fee;
  line.unblended = lease.hourly_fee * hours;
  line.blended = lease.hourly_fee * unused;
  line.ri.amortized_upfront = lease.hourly_upfront * hours;
  line.ri.unused_upfront = lease.hourly_upfront * unused;
  line.ri.unused_recurring = lease.hourly_fee * unused;
  line.ri.unused_quantity = unused * kOne;
  line.ri.total_units = hours * kOne;
  line.ri.upfront_value = lease.hourly_upfront * use.instances * kHoursPerYear;
  return line;
}

Line LeaseUpfront(const BillHead& head, const Reservation& lease, const LeaseUse& use,
                  const TimeSpan& span) {
  Line line = MakeLeaseLine(LineType::kFee, head, lease, span);
  line.description = "Sign up charge for subscription: 1 year, reserved instance";
  line.ri.total_units = use.instances * kHoursPerYear * kOne;
  ChargeOnce(line, lease.hourly_upfront * use.instances * kHoursPerYear, "Purchase");
  return line;
}

Line PlanUpfront(const BillHead& head, const SavingsPlan& plan, Units hourly,
                 const TimeSpan& span) {
  Line line =
      MakeLine(LineType::kUpfrontFee, head, Payer(), kSavingsPlanService, nullptr, span, 600);
  SetPlan(line, plan);
  ChargeOnce(line, hourly * kHoursPerYear, "Purchase");
  return line;
}

Line TaxOf(const BillHead& head, const Account& account, int128 charges) {
  constexpr std::string_view kTypes[] = {"USSalesTax", "VAT", "GST"};
  const auto digit = static_cast<std::uint64_t>(account.id[0] - '0');
  const auto cents = static_cast<Units>(charges * 825 / 10'000 / kCent);
  Line line = MakeLine(LineType::kTax, head, account, UsageProducts()[0], nullptr, head.period,
                       800 + digit);
  line.tags = &kNoTags;
  line.description = "Tax for product code AmazonEC2";
  line.tax_type = kTypes[digit % 3];
  ChargeOnce(line, std::max<Units>(cents, 0) * kCent, "Anniversary");
  return line;
}

void EmitOneOffs(const BillHead& head, const std::function<void(const Line&)>& emit) {
  struct OneOff {
    LineType type;
    const Product* product;
    const Account* account;
    Units cents;
    std::string_view bill_type = "Anniversary", description = {};
  };
  using enum LineType;
  const Account* const payer = &Payer();
  const auto accounts = LinkedAccounts();
  const auto products = UsageProducts();
  const OneOff one_offs[] = {
      {kFee, &kSupport, payer, 10'000},
      {kFee, &kMarketplace, &accounts[4], 25'000},
      {kFee, &kDomain, &accounts[2], 1'300, "Purchase"},
      {kCredit, &products[0], &accounts[1], -2'500, "Anniversary", "AWS Credit, \"Activate\""},
      {kCredit, &products[8], &accounts[4], -310, "Anniversary", "AWS Free Tier"},
      {kCredit, &products[0], &accounts[1], 150, "Anniversary", "Correction of a credit"},
      {kRefund, &products[10], &accounts[5], -475, "Refund", "Goodwill refund for an incident"},
      {kDiscount, &kSupport, payer, -100},
      {kEdpDiscount, &kSupport, payer, -600},
      {kPrivateRateDiscount, &products[13], &accounts[2], -220},
      {kSppDiscount, &kSupport, payer, -50},
      {kRiVolumeDiscount, &products[0], payer, -75},
      {kDistributorDiscount, &kSupport, payer, -25},
      {kBundledDiscount, &kFirewall, &accounts[6], -500},
      {kFlatRateSubscription, &kFlatRatePlan, &accounts[2], 20'000},
      {kMysteryCharge, &kMystery, &accounts[7], 123},
  };
  std::uint64_t key = 700;
  for (const OneOff& once : one_offs) {
    Line line =
        MakeLine(once.type, head, *once.account, *once.product, nullptr, head.period, key++);
    if (!once.description.empty()) line.description = once.description;
    ChargeOnce(line, once.cents * kCent, once.bill_type);
    emit(line);
  }
  // A refund of the upfront payment of a plan: cash, not cost.
  const SavingsPlan& refunded = SavingsPlans()[1];
  const std::string text =
      "Refund for one-time fee for Savings Plan ID : " + std::string(refunded.id);
  Line refund = MakeLine(kRefund, head, *payer, kSavingsPlanService, nullptr, head.period, key);
  SetPlan(refund, refunded);
  refund.description = text;
  ChargeOnce(refund, -1'234 * kCent, "Refund");
  emit(refund);
}

}  // namespace farthing::sim
