#include "connect/vault.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "connect/store.h"

namespace farthing::connect {
namespace {

class VaultTest : public testing::Test {
 protected:
  VaultTest() : directory_(fs::temp_directory_path() / ("vault-" + NewUlid())) {
    fs::create_directories(directory_);
    store_ = *Store::Open(directory_ / "farthing.db");
  }
  ~VaultTest() override { fs::remove_all(directory_); }

  KeySource OwnKey() const { return {{}, {}, {}, directory_ / "secret.key"}; }
  std::unique_ptr<Vault> OpenVault() { return *Vault::Open(store_->database(), OwnKey()); }
  void LoseTheKey() { ASSERT_TRUE(fs::remove(directory_ / "secret.key")); }
  void PutAnotherKeyThere() {
    LoseTheKey();
    ASSERT_TRUE(WriteFileDurably(directory_ / "secret.key", NewKeyText()).ok());
    fs::permissions(directory_ / "secret.key", fs::perms(0600));
  }

  fs::path directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(VaultTest, SecretsAreKeptEncryptedAndBoundToTheirPlace) {
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

TEST_F(VaultTest, AKeyThatOthersCanReadIsRefused) {
  ASSERT_TRUE((*Vault::Open(store_->database(), OwnKey()))->Put("c1", "s", "secret").ok());
  fs::permissions(directory_ / "secret.key", fs::perms::group_read, fs::perm_options::add);
  const auto secret = (*Vault::Open(store_->database(), OwnKey()))->Get("c1", "s");
  ASSERT_FALSE(secret.ok());
  EXPECT_EQ(secret.error().code(), Errc::kPermissionDenied);
  EXPECT_NE(secret.error().hint().find("chmod 600"), std::string::npos);
}

TEST_F(VaultTest, AnotherKeyIsRefused) {
  auto vault = *Vault::Open(store_->database(), OwnKey());
  ASSERT_TRUE(vault->Put("c1", "s", "secret").ok());
  const KeySource other{NewKeyText(), {}, {}, {}};
  EXPECT_EQ((*Vault::Open(store_->database(), other))->Get("c1", "s").error().code(),
            Errc::kUnauthenticated);
  const KeySource no_key{std::string("123"), {}, {}, {}};
  EXPECT_EQ((*Vault::Open(store_->database(), no_key))->Get("c1", "s").error().code(),
            Errc::kInvalidArgument);
}

TEST_F(VaultTest, RotationKeepsEverySecretAndSurvivesACrash) {
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

TEST_F(VaultTest, EveryPlaceOfTheKeyIsReadAndTheFirstCounts) {
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

TEST_F(VaultTest, AKeyFromOutsideIsRotatedToTheOneThatIsGiven) {
  const std::string key = NewKeyText(), next = NewKeyText();
  auto vault = *Vault::Open(store_->database(), {key, {}, {}, {}});
  ASSERT_TRUE(vault->Put("c", "s", "one").ok());
  EXPECT_EQ(vault->Rotate(std::nullopt).error().code(), Errc::kInvalidArgument);
  EXPECT_EQ(*vault->Rotate(next), 1);
  EXPECT_EQ(*vault->Get("c", "s"), "one");
  vault.reset();
  EXPECT_EQ((*Vault::Open(store_->database(), {key, {}, {}, {}}))->Get("c", "s").error().code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(*(*Vault::Open(store_->database(), {next, {}, {}, {}}))->Get("c", "s"), "one");
}

/// Killed at whatever instant, every secret is under one key, and that key is where it is looked for.
TEST_F(VaultTest, ARotationThatIsKilledLeavesEverySecretReadable) {
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

TEST_F(VaultTest, AProcessThatOpensTheVaultWritesNoCore) {
  ASSERT_TRUE(Vault::Open(store_->database(), OwnKey()).ok());
  EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
}

TEST_F(VaultTest, ARotationByAnotherProcessIsNoticed) {
  const auto watch = OpenVault();
  ASSERT_TRUE(watch->Put("c1", "s", "one").ok());
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(*OpenVault()->Rotate(std::nullopt), 1);
    EXPECT_EQ(*watch->Get("c1", "s"), "one");
  }
  ASSERT_EQ(*OpenVault()->Rotate(std::nullopt), 1);
  ASSERT_TRUE(watch->Put("c2", "s", "two").ok()) << "nor is anything written under the old key";
  EXPECT_EQ(*OpenVault()->Get("c2", "s"), "two");
  ASSERT_EQ(*OpenVault()->Rotate(std::nullopt), 2);
  EXPECT_EQ(*watch->Rotate(std::nullopt), 2);
}

TEST_F(VaultTest, AKeyIsMadeForTheFirstSecretOnly) {
  const auto vault = OpenVault();
  EXPECT_TRUE(vault->Destroy("c1").ok());
  EXPECT_TRUE(vault->MayAdd().ok());
  EXPECT_FALSE(fs::exists(directory_ / "secret.key"));
  ASSERT_TRUE(vault->Put("c1", "s", "one").ok());
  ASSERT_TRUE(vault->Destroy("c1").ok());
  LoseTheKey();
  ASSERT_TRUE(OpenVault()->Put("c1", "s", "two").ok()) << "nothing was written under the old one";
  EXPECT_EQ(*OpenVault()->Get("c1", "s"), "two");
}

TEST_F(VaultTest, ALostKeyIsToldAndOnlyASecretEnteredAgainMakesAnother) {
  Settings settings;
  settings.name = "the payer";
  settings.role_arn = RoleArn("aws", "123456789012", "Farthing");
  const std::string id = store_->Create(settings)->id;
  for (const bool absent : {true, false}) {
    ASSERT_TRUE(OpenVault()->Put(id, "s", "one").ok());
    ASSERT_TRUE(OpenVault()->Put("c2", "s", "two").ok());
    absent ? LoseTheKey() : PutAnotherKeyThere();
    const auto vault = OpenVault();
    const auto told = [&](const Error& error) {
      EXPECT_EQ(error.code(), Errc::kUnauthenticated);
      EXPECT_NE(error.message().find(absent ? "is missing: " : "another key"), std::string::npos);
      EXPECT_NE(error.hint().find("farthing connections edit"), std::string::npos);
    };
    told(vault->Get(id, "s").error());
    EXPECT_NE(vault->Get(id, "s").error().hint().find("edit 'the payer' --secret-file FILE"),
              std::string::npos);
    told(vault->Rotate(std::nullopt).error());
    told(vault->MayAdd().error());
    told(vault->Put("c3", "s", "three").error());
    EXPECT_EQ(fs::exists(directory_ / "secret.key"), !absent) << "none is made unasked";
    EXPECT_FALSE(fs::exists(directory_ / "secret.key.next"));

    ASSERT_TRUE(vault->Put(id, "s", "again").ok());
    EXPECT_EQ(*OpenVault()->Get(id, "s"), "again");
    EXPECT_EQ(OpenVault()->Get("c2", "s").error().code(), Errc::kUnauthenticated);
    EXPECT_TRUE(OpenVault()->MayAdd().ok());
    ASSERT_TRUE(OpenVault()->Destroy("c2").ok());
    EXPECT_EQ(*OpenVault()->Rotate(std::nullopt), 1);
  }
}

TEST_F(VaultTest, AMissingKeyFromOutsideIsNotMade) {
  const fs::path file = directory_ / "elsewhere.key";
  const KeySource source{{}, file, {}, directory_ / "secret.key"};
  const Result<void> put = (*Vault::Open(store_->database(), source))->Put("c", "s", "one");
  ASSERT_FALSE(put.ok());
  EXPECT_NE(put.error().hint().find("openssl rand -hex 32 > "), std::string::npos);
  EXPECT_FALSE(fs::exists(file));
}

}  // namespace
}  // namespace farthing::connect
