#pragma once

// Which months of the first day are asked for, how many at once, and what that will cost.  For connect/cost_explorer/first_day.cc.
// One thread.

#include "aws/cost_explorer.h"
#include "connect/cost_explorer/first_day.h"

namespace farthing::connect {

/// So many days of hours does Cost Explorer keep.  Source: AWS Cost Explorer user guide.
inline constexpr int kHourlyDays = 14;

/// How many figures a page of Cost Explorer's answers holds; AWS documents none, so it is assumed until an answer
/// shows it.
class PageSize {
 public:
  void Learn(const aws::CostAnswer& answer);
  int groups() const { return groups_; }
  /// Pages of so many figures.
  int PagesOf(int groups) const;
  /// How many months one span of questions may hold.  The first is small: its answer says how many figures a month
  /// has, and so how many of the others fit, also under what is `left` of the cap.
  int MonthsTogether(bool is_first, int groups_per_month, int left) const;

 private:
  int groups_ = 500;
};

/// The months that are asked for together with the one at `index`, `most` at most: consecutive, and only the oldest of
/// them covered in part, so that no day is paid for that a bill has.
std::vector<Period> SpanAt(const FirstDayPlan& plan, std::size_t index, int most);
/// The days of a span: from the first that no bill covers to the end of the newest month, or tomorrow.
struct AskedDays {
  Instant start, end;
};
AskedDays DaysOf(const FirstDayPlan& plan, const std::vector<Period>& span, Instant now);

/// The plan of the connection as it stands.  Asks nothing that costs.
Result<FirstDayPlan> PlanMonths(Installation& installation, const Connection& connection,
                                const FirstDayOptions& options);

}  // namespace farthing::connect
