// Keys of a linked account wait for the payer of their own organisation.

#include <gtest/gtest.h>

#include "connect/collecting/support_request.h"
#include "connect/life/payer_first.h"
#include "http/server.h"
#include "tests/connect/linked_keys.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;

/// From now on AWS says that whoever asks belongs to another organisation.
std::unique_ptr<http::Server> AnotherOrganization(Stage& stage, const std::string& answer,
                                                  int status = 200) {
  auto server = Must(http::Server::Start({}, [=](const http::ServerRequest&) {
    http::ServerResponse response;
    response.status = status;
    response.body = answer;
    return response;
  }));
  stage.platform().environment.endpoints.overrides[aws::Service::kOrganizations] =
      Must(http::ParseUrl("http://127.0.0.1:" + std::to_string(server->port())));
  return server;
}

TEST(PayerFirstTest, LinkedKeysWaitForTheirPayer) {
  Stage stage;
  LinkedKeys linked(stage, false);
  const auto refused = linked.Create();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kConflict);
  EXPECT_NE(refused.error().hint().find("management account first"), std::string::npos);

  const Connection payer = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(linked.Create().ok()) << "a draft is not enough";
  EXPECT_FALSE(stage.Check(payer).HasFailed());
  const Connection connection = Must(linked.Create());
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(With(report, kWarning), "") << Told(report);
  EXPECT_EQ(Must(stage.store().Find("linked")).state, State::kConnected)
      << "no bill of its own is waited for";
}

TEST(PayerFirstTest, AnotherOrganizationsPayerIsNotEnough) {
  Stage stage;
  const Connection payer = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(payer).HasFailed());
  LinkedKeys linked(stage);
  {
    const auto other = AnotherOrganization(
        stage, R"({"Organization":{"Id":"o-other","MasterAccountId":"999900009999"}})");
    const auto refused = linked.Create();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::kConflict);
    EXPECT_NE(refused.error().message().find("organisation of 999900009999"), std::string::npos)
        << refused.error().message();
    EXPECT_NE(refused.error().message().find("production (" + stage.aws().payer() + ")"),
              std::string::npos);
    EXPECT_NE(refused.error().hint().find("--account 999900009999"), std::string::npos);
  }
  stage.platform().environment.endpoints.overrides.erase(aws::Service::kOrganizations);
  EXPECT_TRUE(linked.Create().ok());
  const auto other = AnotherOrganization(
      stage, R"({"Organization":{"Id":"o-other","MasterAccountId":"999900009999"}})");
  EXPECT_EQ(Verify(stage.parts(), "linked", {}).error().code(), Errc::kConflict)
      << "it has moved to another organisation";
}

TEST(PayerFirstTest, AnAccountOfNoOrganizationHasNoPayer) {
  Stage stage;
  EXPECT_FALSE(stage.Check(stage.Onboard(stage.RoleSettings())).HasFailed());
  const auto none = AnotherOrganization(
      stage, R"({"__type":"AWSOrganizationsNotInUseException","Message":"not in use"})", 400);
  const auto refused = LinkedKeys(stage).Create();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("is in no organisation"), std::string::npos);
}

TEST(PayerFirstTest, WhereTheKeysMayNotAskThePayersOrganizationSaysIt) {
  Stage stage;
  const Connection payer = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kOrganization}));
  EXPECT_FALSE(stage.Check(payer).HasFailed());
  LinkedKeys linked(stage, false);
  const Connection connection = Must(linked.Create());
  Must(DeleteForGood(stage.parts(), "linked", "once more"));
  // An organisation that does not have it.
  Must(stage.store().database().Run("DELETE FROM member_accounts WHERE account_id = ?",
                                    {std::string(LinkedKeys::kAccount)}));
  const auto refused = linked.Create();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("none of the connected organisations"),
            std::string::npos);
  // A bill that does.
  stage.Gather(payer);
  EXPECT_TRUE(linked.Create().ok());
}

TEST(PayerFirstTest, WhoeverAsksForTheBillOfLinkedKeysIsSentToThePayer) {
  Stage stage;
  stage.Check(stage.Onboard(stage.RoleSettings()));
  const Connection linked = Must(LinkedKeys(stage).Create());
  stage.Check(linked);
  Installation& parts = stage.parts();
  const auto sends = [](const Error& error) {
    EXPECT_EQ(error.code(), Errc::kInvalidArgument);
    EXPECT_EQ(error.message(), "connection linked has no bill of its own");
    EXPECT_EQ(error.hint(), "its bill comes through its payer production");
  };
  sends(CheckOwnBill(stage.store(), stage.catalog(), linked).error());
  sends(PlanBackfill(parts, "linked", {2025, 1}, Now()).error());
  sends(Collect(parts.store, parts.vault, parts.catalog, parts.platform, "linked", {}).error());
  EXPECT_TRUE(
      CheckOwnBill(stage.store(), stage.catalog(), Must(stage.store().Find("production"))).ok());
}

}  // namespace
}  // namespace farthing::connect
