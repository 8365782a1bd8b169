// Every gap has its cause, and months from before the export have their request to AWS Support.

#include <gtest/gtest.h>

#include <set>

#include "aws/billing_exports.h"
#include "connect/collecting/coverage.h"
#include "connect/collecting/support_request.h"
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

/// Made three months ago, as connections are that have waited for someone to make an export.
void MakeOlder(Stage& stage) {
  Must(stage.store().database().Run("UPDATE connections SET created_at = '2026-09-10T00:00:00Z'",
                                    {}));
}

TEST(CoverageTest, MonthsFromBeforeTheExportAreSaid) {
  Asking asking;
  MakeOlder(asking.stage());
  EXPECT_EQ(StatusOf(asking, "2026-09-15"), CellStatus::kLate);
  asking.AddExport();
  asking.Collect();
  EXPECT_EQ(StatusOf(asking, "2026-09-15"), CellStatus::kBeforeExport);
  EXPECT_EQ(StatusOf(asking, "2026-10-31"), CellStatus::kBeforeExport);
  EXPECT_EQ(StatusOf(asking, "2026-11-01"), CellStatus::kCovered);
  asking.Fill();
  EXPECT_EQ(StatusOf(asking, "2026-09-15"), CellStatus::kFilled);
}

TEST(CoverageTest, AReportThatIsDeletedHasStopped) {
  Asking asking;
  asking.AddExport();
  asking.Collect();
  aws::ReportDefinition other =
      Must(aws::DescribeReportDefinitions(*asking.stage().Admin())).front();
  other.name = "other";
  Must(aws::PutReportDefinition(*asking.stage().Admin(), other));
  aws::Call call{aws::Service::kCur, "DeleteReportDefinition"};
  call.region = "us-east-1";
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", "AWSOrigamiServiceGatewayService.DeleteReportDefinition"}};
  call.body = R"({"ReportName":"bills"})";
  Must(asking.stage().Admin()->Send(call));
  Must(asking.aws().Advance(std::chrono::hours(24 * 5)));
  EXPECT_EQ(StatusOf(asking, "2026-11-22"), CellStatus::kLate) << "nobody has looked yet";
  asking.stage().Check(asking.connection());
  EXPECT_EQ(StatusOf(asking, "2026-11-22"), CellStatus::kStopped);
  EXPECT_EQ(StatusOf(asking, "2026-11-15"), CellStatus::kCovered);
  EXPECT_TRUE(MapOf(asking).exports.at(0).problem.starts_with("export: "))
      << MapOf(asking).exports.at(0).problem;
}

TEST(CoverageTest, AnExportThatAWSCallsUnhealthyHasStoppedAndOtherFailuresHaveNot) {
  rehearsal::Options options = AskingWorld();
  options.exports = {{sim::BillFormat::kCur2Csv, "bills"}};
  Stage stage(options);
  const Connection connection = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
  stage.Check(connection);
  stage.Gather(connection);
  Must(stage.aws().Advance(std::chrono::hours(24 * 3)));
  const auto on = [&](const std::string& day) {
    const CoverageMap map =
        Must(MapCoverage(stage.store(), stage.catalog(), connection.id, stage.aws().now()));
    for (const CoverageSpan& span : map.spans) {
      if (span.account == stage.aws().payer() && span.first_day <= day && day <= span.last_day)
        return span;
    }
    return CoverageSpan();
  };
  stage.aws().Inject({.kind = rehearsal::FaultKind::kNotEnabled, .service = "ce"});
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  EXPECT_EQ(on("2026-11-22").status, CellStatus::kPending) << on("2026-11-22").cause;
  stage.aws().Inject({.kind = rehearsal::FaultKind::kUnhealthy, .text = "INSUFFICIENT_PERMISSION"});
  Must(stage.aws().Deliver());
  stage.Check(connection);
  EXPECT_EQ(on("2026-11-22").status, CellStatus::kStopped);
  EXPECT_NE(on("2026-11-22").cause.find("bucket policy"), std::string::npos)
      << on("2026-11-22").cause;
}

TEST(CoverageTest, AccountsThatComeAndGoAreNoGapsInDelivery) {
  testkit::Lab lab;
  const auto deliver = [&](Period month, const std::vector<std::string>& accounts) {
    std::vector<testkit::Line> lines;
    for (const int day : {1, 20}) {
      for (const std::string& account : accounts) {
        const Instant start{month.start().micros + std::int64_t{day - 1} * 86'400'000'000};
        lines.push_back({.cells = {{"line_item_usage_account_id", account},
                                   {"line_item_usage_start_date", DayString(start) + " 00:00:00"},
                                   {"line_item_usage_end_date", DayString(start) + " 01:00:00"}}});
      }
    }
    lab.DeliverCur2(ToString(month), {testkit::Cur2(lines, month)}, month);
  };
  const std::string stays = "111111111111", comes = "222222222222", goes = "333333333333";
  deliver({2026, 8}, {stays, goes});
  deliver({2026, 9}, {stays});
  deliver({2026, 10}, {stays, comes});
  Stage stage;
  Settings settings;
  settings.name = "copies";
  settings.type = ConnectionType::kDirectory;
  settings.directory = lab.inbox();
  const Connection connection = stage.Create(settings);
  stage.Check(connection);
  ASSERT_EQ(stage.Gather(connection).deliveries.size(), 3u);
  std::map<std::string, CellStatus> on;
  const Instant now = Must(ParseInstant("2026-10-21T00:00:00Z"));
  for (const CoverageSpan& span :
       Must(MapCoverage(stage.store(), stage.catalog(), "copies", now)).spans) {
    for (const char* day : {"2026-08-10", "2026-09-10", "2026-10-10"}) {
      if (span.first_day <= day && day <= span.last_day) on[span.account + " " + day] = span.status;
    }
  }
  for (const char* day : {" 2026-08-10", " 2026-09-10", " 2026-10-10"}) {
    EXPECT_EQ(on.at(stays + day), CellStatus::kCovered) << day;
  }
  EXPECT_EQ(on.at(comes + " 2026-08-10"), CellStatus::kNotJoined);
  EXPECT_EQ(on.at(comes + " 2026-09-10"), CellStatus::kNotJoined);
  EXPECT_EQ(on.at(comes + " 2026-10-10"), CellStatus::kCovered);
  EXPECT_EQ(on.at(goes + " 2026-08-10"), CellStatus::kCovered);
  EXPECT_EQ(on.at(goes + " 2026-09-10"), CellStatus::kNoCharges);
  EXPECT_EQ(on.at(goes + " 2026-10-10"), CellStatus::kNoCharges);
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
