// The list of checks as a whole: each has a fault that it notices, and a report keeps what it says.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

std::vector<Trouble> AllTroubles() {
  std::vector<Trouble> all;
  for (const auto* part : {&IdentityTroubles(), &ExportTroubles(), &BucketTroubles(),
                           &DeliveryTroubles(), &AccountTroubles(), &GrantTroubles()}) {
    all.insert(all.end(), part->begin(), part->end());
  }
  return all;
}

TEST(CheckListTest, EveryCheckHasATroubleThatItNotices) {
  const std::vector<Trouble> all_troubles = AllTroubles();
  std::set<std::string> noticed;
  for (const Trouble& trouble : all_troubles) noticed.insert(trouble.check);
  const std::vector<CheckInfo> all = AllChecks();
  for (const CheckInfo& check : all) {
    EXPECT_TRUE(noticed.contains(std::string(check.id))) << check.id;
    EXPECT_FALSE(check.title.empty() || check.answers.empty()) << check.id;
  }
}

TEST(CheckListTest, EveryErrorOfMicrosoftsConnectorIsReached) {
  const std::vector<Trouble> all_troubles = AllTroubles();
  std::set<std::string> codes;
  for (const Trouble& trouble : all_troubles) codes.insert(trouble.connector);
  codes.erase("");
  EXPECT_EQ(codes, (std::set<std::string>{"Unauthorized", "FailedToAssumeRole",
                                          "AccessDeniedReportDefinitions",
                                          "AccessDeniedListReports", "AccessDeniedDownloadReport",
                                          "FailedToFindReport", "ReportIsNotValid"}));
}

TEST(CheckListTest, AFixIsTypedAsItStands) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  Without(stage, connection, "s3:GetObject");
  const std::string fix = stage.Look(connection).Find("bucket-read")->fix;
  EXPECT_EQ(fix,
            "allow s3:GetObject in the policy of the role; the whole policy: farthing templates "
            "--connection production --kind policy");
}

TEST(CheckListTest, WhatDependsOnAFailureIsSkippedAndSaysBecauseOfWhat) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  stage.SetTrust(connection, TrustOf(PlatformArn(stage), "another-id"));
  const CheckReport report = stage.Look(connection);
  EXPECT_EQ(With(report, kFail), "identity");
  EXPECT_EQ(With(report, kPass), "credentials");
  EXPECT_EQ(report.Find("bucket-list")->finding, "not tried, because of bucket-region");
  EXPECT_EQ(report.Find("external-id")->finding, "not tried, because of identity");
}

TEST(CheckListTest, AReportSurvivesBeingStored) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  Without(stage, connection, "s3:GetObject");
  const CheckReport report = stage.Check(connection);
  const CheckReport read = Must(ParseCheckReport(Must(stage.store().LastReport(connection.id))));
  EXPECT_EQ(With(read, kFail), "bucket-read");
  EXPECT_EQ(read.Find("bucket-read")->evidence.size(), report.Find("bucket-read")->evidence.size());
  const auto json = boost::json::parse(ToJson(report));
  EXPECT_EQ(json.at("fail"), 1);
}

}  // namespace
}  // namespace farthing::connect
