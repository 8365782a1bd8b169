#include "connect/grants/permissions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "connect/grants/aws_tables.h"
#include "connect/grants/policy_comparison.h"

namespace farthing::connect {
namespace {

PolicyScope Scope() {
  PolicyScope scope;
  scope.account_id = "123456789012";
  scope.bucket = "bills";
  scope.prefix = "exports/main";
  scope.holder_name = "team/farthing";
  scope.export_name = "main";
  return scope;
}

std::vector<std::set<PermissionSet>> EverySubset() {
  std::vector<std::set<PermissionSet>> subsets;
  const auto all = PermissionSets();
  for (std::size_t bits = 0; bits < (std::size_t{1} << all.size()); ++bits) {
    std::set<PermissionSet> sets;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((bits >> i & 1) != 0) sets.insert(all[i].set);
    }
    subsets.push_back(std::move(sets));
  }
  return subsets;
}

using Grants = std::set<std::pair<std::string, std::string>>;  // action, resource

Grants GrantsOf(const PolicyDocument& policy) {
  Grants grants;
  for (const PolicyStatement& statement : policy.statements) {
    for (const std::string& action : statement.actions) {
      for (const std::string& resource : statement.resources) grants.emplace(action, resource);
    }
  }
  return grants;
}

TEST(PermissionsTest, EverySubsetHoldsExactlyTheUnionOfItsSets) {
  const PolicyScope scope = Scope();
  const Grants base = GrantsOf(*MinimumPolicy({}, scope));
  std::map<PermissionSet, Grants> alone;
  for (const PermissionSetInfo& info : PermissionSets()) {
    alone[info.set] = GrantsOf(*MinimumPolicy({info.set}, scope));
  }
  for (const auto& sets : EverySubset()) {
    Grants expected = base;
    for (const PermissionSet set : sets) expected.insert(alone[set].begin(), alone[set].end());
    const auto policy = MinimumPolicy(sets, scope);
    ASSERT_TRUE(policy.ok());
    EXPECT_EQ(GrantsOf(*policy), expected);
    EXPECT_LT(PolicySize(*policy), kManagedPolicyLimit);
    EXPECT_EQ(*ParsePolicyDocument(ToJson(*policy)), [&] {
      PolicyDocument bare = *policy;
      for (PolicyStatement& statement : bare.statements) statement.reasons.clear();
      return bare;
    }());
  }
}

TEST(PermissionsTest, EveryActionIsKnownToIamAndSaysWhy) {
  PolicyScope scope = Scope();
  scope.may_simulate = true;
  scope.kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1";
  for (const Holder holder : {Holder::kRole, Holder::kUser}) {
    scope.holder = holder;
    const auto needed = NeededPermissions(EverySubset().back(), scope);
    for (const Permission& permission : *needed) {
      EXPECT_EQ(ExpandAction(permission.action), std::vector{std::string(permission.action)});
      EXPECT_FALSE(permission.reason.empty());
      EXPECT_FALSE(permission.needed_by.empty());
      EXPECT_EQ(permission.action.find('*'), std::string::npos);
    }
  }
}

TEST(PermissionsTest, OnlyManageExportAndTagActivationWrite) {
  const auto needed = NeededPermissions(EverySubset().back(), Scope());
  for (const Permission& permission : *needed) {
    const bool may_write = permission.set == PermissionSet::kManageExport ||
                           permission.set == PermissionSet::kTagActivation;
    const bool decrypts = permission.action == "kms:Decrypt";
    EXPECT_TRUE(may_write || decrypts || !IsWrite(permission.action)) << permission.action;
  }
}

TEST(PermissionsTest, WritesAreConfinedToOneBucketAndOneExport) {
  const auto policy = MinimumPolicy({PermissionSet::kManageExport}, Scope());
  for (const auto& [action, resource] : GrantsOf(*policy)) {
    if (!IsWrite(action)) continue;
    // AWS checks CreateExport of the bill's table against /putReportDefinition, which names no report.
    const bool confined =
        resource == "arn:aws:s3:::bills" || resource.ends_with("definition/main") ||
        resource.ends_with("export/main-*") || resource.ends_with("table/COST_AND_USAGE_REPORT") ||
        resource.ends_with(":/putReportDefinition");
    EXPECT_TRUE(confined) << action << " on " << resource;
  }
}

TEST(PermissionsTest, ListingAndReadingStayBelowThePrefix) {
  const std::string json = ToJson(*MinimumPolicy({PermissionSet::kReadBilling}, Scope()));
  EXPECT_NE(json.find(R"("arn:aws:s3:::bills/exports/main/*")"), std::string::npos);
  EXPECT_NE(json.find(R"("exports/main",)"), std::string::npos);
  EXPECT_NE(json.find(R"("exports/main/*")"), std::string::npos);
  EXPECT_NE(json.find(R"(:role/team/farthing")"), std::string::npos);
}

TEST(PermissionsTest, TheKindOfExportDecidesWhichDefinitionsAreRead) {
  PolicyScope scope = Scope();
  const auto reads = [&scope](std::string_view action) {
    const auto policy = MinimumPolicy({PermissionSet::kReadBilling}, scope);
    return ToJson(*policy).find(action) != std::string::npos;
  };
  EXPECT_TRUE(reads("cur:Describe") && reads("bcm-data-exports:ListExports"));
  scope.export_kind = ExportKind::kLegacyCur;
  EXPECT_TRUE(reads("cur:Describe") && !reads("bcm-data-exports"));
  scope.export_kind = ExportKind::kCur2;
  EXPECT_TRUE(!reads("cur:Describe") && reads("bcm-data-exports:ListExecutions"));
}

TEST(PermissionsTest, StorageWithoutAwsNeedsItsBucketOnly) {
  PolicyScope scope = Scope();
  scope.is_aws = false;
  Grants expected{{"s3:ListBucket", "arn:aws:s3:::bills"},
                  {"s3:GetObject", "arn:aws:s3:::bills/exports/main/*"}};
  scope.holder = Holder::kUser;
  Grants grants = GrantsOf(*MinimumPolicy({PermissionSet::kReadBilling}, scope));
  EXPECT_EQ(grants, expected);
}

TEST(PermissionsTest, SignsOfIamInAPathAreThemselves) {
  PolicyScope scope = Scope();
  scope.prefix = "a*b?$c";
  const PolicyDocument policy = *MinimumPolicy({PermissionSet::kReadBilling}, scope);
  const std::string json = ToJson(policy);
  EXPECT_NE(json.find(":bills/a${*}b${?}${$}c/*\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"a${*}b${?}${$}c\", \"a${*}b${?}${$}c/*\""), std::string::npos) << json;
  EXPECT_TRUE(ResourceCovers("x/a${*}b/*", "x/a${*}b/*"));
  EXPECT_TRUE(ResourceCovers("x/a*/*", "x/a${*}b/*"));
  EXPECT_TRUE(ResourceCovers("x/a?b/*", "x/a${*}b/*"));
  EXPECT_FALSE(ResourceCovers("x/a${*}b/*", "x/a*b/*"));
  EXPECT_FALSE(ResourceCovers("x/a${*}b/*", "x/acb/*"));
}

TEST(PermissionsTest, NamesThatCannotBeConfinedToAreRefused) {
  const auto refused = [](auto change) {
    PolicyScope scope = Scope();
    change(scope);
    const auto policy =
        MinimumPolicy({PermissionSet::kReadBilling, PermissionSet::kManageExport}, scope);
    return !policy.ok() && policy.error().code() == Errc::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](PolicyScope& s) { s.prefix = "a\"b"; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.prefix = "${aws:username}"; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.prefix = "/a"; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.bucket = "b*"; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.bucket = ""; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.holder_name = "a*"; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.export_name = ""; }));
  EXPECT_TRUE(refused([](PolicyScope& s) { s.kms_key_arn = "*"; }));
}

TEST(AwsTablesTest, TheExportAsksForTheColumnsOfTheDictionary) {
  for (const auto& [kind, count] :
       {std::pair{ExportKind::kCur2, 125u}, std::pair{ExportKind::kFocus10, 48u},
        std::pair{ExportKind::kFocus, 60u}}) {
    const auto columns = KnownColumns(TableOf(kind));
    EXPECT_EQ(columns.size(), count) << Name(kind);
    EXPECT_TRUE(std::is_sorted(columns.begin(), columns.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
  }
  EXPECT_TRUE(KnownColumns("CARBON_EMISSIONS").empty());
}

}  // namespace
}  // namespace farthing::connect
