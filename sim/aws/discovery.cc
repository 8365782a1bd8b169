#include "sim/aws/discovery.h"

#include <algorithm>
#include <set>

#include "sim/aws/bills.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr RegionInfo kRegions[] = {
    {"us-east-1", false},      {"us-east-2", false},      {"us-west-1", false},
    {"us-west-2", false},      {"ap-south-1", false},     {"ap-northeast-1", false},
    {"ap-southeast-1", false}, {"ap-southeast-2", false}, {"ca-central-1", false},
    {"eu-central-1", false},   {"eu-west-1", false},      {"eu-west-2", false},
    {"eu-west-3", false},      {"eu-north-1", false},     {"sa-east-1", false},
    {"af-south-1", true},      {"ap-east-1", true},       {"eu-south-1", true},
    {"me-south-1", true},
};

std::string TagsXml(const Resource& resource) {
  std::string items;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) items += XmlNode("item", Xml("key", key) + Xml("value", value));
  };
  add("CostCenter", resource.tags->cost_center);
  add("Env", resource.tags->environment);
  add("team", resource.tags->team);
  return items.empty() ? std::string() : XmlNode("tagSet", items);
}

std::string InstanceXml(const Resource& resource, bool stopped) {
  return XmlNode(
      "item",
      Xml("reservationId", "r-" + resource.id.substr(2)) + Xml("ownerId", resource.account_id) +
          "<groupSet/>" +
          XmlNode(
              "instancesSet",
              XmlNode(
                  "item",
                  Xml("instanceId", resource.id) + Xml("imageId", "ami-0123456789abcdef0") +
                      XmlNode("instanceState", Xml("code", stopped ? 80 : 16) +
                                                   Xml("name", stopped ? "stopped" : "running")) +
                      Xml("instanceType", resource.product->instance_type) +
                      Xml("launchTime", "2026-01-01T00:00:00.000Z") +
                      XmlNode("placement",
                              Xml("availabilityZone", resource.zone) + Xml("tenancy", "default")) +
                      XmlNode("monitoring", Xml("state", "disabled")) + TagsXml(resource))));
}

std::string VolumeXml(const Resource& resource, bool available) {
  return XmlNode("item", Xml("volumeId", resource.id) + Xml("size", 100) + "<snapshotId/>" +
                             Xml("availabilityZone", resource.region + "a") +
                             Xml("status", available ? "available" : "in-use") +
                             Xml("createTime", "2026-01-01T00:00:00.000Z") + "<attachmentSet/>" +
                             Xml("volumeType", "gp3") + XmlFlag("encrypted", true) +
                             TagsXml(resource));
}

Result<Reply> Paged(const Operation& operation, std::string_view set,
                    const std::vector<std::string>& items) {
  const std::string& asked = operation.Parameter("MaxResults");
  const auto size = static_cast<std::size_t>(
      asked.empty() ? 1000 : std::clamp(std::atoi(asked.c_str()), 5, 1000));
  TRY_ASSIGN(const Page page,
             TakePage(items.size(), operation.Parameter("NextToken"), size, "InvalidNextToken"));
  std::string inner;
  for (std::size_t i = page.begin; i < page.end; ++i) inner += items[i];
  Reply reply;
  reply.xml = XmlNode(set, inner);
  if (!page.next.empty()) reply.xml += Xml("nextToken", page.next);
  return reply;
}

Result<Reply> DescribeRegions(const Operation& operation) {
  const bool all = operation.Parameter("AllRegions") == "true";
  std::string items;
  for (const RegionInfo& region : kRegions) {
    if (region.opt_in && !all) continue;
    const std::string name(region.name);
    items += XmlNode(
        "item", Xml("regionName", name) + Xml("regionEndpoint", "ec2." + name + ".amazonaws.com") +
                    Xml("optInStatus", region.opt_in ? "not-opted-in" : "opt-in-not-required"));
  }
  Reply reply;
  reply.xml = XmlNode("regionInfo", items);
  return reply;
}

Result<Reply> DescribeAddresses(const Operation& operation) {
  // Two addresses in each account's first region, one of them idle.
  std::string items;
  if (operation.region == "us-east-1") {
    const std::string tail = operation.caller.account_id.substr(9);
    items += XmlNode("item", Xml("publicIp", "198.51.100.1") +
                                 Xml("allocationId", "eipalloc-0a" + tail) +
                                 Xml("associationId", "eipassoc-0a" + tail) + Xml("domain", "vpc"));
    items += XmlNode("item", Xml("publicIp", "198.51.100.2") +
                                 Xml("allocationId", "eipalloc-0b" + tail) + Xml("domain", "vpc"));
  }
  Reply reply;
  reply.xml = XmlNode("addressesSet", items);
  return reply;
}

}  // namespace

std::span<const RegionInfo> KnownRegions() { return kRegions; }

std::vector<Resource> ResourcesOf(const World& world, std::string_view account_id,
                                  std::string_view region, std::string_view usage_type_prefix) {
  std::vector<Resource> resources;
  std::set<std::string> seen;
  ForEachLine(world, ViewOf(world, PeriodOf(world.billed_until)), [&](const sim::Line& line) {
    if (line.resource_id.empty() || line.region == nullptr || !line.split.parent.empty()) return;
    if (line.account->id != account_id || line.region->code != region ||
        !line.product->usage_type.starts_with(usage_type_prefix))
      return;
    if (!seen.insert(std::string(line.resource_id)).second) return;
    resources.push_back({std::string(line.resource_id), std::string(account_id),
                         std::string(region), std::string(line.zone), line.product, line.tags});
  });
  return resources;
}

Result<Reply> AnswerEc2(World& world, const Operation& operation) {
  const std::string& action = operation.action;
  const bool known = action == "DescribeRegions" || action == "DescribeInstances" ||
                     action == "DescribeVolumes" || action == "DescribeSnapshots" ||
                     action == "DescribeAddresses";
  if (!known) return UnknownAction(operation);
  TRY(CheckAccess(world, operation, {.action = "ec2:" + action}));
  const bool enabled = std::any_of(
      std::begin(kRegions), std::end(kRegions),
      [&](const RegionInfo& each) { return each.name == operation.region && !each.opt_in; });
  if (!enabled)
    return Refuse(401, "AuthFailure",
                  "AWS was not able to validate the provided access credentials");
  if (action == "DescribeRegions") return DescribeRegions(operation);
  if (action == "DescribeAddresses") return DescribeAddresses(operation);
  const std::string& account = operation.caller.account_id;
  std::vector<std::string> items;
  if (action == "DescribeInstances") {
    for (const char* const usage : {"BoxUsage", "SpotUsage"}) {
      for (const Resource& resource : ResourcesOf(world, account, operation.region, usage))
        items.push_back(InstanceXml(resource, items.size() % 7 == 6));
    }
    return Paged(operation, "reservationSet", items);
  }
  for (const Resource& resource : ResourcesOf(world, account, operation.region, "EBS:")) {
    if (action == "DescribeVolumes") {
      items.push_back(VolumeXml(resource, items.size() % 4 == 3));
    } else {
      items.push_back(XmlNode(
          "item", Xml("snapshotId", "snap-" + resource.id.substr(4)) +
                      Xml("volumeId", resource.id) + Xml("status", "completed") +
                      Xml("startTime", "2025-06-01T00:00:00.000Z") + Xml("progress", "100%") +
                      Xml("ownerId", account) + Xml("volumeSize", 100)));
    }
  }
  return Paged(operation, action == "DescribeVolumes" ? "volumeSet" : "snapshotSet", items);
}

Result<Reply> AnswerLoadBalancing(World& world, const Operation& operation) {
  if (operation.action != "DescribeLoadBalancers" && operation.action != "DescribeTags")
    return UnknownAction(operation);
  TRY(CheckAccess(world, operation, {.action = "elasticloadbalancing:" + operation.action}));
  Reply reply;
  if (operation.action == "DescribeTags") {
    std::string members;
    for (const std::string& arn : operation.ParameterList("ResourceArns"))
      members +=
          XmlNode("member",
                  Xml("ResourceArn", arn) +
                      XmlNode("Tags", XmlNode("member", Xml("Key", "Env") + Xml("Value", "prod"))));
    reply.xml = XmlNode("TagDescriptions", members);
    return reply;
  }
  // One in each region where the account runs instances.
  std::string members;
  if (!ResourcesOf(world, operation.caller.account_id, operation.region, "BoxUsage").empty()) {
    const std::string arn = "arn:aws:elasticloadbalancing:" + operation.region + ":" +
                            operation.caller.account_id + ":loadbalancer/app/web/0123456789abcdef";
    members =
        XmlNode("member", Xml("LoadBalancerArn", arn) +
                              Xml("DNSName", "web." + operation.region + ".elb.amazonaws.com") +
                              Xml("CreatedTime", "2026-01-01T00:00:00Z") +
                              Xml("LoadBalancerName", "web") + Xml("Scheme", "internet-facing") +
                              XmlNode("State", Xml("Code", "active")) + Xml("Type", "application"));
  }
  reply.xml = XmlNode("LoadBalancers", members);
  return reply;
}

}  // namespace farthing::rehearsal
