#include "sim/month.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace farthing::sim {
namespace {

BillHead Head(Period period) {
  return {.period = TimeSpan(period.start(), period.end()),
          .currency = "USD",
          .open = false,
          .invoice_prefix = "1"};
}

// Enough lines for every hour of the month and for several instances per fleet.
constexpr std::int64_t kManyLines = 200'000;

TEST(MonthTest, EmitsExactlyTheLinesAskedFor) {
  for (const std::int64_t lines : {kMinMonthLines, std::int64_t{1234}, std::int64_t{40'000}}) {
    const Period period{2027, 2};
    std::int64_t count = 0;
    EmitMonth({.first = period, .period = period, .lines = lines}, Head(period),
              [&](const Line&) { ++count; });
    EXPECT_EQ(count, lines);
  }
}

TEST(MonthTest, NegationsCancelCoveredUsage) {
  using Key = std::tuple<const SavingsPlan*, std::string_view, std::string, const Account*,
                         std::string>;  // plan, usage type, zone, account, hour
  struct Sums {
    Units cost = 0, amount = 0;
    int covered = 0, negations = 0;
  };
  const Period period{2026, 1};
  std::map<Key, Sums> sums;
  EmitMonth({.first = period, .period = period, .lines = kManyLines}, Head(period),
            [&](const Line& line) {
              const bool covered = line.type == LineType::kCoveredUsage;
              if (!covered && line.type != LineType::kNegation) return;
              Sums& sum = sums[{line.plan, line.usage_type, std::string(line.zone), line.account,
                                line.span->start}];
              sum.cost += line.unblended;
              sum.amount += line.amount;
              ++(covered ? sum.covered : sum.negations);
            });
  int largest = 0;
  for (const auto& [key, sum] : sums) {
    EXPECT_EQ(sum.cost, 0);
    EXPECT_EQ(sum.amount, 0);
    EXPECT_EQ(sum.negations, 1);
    largest = std::max(largest, sum.covered);
  }
  EXPECT_GT(largest, 1);
}

TEST(MonthTest, UsedCommitmentIsWhatCoveredUsageCosts) {
  const Period period{2026, 1};
  std::map<std::pair<const SavingsPlan*, std::string>, Units> unexplained;
  std::set<std::string> hours;
  Units unused = 0;
  EmitMonth({.first = period, .period = period, .lines = kManyLines}, Head(period),
            [&](const Line& line) {
              if (line.plan == nullptr) return;
              Units& sum = unexplained[{line.plan, line.span->start}];
              sum += line.sp.used - line.sp.effective;
              if (line.type != LineType::kRecurringFee) return;
              hours.insert(line.span->start);
              EXPECT_LE(line.sp.used, line.sp.total());
              unused += line.sp.total() - line.sp.used;
            });
  EXPECT_EQ(hours.size(), 744U);
  EXPECT_GT(unused, 0);
  for (const auto& [key, sum] : unexplained) EXPECT_EQ(sum, 0);
}

TEST(MonthTest, LeasesCostWhatWasPaidForThem) {
  const Period period{2026, 1};
  std::map<const Reservation*, Units> unexplained;
  EmitMonth({.first = period, .period = period, .lines = kManyLines}, Head(period),
            [&](const Line& line) {
              if (line.reservation == nullptr || line.type == LineType::kFee) return;
              unexplained[line.reservation] +=
                  Amortized(line) - line.unblended - line.ri.amortized_upfront;
            });
  EXPECT_EQ(unexplained.size(), Reservations().size());
  for (const auto& [lease, sum] : unexplained) EXPECT_EQ(sum, 0) << lease->arn;
}

TEST(MonthTest, PodsSplitTheCostOfTheirInstance) {
  const Period period{2026, 1};
  std::map<std::pair<std::string, std::string>, Units> unexplained;  // by instance and hour
  int pods = 0;
  EmitMonth({.first = period, .period = period}, Head(period), [&](const Line& line) {
    if (line.split.parent.empty()) {
      if (line.type != LineType::kCoveredUsage) return;
      unexplained[{std::string(line.resource_id), line.span->start}] = line.sp.effective;
    } else {
      ++pods;
      EXPECT_EQ(line.unblended, 0);
      unexplained.at({std::string(line.split.parent), line.span->start}) -=
          line.split.cost + line.split.unused;
    }
  });
  EXPECT_GT(pods, 0);
  EXPECT_EQ(std::ranges::count_if(unexplained, [](auto& entry) { return entry.second == 0; }),
            pods / 2);
}

}  // namespace
}  // namespace farthing::sim
