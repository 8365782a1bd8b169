#pragma once

// One line of the bill before it takes the shape of a format, and the amounts that follow from it.
// A Line is a view: its texts belong to the organisation's tables or to the month that emits it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/organisation.h"

namespace farthing::sim {

enum class LineType {
  kUsage,
  kDiscountedUsage,
  kRiFee,
  kFee,
  kCoveredUsage,
  kNegation,
  kRecurringFee,
  kUpfrontFee,
  kTax,
  kCredit,
  kRefund,
  kDiscount,
  kEdpDiscount,
  kPrivateRateDiscount,
  kSppDiscount,
  kRiVolumeDiscount,
  kDistributorDiscount,
  kBundledDiscount,
  kFlatRateSubscription,
  kMysteryCharge,
};
constexpr int kLineTypeCount = 20;
/// Returns the name in the bill, e.g. "SavingsPlanCoveredUsage".
std::string_view Name(LineType type);

/// A half-open stretch of time with its texts, "2026-01-01T00:00:00" without zone.
struct TimeSpan {
  TimeSpan(Instant start, Instant end);
  std::string start, end;
};

/// What identifies a bill: one month of one delivery.
struct BillHead {
  TimeSpan period;
  std::string_view currency;
  bool open;  ///< not yet invoiced
  std::string invoice_prefix;
  const Account* payer = &Payer();
};

/// Amounts of reserved instances.  DiscountedUsage: the first two; RIFee: the others.
struct ReservationAmounts {
  Units upfront_for_usage, recurring_for_usage;
  Units amortized_upfront, unused_upfront, unused_recurring, unused_quantity, total_units;
  Units upfront_value;
};

/// Amounts of savings plans.  Covered usage: the first two; recurring fees: the others.
struct SavingsPlanAmounts {
  Units effective, rate;
  Units recurring, amortized_upfront, used;
  Units total() const { return recurring + amortized_upfront; }
};

/// Split cost allocation: the share of a pod in its instance.
struct SplitAmounts {
  std::string_view parent;  ///< empty on ordinary lines
  Units reserved, used, ratio, cost, unused;
};

struct Line {
  LineType type;
  const BillHead* head;
  const Account* account;
  const Product* product;
  const Region* region;  ///< nullptr: global
  const TagSet* tags;
  const TimeSpan* span;  ///< usage start and end
  const TimeSpan* interval;
  std::uint64_t key;  ///< of identity/LineItemId: one per resource, not per hour
  std::string_view bill_type = "Anniversary";
  std::string_view usage_type, description, resource_id, zone;
  std::string_view tax_type = {};
  Units amount = 0, rate = 0;
  Units unblended = 0, blended = 0, public_cost = 0;
  const Reservation* reservation = nullptr;
  ReservationAmounts ri{};
  const SavingsPlan* plan = nullptr;
  SavingsPlanAmounts sp{};
  SplitAmounts split{};
  /// FOCUS splits commitment fees into what was bought and what of it was left unused.
  enum class Part { kWhole, kPurchase, kUnused } part = Part::kWhole;
};

/// Returns a line with the product's texts and the tags that go with the key.
Line MakeLine(LineType type, const BillHead& head, const Account& account, const Product& product,
              const Region* region, const TimeSpan& span, std::uint64_t key);
/// Makes the line a charge of the month: its amount, costs and bill type.
void ChargeOnce(Line& line, Units cost, std::string_view bill_type);
/// Names the plan that the line belongs to, with a key of its own per plan.
void SetPlan(Line& line, const SavingsPlan& plan);

/// A well mixed hash of two numbers (splitmix64), the only source of chance in the bill.
std::uint64_t Mix(std::uint64_t a, std::uint64_t b);

/// Returns what remains of an amount after the negotiated 6 %.  Requires: gross in multiples of 100.
Units Net(Units gross);
/// True for "Discount" and "…Discount" lines.
bool IsDiscountLine(const Line& line);
/// True for lines that the negotiated discount reduces.
bool IsDiscounted(const Line& line);
/// line_item_net_unblended_cost.
Units NetUnblended(const Line& line);

/// Amortised cost by line type; net: after negotiated discounts, unused plan hours scaled likewise.
/// Source: CID summary_view.sql and the AWS guides to RI and savings plan lines.
Units Amortized(const Line& line);
Units NetAmortized(const Line& line);

/// True when the line is charged by AWS Marketplace.
bool IsMarketplace(const Line& line);
/// Returns the last digit of the line's invoice: usage, Marketplace, purchases and refunds are
/// invoiced apart.
std::string_view InvoiceSeries(const Line& line);

/// Returns the rows that FOCUS makes of the line: none of negations and split costs, two of
/// recurring commitment fees.
std::span<const Line::Part> FocusParts(const Line& line);

/// The four costs of FOCUS.  Σ billed = Σ net unblended, Σ effective = Σ net amortised.
Units BilledCost(const Line& line);
Units EffectiveCost(const Line& line);
Units ListCost(const Line& line);
Units ContractedCost(const Line& line);

}  // namespace farthing::sim
