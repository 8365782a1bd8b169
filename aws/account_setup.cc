#include "aws/account_setup.h"

#include "aws/protocol_internal.h"

namespace farthing::aws {
namespace {

constexpr QueryService kCloudFormation = {Service::kCloudFormation, "2010-05-15"};
constexpr JsonService kBudgets = {Service::kBudgets, "AWSBudgetServiceGateway"};

std::string AmountAt(const json::object& object, std::string_view name) {
  return TextAt(ObjectAt(object, name), "Amount");
}

}  // namespace

Result<Stack> DescribeStack(Client& client, const std::string& region, const std::string& name) {
  TRY_ASSIGN(const pugi::xml_document answer,
             CallQuery(client, kCloudFormation, "DescribeStacks", {{"StackName", name}}, region));
  const pugi::xml_node given =
      answer.document_element().child("DescribeStacksResult").child("Stacks").child("member");
  if (!given) return Error(Errc::kNotFound, "no such CloudFormation stack in that region: " + name);
  Stack stack;
  stack.id = TextAt(given, "StackId");
  stack.name = TextAt(given, "StackName");
  stack.status = TextAt(given, "StackStatus");
  stack.status_reason = TextAt(given, "StackStatusReason");
  for (const pugi::xml_node output : given.child("Outputs").children("member"))
    stack.outputs.emplace_back(TextAt(output, "OutputKey"), TextAt(output, "OutputValue"));
  return stack;
}

Result<std::vector<StackEvent>> DescribeStackEvents(Client& client, const std::string& region,
                                                    const std::string& name) {
  std::vector<StackEvent> events;
  std::string token;
  while (true) {
    http::Parameters form = {{"StackName", name}};
    if (!token.empty()) form.emplace_back("NextToken", token);
    TRY_ASSIGN(const pugi::xml_document answer,
               CallQuery(client, kCloudFormation, "DescribeStackEvents", form, region));
    const pugi::xml_node result = answer.document_element().child("DescribeStackEventsResult");
    for (const pugi::xml_node event : result.child("StackEvents").children("member")) {
      events.push_back({TextAt(event, "Timestamp"), TextAt(event, "LogicalResourceId"),
                        TextAt(event, "ResourceType"), TextAt(event, "ResourceStatus"),
                        TextAt(event, "ResourceStatusReason")});
    }
    const std::string next = TextAt(result, "NextToken");
    if (next.empty() || next == token) return events;
    token = next;
  }
}

Result<std::vector<Budget>> DescribeBudgets(Client& client, const std::string& account_id) {
  std::vector<Budget> budgets;
  TRY(EveryPage(
      client, kBudgets, "DescribeBudgets", {{"AccountId", account_id}, {"MaxResults", 100}},
      "NextToken", [&](const json::object& page) -> Result<void> {
        for (const json::value& item : ListAt(page, "Budgets")) {
          if (!item.is_object()) continue;
          const json::object& given = item.get_object();
          const json::object& spend = ObjectAt(given, "CalculatedSpend");
          budgets.push_back({TextAt(given, "BudgetName"), TextAt(given, "BudgetType"),
                             TextAt(given, "TimeUnit"), AmountAt(given, "BudgetLimit"),
                             TextAt(ObjectAt(given, "BudgetLimit"), "Unit"),
                             AmountAt(spend, "ActualSpend"), AmountAt(spend, "ForecastedSpend")});
        }
        return {};
      }));
  return budgets;
}

}  // namespace farthing::aws
