#include "aws/cost_explorer.h"

#include <gtest/gtest.h>

#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

CostQuery ByService() {
  CostQuery query;
  query.start = "2026-11-01";
  query.end = "2026-11-03";
  query.metrics = {"UnblendedCost"};
  query.dimensions = {"SERVICE", "LINKED_ACCOUNT"};
  return query;
}

std::string Page(const std::string& groups, const std::string& next) {
  return R"({"ResultsByTime":[{"TimePeriod":{"Start":"2026-11-01","End":"2026-11-02"},"Total":{},"Estimated":true,"Groups":[)" +
         groups + "]}]" + (next.empty() ? "" : R"(,"NextPageToken":")" + next + "\"") +
         R"(,"DimensionValueAttributes":[{"Value":"111122223333","Attributes":{"description":"Production"}}]})";
}

std::string Group(const std::string& service, const std::string& amount) {
  return R"({"Keys":[")" + service + R"(","111122223333"],"Metrics":{"UnblendedCost":{"Amount":")" +
         amount + R"(","Unit":"USD"}}})";
}

TEST(CostExplorerTest, PagesOfOneDayAreMerged) {
  ScriptedAws aws;
  aws.http->Expect(200, Page(Group("Amazon S3", "0.1000000001"), "t/+="));
  aws.http->Expect(200, Page(Group("AWS Lambda", "-3"), ""));
  const auto answer = GetCostAndUsage(*aws.client, ByService(), 10);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_EQ(answer->groups.size(), 2U);
  EXPECT_EQ(answer->groups[0].amounts.at("UnblendedCost"), "0.1000000001");
  EXPECT_EQ(answer->groups[1].keys, (std::vector<std::string>{"AWS Lambda", "111122223333"}));
  EXPECT_TRUE(answer->groups[1].estimated);
  EXPECT_EQ(answer->names.at("111122223333"), "Production");
  EXPECT_EQ(answer->pages, 2);
  EXPECT_EQ(
      aws.http->request(1).body,
      R"({"TimePeriod":{"Start":"2026-11-01","End":"2026-11-03"},"Granularity":"DAILY","Metrics":["UnblendedCost"],)"
      R"("GroupBy":[{"Type":"DIMENSION","Key":"SERVICE"},{"Type":"DIMENSION","Key":"LINKED_ACCOUNT"}],"NextPageToken":"t/+="})");
}

TEST(CostExplorerTest, TotalsHaveNoKeys) {
  ScriptedAws aws;
  aws.http->Expect(200,
                   R"({"ResultsByTime":[{"TimePeriod":{"Start":"2026-11-01","End":"2026-11-02"},
    "Total":{"UnblendedCost":{"Amount":"12.5","Unit":"USD"}},"Groups":[],"Estimated":false}]})");
  CostQuery query = ByService();
  query.dimensions.clear();
  query.filter_json = R"({"Dimensions":{"Key":"REGION","Values":["eu-west-1"]}})";
  const auto answer = GetCostAndUsage(*aws.client, query, 1);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_EQ(answer->groups.size(), 1U);
  EXPECT_TRUE(answer->groups[0].keys.empty());
  EXPECT_NE(aws.http->request(0).body.find(R"("Filter":{"Dimensions")"), std::string::npos);
}

TEST(CostExplorerTest, TheLimitOfPagesIsALimitOfMoney) {
  ScriptedAws aws;
  int asked = 0;
  aws.http->Always([&](const http::Request&) -> Result<http::Response> {
    const std::string number = std::to_string(++asked);
    return http::Response{200, {}, Page(Group("s" + number, "1"), "t" + number)};
  });
  const auto answer = GetCostAndUsage(*aws.client, ByService(), 3);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Errc::kTooLarge);
  EXPECT_EQ(asked, 3);
}

TEST(CostExplorerTest, DataThatChangedMeanwhileIsReadOnceMore) {
  ScriptedAws aws;
  aws.http->Expect(200, Page(Group("old", "1"), "t"));
  aws.http->Expect(400, R"({"__type":"RequestChangedException","Message":"changed"})");
  aws.http->Expect(200, Page(Group("new", "2"), ""));
  const auto answer = GetCostAndUsage(*aws.client, ByService(), 10);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_EQ(answer->groups.size(), 1U);
  EXPECT_EQ(answer->groups[0].keys[0], "new");
  EXPECT_EQ(answer->pages, 3);
}

TEST(CostExplorerTest, TwoAmountsForOneGroupAreRefused) {
  ScriptedAws aws;
  aws.http->Expect(200, Page(Group("s", "1"), "t"));
  aws.http->Expect(200, Page(Group("s", "2"), ""));
  EXPECT_EQ(GetCostAndUsage(*aws.client, ByService(), 10).error().code(), Errc::kConflict);
}

TEST(CostExplorerTest, BadQuestionsCostNothing) {
  ScriptedAws aws;
  CostQuery query = ByService();
  query.dimensions.push_back("REGION");
  EXPECT_EQ(GetCostAndUsage(*aws.client, query, 1).error().code(), Errc::kInvalidArgument);
  query = ByService();
  query.filter_json = "[";
  EXPECT_EQ(GetCostAndUsage(*aws.client, query, 1).error().code(), Errc::kInvalidArgument);
  EXPECT_TRUE(aws.http->requests().empty());
}

TEST(CostExplorerTest, TagsGoInTwentiesAndRefusalsAreNamed) {
  ScriptedAws aws;
  aws.http->Expect(
      200,
      R"({"Errors":[{"TagKey":"k3","Code":"TagKeysNotFoundException","Message":"not found"}]})");
  aws.http->Expect(200, R"({"Errors":[]})");
  std::vector<std::string> keys;
  keys.reserve(21);
  for (int i = 0; i < 21; ++i) keys.push_back("k" + std::to_string(i));
  const auto done = UpdateCostAllocationTags(*aws.client, keys, "Active");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(done.error().message().find("k3 (not found)"), std::string::npos);
  EXPECT_EQ(aws.http->requests().size(), 2U);
}

TEST(CostExplorerTest, TagsAndBackfills) {
  ScriptedAws aws;
  aws.http->Expect(
      200, R"({"CostAllocationTags":[{"TagKey":"team","Type":"UserDefined","Status":"Active"}]})");
  aws.http->Expect(
      200,
      R"({"BackfillRequests":[{"BackfillFrom":"2026-01-01T00:00:00Z","BackfillStatus":"PROCESSING"}]})");
  aws.http->Expect(200, "{}");
  EXPECT_EQ(ListCostAllocationTags(*aws.client)->at(0).key, "team");
  EXPECT_EQ(ListTagBackfills(*aws.client)->at(0).status, "PROCESSING");
  ASSERT_TRUE(StartTagBackfill(*aws.client, "2026-01-01").ok());
  EXPECT_EQ(aws.http->request(2).body, R"({"BackfillFrom":"2026-01-01T00:00:00Z"})");
}

}  // namespace
}  // namespace farthing::aws
