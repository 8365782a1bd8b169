// Compute Optimizer, Cost Optimization Hub, Trusted Advisor, Budgets and tags of resources: what a connection looks at
// in passing.

#include <algorithm>

#include "sim/aws/discovery.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

std::string ArnOf(const Resource& resource) {
  if (resource.id.starts_with("arn:")) return resource.id;
  const std::string kind = resource.id.starts_with("vol-") ? "volume/" : "instance/";
  return "arn:aws:ec2:" + resource.region + ":" + resource.account_id + ":" + kind + resource.id;
}

json::object InstanceAdvice(const Resource& resource) {
  return {{"instanceArn", ArnOf(resource)},
          {"accountId", resource.account_id},
          {"currentInstanceType", "m5.large"},
          {"finding", "Overprovisioned"},
          {"recommendationOptions",
           json::array{json::object{{"instanceType", "t3.medium"}, {"rank", 1}}}}};
}

json::object VolumeAdvice(const Resource& resource) {
  return {{"volumeArn", ArnOf(resource)},
          {"accountId", resource.account_id},
          {"currentConfiguration", json::object{{"volumeType", "gp2"}}},
          {"finding", "NotOptimized"},
          {"volumeRecommendationOptions",
           json::array{
               json::object{{"configuration", json::object{{"volumeType", "gp3"}}}, {"rank", 1}}}}};
}

Result<Reply> ComputeOptimizer(World& world, const Operation& operation) {
  TRY(CheckAccess(world, operation, {.action = "compute-optimizer:" + operation.action}));
  Reply reply;
  if (operation.action == "GetEnrollmentStatus") {
    reply.json = {{"status", world.compute_optimizer_enrolled ? "Active" : "Inactive"},
                  {"memberAccountsEnrolled", world.compute_optimizer_enrolled},
                  {"lastUpdatedTimestamp", Epoch(world.started)}};
    return reply;
  }
  const bool volumes = operation.action == "GetEBSVolumeRecommendations";
  if (!volumes && operation.action != "GetEC2InstanceRecommendations") {
    return UnknownAction(operation);
  }
  // Compute Optimizer user guide, "Controlling access": the resources' own reading is demanded beside it.
  TRY(CheckAccess(world, operation,
                  {.action = volumes ? "ec2:DescribeVolumes" : "ec2:DescribeInstances"}));
  if (!world.compute_optimizer_enrolled)
    return Refuse(403, "OptInRequiredException",
                  "AWS account is not registered for recommendations.");
  json::array& items =
      reply.json[volumes ? "volumeRecommendations" : "instanceRecommendations"].emplace_array();
  for (const Resource& resource : ResourcesOf(world, operation.caller.account_id, operation.region,
                                              volumes ? "EBS:" : "BoxUsage:m5.large")) {
    items.push_back(volumes ? VolumeAdvice(resource) : InstanceAdvice(resource));
  }
  reply.json["errors"] = json::array();
  return reply;
}

json::object HubItem(const Resource& resource) {
  return {{"recommendationId", "rec-" + resource.id},
          {"accountId", resource.account_id},
          {"region", resource.region},
          {"resourceId", resource.id},
          {"resourceArn", ArnOf(resource)},
          {"currentResourceType", "EbsVolume"},
          {"recommendedResourceType", "EbsVolume"},
          {"estimatedMonthlySavings", 8.0},
          {"currencyCode", "USD"},
          {"actionType", "Delete"},
          {"source", "ComputeOptimizer"}};
}

Result<Reply> CostHub(World& world, const Operation& operation) {
  TRY(CheckAccess(world, operation, {.action = "cost-optimization-hub:" + operation.action}));
  Reply reply;
  if (operation.action == "ListEnrollmentStatuses") {
    reply.json["items"] =
        json::array{json::object{{"accountId", operation.caller.account_id},
                                 {"status", world.cost_hub_enrolled ? "Active" : "Inactive"},
                                 {"createdTimestamp", Epoch(world.started)},
                                 {"lastUpdatedTimestamp", Epoch(world.started)}}};
    reply.json["includeMemberAccounts"] = world.cost_hub_enrolled;
    return reply;
  }
  if (operation.action != "ListRecommendations") return UnknownAction(operation);
  if (!world.cost_hub_enrolled)
    return Refuse(400, "AccessDeniedException",
                  "The account is not enrolled in Cost Optimization Hub.");
  json::array& items = reply.json["items"].emplace_array();
  for (const auto& [id, account] : world.accounts) {
    for (const sim::Region& region : sim::Regions()) {
      for (const Resource& resource : ResourcesOf(world, id, region.code, "EBS:")) {
        items.push_back(HubItem(resource));
      }
    }
  }
  return reply;
}

json::object Spend(std::string_view amount) {
  return {{"Amount", std::string(amount)}, {"Unit", "USD"}};
}

}  // namespace

Result<Reply> AnswerAdvice(World& world, const Operation& operation) {
  return operation.service == "compute-optimizer" ? ComputeOptimizer(world, operation)
                                                  : CostHub(world, operation);
}

Result<Reply> AnswerSupport(World& world, const Operation& operation) {
  constexpr std::string_view kCheck = "Qch7DwouX1";  // AWS's id of this check
  const bool result = operation.action == "DescribeTrustedAdvisorCheckResult";
  if (!result && operation.action != "DescribeTrustedAdvisorChecks") {
    return UnknownAction(operation);
  }
  TRY(CheckAccess(world, operation, {.action = "support:" + operation.action}));
  if (!world.support_plan)
    return Refuse(
        400, "SubscriptionRequiredException",
        "Amazon Web Services Premium Support Subscription is required to use this service.");
  Reply reply;
  if (!result) {
    reply.json["checks"] =
        json::array{json::object{{"id", std::string(kCheck)},
                                 {"name", "Low Utilization Amazon EC2 Instances"},
                                 {"description", "Instances that were hardly used"},
                                 {"category", "cost_optimizing"},
                                 {"metadata", json::array{"Region/AZ", "Instance ID"}}}};
    return reply;
  }
  TRY_ASSIGN(const std::string check, Required(operation.body, "checkId"));
  if (check != kCheck)
    return Refuse(400, "InvalidParameterValueException",
                  "Invalid parameter value: check id " + check);
  reply.json["result"] = json::object{{"checkId", check},
                                      {"timestamp", MilliTime(world.started)},
                                      {"status", "ok"},
                                      {"flaggedResources", json::array()}};
  return reply;
}

Result<Reply> AnswerBudgets(World& world, const Operation& operation) {
  if (operation.action != "DescribeBudgets") return UnknownAction(operation);
  TRY_ASSIGN(const std::string account, Required(operation.body, "AccountId"));
  TRY(CheckAccess(
      world, operation,
      {.action = "budgets:ViewBudget", .resource = "arn:aws:budgets::" + account + ":budget/*"}));
  if (account != operation.caller.account_id)
    return Refuse(400, "AccessDeniedException",
                  "Account " + operation.caller.account_id +
                      " is not authorized to view budgets of " + account);
  Reply reply;
  json::array& budgets = reply.json["Budgets"].emplace_array();
  if (account == world.payer) {
    budgets.push_back(json::object{
        {"BudgetName", "organisation-monthly"},
        {"BudgetLimit", Spend("5000.0")},
        {"TimeUnit", "MONTHLY"},
        {"BudgetType", "COST"},
        {"CalculatedSpend",
         json::object{{"ActualSpend", Spend("1234.56")}, {"ForecastedSpend", Spend("2345.67")}}}});
  }
  return reply;
}

Result<Reply> AnswerTagging(World& world, const Operation& operation) {
  if (operation.action != "GetResources" && operation.action != "GetTagKeys")
    return UnknownAction(operation);
  TRY(CheckAccess(world, operation, {.action = "tag:" + operation.action}));
  Reply reply;
  if (operation.action == "GetTagKeys") {
    reply.json = {{"PaginationToken", ""}, {"TagKeys", json::array{"CostCenter", "Env", "team"}}};
    return reply;
  }
  const auto resources = ResourcesOf(world, operation.caller.account_id, operation.region, "");
  const auto size = static_cast<std::size_t>(
      std::clamp<std::int64_t>(NumberOf(operation.body, "ResourcesPerPage", 50), 1, 100));
  TRY_ASSIGN(const Page page, TakePage(resources.size(), TextOf(operation.body, "PaginationToken"),
                                       size, "PaginationTokenExpiredException"));
  json::array& list = reply.json["ResourceTagMappingList"].emplace_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    json::array tags;
    const auto add = [&](std::string_view key, std::string_view value) {
      if (!value.empty())
        tags.push_back(json::object{{"Key", std::string(key)}, {"Value", std::string(value)}});
    };
    add("CostCenter", resources[i].tags->cost_center);
    add("Env", resources[i].tags->environment);
    add("team", resources[i].tags->team);
    if (!tags.empty())
      list.push_back(json::object{{"ResourceARN", ArnOf(resources[i])}, {"Tags", std::move(tags)}});
  }
  reply.json["PaginationToken"] = page.next;
  return reply;
}

}  // namespace farthing::rehearsal
