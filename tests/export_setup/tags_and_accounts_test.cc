// Member accounts that show offline, and cost allocation tags within AWS's limits.

#include <gtest/gtest.h>

#include <algorithm>

#include "connect/exports/allocation_tags.h"
#include "connect/exports/member_accounts.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum PermissionSet;

TEST(MemberAccountsTest, NamesUnitsAndConnectionsAreKeptForOfflineUse) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings({kReadBilling, kOrganization}));
  EXPECT_FALSE(Must(KeptMemberAccounts(stage.store(), connection)).refreshed);
  const Instant now = Now();
  const auto client = stage.ClientOf(connection);
  const MemberAccounts asked = Must(RefreshMemberAccounts(stage.store(), *client, connection, now));
  ASSERT_GT(asked.accounts.size(), 3U);
  int managing = 0, connected = 0, deep = 0;
  for (const MemberAccount& account : asked.accounts) {
    EXPECT_FALSE(account.name.empty());
    EXPECT_EQ(account.state, "ACTIVE");
    EXPECT_TRUE(account.unit.starts_with("Root")) << account.unit;
    managing += account.is_management && account.id == stage.aws().payer();
    connected += account.connection == "production";
    deep += account.unit == "Root/Production/Data";
  }
  EXPECT_EQ(managing, 1);
  EXPECT_EQ(connected, 1);
  EXPECT_GT(deep, 0);

  stage.SetPolicy(connection, {});
  EXPECT_FALSE(RefreshMemberAccounts(stage.store(), *client, connection, Now()).ok());
  const MemberAccounts kept = Must(KeptMemberAccounts(stage.store(), connection));
  EXPECT_EQ(kept.accounts.size(), asked.accounts.size());
  EXPECT_EQ(kept.refreshed, now);
  Must(stage.store().Delete(connection.id, "test"));
  EXPECT_TRUE(Must(KeptMemberAccounts(stage.store(), connection)).accounts.empty());
}

class TagsTest : public testing::Test {
 protected:
  TagsTest()
      : connection_(stage_.Onboard(stage_.RoleSettings({kReadBilling, kTagActivation}))),
        client_(stage_.ClientOf(connection_)) {}

  std::string StatusOf(const std::string& key) {
    for (const aws::AllocationTag& tag : Must(aws::ListCostAllocationTags(*client_))) {
      if (tag.key == key) return tag.status;
    }
    return "";
  }

  Stage stage_;
  Connection connection_;
  std::shared_ptr<aws::Client> client_;
};

TEST_F(TagsTest, KeysAreSwitchedAndOnlyWhereTheyDiffer) {
  const std::string key = Must(aws::ListCostAllocationTags(*client_))[0].key;
  ASSERT_EQ(StatusOf(key), "Active");
  EXPECT_TRUE(Must(SetTagStatus(*client_, {key}, TagStatus::kActive)).empty());
  EXPECT_EQ(Must(SetTagStatus(*client_, {key, key}, TagStatus::kInactive)),
            std::vector<std::string>{key});
  EXPECT_EQ(StatusOf(key), "Inactive");
  const auto unknown = SetTagStatus(*client_, {key + "x"}, TagStatus::kActive);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Errc::kNotFound);
  EXPECT_NE(unknown.error().hint().find("did you mean " + key), std::string::npos);
}

TEST_F(TagsTest, OneBackfillADayAtMostTwelveMonthsBack) {
  const Instant now = stage_.aws().now();
  Period early = PeriodOf(now);
  --early.year;
  const Period oldest = early;
  if (--early.month == 0) early = {early.year - 1, 12};
  EXPECT_EQ(BackfillTags(*client_, early, now).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(BackfillTags(*client_, PeriodOf(now).Next(), now).error().code(),
            Errc::kInvalidArgument);
  Must(BackfillTags(*client_, oldest, now));
  const auto running = BackfillTags(*client_, oldest, now);
  ASSERT_FALSE(running.ok());
  EXPECT_EQ(running.error().code(), Errc::kConflict);
  EXPECT_NE(running.error().message().find("is running"), std::string::npos);
  const Instant later = Must(stage_.aws().Advance(std::chrono::hours(20)));
  const auto early_again = BackfillTags(*client_, oldest, later);
  ASSERT_FALSE(early_again.ok());
  EXPECT_NE(early_again.error().hint().find("one in 24 hours"), std::string::npos);
  const Instant next_day = Must(stage_.aws().Advance(std::chrono::hours(5)));
  Must(BackfillTags(*client_, oldest, next_day));
}

TEST_F(TagsTest, AMemberAccountIsToldWhereTagsLive) {
  Stage& stage = stage_;
  std::string member;
  for (const MemberAccount& account :
       Must(RefreshMemberAccounts(stage.store(), *stage.Admin(), connection_, Now())).accounts) {
    if (!account.is_management) member = account.id;
  }
  const auto refused = SetTagStatus(*stage.Admin(member), {"team"}, TagStatus::kActive);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint().find("management account"), std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace farthing::connect
