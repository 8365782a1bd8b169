// Edits: what AWS has no say in asks nothing of it; of what it has, only what the edit breaks is refused.

#include <gtest/gtest.h>

#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

Settings Stored(Stage& stage) { return Must(stage.store().Find("production")).settings; }

TEST(EditTest, WhatIsOursAloneAsksNothingOfAws) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, "another-id"));
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  const std::size_t requests = stage.aws().Requests().size();
  Settings settings = Stored(stage);
  settings.name = "production";
  settings.end_date = "2031-12-31";
  settings.auto_renew = false;
  settings.default_group = "Platform";
  settings.agreement = "contract 17";
  settings.cost_explorer_cap_usd = "2.00";
  settings.import_policy = ImportPolicy::kConnectedAccounts;
  settings.edp = true;
  const auto outcome = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(stage.aws().Requests().size(), requests);
  EXPECT_EQ(Stored(stage).agreement, "contract 17");
  EXPECT_TRUE(Stored(stage).term_start.has_value());
  EXPECT_EQ(outcome->connection.state, State::kDegraded) << "nothing was looked at";
  const auto events = Must(stage.store().Events(connection.id, 5));
  const auto told = std::find_if(events.begin(), events.end(), [](const auto& event) {
    return event.text.starts_with("settings were edited: ");
  });
  ASSERT_NE(told, events.end());
  for (const char* field : {"end_date", "auto_renew", "agreement", "cost_explorer_cap_usd"})
    EXPECT_NE(told->text.find(field), std::string::npos) << told->text;
}

TEST(EditTest, AFaultThatWasThereBeforeDoesNotRefuseIt) {
  Stage stage;
  const Connection connection = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.Control("set", R"({"cost_explorer":false})");
  Settings settings = Stored(stage);
  settings.bucket_owner.clear();  // found anew
  auto outcome = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_TRUE(outcome->connection.cause.starts_with("cost-explorer: "))
      << outcome->connection.cause;
  EXPECT_EQ(Stored(stage).bucket_owner, stage.aws().payer()) << "AWS told it";
  settings = Stored(stage);
  settings.export_place.bucket = "no-such-bucket";
  outcome = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_FALSE(outcome.ok()) << "this one is the edit's own";
  EXPECT_EQ(outcome.error().message().find("cost-explorer"), std::string::npos)
      << outcome.error().message();
  EXPECT_EQ(Stored(stage).export_place.bucket, "example-billing-exports");
}

TEST(EditTest, ARepairSettlesTheState) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.Gather(connection);
  // The administrator makes the role anew under another name.
  TemplateRequest request;
  request.settings = Stored(stage);
  request.settings.role_arn = RoleArn("aws", stage.aws().payer(), "farthing-2");
  request.principal = stage.aws().Platform().user_arn;
  const PolicyDocument policy = LiteralPolicy(Must(MakePlan(request)));
  const std::string trust =
      TrustOf(stage.aws().Platform().user_arn, connection.settings.external_id);
  Must(stage.aws().CreateRole(stage.aws().payer(), "farthing-2", trust,
                              {{"farthing", ToJson(policy)}}));
  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, "gone"));
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDegraded);
  Settings settings = Stored(stage);
  settings.role_arn = RoleArn("aws", stage.aws().payer(), "farthing-2-misspelt");
  EXPECT_FALSE(EditVerified(stage.parts(), "production", settings, {}, {}).ok())
      << "the old role fails as well, but this is what the edit is about";
  settings.role_arn = RoleArn("aws", stage.aws().payer(), "farthing-2");
  const auto outcome = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(outcome->connection.state, State::kConnected) << outcome->connection.cause;
  EXPECT_EQ(outcome->connection.cause, "");
}

TEST(EditTest, AnotherBucketBringsItsOwnRegion) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Settings settings = Stored(stage);
  EXPECT_EQ(settings.export_place.bucket_region, "us-east-1");
  const ExportPlace other = stage.AddExport(ExportKind::kLegacyCur, "other-bills", "second");
  settings.export_place = other;
  settings.export_place.bucket_region = "us-east-1";  // what the old one had
  TemplateRequest request;
  request.settings = settings;
  request.principal = stage.aws().Platform().user_arn;
  stage.SetPolicy(connection, LiteralPolicy(Must(MakePlan(request))));
  const auto outcome = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_EQ(Stored(stage).export_place.bucket, "other-bills");
  EXPECT_EQ(Stored(stage).export_place.bucket_region, "us-east-1") << "AWS told it";
}

TEST(EditTest, ADisconnectedOneTakesANewNameOnly) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Must(Disconnect(stage.parts(), "production", DataFate::kKeep));
  const auto checked = Verify(stage.parts(), "production", {});
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code(), Errc::kConflict);
  Settings settings = Stored(stage);
  settings.permission_sets.insert(PermissionSet::kCostExplorer);
  EXPECT_EQ(EditVerified(stage.parts(), "production", settings, {}, {}).error().code(),
            Errc::kConflict);
  settings = Stored(stage);
  settings.name = "production until today";
  EXPECT_TRUE(EditVerified(stage.parts(), "production", settings, {}, {}).ok());
  EXPECT_EQ(stage.Create(stage.RoleSettings()).settings.name, "production");
}

}  // namespace
}  // namespace farthing::connect
