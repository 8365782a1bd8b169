#include "connect/grants/bucket_policy_merge.h"

#include <gtest/gtest.h>

namespace farthing::connect {
namespace {

PolicyDocument Wanted() {
  PolicyStatement deliver;
  deliver.sid = "FarthingDeliver";
  deliver.principals = {{"Service", "bcm-data-exports.amazonaws.com"},
                        {"Service", "billingreports.amazonaws.com"}};
  deliver.actions = {"s3:PutObject", "s3:GetBucketPolicy"};
  deliver.resources = {"arn:aws:s3:::bills", "arn:aws:s3:::bills/*"};
  deliver.conditions = {
      {"StringLike", "aws:SourceAccount", {"111122223333"}},
      {"StringLike", "aws:SourceArn", {"arn:aws:cur:us-east-1:111122223333:definition/*"}}};
  PolicyStatement tls;
  tls.sid = "FarthingOnlyOverTls";
  tls.is_deny = true;
  tls.principals = {{"*", "*"}};
  tls.actions = {"s3:*"};
  tls.resources = deliver.resources;
  tls.conditions = {{"Bool", "aws:SecureTransport", {"false"}}};
  return {{deliver, tls}};
}

std::string Statement(const std::string& inside) {
  return R"({"Version":"2012-10-17","Statement":[{)" + inside + "}]}";
}

PolicyMerge Merge(const std::string& existing) {
  Result<PolicyMerge> merge = MergeBucketPolicy(existing, Wanted());
  EXPECT_TRUE(merge.ok());
  return merge.ok() ? *merge : PolicyMerge();
}

constexpr const char* kServices =
    R"("Effect":"Allow","Principal":{"Service":["bcm-data-exports.amazonaws.com","billingreports.amazonaws.com"]},)"
    R"("Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::bills","arn:aws:s3:::bills/*"])";

TEST(MergeBucketPolicyTest, AnEmptyPolicyGetsEverything) {
  const PolicyMerge merge = Merge("");
  ASSERT_EQ(merge.added.size(), 2U);
  EXPECT_TRUE(merge.kept.empty());
  EXPECT_EQ(ParsePolicyDocument(merge.policy)->statements, Wanted().statements);
}

TEST(MergeBucketPolicyTest, WhatIsThereStaysAndIsNotDeniedAnything) {
  // A foreign element is not ours to read.
  const std::string theirs =
      R"({"Sid":"Odd","Effect":"Deny","Principals":{"AWS":"arn:aws:iam::1:root"},"Action":"s3:DeleteObject","Resource":"*"})";
  const PolicyMerge merge =
      Merge(R"({"Version":"2008-10-17","Id":"kept","Statement":)" + theirs + "}");
  EXPECT_EQ(merge.added.size(), 1U);
  EXPECT_EQ(merge.kept, std::vector<std::string>{"statement 1"});
  EXPECT_TRUE(merge.policy.starts_with(R"({"Version":"2008-10-17","Id":"kept","Statement":[)" +
                                       theirs + R"(,{"Sid":"FarthingDeliver")"))
      << merge.policy;
}

TEST(MergeBucketPolicyTest, MergingTwiceIsMergingOnce) {
  const PolicyMerge first = Merge("");
  EXPECT_EQ(Merge(first.policy).policy, "");
}

TEST(MergeBucketPolicyTest, WhatAllowsAsMuchIsEnough) {
  EXPECT_EQ(Merge(Statement(kServices)).policy, "");
  EXPECT_EQ(Merge(Statement(std::string(kServices) +
                            R"(,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},)"
                            R"("ArnLike":{"aws:sourcearn":"arn:aws:cur:*:111122223333:*"}})"))
                .policy,
            "");
  EXPECT_EQ(
      Merge(
          Statement(
              R"("Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bills*")"))
          .policy,
      "");
}

TEST(MergeBucketPolicyTest, WhatAllowsLessIsNotEnough) {
  const std::string services = kServices;
  for (
      const std::string& condition :
      {std::string(R"("StringEquals":{"aws:SourceAccount":"999999999999"})"),
       std::string(
           R"("ArnLike":{"aws:SourceArn":"arn:aws:cur:us-east-1:111122223333:definition/other"})"),
       std::string(R"("StringEquals":{"aws:PrincipalOrgID":"o-1"})"),
       std::string(
           R"("StringEquals":{"aws:SourceArn":"arn:aws:cur:us-east-1:111122223333:definition/*"})")}) {
    SCOPED_TRACE(condition);
    EXPECT_EQ(Merge(Statement(services + R"(,"Condition":{)" + condition + "}")).added.size(), 1U);
  }
  EXPECT_EQ(
      Merge(Statement(R"("Effect":"Allow","Principal":{"Service":"billingreports.amazonaws.com"},)"
                      R"("Action":"s3:PutObject","Resource":"arn:aws:s3:::bills/*")"))
          .added.size(),
      1U);
}

TEST(MergeBucketPolicyTest, SidsStayUnique) {
  const PolicyMerge merge = Merge(Statement(
      R"("Sid":"FarthingDeliver","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*")"));
  EXPECT_NE(merge.policy.find("\"FarthingDeliver2\""), std::string::npos);
}

TEST(MergeBucketPolicyTest, DenialsThatCouldStopDeliveriesAreNamed) {
  const auto in_the_way = [](const std::string& condition) {
    return Merge(
               Statement(
                   R"("Sid":"Lock","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*")" +
                   condition))
        .in_the_way;
  };
  EXPECT_EQ(in_the_way(""), std::vector<std::string>{"Lock"});
  EXPECT_EQ(in_the_way(R"(,"Condition":{"Bool":{"aws:SecureTransport":"false"}})"),
            std::vector<std::string>());
  EXPECT_EQ(in_the_way(R"(,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}})"),
            std::vector<std::string>{"Lock"});
  EXPECT_EQ(in_the_way(R"(,"Condition":{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}})"),
            std::vector<std::string>());
  EXPECT_EQ(
      in_the_way(R"(,"Condition":{"StringNotEquals":{"aws:SourceAccount":["111122223333"]}})"),
      std::vector<std::string>());
  EXPECT_EQ(in_the_way(R"(,"Condition":{"StringNotEquals":{"aws:SourceAccount":"444455556666"}})"),
            std::vector<std::string>{"Lock"});
}

TEST(MergeBucketPolicyTest, DenialsOfOthersOrElsewhereAreNot) {
  const auto in_the_way = [](const std::string& inside) {
    return Merge(Statement(R"("Sid":"Lock","Effect":"Deny",)" + inside)).in_the_way.size();
  };
  EXPECT_EQ(
      in_the_way(R"("Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bills/*")"),
      1U);
  EXPECT_EQ(
      in_the_way(R"("Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::bills/*/x")"),
      1U);
  EXPECT_EQ(
      in_the_way(R"("Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::other/*")"),
      0U);
  EXPECT_EQ(
      in_the_way(R"("Principal":"*","Action":"s3:PutObject","NotResource":"arn:aws:s3:::bills/*")"),
      0U);
  EXPECT_EQ(
      in_the_way(R"("Principal":"*","NotAction":["s3:Put*","s3:GetBucketPolicy"],"Resource":"*")"),
      0U);
  EXPECT_EQ(
      in_the_way(R"("Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"s3:*","Resource":"*")"),
      0U);
  EXPECT_EQ(in_the_way(R"("Principal":{"AWS":"*"},"Action":"s3:*","Resource":"*")"), 1U);
  EXPECT_EQ(
      in_the_way(R"("NotPrincipal":{"AWS":"arn:aws:iam::1:root"},"Action":"s3:*","Resource":"*")"),
      1U);
  EXPECT_EQ(
      in_the_way(
          R"("NotPrincipal":{"Service":["bcm-data-exports.amazonaws.com","billingreports.amazonaws.com"]},"Action":"s3:*","Resource":"*")"),
      0U);
}

TEST(MergeBucketPolicyTest, TheLimitOfAwsIsKept) {
  std::string many;
  for (int i = 0; i < 150; ++i) {
    many += std::string(i == 0 ? "" : ",") +
            R"({"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r)" +
            std::to_string(i) + R"("},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bills/*"})";
  }
  EXPECT_EQ(MergeBucketPolicy("{\"Statement\":[" + many + "]}", Wanted()).error().code(),
            Errc::kTooLarge);
  EXPECT_EQ(MergeBucketPolicy("<html>", Wanted()).error().code(), Errc::kCorrupt);
}

}  // namespace
}  // namespace farthing::connect
