#include "connect/store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() : directory_(fs::temp_directory_path() / ("store-" + NewUlid())) {
    fs::create_directories(directory_);
    store_ = *Store::Open(directory_ / "farthing.db");
  }
  ~StoreTest() override { fs::remove_all(directory_); }

  static Settings Role(const std::string& name, const std::string& account = "123456789012") {
    Settings settings;
    settings.name = name;
    settings.role_arn = RoleArn("aws", account, "Farthing");
    return settings;
  }

  fs::path directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, EveryConnectionGetsAnExternalIdOfItsOwn) {
  const Connection a = *store_->Create(Role("a"));
  const Connection b = *store_->Create(Role("b", "210987654321"));
  EXPECT_NE(a.settings.external_id, b.settings.external_id);
  EXPECT_TRUE(ValidateExternalId(a.settings.external_id).ok());
  EXPECT_FALSE(a.settings.external_id_adopted);
  EXPECT_EQ(store_->Find("a")->id, a.id);
  EXPECT_EQ(store_->Find(b.id)->settings.name, "b");
}

TEST_F(StoreTest, AnExternalIdIsNeverUsedAgain) {
  Settings adopted = Role("a");
  adopted.external_id = "mine-and-old";
  const Connection first = *store_->Create(adopted);
  EXPECT_TRUE(first.settings.external_id_adopted);
  ASSERT_TRUE(store_->Delete(first.id, "test").ok());
  adopted.name = "b";
  const Result<Connection> again = store_->Create(adopted);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().detail("field"), "external_id");
  EXPECT_EQ(store_->Events(first.id, 10)->front().kind, "deleted");
}

TEST_F(StoreTest, OneRoleServesOneConnectionAndNamesAreUnique) {
  ASSERT_TRUE(store_->Create(Role("a")).ok());
  EXPECT_EQ(store_->Create(Role("b")).error().detail("field"), "role_arn");
  EXPECT_EQ(store_->Create(Role("a", "210987654321")).error().detail("field"), "name");
  EXPECT_EQ(store_->List()->size(), 1u);
}

TEST_F(StoreTest, AccountTypeAndExternalIdAreImmutable) {
  const Connection connection = *store_->Create(Role("a"));
  Settings other = connection.settings;
  other.role_arn = RoleArn("aws", "210987654321", "Farthing");
  other.account_id = "210987654321";
  EXPECT_EQ(store_->Edit("a", other, "x").error().detail("field"), "account_id");
  other = connection.settings;
  other.external_id = "another-one";
  EXPECT_EQ(store_->Edit("a", other, "x").error().detail("field"), "external_id");
  other = connection.settings;
  other.name = "renamed";
  other.role_arn = RoleArn("aws", "123456789012", "Other");
  EXPECT_EQ(store_->Edit("a", other, "renamed")->settings.name, "renamed");
  EXPECT_EQ(store_->Find("a").error().code(), Errc::kNotFound);
}

TEST_F(StoreTest, StatesFollowTheMachineAndAreRemembered) {
  const Connection connection = *store_->Create(Role("a"));
  EXPECT_EQ(store_->SetState("a", State::kConnected, "").error().code(), Errc::kConflict);
  ASSERT_TRUE(store_->SetState("a", State::kVerifying, "").ok());
  ASSERT_TRUE(store_->SetState("a", State::kDegraded, "bucket is gone").ok());
  EXPECT_EQ(store_->Find("a")->cause, "bucket is gone");
  EXPECT_EQ(store_->Events(connection.id, 10)->size(), 3u);
  EXPECT_EQ(store_->Events(connection.id, 1)->front().text, "verifying → degraded: bucket is gone");
}

TEST_F(StoreTest, ReopeningKeepsAllAndANewerFileIsRefused) {
  ASSERT_TRUE(store_->Create(Role("a")).ok());
  ASSERT_TRUE(store_->SetSetting("support_contact", "finops@example.net").ok());
  store_ = *Store::Open(directory_ / "farthing.db");
  EXPECT_EQ(store_->List()->size(), 1u);
  EXPECT_EQ(*store_->Setting("support_contact"), "finops@example.net");
  ASSERT_TRUE(store_->database().Execute("UPDATE schema_steps SET taken = 99").ok());
  EXPECT_EQ(Store::Open(directory_ / "farthing.db").error().code(), Errc::kConflict);
}

}  // namespace
}  // namespace farthing::connect
