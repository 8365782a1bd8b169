#include "connect/grants/policy_comparison.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace farthing::connect {
namespace {

struct Case {
  PolicyScope scope;
  std::vector<Permission> needed;
  PolicyDocument minimum;

  explicit Case(const std::set<PermissionSet>& sets = {PermissionSet::kReadBilling,
                                                       PermissionSet::kCostExplorer}) {
    scope.account_id = "123456789012";
    scope.bucket = "bills";
    scope.prefix = "cur";
    scope.holder_name = "farthing";
    needed = *NeededPermissions(sets, scope);
    minimum = *MinimumPolicy(sets, scope);
  }
  PolicyComparison Compare(const PolicyDocument& granted) const {
    return ComparePolicies({{"inline", granted}}, needed, ScopeValues(scope));
  }
  PolicyComparison Compare(std::string_view json) const {
    return Compare(*ParsePolicyDocument(json));
  }
};

std::vector<std::string> Missing(const PolicyComparison& comparison) {
  std::vector<std::string> actions;
  for (const MissingAction& missing : comparison.missing) actions.push_back(missing.action);
  return actions;
}

std::string With(const PolicyDocument& minimum, const std::string& statement) {
  std::string json = ToJson(minimum);
  return json.insert(json.rfind(']'), "," + statement);
}

TEST(PolicyComparisonTest, TheMinimumIsNeitherMoreNorLess) {
  const Case c;
  const PolicyComparison comparison = c.Compare(c.minimum);
  EXPECT_TRUE(comparison.ok());
  EXPECT_EQ(ToJson(comparison.corrected), ToJson(c.minimum));
}

TEST(PolicyComparisonTest, RemovingAnyActionMissesThatActionOnly) {
  const Case c;
  for (std::size_t s = 0; s < c.minimum.statements.size(); ++s) {
    for (std::size_t a = 0; a < c.minimum.statements[s].actions.size(); ++a) {
      PolicyDocument less = c.minimum;
      const std::string removed = less.statements[s].actions[a];
      less.statements[s].actions.erase(less.statements[s].actions.begin() + static_cast<long>(a));
      const PolicyComparison comparison = c.Compare(less);
      ASSERT_FALSE(comparison.missing.empty()) << removed;
      for (const std::string& action : Missing(comparison)) EXPECT_EQ(action, removed);
      EXPECT_EQ(comparison.missing[0].why, "not granted");
      EXPECT_TRUE(comparison.excess.empty());
    }
  }
}

TEST(PolicyComparisonTest, AddingAnActionIsReportedAsExcess) {
  const Case c;
  const PolicyComparison comparison =
      c.Compare(With(c.minimum, R"({"Effect":"Allow","Action":"s3:PutObject","Resource":"*"})"));
  EXPECT_TRUE(comparison.missing.empty());
  ASSERT_EQ(comparison.excess.size(), 1u);
  EXPECT_EQ(comparison.excess[0].pattern, "s3:PutObject");
  EXPECT_TRUE(comparison.excess[0].writes);
}

TEST(PolicyComparisonTest, APatternIsExpandedByWhatItAdds) {
  const Case c;
  const PolicyComparison comparison = c.Compare(
      With(c.minimum, R"({"Effect":"Allow","Action":["CE:*","ce:GetCostAnd*"],"Resource":"*"})"));
  ASSERT_EQ(comparison.excess.size(), 2u);
  const auto& all = comparison.excess[0].actions;
  EXPECT_GT(all.size(), 40u);
  EXPECT_NE(std::find(all.begin(), all.end(), "ce:CreateAnomalyMonitor"), all.end());
  EXPECT_EQ(std::find(all.begin(), all.end(), "ce:GetCostAndUsage"), all.end());
  EXPECT_TRUE(comparison.excess[0].writes);
  EXPECT_FALSE(comparison.excess[1].writes);
}

// The policy of Microsoft's connector guide: broader than what it verifies (requirements 1.6).
TEST(PolicyComparisonTest, ThePolicyOfAnOlderGuide) {
  const Case c;
  const PolicyComparison comparison = c.Compare(R"({"Version":"2012-10-17","Statement":[
    {"Sid":"VisualEditor0","Effect":"Allow","Action":["organizations:ListAccounts","iam:ListRoles","ce:*",
     "cur:DescribeReportDefinitions"],"Resource":"*"},
    {"Sid":"VisualEditor1","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket","iam:GetPolicyVersion",
     "iam:ListPolicyVersions","iam:ListAttachedRolePolicies"],"Resource":["arn:aws:s3:::bills","arn:aws:s3:::bills/*",
     "arn:aws:iam::123456789012:policy/*","arn:aws:iam::123456789012:role/farthing"]}]})");
  const auto missing = Missing(comparison);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "s3:GetObject"), 0);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "s3:ListBucket"), 0);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "ce:GetCostAndUsage"), 0);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "iam:GetRole"), 1);
  std::vector<std::string> excess;
  for (const ExcessGrant& grant : comparison.excess) excess.push_back(grant.pattern);
  for (const char* pattern : {"organizations:ListAccounts", "iam:ListRoles", "ce:*",
                              "iam:ListPolicyVersions", "s3:GetObject"}) {
    EXPECT_NE(std::find(excess.begin(), excess.end(), pattern), excess.end()) << pattern;
  }
}

TEST(PolicyComparisonTest, AWiderResourceIsExcess) {
  const Case c;
  PolicyDocument wide = c.minimum;
  for (PolicyStatement& statement : wide.statements) {
    if (statement.sid == "ReadBills") statement.resources = {"arn:aws:s3:::*"};
    if (statement.sid == "ListBills") statement.conditions.clear();
  }
  const PolicyComparison comparison = c.Compare(wide);
  EXPECT_TRUE(comparison.missing.empty());
  ASSERT_EQ(comparison.excess.size(), 2u);
  EXPECT_EQ(comparison.excess[0].pattern, "s3:ListBucket");
  EXPECT_EQ(comparison.excess[1].resource, "arn:aws:s3:::*");
}

TEST(PolicyComparisonTest, ANarrowerResourceOrAConditionIsMissing) {
  const Case c;
  PolicyDocument narrow = c.minimum;
  for (PolicyStatement& statement : narrow.statements) {
    if (statement.sid == "ReadBills") statement.resources = {"arn:aws:s3:::bills/cur/2026/*"};
    if (statement.sid == "AccountWide") {
      statement.conditions = {{"IpAddress", "aws:SourceIp", {"192.0.2.0/24"}}};
    }
  }
  const PolicyComparison comparison = c.Compare(narrow);
  for (const MissingAction& missing : comparison.missing) {
    EXPECT_EQ(missing.why, missing.action == "s3:GetObject"
                               ? "granted only on arn:aws:s3:::bills/cur/2026/*"
                               : "granted only if IpAddress aws:SourceIp 192.0.2.0/24");
  }
  EXPECT_GE(comparison.missing.size(), 4u);
}

TEST(PolicyComparisonTest, DeniesAreSeenAndJudgedWhereTheyAreUnconditional) {
  const Case c;
  const PolicyComparison denied = c.Compare(
      With(c.minimum, R"({"Sid":"No","Effect":"Deny","Action":"s3:Get*","Resource":"*"})"));
  ASSERT_FALSE(denied.missing.empty());
  EXPECT_EQ(denied.missing[0].why, "denied by No of inline");
  EXPECT_EQ(denied.denies.size(), 1u);
  const PolicyComparison unsure = c.Compare(With(
      c.minimum,
      R"({"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}})"));
  EXPECT_TRUE(unsure.missing.empty());
  ASSERT_EQ(unsure.denies.size(), 1u);
  EXPECT_TRUE(unsure.denies[0].has_conditions);
}

TEST(PolicyComparisonTest, ADenyOnAPartOfWhatIsNeededIsMissing) {
  const Case c;
  const auto lack = [&c](const std::string& resource) {
    const PolicyComparison comparison = c.Compare(With(
        c.minimum, R"({"Sid":"No","Effect":"Deny","Action":"s3:GetObject",)" + resource + "}"));
    return comparison.missing.empty() ? "" : comparison.missing[0].why;
  };
  EXPECT_EQ(lack(R"("Resource":"arn:aws:s3:::bills/cur/data/*")"),
            "denied on arn:aws:s3:::bills/cur/data/* by No of inline");
  EXPECT_EQ(lack(R"("Resource":"arn:aws:s3:::*/data/*")"),
            "denied on arn:aws:s3:::*/data/* by No of inline");
  EXPECT_EQ(lack(R"("Resource":"arn:aws:s3:::bills/other/*")"), "");
  EXPECT_EQ(lack(R"("NotResource":"arn:aws:s3:::bills/cur/2026/*")"),
            "denied on all but arn:aws:s3:::bills/cur/2026/* by No of inline");
  EXPECT_EQ(lack(R"("NotResource":"arn:aws:s3:::bills/*")"), "");
}

TEST(PolicyDocumentTest, PatternsMeetWhereOneTextFitsBoth) {
  EXPECT_TRUE(ResourcesMeet("a/*", "*/b"));
  EXPECT_TRUE(ResourcesMeet("a*c", "a?b*"));
  EXPECT_TRUE(ResourcesMeet("*", ""));
  EXPECT_TRUE(ResourcesMeet("x${*}", "x*"));
  EXPECT_FALSE(ResourcesMeet("a/*", "b/*"));
  EXPECT_FALSE(ResourcesMeet("a?", "a"));
  EXPECT_FALSE(ResourcesMeet("x${*}", "xy"));
}

TEST(PolicyComparisonTest, EverythingAndAllButSomethingAreTold) {
  const Case c;
  const PolicyComparison all =
      c.Compare(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  EXPECT_TRUE(all.missing.empty());
  ASSERT_EQ(all.excess.size(), 1u);
  EXPECT_EQ(all.excess[0].service, "*");
  const PolicyComparison power = c.Compare(
      R"({"Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}]})");
  ASSERT_EQ(power.excess.size(), 1u);
  EXPECT_EQ(power.excess[0].pattern, "NotAction iam:*, organizations:*");
  for (const std::string& action : Missing(power))
    EXPECT_TRUE(action.starts_with("iam:")) << action;
  EXPECT_FALSE(power.missing.empty());
}

TEST(PolicyComparisonTest, ABroadManagedPolicyIsToldByService) {
  const Case c;
  PolicyDocument broad;
  broad.statements.emplace_back();
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    broad.statements[0].actions.push_back(std::string("s3:Get") + letter + "*");
    broad.statements[0].actions.push_back(std::string("svc") + letter + ":List*");
  }
  broad.statements[0].resources = {"*"};
  const auto comparison =
      ComparePolicies({{"inline", c.minimum}, {"arn:aws:iam::aws:policy/ReadOnlyAccess", broad}},
                      c.needed, ScopeValues(c.scope));
  EXPECT_TRUE(comparison.missing.empty());
  EXPECT_EQ(comparison.excess.size(), 27u);  // one for s3, one for each other service
  for (const ExcessGrant& grant : comparison.excess) {
    EXPECT_EQ(grant.policy, "arn:aws:iam::aws:policy/ReadOnlyAccess");
  }
}

TEST(PolicyComparisonTest, SimulationIsWelcomeAndNotNeeded) {
  const Case c;
  EXPECT_TRUE(c.Compare(With(c.minimum, R"({"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy",
    "Resource":"arn:aws:iam::123456789012:role/farthing"})"))
                  .ok());
}

TEST(PolicyDocumentTest, Patterns) {
  EXPECT_TRUE(ActionMatches("s3:get*", "s3:GetObject"));
  EXPECT_TRUE(ActionMatches("s3:G?tObject", "s3:GetObject"));
  EXPECT_FALSE(ActionMatches("s3:GetObject", "s3:GetObjectAcl"));
  EXPECT_TRUE(ResourceCovers("*", "arn:aws:s3:::b/*"));
  EXPECT_TRUE(ResourceCovers("arn:aws:s3:::b/*", "arn:aws:s3:::b/p/*"));
  EXPECT_FALSE(ResourceCovers("arn:aws:s3:::b/p/*", "arn:aws:s3:::b/*"));
  EXPECT_FALSE(ResourceCovers("arn:aws:s3:::b/?", "arn:aws:s3:::b/*"));
  EXPECT_FALSE(ResourceCovers("arn:aws:s3:::B", "arn:aws:s3:::b"));
}

TEST(PolicyDocumentTest, WhatIsNoPolicyIsRefused) {
  for (const char* json : {"", "[]", "{}", R"({"Statement":[{"Effect":"Allow"}]})",
                           R"({"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Action":{"a":1},"Resource":"*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Action":"*","Resurce":"*"}]})"}) {
    EXPECT_FALSE(ParsePolicyDocument(json).ok()) << json;
  }
}

}  // namespace
}  // namespace farthing::connect
