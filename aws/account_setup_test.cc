#include "aws/account_setup.h"

#include <gtest/gtest.h>

#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

TEST(AccountSetupTest, AStackTellsItsOutputs) {
  ScriptedAws aws;
  aws.http->Expect(
      200, R"(<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName>
    <StackStatus>ROLLBACK_COMPLETE</StackStatus><StackStatusReason>why</StackStatusReason><Outputs><member>
    <OutputKey>RoleArn</OutputKey><OutputValue>arn:aws:iam::111122223333:role/x</OutputValue></member></Outputs>
    </member></Stacks></DescribeStacksResult></DescribeStacksResponse>)");
  const auto stack = DescribeStack(*aws.client, "eu-west-1", "s");
  ASSERT_TRUE(stack.ok()) << stack.error().message();
  EXPECT_EQ(stack->status, "ROLLBACK_COMPLETE");
  EXPECT_EQ(stack->outputs.at(0).second, "arn:aws:iam::111122223333:role/x");
  EXPECT_EQ(aws.http->request(0).url.host, "cloudformation.eu-west-1.amazonaws.com");
}

TEST(AccountSetupTest, AMissingStackIsNotFound) {
  ScriptedAws aws;
  aws.http->Expect(400, R"(<ErrorResponse><Error><Code>ValidationError</Code>
    <Message>Stack with id s does not exist</Message></Error></ErrorResponse>)");
  EXPECT_EQ(DescribeStack(*aws.client, "us-east-1", "s").error().code(), Errc::kNotFound);
}

TEST(AccountSetupTest, EventsComeInPages) {
  ScriptedAws aws;
  for (const char* next : {"<NextToken>n</NextToken>", ""}) {
    aws.http->Expect(200,
                     "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents><member>"
                     "<LogicalResourceId>Report"
                     "</LogicalResourceId><ResourceStatus>CREATE_FAILED</ResourceStatus></member></"
                     "StackEvents>" +
                         std::string(next) +
                         "</DescribeStackEventsResult></DescribeStackEventsResponse>");
  }
  const auto events = DescribeStackEvents(*aws.client, "us-east-1", "s");
  ASSERT_TRUE(events.ok()) << events.error().message();
  EXPECT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].resource, "Report");
}

TEST(AccountSetupTest, BudgetsKeepAmountsAsText) {
  ScriptedAws aws;
  aws.http->Expect(200, R"({"Budgets":[{"BudgetName":"b","BudgetType":"COST","TimeUnit":"MONTHLY",
    "BudgetLimit":{"Amount":"1000.10","Unit":"USD"},
    "CalculatedSpend":{"ActualSpend":{"Amount":"0.1000000001","Unit":"USD"}}}]})");
  const auto budgets = DescribeBudgets(*aws.client, "111122223333");
  ASSERT_TRUE(budgets.ok()) << budgets.error().message();
  EXPECT_EQ((*budgets)[0].actual, "0.1000000001");
  EXPECT_EQ((*budgets)[0].forecast, "");
}

}  // namespace
}  // namespace farthing::aws
