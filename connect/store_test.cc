#include "connect/store.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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

  KeySource OwnKey() const { return {{}, {}, {}, directory_ / "secret.key"}; }
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

TEST_F(StoreTest, SecretsAreKeptEncryptedAndBoundToTheirPlace) {
  {
    auto vault = *Vault::Open(store_->database(), OwnKey());
    ASSERT_TRUE(vault->Put("c1", "secret_access_key", "wJalrXUtnFEMI/K7MDENG").ok());
    EXPECT_EQ(*vault->Get("c1", "secret_access_key"), "wJalrXUtnFEMI/K7MDENG");
    EXPECT_EQ(vault->Get("c2", "secret_access_key").error().code(), Errc::kNotFound);
    ASSERT_TRUE(store_->database().Execute("UPDATE secrets SET connection_id = 'c2'").ok());
    EXPECT_EQ(vault->Get("c2", "secret_access_key").error().code(), Errc::kCorrupt);
  }
  struct stat info{};
  ASSERT_EQ(stat((directory_ / "secret.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  for (const auto& entry : fs::directory_iterator(directory_)) {
    const std::string bytes = *ReadFile(entry.path(), 10'000'000);
    EXPECT_EQ(bytes.find("wJalrXUtnFEMI"), std::string::npos) << entry.path();
  }
}

TEST_F(StoreTest, AKeyThatOthersCanReadIsRefused) {
  ASSERT_TRUE(Vault::Open(store_->database(), OwnKey()).ok());
  fs::permissions(directory_ / "secret.key", fs::perms::group_read, fs::perm_options::add);
  const auto vault = Vault::Open(store_->database(), OwnKey());
  ASSERT_FALSE(vault.ok());
  EXPECT_EQ(vault.error().code(), Errc::kPermissionDenied);
  EXPECT_NE(vault.error().hint().find("chmod 600"), std::string::npos);
}

TEST_F(StoreTest, AnotherKeyIsRefusedBeforeAnythingIsRead) {
  auto vault = *Vault::Open(store_->database(), OwnKey());
  ASSERT_TRUE(vault->Put("c1", "s", "secret").ok());
  const KeySource other{NewKeyText(), {}, {}, {}};
  EXPECT_EQ(Vault::Open(store_->database(), other).error().code(), Errc::kUnauthenticated);
  const KeySource no_key{std::string("123"), {}, {}, {}};
  EXPECT_EQ(Vault::Open(store_->database(), no_key).error().code(), Errc::kInvalidArgument);
}

TEST_F(StoreTest, RotationKeepsEverySecretAndSurvivesACrash) {
  auto vault = *Vault::Open(store_->database(), OwnKey());
  ASSERT_TRUE(vault->Put("c1", "s", "one").ok());
  ASSERT_TRUE(vault->Put("c2", "s", "two").ok());
  const std::string old_key = *ReadFile(directory_ / "secret.key", 1000);
  EXPECT_EQ(*vault->Rotate(std::nullopt), 2);
  const std::string new_key = *ReadFile(directory_ / "secret.key", 1000);
  EXPECT_NE(new_key, old_key);
  EXPECT_EQ(*vault->Get("c1", "s"), "one");
  vault.reset();
  // As if killed between the transaction and the renaming, and as if killed before the transaction.
  fs::rename(directory_ / "secret.key", directory_ / "secret.key.next");
  ASSERT_TRUE(WriteFileDurably(directory_ / "secret.key", old_key).ok());
  fs::permissions(directory_ / "secret.key", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*(*Vault::Open(store_->database(), OwnKey()))->Get("c2", "s"), "two");
  fs::copy_file(directory_ / "secret.key", directory_ / "secret.key.next");
  ASSERT_TRUE(RemoveTree(directory_ / "secret.key.next").ok());
  ASSERT_TRUE(WriteFileDurably(directory_ / "secret.key.next", NewKeyText()).ok());
  fs::permissions(directory_ / "secret.key.next", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*(*Vault::Open(store_->database(), OwnKey()))->Get("c2", "s"), "two");
  EXPECT_FALSE(fs::exists(directory_ / "secret.key.next"));
}

TEST_F(StoreTest, EveryPlaceOfTheKeyIsReadAndTheFirstCounts) {
  const std::string key = NewKeyText();
  {
    ASSERT_TRUE((*Vault::Open(store_->database(), {key, {}, {}, {}}))->Put("c", "s", "one").ok());
  }
  const fs::path file = directory_ / "elsewhere.key";
  ASSERT_TRUE(WriteFileDurably(file, key + "\n").ok());
  const auto read = [&](const KeySource& source) -> Result<std::string> {
    TRY_ASSIGN(const auto vault, Vault::Open(store_->database(), source));
    return vault->Get("c", "s");
  };
  fs::permissions(file, fs::perms(0600));
  EXPECT_EQ(*read({{}, file, {}, {}}), "one");
  EXPECT_EQ(*read({key, directory_ / "absent", {}, {}}), "one") << "the variable comes first";
  fs::permissions(file, fs::perms(0440));
  EXPECT_EQ(read({{}, file, {}, {}}).error().code(), Errc::kPermissionDenied);
  EXPECT_EQ(*read({{}, {}, file, {}}), "one") << "as systemd hands it to a service";
  for (const int mode : {0444, 0460, 0666}) {
    fs::permissions(file, fs::perms(mode));
    const Result<std::string> refused = read({{}, {}, file, {}});
    ASSERT_FALSE(refused.ok()) << mode;
    EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied);
    EXPECT_NE(refused.error().hint().find("LoadCredential="), std::string::npos);
  }
  for (const fs::path& each : {directory_ / "secret.key", directory_ / "secret.key.next"}) {
    EXPECT_FALSE(fs::exists(each)) << "no key of our own is made: " << each;
  }
}

TEST_F(StoreTest, AKeyFromOutsideIsRotatedToTheOneThatIsGiven) {
  const std::string key = NewKeyText(), next = NewKeyText();
  auto vault = *Vault::Open(store_->database(), {key, {}, {}, {}});
  ASSERT_TRUE(vault->Put("c", "s", "one").ok());
  EXPECT_EQ(vault->Rotate(std::nullopt).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(*vault->Rotate(next), 1);
  EXPECT_EQ(*vault->Get("c", "s"), "one");
  vault.reset();
  EXPECT_EQ(Vault::Open(store_->database(), {key, {}, {}, {}}).error().code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(*(*Vault::Open(store_->database(), {next, {}, {}, {}}))->Get("c", "s"), "one");
}

/// Killed at whatever instant, every secret is under one key, and that key is where it is looked for.
TEST_F(StoreTest, ARotationThatIsKilledLeavesEverySecretReadable) {
  constexpr int kSecrets = 300;
  {
    auto vault = *Vault::Open(store_->database(), OwnKey());
    const auto put = [&]() -> Result<void> {
      for (int i = 0; i < kSecrets; ++i) {
        TRY(vault->Put("c" + std::to_string(i), "s", "secret " + std::to_string(i)));
      }
      return {};
    };
    ASSERT_TRUE(store_->database().Transaction(put).ok());
  }
  int interrupted = 0;
  for (int round = 0; round < 24; ++round) {
    const std::string before = *ReadFile(directory_ / "secret.key", 1000);
    const pid_t child = fork();
    if (child == 0) {
      const auto database = engine::SqliteDatabase::Open((directory_ / "farthing.db").string());
      const bool ok = database.ok() && [&] {
        auto vault = Vault::Open(**database, OwnKey());
        return vault.ok() && (*vault)->Rotate(std::nullopt).ok();
      }();
      _exit(ok ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    usleep(static_cast<useconds_t>(400 * round));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    interrupted += WIFSIGNALED(status) ? 1 : 0;
    auto vault = Vault::Open(store_->database(), OwnKey());
    ASSERT_TRUE(vault.ok()) << vault.error().message();
    for (int i = 0; i < kSecrets; ++i) {
      ASSERT_EQ(*(*vault)->Get("c" + std::to_string(i), "s"), "secret " + std::to_string(i));
    }
    EXPECT_FALSE(fs::exists(directory_ / "secret.key.next"));
  }
  EXPECT_GT(interrupted, 0);
}

TEST_F(StoreTest, AProcessThatOpensTheVaultWritesNoCore) {
  ASSERT_TRUE(Vault::Open(store_->database(), OwnKey()).ok());
  EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
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
