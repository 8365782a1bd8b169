// Why the bill and Cost Explorer differ: the causes that AWS documents or that its services are known for.  A cause
// explains no more than its own figures: a refund of 5 explains 5 of a difference of 100.

#include <algorithm>

#include "base/text.h"
#include "connect/cost_explorer/reconcile.h"

namespace farthing::connect {
namespace {

constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;
/// Below this, sums of rounded lines may differ.
const Decimal kRounding{1, 3};

struct Alias {
  std::string_view squeezed, name;
};
constexpr Alias kTypes[] = {
    {"recurring", "RIFee"},
    {"recurringreservationfee", "RIFee"},
    {"rifee", "RIFee"},
    {"upfront", "Fee"},
    {"upfrontreservationfee", "Fee"},
    {"otheroutofcyclecharges", "Fee"},
    {"fee", "Fee"},
    {"savingsplanupfrontfee", "SavingsPlanUpfrontFee"},
    {"savingsplanrecurringfee", "SavingsPlanRecurringFee"},
    {"savingsplancoveredusage", "SavingsPlanCoveredUsage"},
    {"savingsplannegation", "SavingsPlanNegation"},
    {"discountedusage", "DiscountedUsage"},
    {"reservationappliedusage", "DiscountedUsage"},
};
constexpr Alias kServices[] = {
    {"amazonelasticcomputecloudcompute", "Amazon Elastic Compute Cloud"},
    {"ec2other", "Amazon Elastic Compute Cloud"},
};

std::string Squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : ToLower(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) squeezed += c;
  }
  return squeezed;
}

template <std::size_t kCount>
std::string Resolve(const Alias (&aliases)[kCount], std::string_view text) {
  const std::string squeezed = Squeeze(text);
  for (const Alias& alias : aliases) {
    if (alias.squeezed == squeezed) return std::string(alias.name);
  }
  return std::string(text);
}

Decimal SizeOf(const Decimal& value) { return value.units < 0 ? Negate(value) : value; }

Result<bool> IsLess(const Decimal& a, const Decimal& b) {
  TRY_ASSIGN(const Decimal over, Add(a, Negate(b)));
  return over.units < 0;
}

/// True when another difference of the same month and type takes this one up to the last digit: the same money under
/// another name.
bool IsNaming(const ReconcileRow& row, const std::vector<ReconcileRow>& rows) {
  const bool only_here = row.cost_explorer.units == 0 || row.bill.units == 0;
  return only_here && std::any_of(rows.begin(), rows.end(), [&](const ReconcileRow& other) {
           return &other != &row && other.period == row.period &&
                  other.charge_type == row.charge_type &&
                  other.difference == Negate(row.difference) &&
                  (other.cost_explorer.units == 0 || other.bill.units == 0);
         });
}

/// Takes from what is unexplained as much as `figure` accounts for: nothing where it points the other way.
Result<void> Claim(ReconcileRow& row, std::string cause, const Decimal& figure) {
  if (figure.units == 0 || (figure.units < 0) != (row.unexplained.units < 0)) return {};
  TRY_ASSIGN(const bool is_part, IsLess(SizeOf(figure), SizeOf(row.unexplained)));
  const Decimal amount = Canonical(is_part ? figure : row.unexplained);
  if (amount.units == 0) return {};
  TRY_ASSIGN(const Decimal rest, Add(row.unexplained, Negate(amount)));
  row.unexplained = Canonical(rest);
  row.explanations.push_back({std::move(cause), amount});
  return {};
}

Result<void> Explain(ReconcileRow& row, const ReconcileCell& cell,
                     const std::vector<ReconcileRow>& rows, const ReconcileContext& context) {
  TRY_ASSIGN(const bool is_small, IsLess(SizeOf(row.difference), kRounding));
  if (is_small) {
    return Claim(row, "rounding: Cost Explorer adds up rounded figures", row.difference);
  }
  if (IsNaming(row, rows)) {
    return Claim(row, "service naming: the same sum is there under another service",
                 row.difference);
  }
  TRY(Claim(row, "refunds and credits of the bill that Cost Explorer books elsewhere or later",
            Negate(cell.refunds)));
  TRY(Claim(row, "marketplace: sold by others, billed apart and later", Negate(cell.marketplace)));
  if (!IsOpen(row.period, context)) return {};
  if (const auto from = context.last_days.find(row.period); from != context.last_days.end()) {
    TRY_ASSIGN(const Decimal lag, Add(cell.last_days_cost_explorer, Negate(cell.last_days_bill)));
    TRY(Claim(
        row,
        "the days from " + from->second + " on: Cost Explorer and the bill lag by different hours",
        lag));
  }
  const bool is_tax = row.charge_type == "Tax";
  const bool is_support = row.service.find("Support") != std::string::npos;
  if (is_tax || is_support) {
    // Such a figure may move either way until it is on an invoice.
    const Decimal size = SizeOf(cell.bill.units == 0 ? cell.cost_explorer : cell.not_invoiced);
    TRY(Claim(row,
              is_tax ? "tax is estimated until the invoice is made"
                     : "support fees are worked out at the end of the month",
              row.unexplained.units < 0 ? Negate(size) : size));
  }
  return {};
}

/// Where to look for what nothing accounts for.
std::string LikelyCause(const ReconcileRow& row, const ReconcileContext& context) {
  if (row.unexplained.units == 0) return {};
  const bool may_be_refund = row.charge_type == "Refund" || row.charge_type == "Credit";
  if (may_be_refund && row.unexplained.units < 0) {
    return "perhaps refunds or credits that were booked after the bill was delivered: AWS delivers "
           "a "
           "closed month again only where the report refreshes them";
  }
  if (!IsOpen(row.period, context)) return {};
  const auto until = context.bill_until.find(row.period);
  return "the month is not final" +
         (until == context.bill_until.end() ? "" : ", the bill reaches " + until->second) +
         ": compare again when it is";
}

}  // namespace

std::string ComparableService(std::string_view service) { return Resolve(kServices, service); }
std::string ComparableType(std::string_view type) { return Resolve(kTypes, type); }

bool IsOpen(Period period, const ReconcileContext& context) {
  const Instant settled{period.end().micros + 10 * kDayMicros};
  return context.now < settled || context.estimated.contains(period);
}

Result<std::vector<ReconcileRow>> ExplainDifferences(const std::vector<ReconcileCell>& cells,
                                                     const ReconcileContext& context) {
  std::vector<ReconcileRow> rows;
  std::vector<const ReconcileCell*> sources;
  for (const ReconcileCell& cell : cells) {
    TRY_ASSIGN(const Decimal difference, Add(cell.cost_explorer, Negate(cell.bill)));
    if (difference.units == 0) continue;
    ReconcileRow row;
    row.period = cell.period;
    row.service = cell.service;
    row.charge_type = cell.charge_type;
    row.cost_explorer = Canonical(cell.cost_explorer);
    row.bill = Canonical(cell.bill);
    row.difference = row.unexplained = Canonical(difference);
    rows.push_back(std::move(row));
    sources.push_back(&cell);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TRY(Explain(rows[i], *sources[i], rows, context));
    rows[i].likely = LikelyCause(rows[i], context);
  }
  const auto size = [](const ReconcileRow& row) {
    const Decimal absolute = SizeOf(row.difference);
    return Rescale(absolute.units, absolute.scale, 20).value_or(absolute.units);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const ReconcileRow& a, const ReconcileRow& b) {
    if (a.period != b.period) return a.period < b.period;
    return size(a) > size(b);
  });
  return rows;
}

}  // namespace farthing::connect
