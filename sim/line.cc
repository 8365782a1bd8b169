#include "sim/line.h"

#include "base/result.h"

namespace farthing::sim {
namespace {

/// Prints "2026-01-01T00:00:00".
std::string WithoutZone(Instant instant) {
  std::string text = ToString(instant);
  text.pop_back();
  return text;
}

}  // namespace

TimeSpan::TimeSpan(Instant from, Instant to) : start(WithoutZone(from)), end(WithoutZone(to)) {}

std::string_view Name(LineType type) {
  switch (type) {
    case LineType::kUsage: return "Usage";
    case LineType::kDiscountedUsage: return "DiscountedUsage";
    case LineType::kRiFee: return "RIFee";
    case LineType::kFee: return "Fee";
    case LineType::kCoveredUsage: return "SavingsPlanCoveredUsage";
    case LineType::kNegation: return "SavingsPlanNegation";
    case LineType::kRecurringFee: return "SavingsPlanRecurringFee";
    case LineType::kUpfrontFee: return "SavingsPlanUpfrontFee";
    case LineType::kTax: return "Tax";
    case LineType::kCredit: return "Credit";
    case LineType::kRefund: return "Refund";
    case LineType::kDiscount: return "Discount";
    case LineType::kEdpDiscount: return "EdpDiscount";
    case LineType::kPrivateRateDiscount: return "PrivateRateDiscount";
    case LineType::kSppDiscount: return "SppDiscount";
    case LineType::kRiVolumeDiscount: return "RiVolumeDiscount";
    case LineType::kDistributorDiscount: return "DistributorDiscount";
    case LineType::kBundledDiscount: return "BundledDiscount";
    case LineType::kFlatRateSubscription: return "FlatRateSubscription";
    case LineType::kMysteryCharge: return "MysteryCharge";
  }
  return {};
}

Line MakeLine(LineType type, const BillHead& head, const Account& account, const Product& product,
              const Region* region, const TimeSpan& span, std::uint64_t key) {
  return {.type = type,
          .head = &head,
          .account = &account,
          .product = &product,
          .region = region,
          .tags = &TagSets()[key % TagSets().size()],
          .span = &span,
          .interval = &span,
          .key = Mix(key, static_cast<std::uint64_t>(type)),
          .usage_type = product.usage_type,
          .description = product.description,
          .resource_id = {},
          .zone = {}};
}

void ChargeOnce(Line& line, Units cost, std::string_view bill_type) {
  line.interval = &line.head->period;
  line.bill_type = bill_type;
  line.amount = line.type == LineType::kCredit ? 0 : kOne;
  line.rate = line.amount == 0 ? 0 : cost;
  line.unblended = cost;
  line.blended = IsDiscountLine(line) ? 0 : cost;
}

void SetPlan(Line& line, const SavingsPlan& plan) {
  line.plan = &plan;
  line.key = Mix(line.key, static_cast<std::uint64_t>(&plan - SavingsPlans().data()));
}

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9E3779B97F4A7C15U + b + 0x632BE59BD9B4E019U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

bool IsDiscountLine(const Line& line) { return Name(line.type).ends_with("Discount"); }

Units Net(Units gross) {
  CHECK(gross % 100 == 0);
  return gross / 100 * 94;
}

bool IsMarketplace(const Line& line) { return line.product == &kMarketplace; }

bool IsDiscounted(const Line& line) {
  switch (line.type) {
    case LineType::kUsage:
    case LineType::kRiFee:
    case LineType::kRecurringFee:
    case LineType::kUpfrontFee:
    case LineType::kFlatRateSubscription: return true;
    case LineType::kFee: return line.reservation != nullptr;
    default: return false;
  }
}

Units NetUnblended(const Line& line) {
  return IsDiscounted(line) ? Net(line.unblended) : line.unblended;
}

Units Amortized(const Line& line) {
  switch (line.type) {
    case LineType::kDiscountedUsage: return line.ri.upfront_for_usage + line.ri.recurring_for_usage;
    case LineType::kRiFee: return line.ri.unused_upfront + line.ri.unused_recurring;
    case LineType::kFee: return line.reservation != nullptr ? 0 : line.unblended;
    case LineType::kCoveredUsage: return line.sp.effective;
    case LineType::kRecurringFee: return line.sp.total() - line.sp.used;
    case LineType::kNegation:
    case LineType::kUpfrontFee: return 0;
    case LineType::kRefund: return line.plan != nullptr ? 0 : line.unblended;
    default: return line.unblended;
  }
}

Units NetAmortized(const Line& line) {
  switch (line.type) {
    case LineType::kDiscountedUsage:
    case LineType::kRiFee:
    case LineType::kCoveredUsage:
    case LineType::kRecurringFee: return Net(Amortized(line));
    default: return Amortized(line) == 0 ? 0 : NetUnblended(line);
  }
}

std::string_view InvoiceSeries(const Line& line) {
  if (IsMarketplace(line)) return "2";
  if (line.bill_type == "Purchase") return "3";
  return line.bill_type == "Refund" ? "4" : "1";
}

std::span<const Line::Part> FocusParts(const Line& line) {
  static constexpr Line::Part kWhole[] = {Line::Part::kWhole};
  static constexpr Line::Part kFeeParts[] = {Line::Part::kPurchase, Line::Part::kUnused};
  if (line.type == LineType::kNegation || !line.split.parent.empty()) return {};
  if (line.type == LineType::kRiFee || line.type == LineType::kRecurringFee) return kFeeParts;
  return kWhole;
}

Units BilledCost(const Line& line) {
  const bool covered = line.type == LineType::kCoveredUsage || line.part == Line::Part::kUnused;
  return covered ? 0 : NetUnblended(line);
}

Units EffectiveCost(const Line& line) {
  return line.part == Line::Part::kPurchase ? 0 : NetAmortized(line);
}

Units ListCost(const Line& line) {
  const bool discount = line.type >= LineType::kDiscount && line.type <= LineType::kBundledDiscount;
  if (discount || line.part == Line::Part::kUnused) return 0;  // a discount has no list price
  return line.type == LineType::kDiscountedUsage ? line.public_cost : line.unblended;
}

Units ContractedCost(const Line& line) {
  if (line.part == Line::Part::kUnused) return 0;
  if (line.type == LineType::kDiscountedUsage) return Net(line.public_cost);
  return line.type == LineType::kCoveredUsage ? Net(line.unblended) : NetUnblended(line);
}

}  // namespace farthing::sim
