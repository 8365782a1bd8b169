#pragma once

// How the columns of legacy reports and CUR 2.0 write their cells.  Private to sim/cur_columns.cc.

#include <array>
#include <string_view>

#include "sim/cells.h"

namespace farthing::sim {

template <auto Member>
void LineNumber(const Line& line, RowWriter& row) {
  row.Number(line.*Member);
}
template <auto Member>
void TagText(const Line& line, RowWriter& row) {
  row.Text(line.tags->*Member);
}

// Amounts of commitments and of split costs, gross or net, on the lines that have them.
inline Units Gross(Units amount) { return amount; }
template <auto Member, auto Scale = Gross>
void Lease(const Line& line, RowWriter& row) {
  line.reservation != nullptr ? row.Number(Scale(line.ri.*Member)) : row.Absent();
}
template <auto Member, auto Scale = Gross>
void Plan(const Line& line, RowWriter& row) {
  line.plan != nullptr ? row.Number(Scale(line.sp.*Member)) : row.Absent();
}
template <auto Member, auto Scale = Gross>
void Split(const Line& line, RowWriter& row) {
  line.split.parent.empty() ? row.Absent() : row.Number(Scale(line.split.*Member));
}
template <auto Member>
void PlanText(const Line& line, RowWriter& row) {
  row.Text(line.plan != nullptr ? line.plan->*Member : std::string_view());
}
template <auto Function>
void LeaseUsage(const Line& line, RowWriter& row) {
  line.type == LineType::kDiscountedUsage ? row.Number(Function(line)) : row.Absent();
}
/// Texts of commitment fees only.
template <LineType Type, auto Edge>
void Term(const Line& line, RowWriter& row) {
  if (line.type != Type) return row.Absent();
  row.Text({line.head->period.*Edge, ".000Z"});
}
inline void LeaseTerm(const Line& line, RowWriter& row) {
  row.Text(line.reservation != nullptr ? "1yr" : "");
}
inline void PlanTerm(const Line& line, RowWriter& row) {
  row.Text(line.plan != nullptr ? "1yr" : "");
}

inline void LineId(const Line& line, RowWriter& row) {
  std::array<char, 52> id;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < id.size(); ++i, bits >>= 5) {
    if (i % 12 == 0) bits = Mix(line.key, i);
    id[i] = "abcdefghijklmnopqrstuvwxyz234567"[bits & 31];
  }
  row.Text(std::string_view(id.data(), id.size()));
}

inline void TimeInterval(const Line& line, RowWriter& row) {
  row.Text({line.interval->start, "Z/", line.interval->end, "Z"});
}

/// True for usage by the hour, which has a price in the price list.
inline bool HasPrice(const Line& line) {
  return line.product->rate != 0 && !line.resource_id.empty();
}
inline bool IsSpot(const Line& line) { return line.product->offer == Offer::kSpot; }

inline void Normalized(const Line& line, RowWriter& row, Units amount) {
  const bool instance = HasPrice(line) || line.type == LineType::kRiFee;
  const int factor = instance ? line.product->size_factor : 0;
  factor > 0 ? row.Number(factor * amount) : row.Absent();
}

inline void UnblendedRate(const Line& line, RowWriter& row) {
  IsSpot(line) ? row.Absent() : row.Rate(line.rate);
}

inline void BlendedCost(const Line& line, RowWriter& row) {
  IsDiscountLine(line) ? row.Absent() : row.Number(line.blended);
}

inline void Sku(const Line& line, RowWriter& row) {
  if (line.type == LineType::kTax) return row.Absent();
  row.Text({line.product->code, ".", line.usage_type});
}

inline void RateCode(const Line& line, RowWriter& row) {
  if (!HasPrice(line)) return row.Absent();
  row.Text({line.product->code, ".", line.usage_type, ".6YS6EN2CT7"});
}

inline void PurchaseOption(const Line& line, RowWriter& row) {
  row.Text(line.reservation != nullptr ? Name(line.reservation->payment) : "");
}

inline void PublicRate(const Line& line, RowWriter& row) {
  line.public_cost != 0 ? row.Rate(line.product->rate) : row.Absent();
}

inline void PricingTerm(const Line& line, RowWriter& row) {
  if (!HasPrice(line) || IsSpot(line)) return row.Absent();
  row.Text(line.type == LineType::kDiscountedUsage ? "Reserved" : "OnDemand");
}

inline void ReservedUnits(const Line& line, RowWriter& row, int factor) {
  line.ri.total_units != 0 ? row.Rate(line.ri.total_units * factor) : row.Absent();
}

inline void UnusedNormalized(const Line& line, RowWriter& row) {
  if (line.reservation == nullptr) return row.Absent();
  row.Number(line.ri.unused_quantity * line.product->size_factor);
}

inline void Discount(const Line& line, RowWriter& row) {
  IsDiscounted(line) ? row.Number(NetUnblended(line) - line.unblended) : row.Absent();
}

using Ri = ReservationAmounts;
using Sp = SavingsPlanAmounts;

}  // namespace farthing::sim
