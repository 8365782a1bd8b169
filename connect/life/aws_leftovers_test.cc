#include "connect/life/aws_leftovers.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kUser = "arn:aws:iam::123456789012:user/team/bills";

std::string Told(const Settings& settings, std::string_view identity_arn) {
  return Join(AwsLeftovers(settings, identity_arn), "\n");
}

Settings Keys() {
  Settings settings;
  settings.type = ConnectionType::kPayerKeys;
  settings.account_id = "123456789012";
  settings.access_key_id = "AKIA1";
  return settings;
}

TEST(AwsLeftoversTest, TheUserIsTheOneThatTheChecksMet) {
  const std::string told = Told(Keys(), kUser);
  EXPECT_NE(told.find("delete-access-key --access-key-id AKIA1 --user-name bills"), told.npos);
  EXPECT_NE(told.find("aws iam delete-user --user-name bills\n"), told.npos);
  EXPECT_LT(told.find("delete-access-key"), told.find("delete-stack")) << "a key holds its user";
  EXPECT_NE(Told(Keys(), "").find("delete-user --user-name farthing\n"), told.npos);
}

TEST(AwsLeftoversTest, OfTheRootUserOnlyTheKeyGoes) {
  const std::string told = Told(Keys(), "arn:aws:iam::123456789012:root");
  EXPECT_NE(told.find("aws iam delete-access-key --access-key-id AKIA1"), told.npos);
  EXPECT_EQ(told.find("user-name"), told.npos);
}

TEST(AwsLeftoversTest, ABucketOfAnotherAccountKeepsItsOtherStatements) {
  Settings settings;
  settings.account_id = "123456789012";
  settings.role_arn = RoleArn("aws", "123456789012", "team/Farthing");
  settings.export_place.bucket = "bills";
  settings.bucket_owner = "123456789012";
  EXPECT_EQ(Told(settings, "").find("s3api"), std::string::npos);
  settings.bucket_owner = "210987654321";
  const std::string told = Told(settings, "");
  for (const char* words : {"in account 210987654321", "FarthingLists and FarthingReads",
                            "get-bucket-policy --bucket bills", "put-bucket-policy --bucket bills",
                            "delete-role --role-name Farthing\n"}) {
    EXPECT_NE(told.find(words), told.npos) << words;
  }
}

TEST(AwsLeftoversTest, AMemberIsTakenOutOfTheStackSet) {
  Settings settings;
  settings.type = ConnectionType::kMember;
  settings.account_id = "123456789012";
  settings.role_arn = RoleArn("aws", "123456789012", "Farthing");
  const std::string told = Told(settings, "");
  EXPECT_NE(told.find("delete-stack-instances --region us-east-1 --stack-set-name "
                      "farthing-members"),
            told.npos);
  EXPECT_NE(told.find("Accounts=123456789012"), told.npos);
}

TEST(AwsLeftoversTest, WhereFarthingHasNothingInAwsNothingIsTold) {
  Settings settings;
  settings.type = ConnectionType::kDirectory;
  EXPECT_EQ(Told(settings, ""), "");
}

}  // namespace
}  // namespace farthing::connect
