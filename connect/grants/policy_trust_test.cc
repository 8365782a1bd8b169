#include "connect/grants/policy_trust.h"

#include <gtest/gtest.h>

namespace farthing::connect {
namespace {

constexpr std::string_view kUs = "arn:aws:iam::112233445566:role/farthing";
constexpr std::string_view kOurs = "farthing-1f2e";

std::string Allow(const std::string& condition) {
  return R"({"Effect":"Allow","Principal":{"AWS":")" + std::string(kUs) +
         R"("},"Action":"sts:AssumeRole")" +
         (condition.empty() ? "" : R"(,"Condition":{)" + condition + "}") + "}";
}
std::string Deny(const std::string& principal, const std::string& condition) {
  return R"(,{"Effect":"Deny","Principal":)" + principal + R"(,"Action":"sts:*","Condition":{)" +
         condition + "}}";
}

struct Case {
  std::string statements;
  std::string
      let_in;  ///< of "ours", "none" and "other", those that are let in, by their first letter
};

std::string LetIn(const std::string& statements) {
  const auto trust = ParsePolicyDocument(R"({"Statement":[)" + statements + "]}");
  EXPECT_TRUE(trust.ok()) << statements;
  const auto lets = [&](std::optional<std::string_view> id) {
    return LetsIn(*trust, trust->statements[0], std::string(kUs), id);
  };
  return std::string(lets(kOurs) ? "o" : "") + (lets(std::nullopt) ? "n" : "") +
         (lets("another") ? "a" : "");
}

TEST(PolicyTrustTest, OperatorsOnTheExternalIdAreEvaluated) {
  const std::vector<Case> cases{
      {Allow(""), "ona"},
      {Allow(R"("StringEquals":{"sts:ExternalId":"farthing-1f2e"})"), "o"},
      {Allow(R"("StringEquals":{"sts:externalid":["x","farthing-1f2e"]})"), "o"},
      {Allow(R"("StringEqualsIgnoreCase":{"sts:ExternalId":"FARTHING-1F2E"})"), "o"},
      {Allow(R"("ForAnyValue:StringEquals":{"sts:ExternalId":"farthing-1f2e"})"), "o"},
      {Allow(R"("ForAllValues:StringEquals":{"sts:ExternalId":"farthing-1f2e"})"), "on"},
      {Allow(R"("StringEqualsIfExists":{"sts:ExternalId":"farthing-1f2e"})"), "on"},
      {Allow(R"("StringLike":{"sts:ExternalId":"farthing-*"})"), "o"},
      {Allow(R"("StringLike":{"sts:ExternalId":"*"})"), "oa"},
      {Allow(R"("StringNotEquals":{"sts:ExternalId":"x"})"), "ona"},
      {Allow(R"("Null":{"sts:ExternalId":"false"})"), "oa"},
      {Allow(R"("ArnLike":{"sts:ExternalId":"x"})"), "ona"},
  };
  for (const Case& one : cases) EXPECT_EQ(LetIn(one.statements), one.let_in) << one.statements;
}

TEST(PolicyTrustTest, ADenyCountsWhereItIsSureToHold) {
  const std::string others = R"("StringNotEquals":{"sts:ExternalId":"farthing-1f2e"})";
  const std::vector<Case> cases{
      {Allow("") + Deny(R"("*")", others), "o"},
      {Allow("") + Deny(R"({"AWS":"112233445566"})", others), "o"},
      {Allow("") + Deny(R"({"AWS":"arn:aws:iam::112233445566:root"})", others), "o"},
      {Allow("") + Deny(R"({"AWS":"arn:aws:iam::998877665544:root"})", others), "ona"},
      {Allow("") + Deny(R"("*")", R"("Null":{"sts:ExternalId":"true"})"), "oa"},
      {Allow("") + Deny(R"("*")", others + R"(,"Bool":{"aws:SecureTransport":"false"})"), "ona"},
  };
  for (const Case& one : cases) EXPECT_EQ(LetIn(one.statements), one.let_in) << one.statements;
}

TEST(PolicyTrustTest, APatternIsNamedByAnIdThatItMatches) {
  const auto trust =
      ParsePolicyDocument(R"({"Statement":[)" +
                          Allow(R"("StringLike":{"sts:ExternalId":["farthing-*","old"]})") + "]}");
  EXPECT_EQ(NamedExternalIds(*trust), (std::vector<std::string>{"farthing-0", "old"}));
}

}  // namespace
}  // namespace farthing::connect
