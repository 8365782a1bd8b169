#pragma once

// How columns of several formats write their cells.  Private to sim/*_columns.cc.

#include "sim/line.h"
#include "sim/row.h"

namespace farthing::sim {

template <auto kMember>
void LineText(const Line& line, RowWriter& row) {
  row.Text(line.*kMember);
}
template <auto kMember>
void ProductText(const Line& line, RowWriter& row) {
  row.Text(line.product->*kMember);
}
template <auto kMember>
void AccountText(const Line& line, RowWriter& row) {
  row.Text(line.account->*kMember);
}
template <auto kMember>
void PayerText(const Line&, RowWriter& row) {
  row.Text(Payer().*kMember);
}
template <auto kMember>
void RegionText(const Line& line, RowWriter& row) {
  row.Text(line.region != nullptr ? line.region->*kMember : std::string_view());
}
template <auto kMember>
void UsageTime(const Line& line, RowWriter& row) {
  row.Time(line.span->*kMember);
}
template <auto kMember>
void PeriodTime(const Line& line, RowWriter& row) {
  row.Time(line.head->period.*kMember);
}
/// An amount that is computed, such as NetUnblended.
template <auto kFunction>
void Amount(const Line& line, RowWriter& row) {
  row.Number(kFunction(line));
}

inline void Issuer(const Line&, RowWriter& row) { row.Text("Amazon Web Services, Inc."); }
inline void Currency(const Line& line, RowWriter& row) { row.Text(line.head->currency); }
inline void InvoiceId(const Line& line, RowWriter& row) {
  if (line.head->open) return row.Absent();
  row.Text({line.head->invoice_prefix, InvoiceSeries(line)});
}
inline void UsageType(const Line& line, RowWriter& row) {
  row.Text({line.region != nullptr ? line.region->usage_prefix : "", line.usage_type});
}

}  // namespace farthing::sim
