// Truth tables from the IAM user guide: "Policy evaluation logic", "Condition operators",
// "Multivalued context keys", "Cross-account policy evaluation logic".

#include "sim/aws/policy.h"

#include <gtest/gtest.h>

#include "sim/aws/authorization.h"

namespace farthing::rehearsal {
namespace {

Policy Identity(const std::string& statement) {
  auto policy = Policy::Parse(R"({"Version":"2012-10-17","Statement":[)" + statement + "]}",
                              PolicyKind::kIdentity);
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message());
  return *std::move(policy);
}
Policy Resource(const std::string& statement) {
  auto policy = Policy::Parse(R"({"Version":"2012-10-17","Statement":[)" + statement + "]}",
                              PolicyKind::kResource);
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message());
  return *std::move(policy);
}

const std::string kAllowRead =
    R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"})";
const std::string kDenyRead =
    R"({"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"})";
const std::string kAllowAll = R"({"Effect":"Allow","Action":"*","Resource":"*"})";

AccessRequest ReadAs(Principal who) {
  return {"s3:GetObject", "arn:aws:s3:::b/key", std::move(who), {}};
}
const Principal kUser{"arn:aws:iam::111111111111:user/u", "", "111111111111", ""};
const Principal kSession{"arn:aws:sts::111111111111:assumed-role/R/s",
                         "arn:aws:iam::111111111111:role/R", "111111111111", ""};

bool Allowed(const PolicySet& set, const AccessRequest& request, const ResourcePolicy& resource) {
  return Authorize(set, request, resource).allowed;
}

TEST(WildcardTest, MatchesRunsAndSingleCharacters) {
  EXPECT_TRUE(WildcardMatch("*", ""));
  EXPECT_TRUE(WildcardMatch("a*c", "abbbc"));
  EXPECT_TRUE(WildcardMatch("a?c", "abc"));
  EXPECT_FALSE(WildcardMatch("a?c", "ac"));
  EXPECT_TRUE(WildcardMatch("*/x/*", "a/x/b/x/c"));
  EXPECT_FALSE(WildcardMatch("abc", "abcd"));
  EXPECT_TRUE(WildcardMatch("a${*}b${?}${$}/*", "a*b?$/c"));
  EXPECT_FALSE(WildcardMatch("a${*}b", "axb"));
  EXPECT_FALSE(WildcardMatch("a${?}b", "axb"));
  EXPECT_TRUE(ActionMatch("S3:get*", "s3:GetObject"));
}

TEST(WildcardTest, ArnsMatchPartByPart) {
  EXPECT_TRUE(ArnMatch("arn:aws:cur:us-east-1:123456789012:definition/*",
                       "arn:aws:cur:us-east-1:123456789012:definition/x"));
  EXPECT_FALSE(
      ArnMatch("arn:aws:*:definition/x", "arn:aws:cur:us-east-1:123456789012:definition/x"));
}

TEST(PolicyTest, NotActionAndNotResourceInvert) {
  const Policy policy = Identity(
      R"({"Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/*"})");
  EXPECT_TRUE(policy.Evaluate(ReadAs(kUser)).allowed);
  EXPECT_FALSE(policy.Evaluate(ReadAs(kUser)).denied);
  EXPECT_FALSE(policy.Evaluate({"iam:GetRole", "*", kUser, {}}).allowed);
  EXPECT_TRUE(policy.Evaluate({"iam:GetRole", "*", kUser, {}}).denied);
}

TEST(PolicyTest, RefusesWhatIamRefuses) {
  const auto fails = [](const std::string& text, PolicyKind kind) {
    return !Policy::Parse(text, kind).ok();
  };
  EXPECT_TRUE(fails("{", PolicyKind::kIdentity));
  EXPECT_TRUE(fails(R"({"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]})",
                    PolicyKind::kIdentity));
  EXPECT_TRUE(fails(R"({"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]})",
                    PolicyKind::kIdentity));
  EXPECT_TRUE(
      fails(R"({"Statement":[{"Effect":"Allow","Action":"s3:*"}]})", PolicyKind::kIdentity));
  EXPECT_TRUE(
      fails(R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]})",
            PolicyKind::kIdentity));
  EXPECT_TRUE(fails(R"({"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})",
                    PolicyKind::kResource));
  EXPECT_TRUE(fails(
      R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]})",
      PolicyKind::kTrust));
  EXPECT_TRUE(fails(
      R"({"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringSort":{"a":"b"}}}]})",
      PolicyKind::kIdentity));
}

TEST(PolicyTest, NamesOfStatementsAreLettersAndDigitsAndNotTheSame) {
  const auto with = [](const std::string& one, const std::string& other, PolicyKind kind) {
    const auto statement = [kind](const std::string& sid) {
      return R"({"Sid":")" + sid + R"(","Effect":"Allow","Action":"s3:*","Resource":"*")" +
             (kind == PolicyKind::kResource ? R"(,"Principal":"*"})" : "}");
    };
    const auto policy =
        Policy::Parse(R"({"Statement":[)" + statement(one) + "," + statement(other) + "]}", kind);
    return policy.ok() ? "" : policy.error().message();
  };
  EXPECT_EQ(with("A", "B2", PolicyKind::kIdentity), "");
  EXPECT_NE(with("A", "A", PolicyKind::kIdentity).find("must be unique"), std::string::npos);
  EXPECT_NE(with("A b", "C", PolicyKind::kIdentity).find("alpha-numeric"), std::string::npos);
  EXPECT_EQ(with("A b-c", "C", PolicyKind::kResource), "") << "S3 has a rule of its own";
}

struct ConditionCase {
  std::string operation, key;
  std::vector<std::string> values, actual;  ///< no actual values: the key is absent
  bool holds;
};
class ConditionTest : public testing::TestWithParam<ConditionCase> {};
TEST_P(ConditionTest, Holds) {
  const ConditionCase& each = GetParam();
  ContextKeys keys;
  if (!each.actual.empty()) keys["k:key"] = each.actual;
  EXPECT_EQ(EvaluateCondition(each.operation, each.key, each.values, keys), each.holds)
      << each.operation;
}
INSTANTIATE_TEST_SUITE_P(
    Operators, ConditionTest,
    testing::ValuesIn(std::vector<ConditionCase>{
        {"StringEquals", "K:Key", {"a"}, {"a"}, true},
        {"StringEquals", "k:key", {"a"}, {"A"}, false},
        {"StringEquals", "k:key", {"a", "b"}, {"b"}, true},
        {"StringEquals", "k:key", {"a"}, {}, false},
        {"StringEqualsIfExists", "k:key", {"a"}, {}, true},
        {"StringEqualsIfExists", "k:key", {"a"}, {"b"}, false},
        {"StringNotEquals", "k:key", {"a"}, {"b"}, true},
        {"StringNotEquals", "k:key", {"a", "b"}, {"b"}, false},
        {"StringNotEquals", "k:key", {"a"}, {}, true},
        {"StringEqualsIgnoreCase", "k:key", {"a"}, {"A"}, true},
        {"StringLike", "k:key", {"exports/*"}, {"exports/x"}, true},
        {"StringLike", "k:key", {"exports/*"}, {"exports"}, false},
        {"StringNotLike", "k:key", {"exports/*"}, {"other"}, true},
        {"ArnLike", "k:key", {"arn:aws:iam::1:role/*"}, {"arn:aws:iam::1:role/x"}, true},
        {"ArnEquals", "k:key", {"arn:aws:iam::1:role/*"}, {"arn:aws:iam::1:role/x"}, true},
        {"ArnNotLike", "k:key", {"arn:aws:iam::1:role/*"}, {"arn:aws:iam::2:role/x"}, true},
        {"Bool", "k:key", {"true"}, {"true"}, true},
        {"Bool", "k:key", {"true"}, {}, false},
        {"BoolIfExists", "k:key", {"true"}, {}, true},
        {"BoolIfExists", "k:key", {"true"}, {"false"}, false},
        {"NumericLessThan", "k:key", {"10"}, {"9"}, true},
        {"NumericGreaterThan", "k:key", {"10"}, {"10"}, false},
        {"NumericGreaterThan", "k:key", {"10"}, {}, false},
        {"DateGreaterThan", "k:key", {"2026-01-01T00:00:00Z"}, {"2026-01-02T00:00:00Z"}, true},
        {"IpAddress", "k:key", {"10.0.0.0/8"}, {"10.1.2.3"}, true},
        {"NotIpAddress", "k:key", {"10.0.0.0/8"}, {"10.1.2.3"}, false},
        {"Null", "k:key", {"true"}, {}, true},
        {"Null", "k:key", {"false"}, {"x"}, true},
        {"ForAnyValue:StringEquals", "k:key", {"a"}, {"b", "a"}, true},
        {"ForAnyValue:StringEquals", "k:key", {"a"}, {}, false},
        {"ForAllValues:StringEquals", "k:key", {"a", "b"}, {"a", "b"}, true},
        {"ForAllValues:StringEquals", "k:key", {"a"}, {"a", "b"}, false},
        {"ForAllValues:StringEquals", "k:key", {"a"}, {}, true},
        {"ForAllValues:StringNotEquals", "k:key", {"a"}, {"b", "c"}, true},
        {"ForAnyValue:StringNotEquals", "k:key", {"a"}, {"a", "c"}, true},
    }));

TEST(AuthorizationTest, DefaultIsDenyAndExplicitDenyWins) {
  EXPECT_FALSE(Allowed({}, ReadAs(kUser), {{}, "111111111111"}));
  EXPECT_TRUE(Allowed({.identity = {Identity(kAllowRead)}}, ReadAs(kUser), {{}, "111111111111"}));
  EXPECT_FALSE(Allowed({.identity = {Identity(kAllowRead + "," + kDenyRead)}}, ReadAs(kUser),
                       {{}, "111111111111"}));
}

TEST(AuthorizationTest, BoundariesSessionsAndScpsOnlyNarrow) {
  const ResourcePolicy own{{}, "111111111111"};
  const auto with = [&](PolicySet set) { return Allowed(set, ReadAs(kSession), own); };
  EXPECT_TRUE(with({.identity = {Identity(kAllowRead)}, .boundary = {{Identity(kAllowAll)}}}));
  EXPECT_FALSE(with({.identity = {Identity(kAllowRead)}, .boundary = {{}}}));
  EXPECT_FALSE(with({.boundary = {{Identity(kAllowAll)}}}));
  EXPECT_FALSE(with({.identity = {Identity(kAllowRead)}, .session = {{}}}));
  EXPECT_TRUE(with({.identity = {Identity(kAllowRead)}, .session = {{Identity(kAllowAll)}}}));
  EXPECT_FALSE(with({.identity = {Identity(kAllowRead)}, .scps = {{Identity(kAllowAll)}, {}}}));
  EXPECT_FALSE(with(
      {.identity = {Identity(kAllowRead)}, .scps = {{Identity(kAllowAll), Identity(kDenyRead)}}}));
}

std::string Statement(const std::string& principal) {
  return R"({"Effect":"Allow","Principal":)" + principal +
         R"(,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"})";
}

TEST(AuthorizationTest, WithinAnAccountAResourcePolicyIsEnoughUnlessItNamesTheAccount) {
  const auto by = [](const std::string& principal, const Principal& who, PolicySet set = {}) {
    return Allowed(set, ReadAs(who), {Resource(Statement(principal)), "111111111111"});
  };
  EXPECT_TRUE(by(R"({"AWS":"arn:aws:iam::111111111111:user/u"})", kUser));
  EXPECT_FALSE(by(R"({"AWS":"arn:aws:iam::111111111111:root"})", kUser));
  EXPECT_TRUE(by(R"({"AWS":"111111111111"})", kUser, {.identity = {Identity(kAllowRead)}}));
  EXPECT_TRUE(by(R"("*")", kUser));
  // An implicit deny of a boundary limits the role, but not the session named itself.
  EXPECT_TRUE(by(R"({"AWS":"arn:aws:iam::111111111111:role/R"})", kSession));
  EXPECT_FALSE(by(R"({"AWS":"arn:aws:iam::111111111111:role/R"})", kSession, {.boundary = {{}}}));
  EXPECT_TRUE(
      by(R"({"AWS":"arn:aws:sts::111111111111:assumed-role/R/s"})", kSession, {.boundary = {{}}}));
}

TEST(AuthorizationTest, AcrossAccountsBothSidesMustAllow) {
  const PolicySet may{.identity = {Identity(kAllowRead)}};
  const ResourcePolicy named{Resource(Statement(R"({"AWS":"arn:aws:iam::111111111111:root"})")),
                             "222222222222"};
  const ResourcePolicy silent{{}, "222222222222"};
  EXPECT_TRUE(Allowed(may, ReadAs(kUser), named));
  EXPECT_FALSE(Allowed(may, ReadAs(kUser), silent));
  EXPECT_FALSE(Allowed({}, ReadAs(kUser), named));
}

TEST(AuthorizationTest, TrustIsNeededEvenWithinTheAccount) {
  EXPECT_FALSE(
      Allowed({.identity = {Identity(kAllowAll)}}, ReadAs(kUser), {{}, "111111111111", true}));
}

TEST(AuthorizationTest, ServicesAndStrangersNeedTheResourcesPolicy) {
  const Principal service{"", "", "", "billingreports.amazonaws.com"};
  const ResourcePolicy let{Resource(Statement(R"({"Service":"billingreports.amazonaws.com"})")),
                           "111111111111"};
  EXPECT_TRUE(Allowed({}, ReadAs(service), let));
  EXPECT_FALSE(Allowed({}, ReadAs({}), let));
  EXPECT_TRUE(Allowed({}, ReadAs({}), {Resource(Statement(R"("*")")), "111111111111"}));
}

TEST(AuthorizationTest, SaysWhyInAwsWords) {
  const AccessRequest request = ReadAs(kUser);
  const auto message = [&](const PolicySet& set) {
    return DenialMessage(request, Authorize(set, request, {{}, "111111111111"}));
  };
  EXPECT_EQ(message({}),
            "User: arn:aws:iam::111111111111:user/u is not authorized to perform: s3:GetObject on "
            "resource: \"arn:aws:s3:::b/key\" because no identity-based policy allows the "
            "s3:GetObject action");
  EXPECT_EQ(message({.identity = {Identity(kDenyRead)}}),
            "User: arn:aws:iam::111111111111:user/u is not authorized to perform: s3:GetObject on "
            "resource: \"arn:aws:s3:::b/key\" with an explicit deny in an identity-based policy");
}

}  // namespace
}  // namespace farthing::rehearsal
