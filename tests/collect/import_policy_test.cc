// "connected-accounts": only lines of accounts with a connection of their own come in; kept + left out = the bill.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "connect/import_policy.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

class ImportPolicyTest : public testing::TestWithParam<sim::BillFormat> {
 protected:
  ImportPolicyTest() : gathering_(World(), ImportPolicy::kConnectedAccounts) {}

  static rehearsal::Options World() {
    rehearsal::Options options = FixedWorld();
    options.exports = {{GetParam(), "bills"}};
    return options;
  }

  std::string Payer() { return gathering_.aws().payer(); }
  /// An account of the bill that is not the payer.
  std::string Member() {
    for (const lake::Load& load : gathering_.Loads()) {
      for (const std::string& account : load.left_out->accounts) return account;
    }
    return {};
  }
  /// Connects a linked account of its own, as far as the state machine goes.
  Connection Connect(const std::string& account) {
    Stage& stage = gathering_.stage();
    Settings settings;
    settings.name = "linked-" + account;
    settings.role_arn = RoleArn("aws", account, "farthing");
    const Connection linked = stage.Create(settings);
    Must(stage.store().SetState(linked.id, State::kVerifying, ""));
    return Must(stage.store().SetState(linked.id, State::kWaiting, ""));
  }

  Gathering gathering_;
};

TEST_P(ImportPolicyTest, ADraftIsNotConnectedHoweverFarItsFirstCheckIs) {
  Stage& stage = gathering_.stage();
  const auto accounts = [&] {
    return Must(AccountsToImport(stage.store(), gathering_.connection())).value();
  };
  Settings settings;
  settings.name = "draft";
  settings.role_arn = RoleArn("aws", "345678901234", "farthing");
  const Connection draft = stage.Create(settings);
  EXPECT_EQ(accounts(), std::set<std::string>{Payer()});
  Must(stage.store().SetState(draft.id, State::kVerifying, ""));
  EXPECT_EQ(accounts(), std::set<std::string>{Payer()}) << "its checks run";
  Must(stage.store().SetState(draft.id, State::kDisabled, "given up"));
  EXPECT_EQ(accounts(), std::set<std::string>{Payer()}) << "it never was verified";
  Must(stage.store().SetState(draft.id, State::kVerifying, ""));
  Must(stage.store().SetState(draft.id, State::kWaiting, ""));
  EXPECT_EQ(accounts().size(), 2U);
  Must(stage.store().SetState(draft.id, State::kDisabled, "an audit"));
  EXPECT_EQ(accounts().size(), 2U) << "its history stays";
  // What is verified again passes `verifying` in no time that anybody could see.
  Must(stage.store().Settle(draft.id, State::kConnected, ""));
  EXPECT_EQ(accounts().size(), 2U);
}

TEST_P(ImportPolicyTest, KeptAndLeftOutAreTheBillToTheLastDigit) {
  const CollectSummary summary = Must(gathering_.Collect());
  ASSERT_EQ(summary.deliveries.size(), 2u);
  for (const CollectedDelivery& delivery : summary.deliveries) {
    EXPECT_EQ(delivery.outcome, "loaded") << delivery.reason;
  }
  for (const lake::Load& load : gathering_.Loads()) {
    ASSERT_TRUE(load.left_out);
    EXPECT_EQ(load.sub_accounts, std::vector<std::string>{Payer()});
    EXPECT_GT(load.line_count, 0);
    EXPECT_GT(load.left_out->line_count, 0);
    EXPECT_EQ(load.left_out->costs.size(), 1u);
    EXPECT_EQ(Canonical(load.left_out->costs.at("USD")),
              Canonical(load.left_out->totals.at("unblended_cost")));
    EXPECT_FALSE(std::binary_search(load.left_out->accounts.begin(), load.left_out->accounts.end(),
                                    Payer()));
  }
  gathering_.ExpectExact();
}

TEST_P(ImportPolicyTest, TheReportAndTheDeliverySayWhatWasLeftOut) {
  const CollectSummary summary = Must(gathering_.Collect());
  const lake::Load load = gathering_.Loads().front();
  const std::string said = Describe(*load.left_out);
  EXPECT_NE(said.find(std::to_string(load.left_out->line_count) + " lines"), std::string::npos);
  EXPECT_NE(said.find(ToString(Canonical(load.left_out->costs.at("USD"))) + " USD"),
            std::string::npos);
  EXPECT_TRUE(std::any_of(summary.deliveries.begin(), summary.deliveries.end(),
                          [&](const auto& delivery) { return delivery.reason == said; }));
  EXPECT_EQ(Must(gathering_.stage().catalog().GetDelivery(load.delivery_id)).reason, said);
}

TEST_P(ImportPolicyTest, AnotherConnectedAccountBringsItsLinesWithTheNextCollection) {
  Must(gathering_.Collect());
  const std::string member = Member();
  EXPECT_EQ(gathering_.Outcomes(), std::vector<std::string>());
  const Connection linked = Connect(member);
  EXPECT_EQ(gathering_.Outcomes().size(), 2u);
  for (const lake::Load& load : gathering_.Loads()) {
    const std::vector<std::string>& left = load.left_out->accounts;
    EXPECT_FALSE(std::binary_search(left.begin(), left.end(), member));
    EXPECT_LE(load.sub_accounts.size(), 2u);
  }
  gathering_.ExpectExact();
  EXPECT_EQ(gathering_.Outcomes(), std::vector<std::string>());

  Must(gathering_.stage().store().SetState(linked.id, State::kDisconnected, ""));
  EXPECT_EQ(gathering_.Outcomes().size(), 2u);
  for (const lake::Load& load : gathering_.Loads()) {
    EXPECT_EQ(load.sub_accounts, std::vector<std::string>{Payer()});
  }
  gathering_.ExpectExact();
}

TEST_P(ImportPolicyTest, TheWholeOrganizationAgainLeavesNothingOut) {
  Must(gathering_.Collect());
  Settings settings = gathering_.connection().settings;
  settings.import_policy = ImportPolicy::kOrganization;
  Must(gathering_.stage().store().Edit(gathering_.connection().id, settings, "policy"));
  EXPECT_EQ(gathering_.Outcomes().size(), 2u);
  for (const lake::Load& load : gathering_.Loads()) {
    EXPECT_FALSE(load.left_out);
    EXPECT_GT(load.sub_accounts.size(), 1u);
  }
  gathering_.ExpectExact();
}

TEST_P(ImportPolicyTest, TagsOfAccountsLeftOutAreNotKept) {
  Must(gathering_.Collect());
  const auto database = Must(engine::Database::Open());
  engine::Connection connection = Must(database->Connect());
  const lake::Layout& layout = gathering_.stage().catalog().layout();
  const std::vector<lake::Load> loads = gathering_.Loads();
  ASSERT_EQ(loads.size(), 2u);
  for (const lake::Load& load : loads) {
    const auto files = [&](std::string_view table) {
      return "read_parquet(" + engine::QuoteLiteral(layout.Files(table, load.period, load.id)) +
             ")";
    };
    const engine::Table unused =
        Must(connection.Query("SELECT count(*) FROM " + files(lake::kTagSets) +
                              " WHERE tag_set_id NOT IN (SELECT tag_set_id FROM " +
                              files(lake::kCostLines) + " WHERE tag_set_id IS NOT NULL)"));
    EXPECT_EQ(unused.rows[0][0], "0");
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ImportPolicyTest,
                         testing::Values(sim::BillFormat::kCur2Csv, sim::BillFormat::kCur2Parquet,
                                         sim::BillFormat::kCur1Csv),
                         [](const auto& each) {
                           std::string name(sim::Name(each.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace farthing::connect
