// The list of checks as a whole: each has a fault that it notices, and a report keeps what it says.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "aws/error.h"
#include "base/files.h"
#include "tests/connect/printed_commands.h"
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

Connection Prepare(Stage& stage, const Trouble& trouble) {
  if (trouble.check == "directory") {
    Settings settings;
    settings.name = kAwkwardName;
    settings.type = ConnectionType::kDirectory;
    settings.directory = stage.data() / "copies";
    Must(MakeDirectories(settings.directory));
    Must(WriteFileDurably(fs::path(settings.directory) / "bill.csv", "x"));
    return stage.Create(settings);
  }
  stage.Control("set", R"({"compute_optimizer":true,"cost_optimization_hub":true})");
  Settings settings = stage.RoleSettings(AllSets());
  settings.name = kAwkwardName;
  settings.export_place = stage.AddExport(trouble.kind, "payer-bills", "billing");
  return stage.Onboard(settings);
}

}  // namespace

TEST_P(CheckTest, PassesBeforeAndNoticesTheTrouble) {
  const Trouble& trouble = GetParam();
  rehearsal::Options options = EmptyWorld();
  if (trouble.clock_hours > 0) {
    options.clock = Instant{Now().micros - std::int64_t{trouble.clock_hours} * 3'600'000'000};
  }
  Stage stage(options);
  Connection connection = Prepare(stage, trouble);
  const CheckReport first = stage.Look(connection);
  const CheckReport before = stage.Look(connection, &first);
  ASSERT_NE(before.Find(trouble.check), nullptr);
  if (trouble.clock_hours == 0) {
    EXPECT_EQ(before.Find(trouble.check)->status, kPass) << Told(before);
  }

  if (trouble.make == nullptr) {
    Without(stage, connection, trouble.cause);
  } else {
    trouble.make(stage, connection);
  }
  const CheckReport after = stage.Look(connection, &first);
  const CheckResult& result = *after.Find(trouble.check);
  EXPECT_EQ(Name(result.status), Name(trouble.status)) << Told(after);
  EXPECT_NE(result.finding, "");
  EXPECT_NE(result.cause, "") << Told(after);
  EXPECT_NE(result.cause.find(trouble.cause), std::string::npos) << result.cause;
  EXPECT_NE(result.fix.find(trouble.fix), std::string::npos) << result.fix;
  EXPECT_TRUE(!result.fix.empty() || trouble.fix.empty());
  for (const CheckResult& each : after.results) {
    const std::size_t named = ExpectTypable(each.fix, connection.settings.name);
    // Nowhere in a fix does the name stand unquoted.
    std::size_t told = 0;
    for (std::size_t at = 0; (at = each.fix.find("Brien", at)) != std::string::npos; ++at) ++told;
    EXPECT_EQ(told, named) << each.fix;
  }
  EXPECT_EQ(result.connector_code, trouble.connector);
  if (trouble.aws_code.empty()) return;
  std::string code, request;
  for (const Error::Detail& detail : result.evidence) {
    if (detail.name == aws::kCodeDetail) code = detail.value;
    if (detail.name == aws::kRequestIdDetail) request = detail.value;
  }
  EXPECT_EQ(code, trouble.aws_code) << result.cause;
  EXPECT_NE(request, "");
}

namespace {

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
