#include "connect/collecting/coverage_verdict.h"

#include <gtest/gtest.h>

#include "connect/collecting/export_deliveries.h"

namespace farthing::connect {
namespace {

constexpr Period kSeptember{2026, 9}, kOctober{2026, 10}, kNovember{2026, 11};

/// A bill of a month with these accounts and usage from the first day until `last`.
Coverage Bill(Period month, const std::vector<std::string>& accounts, const std::string& last) {
  Coverage coverage;
  coverage.first_usage_day = DayString(month.start());
  coverage.last_usage_day = last;
  for (const std::string& account : accounts) {
    coverage.accounts.insert(account);
    coverage.cells[{account, coverage.first_usage_day}] = {};
    coverage.cells[{account, last}] = {};
  }
  return coverage;
}

class CoverageVerdictTest : public testing::Test {
 protected:
  CoverageVerdictTest() {
    facts_.now = *ParseInstant("2026-11-21T08:00:00Z");
    facts_.created = *ParseInstant("2026-09-01T00:00:00Z");
    bill_.last_delivery = *ParseInstant("2026-11-20T20:00:00Z");
    bill_.Add(kOctober, Bill(kOctober, {"payer"}, "2026-10-31"));
    bill_.Add(kNovember, Bill(kNovember, {"payer", "late"}, "2026-11-19"));
  }

  CellVerdict On(const std::string& account, const std::string& day) {
    return Judge(facts_, bill_, {account, day}, PeriodOf(*ParseInstant(day)));
  }

  CoverageFacts facts_;
  ExportDays bill_;
};

TEST_F(CoverageVerdictTest, MonthsFromBeforeTheExport) {
  const CellVerdict verdict = On("payer", "2026-09-15");
  EXPECT_EQ(verdict.status, CellStatus::kBeforeExport);
  EXPECT_NE(verdict.cause.find("2026-10"), std::string::npos) << verdict.cause;
  facts_.filled.Add(kSeptember, Bill(kSeptember, {"payer"}, "2026-09-30"));
  EXPECT_EQ(On("payer", "2026-09-15").status, CellStatus::kFilled);
}

TEST_F(CoverageVerdictTest, AnAccountThatIsNotThereYet) {
  EXPECT_EQ(On("late", "2026-10-15"),
            (CellVerdict{CellStatus::kNotJoined, "the account's first charge is of 2026-11-01"}));
  facts_.members["late"].joined = "2026-10-20T10:00:00Z";
  facts_.members["late"].state = "ACTIVE";
  EXPECT_EQ(On("late", "2026-10-15").cause, "the account joined the organisation on 2026-10-20");
  EXPECT_EQ(On("late", "2026-10-25").cause, "the account's first charge is of 2026-11-01");
  EXPECT_EQ(On("late", "2026-11-05").status, CellStatus::kCovered);
}

TEST_F(CoverageVerdictTest, AnAccountWithoutCharges) {
  bill_.Add(kSeptember, Bill(kSeptember, {"payer", "gone", "pausing"}, "2026-09-30"));
  EXPECT_EQ(On("gone", "2026-10-15"),
            (CellVerdict{CellStatus::kNoCharges, "the account's last charge is of 2026-09-30"}));
  bill_.seen["pausing"].second = "2026-11-10";
  EXPECT_EQ(On("pausing", "2026-10-15"),
            (CellVerdict{CellStatus::kNoCharges, "the account has no charges in this month"}));
  EXPECT_EQ(On("unknown", "2026-10-15").cause, "the bill does not have this account");
  facts_.members["gone"].state = "SUSPENDED";
  EXPECT_EQ(On("gone", "2026-10-15").cause, "the account is suspended in the organisation");
}

TEST_F(CoverageVerdictTest, TheEndOfAMonthThatIsFinalIsNotLate) {
  bill_.months.at(kOctober).last_usage_day = "2026-10-29";
  EXPECT_EQ(On("payer", "2026-10-30").status, CellStatus::kLate);
  bill_.months.at(kOctober).is_final = true;
  EXPECT_EQ(On("payer", "2026-10-30").status, CellStatus::kCovered);
  EXPECT_EQ(On("unknown", "2026-10-30").status, CellStatus::kNoCharges);
}

TEST_F(CoverageVerdictTest, WhatAWSHasNotDeliveredYet) {
  EXPECT_EQ(On("payer", "2026-11-20").status, CellStatus::kPending);
  facts_.now = *ParseInstant("2026-11-25T08:00:00Z");
  EXPECT_EQ(On("payer", "2026-11-20").status, CellStatus::kLate);
  facts_.quarantined[{bill_.id, kNovember}] = "column missing";
  EXPECT_EQ(On("payer", "2026-11-20"), (CellVerdict{CellStatus::kQuarantined, "column missing"}));
}

CheckResult Failing(const std::string& id) {
  CheckResult result;
  result.id = id;
  result.status = CheckStatus::kFail;
  result.cause = "the cause of " + id;
  return result;
}

TEST(CoverageProblemTest, OnlyWhatKeepsBillsFromComingIsAProblem) {
  CheckReport report;
  for (const char* id :
       {"cost-explorer", "organization", "granted-permissions", "member-accounts",
        "report-definition", "export-definition", "bucket-policy", "external-id", "drift"}) {
    report.results.push_back(Failing(id));
  }
  EXPECT_EQ(ProblemIn(report), std::nullopt);
  report.results.push_back(Failing("export-status"));
  report.results.push_back(Failing("delivery"));
  EXPECT_EQ(ProblemIn(report),
            (CellVerdict{CellStatus::kStopped, "export-status: the cause of export-status"}));
  report.results.push_back(Failing("bucket-list"));
  EXPECT_EQ(ProblemIn(report),
            (CellVerdict{CellStatus::kDenied, "bucket-list: the cause of bucket-list"}));
}

TEST(CoverageProblemTest, ADeniedLookIsNoHarmAndADeniedReadIs) {
  CheckReport report;
  report.results = {Failing("export-status"), Failing("role-trust")};
  report.results[0].action = "bcm-data-exports:ListExecutions";
  report.results[1].action = "iam:GetRole";
  EXPECT_EQ(ProblemIn(report), std::nullopt);
  EXPECT_EQ(report.WhatKeepsBillsAway(), nullptr);
  report.results.push_back(Failing("bucket-read"));
  report.results[2].action = "s3:GetObject";
  EXPECT_EQ(ProblemIn(report)->status, CellStatus::kDenied);
  EXPECT_EQ(report.WhatKeepsBillsAway(), &report.results[2]);
}

TEST(CoverageProblemTest, WhatIsNotThereOrDoesNotAnswerIsNotDenied) {
  for (const auto& [name, value] :
       {std::pair{"http_status", "404"}, std::pair{"unanswered", "unavailable"}}) {
    CheckReport report;
    report.results = {Failing("bucket-region")};
    report.results[0].evidence = {{"aws_region", "us-east-1"}, {name, value}};
    EXPECT_EQ(ProblemIn(report)->status, CellStatus::kUnreachable) << name;
  }
  CheckReport report;
  report.results = {Failing("directory")};
  EXPECT_EQ(ProblemIn(report)->status, CellStatus::kUnreachable);
}

Collected Loaded(const std::string& at) {
  Collected one;
  one.outcome = "loaded";
  one.delivered_at = *ParseInstant(at);
  return one;
}

TEST(ExportDeliveriesTest, AnExportMadeAnewUnderItsNameReplacesTheOlder) {
  Connection connection;
  connection.settings.export_place.name = "bills";
  connection.settings.export_place.prefix = "billing";
  connection.last_delivery = *ParseInstant("2026-11-21T08:00:23Z");
  std::vector<ExportDays> bills(2);
  bills[0].name = "bills";
  bills[0].id = 1;
  bills[0].Add(kOctober, Bill(kOctober, {"payer"}, "2026-10-31"));
  bills[1].name = "bills-2";
  bills[1].id = 2;
  bills[1].Add(kNovember, Bill(kNovember, {"payer"}, "2026-11-21"));
  const std::string october = "billing/bills/metadata/BILLING_PERIOD=2026-10/bills-Manifest.json";
  const std::string november = "billing/bills/metadata/BILLING_PERIOD=2026-11/bills-Manifest.json";
  const Deliveries deliveries{
      {{october, Loaded("2026-11-20T08:00:21Z")}, {november, Loaded("2026-11-21T08:00:23Z")}},
      {{october, 1}, {november, 2}}};
  const std::vector<ExportDays> told = TellDeliveries(bills, deliveries, connection);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].last_delivery, *ParseInstant("2026-11-20T08:00:21Z"));
  EXPECT_EQ(told[0].replaced_by, "bills-2");
  EXPECT_EQ(told[1].last_delivery, *ParseInstant("2026-11-21T08:00:23Z"));
  EXPECT_EQ(told[1].replaced_by, "");
}

TEST(CoverageProblemTest, EveryStakeIsOfChecksThatExist) {
  std::map<Stake, std::set<std::string_view>> ids;
  for (const CheckInfo& info : AllChecks()) ids[info.stake].insert(info.id);
  using Ids = std::set<std::string_view>;
  EXPECT_EQ(ids[Stake::kSafety], (Ids{"external-id", "role-trust"}));
  EXPECT_EQ(ids[Stake::kReading], (Ids{"credentials", "identity", "directory", "bucket-region",
                                       "bucket-list", "bucket-read", "bucket-key"}));
  EXPECT_EQ(ids[Stake::kExport], Ids{"export"});
  EXPECT_EQ(ids[Stake::kDelivery], (Ids{"export-status", "delivery"}));
}

}  // namespace
}  // namespace farthing::connect
