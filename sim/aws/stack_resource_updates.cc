// How a resource of a stack changes in place, and which properties cannot: then another one is made.
// Source: AWS CloudFormation template reference, "Update requires" of each property.

#include <algorithm>

#include "sim/aws/services.h"
#include "sim/aws/stack_calls.h"

namespace farthing::rehearsal {
namespace {

constexpr std::size_t kPolicyVersions = 5;

/// Calls IAM for a role or a user.
Result<Reply> CallFor(World& world, const Operation& as, const std::string& kind,
                      const std::string& verb, const std::string& holder, const std::string& what,
                      QueryParameters more) {
  more[kind + "Name"] = holder;
  return CallQuery(world, as, verb + kind + what, std::move(more));
}

bool Has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Policies written into a role by the template: name and document.
std::map<std::string, std::string> InlinePolicies(const json::object& properties) {
  std::map<std::string, std::string> policies;
  if (const json::array* list = ArrayOf(properties, "Policies")) {
    for (const json::value& policy : *list) {
      const json::object& each = policy.as_object();
      policies[TextOf(each, "PolicyName")] = DocumentOf(each, "PolicyDocument");
    }
  }
  return policies;
}

/// Policies that are written into a role or user by its own properties, and those attached by them.
Result<void> UpdatePoliciesOf(World& world, const Operation& as, const std::string& kind,
                              const ResourceOrder& order, const Stack::Resource& before) {
  const std::string& name = before.physical_id;
  const json::object& now = order.properties;
  const auto wanted = InlinePolicies(now);
  for (const auto& [policy, document] : wanted) {
    TRY(CallFor(world, as, kind, "Put", name, "Policy",
                {{"PolicyName", policy}, {"PolicyDocument", document}}));
  }
  const auto had = InlinePolicies(before.properties);
  for (const auto& [policy, document] : had) {
    if (!wanted.contains(policy))
      TRY(CallFor(world, as, kind, "Delete", name, "Policy", {{"PolicyName", policy}}));
  }
  const std::vector<std::string> attached = TextsOf(now, "ManagedPolicyArns");
  for (const std::string& arn : attached)
    TRY(CallFor(world, as, kind, "Attach", name, "Policy", {{"PolicyArn", arn}}));
  for (const std::string& arn : TextsOf(before.properties, "ManagedPolicyArns")) {
    if (!Has(attached, arn))
      TRY(CallFor(world, as, kind, "Detach", name, "Policy", {{"PolicyArn", arn}}));
  }
  return {};
}

Result<void> UpdateRole(World& world, const Operation& as, const ResourceOrder& order,
                        const Stack::Resource& before) {
  const std::string& name = before.physical_id;
  const json::object& now = order.properties;
  TRY(CallQuery(
      world, as, "UpdateAssumeRolePolicy",
      {{"RoleName", name}, {"PolicyDocument", DocumentOf(now, "AssumeRolePolicyDocument")}}));
  QueryParameters settings = {{"RoleName", name}, {"Description", TextOf(now, "Description")}};
  const std::string seconds = TextOf(now, "MaxSessionDuration");
  settings["MaxSessionDuration"] =
      seconds.empty() ? std::to_string(NumberOf(now, "MaxSessionDuration", 3600)) : seconds;
  TRY(CallQuery(world, as, "UpdateRole", std::move(settings)));
  return UpdatePoliciesOf(world, as, "Role", order, before);
}

Result<void> UpdateUser(World& world, const Operation& as, const ResourceOrder& order,
                        const Stack::Resource& before) {
  return UpdatePoliciesOf(world, as, "User", order, before);
}

/// An inline policy of its own: it may move to other roles and users.
Result<void> UpdatePolicy(World& world, const Operation& as, const ResourceOrder& order,
                          const Stack::Resource& before) {
  const std::string name = TextOf(order.properties, "PolicyName");
  const std::string old_name = TextOf(before.properties, "PolicyName");
  const std::string document = DocumentOf(order.properties, "PolicyDocument");
  for (const std::string kind : {"Role", "User"}) {
    const std::vector<std::string> holders = TextsOf(order.properties, kind + "s");
    for (const std::string& holder : holders)
      TRY(CallFor(world, as, kind, "Put", holder, "Policy",
                  {{"PolicyName", name}, {"PolicyDocument", document}}));
    for (const std::string& holder : TextsOf(before.properties, kind + "s")) {
      if (!Has(holders, holder) || name != old_name)
        TRY(CallFor(world, as, kind, "Delete", holder, "Policy", {{"PolicyName", old_name}}));
    }
  }
  return {};
}

Result<void> UpdateManagedPolicy(World& world, const Operation& as, const ResourceOrder& order,
                                 const Stack::Resource& before) {
  const std::string& arn = before.physical_id;
  const ManagedPolicy* policy = world.FindPolicy(arn);
  if (policy != nullptr && policy->versions.size() >= kPolicyVersions) {
    // The oldest that is not in force makes room.
    const auto spare =
        std::find_if(policy->versions.begin(), policy->versions.end(),
                     [&](const auto& version) { return version.id != policy->default_version; });
    TRY(CallQuery(world, as, "DeletePolicyVersion",
                  {{"PolicyArn", arn}, {"VersionId", std::string(spare->id)}}));
  }
  TRY(CallQuery(world, as, "CreatePolicyVersion",
                {{"PolicyArn", arn},
                 {"PolicyDocument", DocumentOf(order.properties, "PolicyDocument")},
                 {"SetAsDefault", "true"}}));
  for (const std::string kind : {"Role", "User"}) {
    const std::vector<std::string> holders = TextsOf(order.properties, kind + "s");
    for (const std::string& holder : holders)
      TRY(CallFor(world, as, kind, "Attach", holder, "Policy", {{"PolicyArn", arn}}));
    for (const std::string& holder : TextsOf(before.properties, kind + "s")) {
      if (!Has(holders, holder))
        TRY(CallFor(world, as, kind, "Detach", holder, "Policy", {{"PolicyArn", arn}}));
    }
  }
  return {};
}

Result<void> UpdateBucket(World& world, const Operation& as, const ResourceOrder& order,
                          const Stack::Resource& before) {
  return SetBucket(world, as, before.physical_id, order.properties);
}

Result<void> UpdateBucketPolicy(World& world, const Operation& as, const ResourceOrder& order,
                                const Stack::Resource& before) {
  TRY(CallS3(world, as,
             {"PUT",
              before.physical_id,
              "",
              {{"policy", ""}},
              {},
              DocumentOf(order.properties, "PolicyDocument")}));
  return {};
}

Result<void> UpdateReport(World& world, const Operation& as, const ResourceOrder& order,
                          const Stack::Resource& before) {
  TRY(CallJson(
      world, as, "cur", "ModifyReportDefinition",
      {{"ReportName", before.physical_id}, {"ReportDefinition", ReportOf(order.properties)}}));
  return {};
}

Result<void> UpdateExport(World& world, const Operation& as, const ResourceOrder& order,
                          const Stack::Resource& before) {
  TRY(CallJson(
      world, as, "bcm-data-exports", "UpdateExport",
      {{"ExportArn", before.physical_id}, {"Export", *ObjectOf(order.properties, "Export")}}));
  return {};
}

Result<void> UpdateStackSet(World& world, const Operation& as, const ResourceOrder& order,
                            const Stack::Resource& before) {
  return DeployStackSet(world, as, order, {"cloudformation:UpdateStackSet", before.physical_id});
}

struct ResourceType {
  std::string_view name;
  std::vector<std::string_view> fixed;  ///< properties that cannot change, "Export.Name"
  Result<void> (*update)(World& world, const Operation& as, const ResourceOrder& order,
                         const Stack::Resource& before);
};

const std::vector<ResourceType>& Types() {
  static const std::vector<ResourceType> types{
      {"AWS::IAM::Role", {"RoleName", "Path"}, UpdateRole},
      {"AWS::IAM::User", {"UserName", "Path"}, UpdateUser},
      {"AWS::IAM::Policy", {}, UpdatePolicy},
      {"AWS::IAM::ManagedPolicy", {"ManagedPolicyName", "Path"}, UpdateManagedPolicy},
      {"AWS::S3::Bucket", {"BucketName"}, UpdateBucket},
      {"AWS::S3::BucketPolicy", {"Bucket"}, UpdateBucketPolicy},
      {"AWS::CUR::ReportDefinition",
       {"ReportName", "TimeUnit", "AdditionalSchemaElements", "ReportVersioning"},
       UpdateReport},
      {"AWS::BCMDataExports::Export",
       {"Export.Name", "Export.DataQuery.TableConfigurations", "Export.RefreshCadence"},
       UpdateExport},
      {"AWS::CloudFormation::StackSet", {"StackSetName", "PermissionModel"}, UpdateStackSet},
  };
  return types;
}

/// The value at a path of names; nullptr when there is none.
const json::value* At(const json::object& properties, std::string_view path) {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const json::value* value = properties.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || dot == std::string_view::npos) return value;
  return value->is_object() ? At(value->get_object(), path.substr(dot + 1)) : nullptr;
}

bool Same(const json::value* a, const json::value* b) {
  return a == nullptr || b == nullptr ? a == b : *a == *b;
}

}  // namespace

Result<UpdatedResource> UpdateResource(World& world, const Operation& as,
                                       const ResourceOrder& order, const Stack::Resource& before) {
  for (const ResourceType& type : Types()) {
    if (type.name != order.type) continue;
    const bool in_place =
        std::all_of(type.fixed.begin(), type.fixed.end(), [&](std::string_view path) {
          return Same(At(order.properties, path), At(before.properties, path));
        });
    if (!in_place) break;
    TRY(type.update(world, as, order, before));
    return UpdatedResource{{before.physical_id, before.attributes}, false};
  }
  TRY_ASSIGN(MadeResource made, MakeResource(world, as, order));
  return UpdatedResource{std::move(made), true};
}

}  // namespace farthing::rehearsal
