// Why the bill and Cost Explorer differ: the causes that AWS documents or that its services are known for.

#include <algorithm>

#include "base/text.h"
#include "connect/reconcile.h"

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

Result<bool> IsSmall(const Decimal& difference) {
  const Decimal size = difference.units < 0 ? Negate(difference) : difference;
  TRY_ASSIGN(const Decimal over, Add(size, Negate(kRounding)));
  return over.units < 0;
}

/// True when other differences of the same month and type take this one up to the last digit: the same money under
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

std::string CauseOf(const ReconcileRow& row, const std::vector<ReconcileRow>& rows, bool is_small,
                    const ReconcileContext& context) {
  if (is_small) return "rounding: Cost Explorer adds up rounded figures";
  if (IsNaming(row, rows)) return "service naming: the same sum is there under another service";
  const Instant settled{row.period.end().micros + 10 * kDayMicros};
  const bool is_open = context.now < settled || context.estimated.contains(row.period);
  const std::string type = Squeeze(row.charge_type);
  if (type == "refund" || type == "credit") {
    return "refunds and credits arrive later and are booked into closed months";
  }
  if (type == "tax" && is_open) return "tax is estimated until the invoice is made";
  if (row.service.find("Support") != std::string::npos && is_open) {
    return "support fees are worked out at the end of the month";
  }
  if (context.leaves_accounts_out) {
    return "accounts without a connection are not imported: the import policy is "
           "connected-accounts";
  }
  if (is_open) {
    const auto until = context.bill_until.find(row.period);
    return "the month is not final: Cost Explorer and the bill lag by different hours" +
           (until == context.bill_until.end() ? "" : ", the bill reaches " + until->second);
  }
  const bool is_amazon = row.service.starts_with("Amazon") || row.service.starts_with("AWS") ||
                         row.service.starts_with("EC2") || row.service == "Tax";
  if (!is_amazon) return "marketplace: sold by others, billed apart and later";
  return "";
}

}  // namespace

std::string ComparableService(std::string_view service) { return Resolve(kServices, service); }
std::string ComparableType(std::string_view type) { return Resolve(kTypes, type); }

Result<std::vector<ReconcileRow>> ExplainDifferences(const std::vector<ReconcileCell>& cells,
                                                     const ReconcileContext& context) {
  std::vector<ReconcileRow> rows;
  for (const ReconcileCell& cell : cells) {
    TRY_ASSIGN(const Decimal difference, Add(cell.cost_explorer, Negate(cell.bill)));
    if (difference.units == 0) continue;
    rows.push_back({cell.period, cell.service, cell.charge_type, Canonical(cell.cost_explorer),
                    Canonical(cell.bill), Canonical(difference), ""});
  }
  for (ReconcileRow& row : rows) {
    TRY_ASSIGN(const bool is_small, IsSmall(row.difference));
    row.cause = CauseOf(row, rows, is_small, context);
  }
  const auto size = [](const ReconcileRow& row) {
    const Decimal absolute = row.difference.units < 0 ? Negate(row.difference) : row.difference;
    return Rescale(absolute.units, absolute.scale, 20).value_or(absolute.units);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const ReconcileRow& a, const ReconcileRow& b) {
    if (a.period != b.period) return a.period < b.period;
    return size(a) > size(b);
  });
  return rows;
}

}  // namespace farthing::connect
