// Every gap has its cause, and months from before the export have their request to AWS Support.

#include <gtest/gtest.h>

#include <set>

#include "connect/coverage.h"
#include "connect/support_request.h"
#include "tests/first_day/ask.h"

namespace farthing::connect {
namespace {

CoverageMap MapOf(Asking& asking) {
  return Must(MapCoverage(asking.stage().store(), asking.stage().catalog(), asking.connection().id,
                          asking.aws().now()));
}

/// The status of the payer on a day.
CellStatus StatusOf(Asking& asking, const std::string& day) {
  for (const CoverageSpan& span : MapOf(asking).spans) {
    if (span.account == asking.aws().payer() && span.first_day <= day && day <= span.last_day)
      return span.status;
  }
  ADD_FAILURE() << day << " is in no range";
  return CellStatus::kCovered;
}

TEST(CoverageTest, BeforeAnyDeliveryDaysArePending) {
  Asking asking;
  EXPECT_EQ(StatusOf(asking, "2026-11-20"), CellStatus::kPending);
}

TEST(CoverageTest, RangesAreWholeAndWithoutOverlap) {
  Asking asking;
  asking.Fill();
  asking.AddExport();
  asking.Collect();
  std::map<std::string, std::string> last;
  for (const CoverageSpan& span : MapOf(asking).spans) {
    EXPECT_LE(span.first_day, span.last_day);
    std::string& previous = last[span.export_name + span.account];
    if (!previous.empty()) {
      const Instant next{Must(ParseInstant(previous)).micros + std::int64_t{86'400} * 1'000'000};
      EXPECT_EQ(span.first_day, DayString(next));
    }
    previous = span.last_day;
    EXPECT_EQ(span.cause.empty(), span.status == CellStatus::kCovered) << span.first_day;
  }
  EXPECT_EQ(StatusOf(asking, "2026-10-15"), CellStatus::kFilled);
  EXPECT_EQ(StatusOf(asking, "2026-11-15"), CellStatus::kCovered);
}

TEST(CoverageTest, DeliveriesThatStayOutAreLateAndWhatIsRefusedIsDenied) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  asking.aws().Inject({.kind = rehearsal::FaultKind::kStopDeliveries});
  Must(asking.aws().Advance(std::chrono::hours(24 * 8)));
  EXPECT_EQ(StatusOf(asking, "2026-11-24"), CellStatus::kLate);
  EXPECT_EQ(StatusOf(asking, "2026-11-28"), CellStatus::kPending);
  const Freshness fresh = MapOf(asking).exports.at(0);
  EXPECT_TRUE(fresh.is_estimated);
  EXPECT_NE(fresh.problem, "");
  EXPECT_TRUE(fresh.last_delivery);
  EXPECT_GE(fresh.covered_until, "2026-11-18");

  asking.aws().Inject({.kind = rehearsal::FaultKind::kDeny, .service = "s3"});
  asking.stage().Check(asking.connection());
  EXPECT_EQ(StatusOf(asking, "2026-11-24"), CellStatus::kDenied);
}

TEST(CoverageTest, ATornDeliveryIsNamed) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  Must(asking.aws().Advance(std::chrono::hours(24 * 4)));
  asking.aws().Inject({.kind = rehearsal::FaultKind::kTearManifest});
  asking.aws().Restate(asking.Current());
  Must(asking.aws().Deliver());
  asking.Collect();
  EXPECT_EQ(StatusOf(asking, "2026-11-22"), CellStatus::kQuarantined);
}

TEST(CoverageTest, WhatTheImportPolicyLeavesOutIsCountedAndSummed) {
  Asking asking(AskingWorld(), "1.00", ImportPolicy::kConnectedAccounts);
  asking.AddExport();
  asking.Collect();
  const CoverageMap map = MapOf(asking);
  ASSERT_EQ(map.left_out.size(), 1u);
  const PeriodLeftOut& month = map.left_out.front();
  EXPECT_EQ(month.period, asking.Current());
  EXPECT_GT(month.left_out.line_count, 0);
  const Decimal whole = Canonical(asking.aws().Totals(asking.Current()).unblended);
  const Decimal kept = asking.Unblended(asking.Current());
  EXPECT_EQ(Canonical(Must(Add(kept, month.left_out.costs.at("USD")))), whole);

  std::set<std::string> accounts;
  for (const CoverageSpan& span : map.spans) {
    if (span.status != CellStatus::kLeftOut) continue;
    EXPECT_EQ(span.cause, Describe(month.left_out));
    accounts.insert(span.account);
  }
  const std::vector<std::string>& left = month.left_out.accounts;
  EXPECT_EQ(accounts, std::set<std::string>(left.begin(), left.end()));
  EXPECT_EQ(StatusOf(asking, "2026-11-15"), CellStatus::kCovered);
}

TEST(BackfillTest, MonthsFromBeforeTheExportAreAskedOfAwsSupport) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  const BackfillPlan plan = Must(
      PlanBackfill(asking.stage().parts(), asking.connection().id, {2026, 9}, asking.aws().now()));
  ASSERT_EQ(plan.months.size(), 2u);
  std::vector<Period> months;
  for (const BackfillMonth& month : plan.months) {
    EXPECT_EQ(month.source, BackfillMonth::Source::kSupport) << month.why;
    EXPECT_NE(month.why.find("before the export's first month"), std::string::npos) << month.why;
    months.push_back(month.period);
  }
  EXPECT_EQ(plan.notes.size(), 1u);
  const SupportRequest request = WriteSupportRequest(asking.connection(), months);
  for (const std::string& part :
       {asking.aws().payer(), std::string("bills"), std::string("example-first-day"),
        std::string("2026-09, 2026-10")}) {
    EXPECT_NE(request.text.find(part), std::string::npos) << part;
  }
}

TEST(BackfillTest, MonthsInTheBucketAreCollected) {
  Asking asking;
  asking.AddExport();
  const Instant later{asking.aws().now().micros + std::int64_t{15 * 86'400} * 1'000'000};
  BackfillPlan plan =
      Must(PlanBackfill(asking.stage().parts(), asking.connection().id, {2026, 11}, later));
  ASSERT_EQ(plan.months.size(), 1u);
  EXPECT_EQ(plan.months.front().source, BackfillMonth::Source::kBucket);
  asking.Collect();
  plan = Must(PlanBackfill(asking.stage().parts(), asking.connection().id, {2026, 11}, later));
  EXPECT_EQ(plan.months.front().source, BackfillMonth::Source::kInLake);
}

}  // namespace
}  // namespace farthing::connect
