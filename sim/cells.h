#pragma once

// How columns of several formats write their cells.  Private to sim/*_columns.cc.

#include "sim/line.h"
#include "sim/row.h"

namespace farthing::sim {

template <auto Member>
void LineText(const Line& line, RowWriter& row) {
  row.Text(line.*Member);
}
template <auto Member>
void ProductText(const Line& line, RowWriter& row) {
  row.Text(line.product->*Member);
}
template <auto Member>
void AccountText(const Line& line, RowWriter& row) {
  row.Text(line.account->*Member);
}
template <auto Member>
void PayerText(const Line& line, RowWriter& row) {
  row.Text(line.head->payer->*Member);
}
template <auto Member>
void RegionText(const Line& line, RowWriter& row) {
  row.Text(line.region != nullptr ? line.region->*Member : std::string_view());
}
template <auto Member>
void UsageTime(const Line& line, RowWriter& row) {
  row.Time(line.span->*Member);
}
template <auto Member>
void PeriodTime(const Line& line, RowWriter& row) {
  row.Time(line.head->period.*Member);
}
/// An amount that is computed, such as NetUnblended.
template <auto Function>
void Amount(const Line& line, RowWriter& row) {
  row.Number(Function(line));
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
