// A gap in the coverage map names its own cause: of several the newest, and never a delivery that nobody waits for.

#include <gtest/gtest.h>

#include "connect/collecting/coverage.h"
#include "tests/connect/linked_keys.h"

namespace farthing::connect {
namespace {

/// What the map says of a connection's day before yesterday and the weeks before it.
CoverageSpan LastGap(Stage& stage, const std::string& connection, Instant now) {
  const CoverageMap map = Must(MapCoverage(stage.store(), stage.catalog(), connection, now));
  return map.spans.empty() ? CoverageSpan() : map.spans.back();
}

std::set<std::string> Causes(Stage& stage, const std::string& connection, Instant now) {
  std::set<std::string> causes;
  const CoverageMap map = Must(MapCoverage(stage.store(), stage.catalog(), connection, now));
  for (const CoverageSpan& span : map.spans) causes.insert(span.cause);
  return causes;
}

TEST(GapCauseTest, DeliveriesThatNobodyFetchedAreNotWaitedFor) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  const std::string before = LastGap(stage, "production", Now()).cause;
  EXPECT_NE(before.find("farthing check production"), std::string::npos) << before;
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const CoverageSpan waiting = LastGap(stage, "production", Now());
  EXPECT_EQ(waiting.status, CellStatus::kNotCollected);
  EXPECT_NE(waiting.cause.find("farthing collect --connection production"), std::string::npos)
      << waiting.cause;
}

TEST(GapCauseTest, ADraftsGapsSayWhatKeepsItADraft) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, ""));
  stage.Check(connection);
  const CoverageSpan gap = LastGap(stage, "production", Now());
  EXPECT_EQ(gap.status, CellStatus::kNotCollected);
  EXPECT_NE(gap.cause.find("external-id: "), std::string::npos) << gap.cause;
}

TEST(GapCauseTest, ABucketThatIsNotThereDeniesNothing) {
  Stage stage(EmptyWorld());
  Settings settings =
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kManageExport});
  settings.export_place.bucket = "example-no-such-bucket";
  stage.Check(stage.Onboard(settings));
  const CoverageSpan gap = LastGap(stage, "production", Now());
  EXPECT_EQ(gap.status, CellStatus::kUnreachable);
  EXPECT_NE(gap.cause.find("there is no such bucket"), std::string::npos) << gap.cause;
}

TEST(GapCauseTest, AFaultBesideTheBillIsNone) {
  Stage stage;
  const Connection connection = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
  stage.Control("set", R"({"cost_explorer":false})");
  stage.Check(connection);
  const CoverageSpan gap = LastGap(stage, "production", Now());
  EXPECT_NE(gap.cause.find("farthing collect --connection production"), std::string::npos)
      << gap.cause;
}

TEST(GapCauseTest, WhatMayNotBeLookedAtHasNotStopped) {
  for (const std::string action : {"s3:GetBucketPolicy", "bcm-data-exports:ListExecutions"}) {
    SCOPED_TRACE(action);
    Stage stage;
    const Connection connection = stage.Onboard(stage.RoleSettings());
    stage.SetPolicy(connection, Without(stage.PolicyOf(connection), action));
    EXPECT_TRUE(stage.Check(connection).HasFailed());
    EXPECT_EQ(LastGap(stage, "production", Now()).status, CellStatus::kNotCollected);
  }
}

TEST(GapCauseTest, ALinkedAccountsBillComesThroughItsPayer) {
  Stage stage;
  EXPECT_FALSE(stage.Check(stage.Onboard(stage.RoleSettings())).HasFailed());
  Must(LinkedKeys(stage, false).Create());
  const Instant later{Now().micros + std::int64_t{40 * 86'400} * 1'000'000};
  for (const Instant now : {Now(), later}) {
    EXPECT_EQ(Causes(stage, "linked", now),
              std::set<std::string>{"its bill comes through its payer's connection"});
  }
}

TEST(GapCauseTest, ADirectoryIsDeliveredToByNobody) {
  testkit::Lab lab;
  const Period month{2026, 1};
  const std::vector<testkit::Line> lines{
      {.cells = {{"line_item_usage_account_id", "111111111111"},
                 {"line_item_usage_start_date", "2026-01-01 00:00:00"},
                 {"line_item_usage_end_date", "2026-01-01 01:00:00"}}}};
  lab.DeliverCur2(ToString(month), {testkit::Cur2(lines, month)}, month);
  Stage stage;
  Settings settings;
  settings.name = "copies";
  settings.type = ConnectionType::kDirectory;
  settings.directory = lab.inbox();
  const Connection connection = stage.Create(settings);
  stage.Check(connection);
  ASSERT_EQ(stage.Gather(connection).deliveries.size(), 1U);
  const Instant now = Must(ParseInstant("2026-03-10T00:00:00Z"));
  EXPECT_EQ(Causes(stage, "copies", now),
            (std::set<std::string>{"", "the directory holds no bill for it"}));
  EXPECT_EQ(LastGap(stage, "copies", now).status, CellStatus::kAbsent);
}

TEST(GapCauseTest, TheNewestOfSeveralRefusalsIsNamed) {
  Stage stage;
  Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const PolicyDocument whole = stage.PolicyOf(connection);
  const auto collect = [&] {
    return Collect(stage.store(), stage.vault(), stage.catalog(), stage.platform(), connection.id,
                   {});
  };
  stage.SetPolicy(connection, Without(whole, "s3:GetObject"));
  EXPECT_FALSE(Must(collect()).failures.empty());
  const std::string first = LastGap(stage, "production", Now()).cause;
  EXPECT_NE(first.find("GetObject"), std::string::npos) << first;
  stage.SetPolicy(connection, Without(whole, "s3:ListBucket"));
  EXPECT_FALSE(collect().ok());
  const std::string second = LastGap(stage, "production", Now()).cause;
  EXPECT_NE(second.find("ListBucket"), std::string::npos) << second;
  stage.Check(connection);
  const CoverageSpan third = LastGap(stage, "production", Now());
  EXPECT_EQ(third.status, CellStatus::kDenied);
  EXPECT_TRUE(third.cause.starts_with("bucket-list: ")) << third.cause;
  stage.SetPolicy(connection, Without(whole, "s3:GetObject"));
  EXPECT_FALSE(Must(collect()).failures.empty());
  const std::string fourth = LastGap(stage, "production", Now()).cause;
  EXPECT_NE(fourth.find("GetObject"), std::string::npos) << fourth;
}

}  // namespace
}  // namespace farthing::connect
