#pragma once

// The organisation's bill as of an instant, and its deliveries into buckets.  Cost Explorer and deliveries see
// the same lines.  Private to sim/aws.

#include <functional>

#include "sim/aws/world.h"
#include "sim/line.h"
#include "sim/row.h"

namespace farthing::rehearsal {

/// How a month's bill looks at some time.
struct BillView {
  Period period;
  Instant until;  ///< usage from here on is not known yet
  bool open = true;
  int restatement = 0;
};
/// Empty months (nothing used yet) have `until` at the period's start.
BillView ViewOf(const World& world, Period period);
/// The first month of the organisation's history.
Period FirstPeriod(const World& world);

/// Hands the month's lines to the sink, in the bill's order.
void ForEachLine(const World& world, const BillView& view,
                 const std::function<void(const sim::Line&)>& sink);

/// Delivers what has changed of an export as of now; what goes wrong becomes the export's status.
/// Errors: kUnavailable (our own disk).
Result<void> DeliverExport(World& world, Export& each);
/// Learns of the usage up to now and delivers every export.
Result<void> DeliverAll(World& world);
/// Does the deliveries that have fallen due since the last call; AWS delivers at least once a day.
Result<void> CatchUp(World& world);
/// Runs the clock forward, with the deliveries on the way.
Result<void> AdvanceTo(World& world, Instant to);

/// Sets up the bucket and the exports of Options, with their history.
Result<void> AddExistingExports(World& world);

/// The table of a query, "FOCUS_1_2_AWS", and its columns; no columns: all.
struct SelectList {
  std::string table;
  std::vector<std::string> columns;
};
/// Errors: a refusal, for queries that are no plain SELECT … FROM.
Result<SelectList> ReadSelect(const std::string& query);
/// The columns of a table; none for a table that is not here.
sim::Columns ColumnsOfTable(std::string_view table);
/// Which of our formats a definition asks for.  Errors: a refusal.
Result<sim::BillFormat> FormatOf(const Export& each);

}  // namespace farthing::rehearsal
