#include "aws/iam.h"

#include <gtest/gtest.h>

#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

TEST(IamTest, TrustPolicyIsDecoded) {
  ScriptedAws aws;
  aws.http->Expect(200, R"(<GetRoleResponse><GetRoleResult><Role><RoleName>Cost</RoleName>
    <Arn>arn:aws:iam::111122223333:role/x/Cost</Arn><MaxSessionDuration>7200</MaxSessionDuration>
    <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22a%22%3A%22b%2Bc%22%7D</AssumeRolePolicyDocument>
    <PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::111122223333:policy/b</PermissionsBoundaryArn></PermissionsBoundary>
    </Role></GetRoleResult></GetRoleResponse>)");
  const auto role = GetRole(*aws.client, "Cost");
  ASSERT_TRUE(role.ok()) << role.error().message();
  EXPECT_EQ(role->trust_policy, R"({"Version":"2012-10-17","a":"b+c"})");
  EXPECT_EQ(role->max_session_seconds, 7200);
  EXPECT_EQ(role->permissions_boundary_arn, "arn:aws:iam::111122223333:policy/b");
  EXPECT_EQ(aws.http->request(0).url.host, "iam.amazonaws.com");
}

TEST(IamTest, PoliciesComeInPagesInlineAndAttached) {
  ScriptedAws aws;
  aws.http->Expect(
      200, R"(<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames><member>one</member>
    </PolicyNames><IsTruncated>true</IsTruncated><Marker>m/+=</Marker></ListRolePoliciesResult></ListRolePoliciesResponse>)");
  aws.http->Expect(
      200, R"(<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames><member>two</member>
    </PolicyNames><IsTruncated>false</IsTruncated></ListRolePoliciesResult></ListRolePoliciesResponse>)");
  aws.http->Expect(
      200,
      R"(<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member>
    <PolicyName>View</PolicyName><PolicyArn>arn:aws:iam::aws:policy/View</PolicyArn></member></AttachedPolicies>
    <IsTruncated>false</IsTruncated></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>)");
  for (const char* document : {"%7B%221%22%3A1%7D", "%7B%222%22%3A2%7D"}) {
    aws.http->Expect(200, "<GetRolePolicyResponse><GetRolePolicyResult><PolicyDocument>" +
                              std::string(document) +
                              "</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>");
  }
  aws.http->Expect(
      200, R"(<GetPolicyResponse><GetPolicyResult><Policy><DefaultVersionId>v7</DefaultVersionId>
    </Policy></GetPolicyResult></GetPolicyResponse>)");
  aws.http->Expect(200, R"(<GetPolicyVersionResponse><GetPolicyVersionResult><PolicyVersion>
    <Document>%7B%223%22%3A3%7D</Document></PolicyVersion></GetPolicyVersionResult></GetPolicyVersionResponse>)");
  const auto policies = RolePolicies(*aws.client, "Cost");
  ASSERT_TRUE(policies.ok()) << policies.error().message();
  ASSERT_EQ(policies->size(), 3U);
  EXPECT_EQ((*policies)[0].name, "one");
  EXPECT_EQ((*policies)[0].document, R"({"1":1})");
  EXPECT_EQ((*policies)[1].document, R"({"2":2})");
  EXPECT_EQ((*policies)[2].arn, "arn:aws:iam::aws:policy/View");
  EXPECT_EQ((*policies)[2].document, R"({"3":3})");
  EXPECT_EQ(FormValue(aws.http->request(1), "Marker"), "m/+=");
  EXPECT_EQ(FormValue(aws.http->request(6), "VersionId"), "v7");
}

TEST(IamTest, SimulationAnswersPerResource) {
  ScriptedAws aws;
  aws.http->Expect(
      200, R"(<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>
    <member><EvalActionName>s3:GetObject</EvalActionName><EvalDecision>allowed</EvalDecision><ResourceSpecificResults>
      <member><EvalResourceName>a</EvalResourceName><EvalResourceDecision>allowed</EvalResourceDecision></member>
      <member><EvalResourceName>b</EvalResourceName><EvalResourceDecision>explicitDeny</EvalResourceDecision></member>
    </ResourceSpecificResults></member>
    <member><EvalActionName>ce:GetTags</EvalActionName><EvalResourceName>*</EvalResourceName>
      <EvalDecision>implicitDeny</EvalDecision>
      <OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>
      <PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>true</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>
    </EvaluationResults><IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>)");
  const auto results = SimulatePrincipalPolicy(*aws.client, {"arn:aws:iam::111122223333:role/Cost",
                                                             {"s3:GetObject", "ce:GetTags"},
                                                             {"a", "b"},
                                                             {{"s3:prefix", {"x", "x/*"}}}});
  ASSERT_TRUE(results.ok()) << results.error().message();
  ASSERT_EQ(results->size(), 3U);
  EXPECT_EQ((*results)[1].resource, "b");
  EXPECT_EQ((*results)[1].decision, "explicitDeny");
  EXPECT_EQ((*results)[2].decision, "implicitDeny");
  EXPECT_TRUE((*results)[1].organization_allows && (*results)[1].boundary_allows);
  EXPECT_FALSE((*results)[2].organization_allows);
  EXPECT_TRUE((*results)[2].boundary_allows);
  EXPECT_EQ(FormValue(aws.http->request(0), "ActionNames.member.2"), "ce:GetTags");
  EXPECT_EQ(FormValue(aws.http->request(0), "ContextEntries.member.1.ContextKeyName"), "s3:prefix");
  EXPECT_EQ(FormValue(aws.http->request(0), "ContextEntries.member.1.ContextKeyValues.member.2"),
            "x/*");
}

}  // namespace
}  // namespace farthing::aws
