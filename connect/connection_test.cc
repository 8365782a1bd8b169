#include "connect/connection.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace farthing::connect {
namespace {

Settings RoleSettings() {
  Settings settings;
  settings.name = "payer";
  settings.role_arn = "arn:aws:iam::123456789012:role/cost/FarthingRole";
  return settings;
}

std::string FieldOf(const Result<Settings>& result) {
  return result.ok() ? "" : std::string(result.error().detail("field"));
}

TEST(ConnectionTest, ARoleTellsAccountAndPartition) {
  Settings settings = RoleSettings();
  settings.role_arn = "arn:aws-cn:iam::123456789012:role/cost/FarthingRole";
  const Result<Settings> valid = Validate(settings);
  ASSERT_TRUE(valid.ok()) << valid.error().message();
  EXPECT_EQ(valid->account_id, "123456789012");
  EXPECT_EQ(valid->partition, "aws-cn");
  EXPECT_EQ(RoleName(valid->role_arn), "FarthingRole");
}

TEST(ConnectionTest, TheAccountMustBeTheRoles) {
  Settings settings = RoleSettings();
  settings.account_id = "210987654321";
  EXPECT_EQ(FieldOf(Validate(settings)), "role_arn");
}

TEST(ConnectionTest, EveryTypeNamesTheFieldThatIsMissing) {
  Settings settings;
  settings.name = "x";
  EXPECT_EQ(FieldOf(Validate(settings)), "role_arn");
  settings.type = ConnectionType::kPayerKeys;
  EXPECT_EQ(FieldOf(Validate(settings)), "access_key_id");
  settings.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  EXPECT_EQ(FieldOf(Validate(settings)), "account_id");
  settings.type = ConnectionType::kBucket;
  EXPECT_EQ(FieldOf(Validate(settings)), "endpoint");
  settings.endpoint = "http://127.0.0.1:9";
  EXPECT_EQ(FieldOf(Validate(settings)), "bucket");
  settings.type = ConnectionType::kDirectory;
  EXPECT_EQ(FieldOf(Validate(settings)), "endpoint") << "what would be ignored is refused";
  settings.endpoint.clear();
  EXPECT_EQ(FieldOf(Validate(settings)), "access_key_id");
  settings.access_key_id.clear();
  EXPECT_EQ(FieldOf(Validate(settings)), "directory");
  settings.name = " ";
  EXPECT_EQ(FieldOf(Validate(settings)), "name");
}

TEST(ConnectionTest, WhatCannotBeIsRefusedWithTheFieldAndAFix) {
  struct Case {
    const char* field;
    void (*spoil)(Settings&);
  };
  const Case cases[] = {
      {"name", [](Settings& s) { s.name = "two\nlines"; }},
      {"name", [](Settings& s) { s.name = "\x1b[31mred"; }},
      {"name", [](Settings& s) { s.name = "--data"; }},
      {"name", [](Settings& s) { s.name = std::string(101, 'x'); }},
      {"account_id", [](Settings& s) { s.account_id = "12345"; }},
      {"role_arn", [](Settings& s) { s.role_arn = "arn:aws:iam::123456789012:role/a b"; }},
      {"role_arn",
       [](Settings& s) { s.role_arn = "arn:aws:iam::123456789012:role/" + std::string(65, 'x'); }},
      {"role_arn", [](Settings& s) { s.role_arn = "farthing"; }},
      {"partition", [](Settings& s) { s.partition = "aws-cn"; }},
      {"kms_key_arn", [](Settings& s) { s.kms_key_arn = "junk"; }},
      {"bucket_owner", [](Settings& s) { s.bucket_owner = "me"; }},
      {"endpoint",
       [](Settings& s) {
         s = Settings();
         s.name = "x";
         s.type = ConnectionType::kBucket;
         s.access_key_id = "key";
         s.endpoint = "ftp://storage";
       }},
  };
  for (const Case& each : cases) {
    Settings settings = RoleSettings();
    each.spoil(settings);
    const Result<Settings> refused = Validate(settings);
    EXPECT_EQ(FieldOf(refused), each.field);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().hint(), "") << refused.error().message();
  }
}

TEST(ConnectionTest, ASpaceInAnExternalIdIsRefusedWithTheReason) {
  const Result<void> result = ValidateExternalId("my secret");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().hint().find("AWS refuses"), std::string::npos);
}

TEST(ConnectionTest, ExternalIdsFollowTheRuleOfSts) {
  EXPECT_TRUE(ValidateExternalId("aA0_+=,.@:/-").ok());
  EXPECT_TRUE(ValidateExternalId(std::string(1224, 'x')).ok());
  EXPECT_FALSE(ValidateExternalId(std::string(1225, 'x')).ok());
  EXPECT_FALSE(ValidateExternalId("x").ok());
  EXPECT_FALSE(ValidateExternalId("a;b").ok());
  EXPECT_FALSE(ValidateExternalId("ä-ä").ok());
}

TEST(ConnectionTest, AUrlIsNotABucket) {
  Settings settings = RoleSettings();
  settings.export_place.bucket = "s3://bills/prefix";
  EXPECT_EQ(FieldOf(Validate(settings)), "bucket");
}

TEST(ConnectionTest, ACapThatIsNoAmountIsRefused) {
  Settings settings = RoleSettings();
  for (const char* cap : {"a lot", "", "-1", "-0.01", "1,50", "0x1", "1e", "NaN"}) {
    settings.cost_explorer_cap_usd = cap;
    EXPECT_EQ(FieldOf(Validate(settings)), "cost_explorer_cap_usd") << cap;
  }
  for (const char* cap : {"0", "0.50", "12"}) {
    settings.cost_explorer_cap_usd = cap;
    EXPECT_TRUE(Validate(settings).ok()) << cap;
  }
}

TEST(ConnectionTest, JsonKeepsEveryField) {
  Settings settings = RoleSettings();
  settings.account_id = "123456789012";
  settings.external_id = "farthing-1";
  settings.export_place = {ExportKind::kCur2, "e", "arn:e", "bucket", "p/q", "eu-west-1"};
  settings.requester_pays = settings.edp = true;
  settings.kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1";
  settings.import_policy = ImportPolicy::kConnectedAccounts;
  settings.permission_sets = {PermissionSet::kReadBilling, PermissionSet::kCostExplorer};
  settings.end_date = "2027-03-31";
  settings.auto_renew = false;
  settings.cost_explorer_cap_usd = "0.50";
  const std::string json = ToJson(settings);
  const Result<Settings> read = ParseSettings(json);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(ToJson(*read), json);
  EXPECT_EQ(read->export_place, settings.export_place);
  EXPECT_EQ(read->permission_sets, settings.permission_sets);
  EXPECT_EQ(read->end_date, settings.end_date);
  EXPECT_FALSE(read->auto_renew);
}

TEST(ConnectionTest, WhatAnEditChangesIsNamed) {
  const Settings before = RoleSettings();
  Settings after = before;
  EXPECT_EQ(ChangedFields(before, after), std::vector<std::string>());
  after.edp = !after.edp;
  after.cost_explorer_cap_usd = "2.00";
  after.export_place.prefix = "billing";
  EXPECT_EQ(ChangedFields(before, after).size(), 3U);
  EXPECT_EQ(ChangedFields(before, after), ChangedFields(after, before));
}

TEST(ConnectionTest, UnknownFieldsAndWrongTypesAreNamed) {
  EXPECT_NE(ParseSettings(R"({"nmae":"x"})").error().message().find("nmae"), std::string::npos);
  EXPECT_EQ(ParseSettings(R"({"edp":"yes"})").error().detail("field"), "edp");
  EXPECT_FALSE(ParseSettings("[]").ok());
  EXPECT_FALSE(ParseSettings(R"({"type":"magic"})").ok());
}

}  // namespace
}  // namespace farthing::connect
