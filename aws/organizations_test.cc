#include "aws/organizations.h"

#include <gtest/gtest.h>

#include "aws/error.h"
#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

TEST(OrganizationsTest, NoOrganisationIsNoError) {
  ScriptedAws aws;
  aws.http->Expect(400,
                   R"({"__type":"AWSOrganizationsNotInUseException","Message":"not a member"})");
  const auto organization = DescribeOrganization(*aws.client);
  ASSERT_TRUE(organization.ok()) << organization.error().message();
  EXPECT_FALSE(organization->has_value());
}

TEST(OrganizationsTest, DeniedIsAnError) {
  ScriptedAws aws;
  aws.http->Expect(400, R"({"__type":"AccessDeniedException","Message":"no"})");
  EXPECT_EQ(DescribeOrganization(*aws.client).error().code(), Errc::kPermissionDenied);
}

TEST(OrganizationsTest, EmptyPagesAreNotTheEndAndStateGoesBeforeStatus) {
  ScriptedAws aws;
  aws.http->Expect(200, R"({"Accounts":[],"NextToken":"1+/="})");
  aws.http->Expect(
      200,
      R"({"Accounts":[{"Id":"111122223333","Name":"a","Status":"ACTIVE","State":"PENDING_CLOSURE",
    "JoinedTimestamp":1577836800.123}],"NextToken":"2"})");
  aws.http->Expect(200, R"({"Accounts":[{"Id":"222233334444","Name":"é","Status":"SUSPENDED"}]})");
  const auto accounts = ListAccounts(*aws.client);
  ASSERT_TRUE(accounts.ok()) << accounts.error().message();
  ASSERT_EQ(accounts->size(), 2U);
  EXPECT_EQ((*accounts)[0].state, "PENDING_CLOSURE");
  EXPECT_EQ((*accounts)[0].joined, "2020-01-01T00:00:00.123000Z");
  EXPECT_EQ((*accounts)[1].state, "SUSPENDED");
  EXPECT_EQ((*accounts)[1].name, "é");
  EXPECT_EQ(aws.http->request(1).body, R"({"MaxResults":20,"NextToken":"1+/="})");
  EXPECT_EQ(HeaderValue(aws.http->request(0), "X-Amz-Target"),
            "AWSOrganizationsV20161128.ListAccounts");
}

TEST(OrganizationsTest, TheSamePageAgainIsNotFollowedForEver) {
  ScriptedAws aws;
  aws.http->Always([](const http::Request&) -> Result<http::Response> {
    return http::Response{200, {}, R"({"Accounts":[],"NextToken":"x"})"};
  });
  EXPECT_EQ(ListAccounts(*aws.client).error().code(), Errc::kCorrupt);
}

TEST(OrganizationsTest, UnitsComeParentsFirst) {
  ScriptedAws aws;
  aws.http->Always([](const http::Request& request) -> Result<http::Response> {
    const std::string target = HeaderValue(request, "X-Amz-Target");
    const bool root = request.body.find("r-1") != std::string::npos;
    std::string body = "{}";
    if (target.ends_with("ListRoots")) body = R"({"Roots":[{"Id":"r-1","Name":"Root"}]})";
    if (target.ends_with("UnitsForParent") && root)
      body = R"({"OrganizationalUnits":[{"Id":"ou-1","Name":"Prod"},{"Id":"ou-2","Name":"Dev"}]})";
    if (target.ends_with("AccountsForParent") && root)
      body = R"({"Accounts":[{"Id":"111122223333"}]})";
    return http::Response{200, {}, body};
  });
  const auto units = ListUnits(*aws.client);
  ASSERT_TRUE(units.ok()) << units.error().message();
  ASSERT_EQ(units->size(), 3U);
  EXPECT_EQ((*units)[0].account_ids, std::vector<std::string>{"111122223333"});
  EXPECT_EQ((*units)[2].name, "Dev");
  EXPECT_EQ((*units)[2].parent, "r-1");
}

}  // namespace
}  // namespace farthing::aws
