// The life of a connection: external IDs, edits that are verified first, terms, agreement, disconnecting, and secrets
// that are nowhere to be read.

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "sim/aws/test_signer.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;

constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000;

std::vector<std::string> Texts(Store& store, const std::string& id, const std::string& kind) {
  std::vector<std::string> texts;
  const std::vector<Event> events = Must(store.Events(id, 1000));
  for (const Event& event : events) {
    if (event.kind == kind) texts.insert(texts.begin(), event.text);
  }
  return texts;
}

TEST(ExternalIdTest, IsMadeForEachConnectionAndDemandedByTheRole) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_TRUE(connection.settings.external_id.starts_with("farthing-"));
  EXPECT_EQ(stage.Look(connection).Find("external-id")->status, kPass);
  std::size_t refused = 0;
  const std::vector<rehearsal::RequestRecord> requests = stage.aws().Requests();
  for (const rehearsal::RequestRecord& request : requests) {
    refused += request.action == "AssumeRole" && request.status == 403;
  }
  EXPECT_EQ(refused, 2U) << "one without and one with a wrong ID";
}

TEST(ExternalIdTest, AdoptingOneIsMarkedAsWeakerAndItIsNeverUsedAgain) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  settings.external_id = "chosen/elsewhere=1";
  const Connection connection = stage.Onboard(settings);
  EXPECT_TRUE(connection.settings.external_id_adopted);
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(report.Find("external-id")->status, kWarning);
  Must(stage.store().Delete(connection.id, "no longer wanted"));
  const auto again = CreateConnection(stage.parts(), settings, "");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Errc::kConflict);
  EXPECT_NE(again.error().message().find("never used again"), std::string::npos);
}

TEST(ExternalIdTest, ASpaceIsRefusedWithTheReason) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  settings.external_id = "with space";
  const auto refused = CreateConnection(stage.parts(), settings, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("must not contain a space"), std::string::npos);
  EXPECT_NE(refused.error().hint().find("AWS refuses it"), std::string::npos);
}

TEST(VerifyTest, MovesFromDraftOverVerifyingToWaiting) {
  Stage stage;
  const Connection connection = stage.Create(stage.RoleSettings());
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDraft);
  stage.CreateStack(connection);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);
  const std::vector<std::string> states = Texts(stage.store(), connection.id, "state");
  ASSERT_EQ(states.size(), 4U);
  EXPECT_TRUE(states[1].starts_with("verifying → draft: identity: ")) << states[1];
  EXPECT_EQ(states[2], "draft → verifying") << "an old cause does not go along";
  EXPECT_EQ(states[3], "verifying → waiting");
}

TEST(VerifyTest, FindsTheExportAndFillsItIn) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  settings.export_place = ExportPlace();
  Connection connection = stage.Create(settings);
  // The administrator fills in the stack's parameters; nobody tells Farthing.
  stage.CreateStack(connection, Purpose::kExisting,
                    {{"BillingBucket", "example-billing-exports"}, {"BillingPrefix", "billing"}});
  const std::string policy = ToJson(stage.PolicyOf(connection));
  EXPECT_NE(policy.find("arn:aws:s3:::example-billing-exports/billing/*"), std::string::npos);
  EXPECT_NE(policy.find(R"("s3:prefix": ["billing", "billing/*"])"), std::string::npos) << policy;
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(With(report, kWarning), "") << Told(report);
  const CheckResult& grants = *report.Find(check_id::kGrantedPermissions);
  EXPECT_NE(grants.finding.find("no longer needed: cur:DescribeReportDefinitions"),
            std::string::npos)
      << grants.finding;
  connection = Must(stage.store().Find("production"));
  EXPECT_EQ(connection.settings.export_place.bucket, "example-billing-exports");
  EXPECT_EQ(connection.settings.export_place.prefix, "billing");
  EXPECT_EQ(connection.settings.export_place.name, "bills");
  EXPECT_EQ(connection.settings.export_place.bucket_region, "us-east-1");
  EXPECT_EQ(connection.settings.bucket_owner, stage.aws().payer());
}

TEST(VerifyTest, AKeyThatRefusesIsFilledInAndTheNextTemplateAllowsIt) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings();
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", "billing");
  const Connection connection = stage.Onboard(settings);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const std::string key = Split(stage.Control("key", R"({"bucket":"payer-bills"})"), '"')[3];
  stage.aws().Restate(PeriodOf(stage.aws().now()));
  Must(stage.aws().Deliver());
  const CheckReport refused = stage.Check(connection);
  EXPECT_EQ(refused.Find(check_id::kBucketKey)->status, kFail) << Told(refused);
  EXPECT_EQ(Graded(refused, "missing:"), std::set<std::string>{"kms:Decrypt"});

  TemplateRequest request;
  request.settings = Must(stage.store().Find("production")).settings;
  EXPECT_EQ(request.settings.kms_key_arn, key);
  request.principal = stage.aws().Platform().user_arn;
  stage.SetPolicy(connection, LiteralPolicy(Must(MakePlan(request))));
  const CheckReport allowed = stage.Check(connection);
  EXPECT_FALSE(allowed.HasFailed()) << Told(allowed);
  EXPECT_EQ(With(allowed, kWarning), "drift") << Told(allowed);
}

TEST(VerifyTest, DriftIsToldSinceTheLastTime) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_EQ(stage.Check(connection).Find("drift")->status, kSkipped);
  EXPECT_EQ(stage.Check(connection).Find("drift")->status, kPass);
  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, ""));
  const CheckReport worse = stage.Check(connection);
  EXPECT_EQ(worse.Find("drift")->status, kWarning);
  EXPECT_NE(worse.Find("drift")->finding.find("external-id"), std::string::npos);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDegraded);
}

TEST(EditTest, NewSettingsThatFailLeaveTheOldOnes) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const std::string before = ToJson(Must(stage.store().Find("production")).settings);
  Settings wrong = Must(stage.store().Find("production")).settings;
  wrong.role_arn += "-misspelt";
  const auto refused = EditVerified(stage.parts(), "production", wrong, {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("the old ones stay: identity"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(ToJson(Must(stage.store().Find("production")).settings), before);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);

  Settings other_account = Must(stage.store().Find("production")).settings;
  other_account.role_arn = RoleArn("aws", "345678901234", "farthing");
  other_account.account_id.clear();
  EXPECT_FALSE(EditVerified(stage.parts(), "production", other_account, {}, {}).ok());

  Settings better = Must(stage.store().Find("production")).settings;
  better.edp = true;
  const auto outcome = EditVerified(stage.parts(), "production", better, {}, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  EXPECT_TRUE(outcome->connection.settings.edp);
}

/// A payer's user with the minimum policy, and its connection.
Connection ConnectPayerKeys(Stage& stage) {
  Settings settings = stage.RoleSettings({PermissionSet::kReadBilling});
  settings.role_arn.clear();
  settings.type = ConnectionType::kPayerKeys;
  settings.account_id = stage.aws().payer();
  settings.permission_sets.insert(PermissionSet::kOrganization);
  const PolicyScope scope = [&] {
    Settings named = settings;
    named.access_key_id = "AKIAPLACEHOLDER00";
    PolicyScope of = ScopeOf(named);
    of.holder_name = "farthing";
    return of;
  }();
  const auto [id, secret] =
      stage.MakeUser("farthing", Must(MinimumPolicy(settings.permission_sets, scope)));
  settings.access_key_id = id;
  return stage.Create(settings, secret);
}

TEST(EditTest, ASecretThatIsRefusedLeavesTheOldOne) {
  Stage stage;
  const Connection connection = ConnectPayerKeys(stage);
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(Graded(report, "missing:"), std::set<std::string>());
  EXPECT_EQ(Graded(report, "excess:"), std::set<std::string>());
  const std::string secret = Must(stage.vault().Get(connection.id, kSecretAccessKey));
  EXPECT_FALSE(
      EditVerified(stage.parts(), "production", connection.settings, "not-the-secret", {}).ok());
  EXPECT_EQ(Must(stage.vault().Get(connection.id, kSecretAccessKey)), secret);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
}

TEST(EditTest, WhatIsNotVerifiedIsNeverStored) {
  Stage stage;
  const Connection connection = ConnectPayerKeys(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const std::string secret = Must(stage.vault().Get(connection.id, kSecretAccessKey));
  struct Killed {};
  CheckOptions options;
  options.observer = [&](const CheckResult& check, bool) {
    EXPECT_EQ(Must(stage.vault().Get(connection.id, kSecretAccessKey)), secret) << check.id;
    if (check.id == "bucket-list") throw Killed();  // nothing after this line is done
  };
  EXPECT_THROW((void)EditVerified(stage.parts(), "production", connection.settings,
                                  "not-the-secret", options),
               Killed);
  EXPECT_EQ(Must(stage.vault().Get(connection.id, kSecretAccessKey)), secret);
  EXPECT_EQ(Must(stage.vault().Rotate({})), 1) << "no other secret was left behind";
  EXPECT_FALSE(stage.Check(connection).HasFailed());
}

TEST(EditTest, ASecretIsNotStoredWithoutItsSettings) {
  Stage stage;
  const Connection connection = ConnectPayerKeys(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const std::string secret = Must(stage.vault().Get(connection.id, kSecretAccessKey));
  Settings other;
  other.name = "taken";
  other.type = ConnectionType::kDirectory;
  other.directory = stage.data();
  stage.Create(other);
  Settings settings = Must(stage.store().Find("production")).settings;
  const std::string made = stage.AdminForm("iam", "CreateAccessKey", {{"UserName", "farthing"}});
  settings.name = "taken";
  settings.access_key_id = rehearsal::Between(made, "AccessKeyId");
  const auto refused = EditVerified(stage.parts(), "production", settings,
                                    rehearsal::Between(made, "SecretAccessKey"), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kConflict);
  EXPECT_EQ(Must(stage.vault().Get(connection.id, kSecretAccessKey)), secret);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
}

TEST(EditTest, KeysAreReplacedOnceTheNewOnesWork) {
  Stage stage;
  const Connection connection = ConnectPayerKeys(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const std::string made = stage.AdminForm("iam", "CreateAccessKey", {{"UserName", "farthing"}});
  Settings settings = connection.settings;
  settings.access_key_id = rehearsal::Between(made, "AccessKeyId");
  const auto outcome = EditVerified(stage.parts(), "production", settings,
                                    rehearsal::Between(made, "SecretAccessKey"), {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message();
  stage.AdminForm("iam", "DeleteAccessKey",
                  {{"UserName", "farthing"}, {"AccessKeyId", connection.settings.access_key_id}});
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  EXPECT_EQ(Must(stage.vault().Rotate({})), 1);
  EXPECT_FALSE(stage.Check(connection).HasFailed()) << "the vault's key was rotated";
}

TEST(TermTest, SaysSoAtEveryStageUntilItIsDeletedForGood) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  const Instant today = *ParseInstant(DayString(Now()));
  const auto after = [&](int days) { return Instant{today.micros + days * kDay}; };
  settings.end_date = DayString(after(40));
  settings.auto_renew = false;
  const Connection connection = stage.Onboard(settings);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const auto say = [&](int days) {
    const std::vector<TermAction> said = Must(ApplyTerms(stage.parts(), after(days)));
    return said.empty() ? "" : said.front().sentence;
  };
  EXPECT_EQ(say(0), "");
  EXPECT_EQ(say(31),
            "the term of connection production ends in 10 days and is disabled then, "
            "because it does not renew itself");
  const std::string last_day = DayString(after(41 + kDisabledDays));
  EXPECT_EQ(say(41), "the term of connection production ended on " + *settings.end_date +
                         "; it is disabled and will be deleted for good with its bills on " +
                         last_day);
  const Connection disabled = Must(stage.store().Find("production"));
  EXPECT_EQ(disabled.state, State::kDisabled);
  EXPECT_NE(Describe(disabled, after(42)).find("deleted for good in 89 days (" + last_day + ")"),
            std::string::npos)
      << Describe(disabled, after(42));
  EXPECT_EQ(say(60), "");
  EXPECT_EQ(say(121),
            "connection production will be deleted for good with its bills in 10 days; what goes: "
            "farthing connections delete production --dry-run");
  EXPECT_FALSE(
      Collect(stage.store(), stage.vault(), stage.catalog(), stage.platform(), "production", {})
          .ok());
  EXPECT_EQ(say(131),
            "connection production was disabled for 90 days after its term and is "
            "deleted for good with its bills");
  EXPECT_FALSE(stage.store().Find("production").ok());
  EXPECT_EQ(Texts(stage.store(), connection.id, "deleted").size(), 1U) << "its history stays";
}

TEST(TermTest, ACheckDoesNotEnableAndAnEndedTermNeedsAnotherFirst) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  const Connection connection = stage.Onboard(settings);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  settings = Must(stage.store().Find("production")).settings;
  settings.end_date = DayString(Instant{Now().micros - kDay});
  settings.auto_renew = false;
  Must(stage.store().Edit(connection.id, settings, "a term that is over"));
  Must(ApplyTerms(stage.parts(), Now()));
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const Connection disabled = Must(stage.store().Find("production"));
  EXPECT_EQ(disabled.state, State::kDisabled);
  EXPECT_TRUE(disabled.delete_after.has_value());
  const auto refused = Enable(stage.parts(), "production", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint().find("--until DAY"), std::string::npos);
  settings = disabled.settings;
  settings.end_date.reset();
  Must(EditVerified(stage.parts(), "production", settings, {}, {}));
  EXPECT_FALSE(Must(Enable(stage.parts(), "production", {})).HasFailed());
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);
  EXPECT_FALSE(Must(stage.store().Find("production")).delete_after.has_value());
}

TEST(TermTest, ATermThatIsOverAlreadyIsRefused) {
  Stage stage;
  Settings settings = stage.RoleSettings();
  settings.end_date = DayString(Instant{Now().micros - 2 * kDay});
  EXPECT_EQ(CreateConnection(stage.parts(), settings, "").error().detail("field"), "end_date");
  settings.end_date.reset();
  const Connection connection = stage.Create(settings);
  settings = connection.settings;
  settings.end_date = "2020-01-01";
  const auto refused = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().hint().find("connections disable production"), std::string::npos);
}

TEST(TermTest, AFailingConnectionStaysDisabledWhenItIsEnabled) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Must(Disable(stage.parts(), "production", "an audit"));
  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, "another-id"));
  EXPECT_TRUE(Must(Enable(stage.parts(), "production", {})).HasFailed());
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDisabled);
  EXPECT_EQ(Must(stage.store().Find("production")).cause, "an audit");
}

TEST(AgreementTest, IsDemandedWhereTheInstallationSaysSo) {
  Stage stage;
  EXPECT_EQ(stage.store().SetSetting("agreement_required", "maybe").error().code(),
            Errc::kInvalidArgument);
  Must(stage.store().SetSetting("agreement_required", "yes"));
  const Connection connection = stage.Onboard(stage.RoleSettings());
  const auto refused = Verify(stage.parts(), connection.id, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Errc::kConflict);
  EXPECT_NE(refused.error().hint().find("--agreement REFERENCE"), std::string::npos);
  Settings settings = connection.settings;
  settings.agreement = "contract 17 of 2026";
  Must(EditVerified(stage.parts(), "production", settings, {}, {}));
  EXPECT_FALSE(stage.Check(connection).HasFailed());
}

TEST(DisconnectTest, KeepsOrPurgesAndTellsWhatIsLeftInAws) {
  for (const DataFate fate : {DataFate::kKeep, DataFate::kPurge}) {
    Stage stage;
    const Connection connection = ConnectPayerKeys(stage);
    EXPECT_FALSE(stage.Check(connection).HasFailed());
    EXPECT_TRUE(stage.Gather(connection).bill_data_ready);
    const Ending done = Must(Disconnect(stage.parts(), "production", fate));
    EXPECT_EQ(done.exports.size(), 1U);
    const std::string commands = Join(done.aws_commands, "\n");
    EXPECT_NE(commands.find("aws iam delete-access-key --access-key-id " +
                            connection.settings.access_key_id),
              std::string::npos);
    EXPECT_NE(commands.find("bcm-data-exports delete-export"), std::string::npos) << commands;
    EXPECT_EQ(stage.vault().Get(connection.id, kSecretAccessKey).error().code(), Errc::kNotFound);
    EXPECT_EQ(Must(stage.catalog().Exports()).size(), fate == DataFate::kKeep ? 1U : 0U);
    EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDisconnected);
    EXPECT_EQ(Texts(stage.store(), connection.id, "disconnected").size(), 1U);
    EXPECT_FALSE(Verify(stage.parts(), "production", {}).ok());
    Must(Disconnect(stage.parts(), "production", fate));  // may be repeated
  }
}

TEST(SecretTest, IsNowhereToBeRead) {
  Stage stage;
  const Connection connection = ConnectPayerKeys(stage);
  const std::string secret = Must(stage.vault().Get(connection.id, kSecretAccessKey));
  const CheckReport report = stage.Check(connection);
  stage.Gather(connection);
  Settings wrong = connection.settings;
  wrong.access_key_id = "AKIAGONEGONEGONEGONE";
  const auto refused = EditVerified(stage.parts(), "production", wrong, {}, {});
  ASSERT_FALSE(refused.ok());
  std::string told = ToJson(report) + Told(report) + ToJson(connection.settings) +
                     refused.error().message() + refused.error().hint();
  for (const Error::Detail& detail : refused.error().details()) told += detail.value;
  const std::vector<Event> events = Must(stage.store().Events("", 1000));
  for (const Event& event : events) told += event.text + event.detail;
  EXPECT_EQ(told.find(secret), std::string::npos);
  const std::vector<fs::path> files = Must(ListTree(stage.data()));
  EXPECT_GT(files.size(), 3U);
  for (const fs::path& file : files) {
    std::ifstream stream(fs::is_regular_file(file) ? file : stage.data() / file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file;
  }
}

}  // namespace
}  // namespace farthing::connect
