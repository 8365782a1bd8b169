// Exports created and mended on request: what is planned, what is done, what is left alone, and who is told to act
// when AWS refuses.

#include "connect/exports/export_setup.h"

#include <gtest/gtest.h>

#include "aws/error.h"
#include "aws/organizations.h"
#include "base/text.h"
#include "connect/life/choose_export.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum PermissionSet;

class ExportSetupTest : public testing::Test {
 protected:
  /// A role with exactly the template's permissions for one export and bucket.
  Connection Manager(ExportKind kind, const std::string& bucket = "new-bills") {
    Settings settings = stage_.RoleSettings({kReadBilling, kManageExport});
    settings.export_place = {kind, "made", "", bucket, "billing", ""};
    return stage_.Onboard(settings);
  }
  Result<ExportSetup> Plan(const Connection& connection, ExportWish wish) {
    return PlanNewExport(connection, stage_.ClientOf(connection), wish);
  }
  Result<ExportPlace> Do(const Connection& connection, const ExportSetup& setup) {
    return Apply(connection, stage_.ClientOf(connection), setup,
                 [this](const std::string& what) { done_.push_back(what); });
  }
  aws::S3 AdminBucket() { return {stage_.Admin(), {}}; }
  static std::string Steps(const ExportSetup& setup) {
    std::vector<std::string> steps;
    for (const SetupStep& step : setup.steps)
      steps.push_back(step.what.substr(0, step.what.find(' ')));
    return Join(steps, ", ");
  }
  /// Every month in the lake has the sums that AWS's own bill has.
  static void ExpectExact(Stage& stage, ExportKind kind) {
    const bool focus = TableOf(kind).starts_with("FOCUS");
    const std::vector<lake::Load> loads = Must(stage.catalog().ActiveLoads({}));
    EXPECT_EQ(loads.size(), 1U) << "a new export begins with the current month";
    for (const lake::Load& load : loads) {
      const sim::Totals totals = stage.aws().Totals(load.period);
      EXPECT_GT(load.line_count, 0);
      EXPECT_NE(Canonical(totals.net_amortized), Decimal());
      const auto sum = [&load](const char* amount) { return Canonical(load.totals.at(amount)); };
      EXPECT_EQ(sum(focus ? "billed_cost" : "net_unblended_cost"), Canonical(totals.net_unblended));
      EXPECT_EQ(sum(focus ? "effective_cost" : "net_amortized_cost"),
                Canonical(totals.net_amortized));
    }
  }
  static std::string Notes(const ExportSetup& setup) { return Join(setup.notes, "\n"); }
  /// Takes an action from the role.
  void Deny(const Connection& connection, const std::string& action) {
    PolicyDocument policy = stage_.PolicyOf(connection);
    PolicyStatement deny;
    deny.is_deny = true;
    deny.actions = {action};
    deny.resources = {"*"};
    policy.statements.push_back(deny);
    stage_.SetPolicy(connection, policy);
  }

  Stage stage_{EmptyWorld()};
  std::vector<std::string> done_;
};

TEST_F(ExportSetupTest, EveryKindIsMadeWithTheTemplatesPermissionsAndDeliversExactTotals) {
  for (const ExportKind kind : kEveryKind) {
    SCOPED_TRACE(Name(kind));
    Stage stage(EmptyWorld());
    Settings settings = stage.RoleSettings({kReadBilling, kManageExport});
    settings.export_place = {kind, "made", "", "new-bills", "billing", ""};
    const Connection connection = stage.Onboard(settings);
    const auto client = stage.ClientOf(connection);
    const ExportSetup setup = Must(PlanNewExport(connection, client, {kind, "", "", "", ""}));
    EXPECT_EQ(Steps(setup), "create, add, create");
    EXPECT_TRUE(setup.creates_bucket);
    EXPECT_NE(setup.steps[1].detail.find("+ "), std::string::npos);
    EXPECT_EQ(DiscoverExports(*client).exports.size(), 0U);  // a plan makes nothing
    EXPECT_EQ(aws::S3(stage.Admin(), {}).BucketRegion("new-bills").error().code(), Errc::kNotFound);

    const ExportPlace place = Must(Apply(connection, client, setup, {}));
    const Choice choice = Must(ChooseExport(stage.parts(), connection.id, place, "made"));
    EXPECT_TRUE(choice.taken) << choice.sentence;
    const DiscoveredExports found = DiscoverExports(*client);
    ASSERT_EQ(found.exports.size(), 1U);
    EXPECT_EQ(found.exports[0].place, place);
    EXPECT_TRUE(found.exports[0].shortcomings.empty());
    EXPECT_EQ(Must(stage.store().Find(connection.id)).settings.export_place, place);

    Must(stage.aws().Deliver());
    EXPECT_FALSE(stage.Check(connection).HasFailed());
    const CollectSummary summary = stage.Gather(connection);
    EXPECT_TRUE(summary.bill_data_ready);
    ExpectExact(stage, kind);
  }
}

TEST_F(ExportSetupTest, AnExistingBucketKeepsItsStatementsAndItsEvents) {
  const std::string theirs =
      R"({"Sid":"Audit","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::)" +
      stage_.aws().payer() + R"(:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::used/*"})";
  const std::string events =
      "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<QueueConfiguration><Id>etl</Id><Queue>arn:aws:sqs:us-east-1:1:q</Queue>"
      "<Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>";
  stage_.AdminPut("/used", "", "");
  stage_.AdminPut("/used", "policy", R"({"Version":"2012-10-17","Statement":[)" + theirs + "]}");
  stage_.AdminPut("/used", "notification", events);
  const Connection connection = Manager(ExportKind::kCur2, "used");
  const ExportSetup setup = Must(Plan(connection, {}));
  EXPECT_EQ(Steps(setup), "add, create");
  EXPECT_NE(setup.steps[0].detail.find("Audit   (stays as it is)"), std::string::npos);
  EXPECT_EQ(setup.steps[0].detail.find("OnlyOverTls"), std::string::npos);
  EXPECT_NE(Notes(setup).find("notifies SQS queues"), std::string::npos) << Notes(setup);
  Must(Do(connection, setup));
  aws::S3 bucket = AdminBucket();
  EXPECT_NE(Must(bucket.BucketPolicy("used")).find(theirs), std::string::npos);
  EXPECT_EQ(Must(bucket.Notifications("used")), events);
}

TEST_F(ExportSetupTest, WhatWasBegunIsFinishedByRunningItAgain) {
  const Connection connection = Manager(ExportKind::kCur2);
  const ExportSetup setup = Must(Plan(connection, {}));
  Deny(connection, "bcm-data-exports:CreateExport");
  const auto refused = Do(connection, setup);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint().find("can allow bcm-data-exports:CreateExport to the role"),
            std::string::npos)
      << refused.error().message() << refused.error().hint();
  EXPECT_EQ(done_.size(), 2U);
  EXPECT_EQ(Steps(Must(Plan(connection, {}))), "create");
}

TEST_F(ExportSetupTest, APolicyThatChangedSinceThePlanIsNotOverwritten) {
  stage_.AdminPut("/new-bills", "", "");
  const Connection connection = Manager(ExportKind::kCur2);
  const ExportSetup setup = Must(Plan(connection, {}));
  stage_.AdminPut("/new-bills", "policy",
                  R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
                      stage_.aws().payer() +
                      R"("},"Action":"s3:GetObject","Resource":"arn:aws:s3:::new-bills/*"}]})");
  EXPECT_EQ(Do(connection, setup).error().code(), Errc::kConflict);
}

TEST_F(ExportSetupTest, ForeignBucketsAndWrongRegionsAreRefusedBeforeAnythingIsMade) {
  const Connection connection = Manager(ExportKind::kLegacyCur, "theirs");
  Must(AdminBucket().CreateBucket("west", "eu-west-1"));
  ExportWish west{ExportKind::kLegacyCur, "", "west", "", "us-west-2"};
  const auto moved = Plan(connection, west);
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(moved.error().message().find("eu-west-1"), std::string::npos);

  std::string member;
  for (const auto& account : Must(aws::ListAccounts(*stage_.Admin()))) {
    if (account.id != stage_.aws().payer()) member = account.id;
  }
  stage_.AdminPut("/theirs", "", "", member);
  const auto foreign = Plan(connection, {ExportKind::kLegacyCur, "", "", "", ""});
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().hint().find("another account"), std::string::npos)
      << foreign.error().message() << foreign.error().hint();
}

TEST_F(ExportSetupTest, ABucketElsewhereIsTold) {
  const Connection connection = Manager(ExportKind::kLegacyCur);
  const ExportSetup setup =
      Must(Plan(connection, {ExportKind::kLegacyCur, "", "", "", "eu-west-1"}));
  EXPECT_NE(Notes(setup).find("us-east-1 alone"), std::string::npos);
  const ExportPlace place = Must(Do(connection, setup));
  EXPECT_EQ(place.bucket_region, "eu-west-1");
  EXPECT_EQ(Must(AdminBucket().BucketRegion("new-bills")), "eu-west-1");
}

TEST_F(ExportSetupTest, ANameThatIsTakenIsRefused) {
  stage_.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = Manager(ExportKind::kCur2);
  const auto taken = Plan(connection, {ExportKind::kCur2, "bills", "", "", ""});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code(), Errc::kConflict);
  EXPECT_NE(taken.error().hint().find("--adjust bills"), std::string::npos);
}

TEST_F(ExportSetupTest, WithoutGetTableOurOwnColumnsAreUsed) {
  const Connection connection = Manager(ExportKind::kCur2);
  Deny(connection, "bcm-data-exports:GetTable");
  const ExportSetup setup = Must(Plan(connection, {}));
  EXPECT_NE(Notes(setup).find("AWS could not be asked for its columns"), std::string::npos);
  EXPECT_EQ(setup.data_export.query, NewExportOf(ExportKind::kCur2).query);
}

TEST_F(ExportSetupTest, TheLimitOfFiveReportsIsExplained) {
  for (int i = 0; i < 5; ++i) {
    aws::ReportDefinition report;
    report.name = "r" + std::to_string(i);
    if (i == 0) stage_.AddExport(ExportKind::kLegacyCur, "payer-bills", "billing");
    report = Must(aws::DescribeReportDefinitions(*stage_.Admin()))[0];
    report.name = "r" + std::to_string(i);
    if (i < 4) Must(aws::PutReportDefinition(*stage_.Admin(), report));
  }
  const Connection connection = Manager(ExportKind::kLegacyCur);
  const auto refused =
      Do(connection, Must(Plan(connection, {ExportKind::kLegacyCur, "", "", "", ""})));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(aws::AwsCode(refused.error()), "ReportLimitReachedException");
  EXPECT_NE(refused.error().hint().find("five reports"), std::string::npos);
}

TEST_F(ExportSetupTest, APolicyThatStopsAwsIsNamed) {
  stage_.AdminPut("/new-bills", "", "");
  stage_.AdminPut(
      "/new-bills", "policy",
      R"({"Version":"2012-10-17","Statement":[{"Sid":"OnlyUs","Effect":"Deny",)"
      R"("Principal":{"Service":"billingreports.amazonaws.com"},"Action":"s3:PutObject",)"
      R"("Resource":"arn:aws:s3:::new-bills/*"}]})");
  const Connection connection = Manager(ExportKind::kLegacyCur);
  const ExportSetup setup = Must(Plan(connection, {ExportKind::kLegacyCur, "", "", "", ""}));
  EXPECT_NE(Notes(setup).find("OnlyUs"), std::string::npos);
  const auto refused = Do(connection, setup);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint().find("may be the cause: OnlyUs"), std::string::npos)
      << refused.error().hint();
}

TEST_F(ExportSetupTest, AReportIsMendedAsFarAsAwsLetsIt) {
  stage_.AddExport(ExportKind::kLegacyCur, "new-bills", "billing");
  aws::ReportDefinition poor = Must(aws::DescribeReportDefinitions(*stage_.Admin()))[0];
  poor.name = "made";
  poor.time_unit = "DAILY";
  poor.schema_elements = {"RESOURCES"};
  poor.refresh_closed_reports = false;
  poor.artifacts.clear();
  Must(aws::PutReportDefinition(*stage_.Admin(), poor));
  const Connection connection = Manager(ExportKind::kLegacyCur);
  const auto client = stage_.ClientOf(connection);
  const ExportSetup setup = Must(PlanAdjustment(connection, client, "made"));
  EXPECT_EQ(Steps(setup), "adjust");
  EXPECT_NE(Notes(setup).find("TimeUnit is DAILY"), std::string::npos) << Notes(setup);
  Must(Do(connection, setup));
  for (const aws::ReportDefinition& report : Must(aws::DescribeReportDefinitions(*client))) {
    if (report.name != "made") continue;
    const std::vector<Shortcoming> left = Judge(report);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].field, "TimeUnit");
  }
  EXPECT_EQ(Steps(Must(PlanAdjustment(connection, client, "made"))), "");
  const auto unknown = PlanAdjustment(connection, client, "mad");
  EXPECT_EQ(unknown.error().code(), Errc::kNotFound);
  EXPECT_NE(unknown.error().hint().find("bills, made"), std::string::npos);
}

TEST_F(ExportSetupTest, ADataExportIsMendedWithItsColumns) {
  stage_.AdminPut("/new-bills", "", "");
  const Connection connection = Manager(ExportKind::kCur2);
  ExportSetup setup = Must(Plan(connection, {}));
  setup.data_export.table_properties["INCLUDE_RESOURCES"] = "FALSE";
  setup.data_export.overwrite = "CREATE_NEW_REPORT";
  std::string& query = setup.data_export.query;
  const std::string resource = "line_item_resource_id, ";
  ASSERT_NE(query.find(resource), std::string::npos);
  query.erase(query.find(resource), resource.size());
  Must(Do(connection, setup));
  const auto client = stage_.ClientOf(connection);
  const ExportSetup mend = Must(PlanAdjustment(connection, client, "made"));
  EXPECT_EQ(Steps(mend), "adjust");
  EXPECT_NE(mend.data_export.query.find("line_item_resource_id"), std::string::npos);
  EXPECT_EQ(mend.data_export.overwrite, "OVERWRITE_REPORT");
  Must(Do(connection, mend));
  EXPECT_EQ(Steps(Must(PlanAdjustment(connection, client, "made"))), "");
}

TEST_F(ExportSetupTest, AFocusExportIsMendedToo) {
  stage_.AdminPut("/new-bills", "", "");
  const Connection connection = Manager(ExportKind::kFocus);
  ExportSetup setup = Must(Plan(connection, {ExportKind::kFocus, "", "", "", ""}));
  EXPECT_NE(Notes(setup).find("all 60 columns"), std::string::npos) << Notes(setup);
  setup.data_export.table_properties["TIME_GRANULARITY"] = "DAILY";
  std::string& query = setup.data_export.query;
  // Its name is also the end of PricingCurrencyEffectiveCost, which does not stand for it.
  const std::string cost = ", EffectiveCost";
  ASSERT_NE(query.find(cost), std::string::npos);
  query.erase(query.find(cost), cost.size());
  Must(Do(connection, setup));
  const auto client = stage_.ClientOf(connection);
  const ExportSetup mend = Must(PlanAdjustment(connection, client, "made"));
  EXPECT_EQ(Steps(mend), "adjust");
  EXPECT_TRUE(mend.data_export.query.ends_with(", EffectiveCost FROM FOCUS_1_2_AWS"));
  EXPECT_EQ(mend.data_export.table_properties.at("TIME_GRANULARITY"), "HOURLY");
  Must(Do(connection, mend));
  EXPECT_EQ(Steps(Must(PlanAdjustment(connection, client, "made"))), "");
}

TEST_F(ExportSetupTest, WithoutItsActionEachStepIsRefusedByName) {
  for (const ExportKind kind : kEveryKind) {
    SCOPED_TRACE(Name(kind));
    const bool legacy = kind == ExportKind::kLegacyCur;
    Stage stage(EmptyWorld());
    Settings settings = stage.RoleSettings({kReadBilling, kManageExport});
    settings.export_place = {kind, "made", "", "new-bills", "billing", ""};
    const Connection connection = stage.Onboard(settings);
    const PolicyDocument policy = stage.PolicyOf(connection);
    const auto client = stage.ClientOf(connection);
    const auto expect_refused = [&](const ExportSetup& setup, const std::string& action) {
      SCOPED_TRACE(action);
      stage.SetPolicy(connection, Without(policy, action));
      const auto refused = Apply(connection, client, setup, {});
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied) << refused.error().message();
      EXPECT_NE(refused.error().message().find(action), std::string::npos)
          << refused.error().message();
      stage.SetPolicy(connection, policy);
    };
    const auto plan = [&] {
      return Must(PlanNewExport(connection, client, {kind, "", "", "", ""}));
    };
    expect_refused(plan(), "s3:CreateBucket");
    expect_refused(plan(), "s3:PutBucketPolicy");
    expect_refused(plan(), legacy ? "cur:PutReportDefinition" : "bcm-data-exports:CreateExport");
    if (kind == ExportKind::kCur2) expect_refused(plan(), "cur:PutReportDefinition");
    ExportSetup setup = plan();
    if (legacy) {
      setup.report.refresh_closed_reports = false;
    } else {
      std::string& query = setup.data_export.query;
      const std::string cost =
          kind == ExportKind::kCur2 ? ", line_item_unblended_cost" : ", BilledCost";
      query.erase(query.find(cost), cost.size());
    }
    Must(Apply(connection, client, setup, {}));
    const ExportSetup mend = Must(PlanAdjustment(connection, client, "made"));
    EXPECT_EQ(Steps(mend), "adjust");
    expect_refused(mend, legacy ? "cur:ModifyReportDefinition" : "bcm-data-exports:UpdateExport");
    Must(Apply(connection, client, mend, {}));
    EXPECT_EQ(Steps(Must(PlanAdjustment(connection, client, "made"))), "");
  }
}

/// Policies of an organisation bind its member accounts, not the management account.
TEST_F(ExportSetupTest, APolicyOfTheOrganisationIsNamedAsTheCause) {
  const std::string member = "345678901234";
  Settings settings = stage_.RoleSettings({kReadBilling, kManageExport});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", member, "farthing");
  settings.export_place = {ExportKind::kLegacyCur, "made", "", "member-bills", "billing", ""};
  const Connection connection = stage_.Onboard(settings);
  const ExportWish wish{ExportKind::kLegacyCur, "", "", "", ""};
  const ExportSetup setup = Must(Plan(connection, wish));
  stage_.aws().AddServiceControlPolicy(member,
                                       R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                       R"("Action":"cur:PutReportDefinition","Resource":"*"}]})");
  const auto refused = Do(connection, setup);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(done_.size(), 2U) << "the bucket and its policy are allowed";
  EXPECT_NE(refused.error().message().find("explicit deny in a service control policy"),
            std::string::npos)
      << refused.error().message();
  EXPECT_NE(refused.error().hint().find("nobody in account " + member + " can"), std::string::npos)
      << refused.error().hint();
}

TEST_F(ExportSetupTest, AnotherExportDoesNotReplaceTheOneThatIsCollected) {
  Settings settings = stage_.RoleSettings({kReadBilling, kManageExport});
  settings.export_place = stage_.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage_.Onboard(settings);
  const Choice choice = Must(ChooseExport(
      stage_.parts(), connection.id, {ExportKind::kCur2, "other", "", "b", "p", "us-east-1"}, "x"));
  EXPECT_FALSE(choice.taken);
  EXPECT_NE(choice.sentence.find("farthing connections edit production --export other"),
            std::string::npos);
  EXPECT_EQ(Must(stage_.store().Find(connection.id)).settings.export_place, settings.export_place);
}

}  // namespace
}  // namespace farthing::connect
