#include "sim/aws/stack_resources.h"

#include <algorithm>

#include "base/text.h"
#include "sim/aws/services.h"
#include "sim/aws/stack_calls.h"

namespace farthing::rehearsal {

Result<Reply> CallQuery(World& world, const Operation& as, const std::string& action,
                        QueryParameters parameters) {
  Operation operation = as;
  operation.protocol = Protocol::kQuery;
  operation.service = "iam";
  operation.action = action;
  operation.parameters = std::move(parameters);
  return Dispatch(world, operation);
}
Result<Reply> CallJson(World& world, const Operation& as, const std::string& service,
                       const std::string& action, json::object body) {
  Operation operation = as;
  operation.protocol = Protocol::kJson11;
  operation.service = service;
  operation.action = action;
  operation.body = std::move(body);
  return Dispatch(world, operation);
}

std::string DocumentOf(const json::object& properties, std::string_view name) {
  const json::object* document = ObjectOf(properties, name);
  return document == nullptr ? TextOf(properties, name) : json::serialize(*document);
}

Result<void> SetBucket(World& world, const Operation& as, const std::string& name,
                       const json::object& properties) {
  const auto put = [&](const char* setting, std::string xml) {
    return CallS3(world, as, {"PUT", name, "", {{setting, ""}}, {}, std::move(xml)});
  };
  if (const json::object* encryption = ObjectOf(properties, "BucketEncryption")) {
    const json::array* rules = ArrayOf(*encryption, "ServerSideEncryptionConfiguration");
    const json::object* rule =
        rules == nullptr || rules->empty()
            ? nullptr
            : ObjectOf(rules->front().as_object(), "ServerSideEncryptionByDefault");
    if (rule != nullptr) {
      std::string inner = Xml("SSEAlgorithm", TextOf(*rule, "SSEAlgorithm"));
      if (const std::string key = TextOf(*rule, "KMSMasterKeyID"); !key.empty())
        inner += Xml("KMSMasterKeyID", key);
      TRY(put("encryption",
              XmlNode("ServerSideEncryptionConfiguration",
                      XmlNode("Rule", XmlNode("ApplyServerSideEncryptionByDefault", inner)))));
    }
  }
  if (const json::object* block = ObjectOf(properties, "PublicAccessBlockConfiguration")) {
    std::string inner;
    for (const auto& member : *block)
      inner += XmlNode({member.key().data(), member.key().size()}, json::serialize(member.value()));
    TRY(put("publicAccessBlock", XmlNode("PublicAccessBlockConfiguration", inner)));
  }
  if (properties.contains("OwnershipControls"))
    TRY(put("ownershipControls",
            XmlNode("OwnershipControls",
                    XmlNode("Rule", Xml("ObjectOwnership", "BucketOwnerEnforced")))));
  if (properties.contains("LifecycleConfiguration"))
    TRY(put("lifecycle",
            XmlNode("LifecycleConfiguration", XmlNode("Rule", Xml("Status", "Enabled")))));
  if (const json::object* versioning = ObjectOf(properties, "VersioningConfiguration"))
    TRY(put("versioning",
            XmlNode("VersioningConfiguration", Xml("Status", TextOf(*versioning, "Status")))));
  return {};
}

json::object ReportOf(const json::object& properties) {
  json::object definition = properties;
  definition.erase("Tags");
  const std::string refresh = TextOf(definition, "RefreshClosedReports");
  if (!refresh.empty()) definition["RefreshClosedReports"] = refresh == "true";
  return definition;
}

namespace {

constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";

std::string GeneratedName(World& world, const ResourceOrder& order) {
  return order.stack_name + "-" + order.logical_id + "-" + world.RandomText(kUpper, 12);
}

/// Puts and attaches the policies that a role's or a user's own properties name.
Result<void> GivePolicies(World& world, const Operation& as, const std::string& kind,
                          const std::string& name, const json::object& properties) {
  if (const json::array* policies = ArrayOf(properties, "Policies")) {
    for (const json::value& policy : *policies) {
      TRY(CallQuery(world, as, "Put" + kind + "Policy",
                    {{kind + "Name", name},
                     {"PolicyName", TextOf(policy.as_object(), "PolicyName")},
                     {"PolicyDocument", DocumentOf(policy.as_object(), "PolicyDocument")}}));
    }
  }
  for (const std::string& arn : TextsOf(properties, "ManagedPolicyArns"))
    TRY(CallQuery(world, as, "Attach" + kind + "Policy",
                  {{kind + "Name", name}, {"PolicyArn", arn}}));
  return {};
}

Result<MadeResource> MakeRole(World& world, const Operation& as, const ResourceOrder& order) {
  const json::object& properties = order.properties;
  std::string name = TextOf(properties, "RoleName");
  if (name.empty()) name = GeneratedName(world, order);
  QueryParameters parameters = {
      {"RoleName", name},
      {"AssumeRolePolicyDocument", DocumentOf(properties, "AssumeRolePolicyDocument")}};
  for (const char* const member : {"Path", "Description", "PermissionsBoundary"}) {
    if (const std::string value = TextOf(properties, member); !value.empty())
      parameters[member] = value;
  }
  if (properties.contains("MaxSessionDuration")) {
    const std::string text = TextOf(properties, "MaxSessionDuration");
    parameters["MaxSessionDuration"] =
        text.empty() ? std::to_string(NumberOf(properties, "MaxSessionDuration", 3600)) : text;
  }
  TRY(CallQuery(world, as, "CreateRole", std::move(parameters)));
  TRY(GivePolicies(world, as, "Role", name, properties));
  const Entity& role = world.FindAccount(as.caller.account_id)->roles.at(name);
  return MadeResource{name, {{"Arn", role.arn}, {"RoleId", role.id}}};
}

Result<MadeResource> MakeUser(World& world, const Operation& as, const ResourceOrder& order) {
  const json::object& properties = order.properties;
  std::string name = TextOf(properties, "UserName");
  if (name.empty()) name = GeneratedName(world, order);
  QueryParameters parameters = {{"UserName", name}};
  for (const char* const member : {"Path", "PermissionsBoundary"}) {
    if (const std::string value = TextOf(properties, member); !value.empty())
      parameters[member] = value;
  }
  TRY(CallQuery(world, as, "CreateUser", std::move(parameters)));
  TRY(GivePolicies(world, as, "User", name, properties));
  for (const std::string& group : TextsOf(properties, "Groups"))
    TRY(CallQuery(world, as, "AddUserToGroup", {{"UserName", name}, {"GroupName", group}}));
  const Entity& user = world.FindAccount(as.caller.account_id)->users.at(name);
  return MadeResource{name, {{"Arn", user.arn}}};
}

/// Inline policies: the physical id remembers whom to take it from.
Result<MadeResource> MakePolicy(World& world, const Operation& as, const ResourceOrder& order) {
  const std::string name = TextOf(order.properties, "PolicyName");
  const std::string document = DocumentOf(order.properties, "PolicyDocument");
  for (const std::string& role : TextsOf(order.properties, "Roles"))
    TRY(CallQuery(world, as, "PutRolePolicy",
                  {{"RoleName", role}, {"PolicyName", name}, {"PolicyDocument", document}}));
  for (const std::string& user : TextsOf(order.properties, "Users"))
    TRY(CallQuery(world, as, "PutUserPolicy",
                  {{"UserName", user}, {"PolicyName", name}, {"PolicyDocument", document}}));
  return MadeResource{name, {}};
}

Result<MadeResource> MakeManagedPolicy(World& world, const Operation& as,
                                       const ResourceOrder& order) {
  std::string name = TextOf(order.properties, "ManagedPolicyName");
  if (name.empty()) name = GeneratedName(world, order);
  QueryParameters parameters = {{"PolicyName", name},
                                {"PolicyDocument", DocumentOf(order.properties, "PolicyDocument")}};
  std::string path = TextOf(order.properties, "Path");
  if (path.empty()) path = "/";
  parameters["Path"] = path;
  TRY(CallQuery(world, as, "CreatePolicy", std::move(parameters)));
  const std::string arn = "arn:aws:iam::" + as.caller.account_id + ":policy" + path + name;
  for (const std::string& role : TextsOf(order.properties, "Roles"))
    TRY(CallQuery(world, as, "AttachRolePolicy", {{"RoleName", role}, {"PolicyArn", arn}}));
  for (const std::string& user : TextsOf(order.properties, "Users"))
    TRY(CallQuery(world, as, "AttachUserPolicy", {{"UserName", user}, {"PolicyArn", arn}}));
  return MadeResource{arn, {{"PolicyArn", arn}}};
}

Result<MadeResource> MakeBucket(World& world, const Operation& as, const ResourceOrder& order) {
  std::string name = TextOf(order.properties, "BucketName");
  if (name.empty())
    name = ToLower(order.stack_name + "-" + order.logical_id).substr(0, 50) + "-" +
           world.RandomText(kLower, 12);
  const std::string location =
      as.region == "us-east-1"
          ? ""
          : XmlNode("CreateBucketConfiguration", Xml("LocationConstraint", as.region));
  TRY(CallS3(world, as, {"PUT", name, "", {}, {}, location}));
  TRY(SetBucket(world, as, name, order.properties));
  return MadeResource{name,
                      {{"Arn", "arn:aws:s3:::" + name},
                       {"DomainName", name + ".s3.amazonaws.com"},
                       {"RegionalDomainName", name + ".s3." + as.region + ".amazonaws.com"}}};
}

Result<MadeResource> MakeBucketPolicy(World& world, const Operation& as,
                                      const ResourceOrder& order) {
  const std::string bucket = TextOf(order.properties, "Bucket");
  TRY(CallS3(
      world, as,
      {"PUT", bucket, "", {{"policy", ""}}, {}, DocumentOf(order.properties, "PolicyDocument")}));
  return MadeResource{bucket, {}};
}

/// Types that stand in us-east-1 only.
Result<void> OnlyInUsEast1(const Operation& as, const ResourceOrder& order) {
  if (as.region == "us-east-1") return {};
  return Refuse(400, "ValidationError",
                "Template format error: Unrecognized resource types: [" + order.type + "]");
}

Result<MadeResource> MakeReport(World& world, const Operation& as, const ResourceOrder& order) {
  TRY(OnlyInUsEast1(as, order));
  const json::object definition = ReportOf(order.properties);
  TRY(CallJson(world, as, "cur", "PutReportDefinition", {{"ReportDefinition", definition}}));
  return MadeResource{TextOf(definition, "ReportName"), {}};
}

Result<MadeResource> MakeExport(World& world, const Operation& as, const ResourceOrder& order) {
  TRY(OnlyInUsEast1(as, order));
  const json::object* definition = ObjectOf(order.properties, "Export");
  if (definition == nullptr)
    return Refuse(400, "ValidationError",
                  "Properties validation failed for resource " + order.logical_id +
                      " with message: required key [Export] not found");
  TRY_ASSIGN(const Reply reply,
             CallJson(world, as, "bcm-data-exports", "CreateExport", {{"Export", *definition}}));
  const std::string arn = TextOf(reply.json, "ExportArn");
  return MadeResource{arn, {{"ExportArn", arn}}};
}

Result<MadeResource> MakeStackSet(World& world, const Operation& as, const ResourceOrder& order) {
  const std::string set_id = TextOf(order.properties, "StackSetName") + ":" + world.Uuid();
  TRY(DeployStackSet(world, as, order, {"cloudformation:CreateStackSet", set_id}));
  return MadeResource{set_id, {{"StackSetId", set_id}}};
}

struct ResourceType {
  std::string_view name;
  Result<MadeResource> (*make)(World& world, const Operation& as, const ResourceOrder& order);
};
constexpr ResourceType kTypes[] = {
    {"AWS::IAM::Role", MakeRole},
    {"AWS::IAM::User", MakeUser},
    {"AWS::IAM::Policy", MakePolicy},
    {"AWS::IAM::ManagedPolicy", MakeManagedPolicy},
    {"AWS::S3::Bucket", MakeBucket},
    {"AWS::S3::BucketPolicy", MakeBucketPolicy},
    {"AWS::CUR::ReportDefinition", MakeReport},
    {"AWS::BCMDataExports::Export", MakeExport},
    {"AWS::CloudFormation::StackSet", MakeStackSet},
};

/// Takes the policies of a role or a user away, as CloudFormation does, and deletes it.
Result<void> RemoveHolder(World& world, const Operation& as,
                          const std::map<std::string, Entity>& holders, const std::string& kind,
                          const std::string& name) {
  const auto holder = holders.find(name);
  if (holder == holders.end()) return {};
  const Entity before = holder->second;
  for (const auto& [policy, document] : before.inline_policies)
    TRY(CallQuery(world, as, "Delete" + kind + "Policy",
                  {{kind + "Name", name}, {"PolicyName", policy}}));
  for (const std::string& arn : before.attached)
    TRY(CallQuery(world, as, "Detach" + kind + "Policy",
                  {{kind + "Name", name}, {"PolicyArn", arn}}));
  TRY(CallQuery(world, as, "Delete" + kind, {{kind + "Name", name}}));
  return {};
}

/// A managed policy goes with all that it is attached to.
Result<void> TakeFromEverybody(World& world, const Operation& as,
                               const std::map<std::string, Entity>& holders,
                               const std::string& kind, const std::string& arn) {
  std::vector<std::string> names;
  for (const auto& [name, holder] : holders) {
    if (std::find(holder.attached.begin(), holder.attached.end(), arn) != holder.attached.end())
      names.push_back(name);
  }
  for (const std::string& name : names)
    TRY(CallQuery(world, as, "Detach" + kind + "Policy",
                  {{kind + "Name", name}, {"PolicyArn", arn}}));
  return {};
}

}  // namespace

Result<MadeResource> MakeResource(World& world, const Operation& as, const ResourceOrder& order) {
  for (const ResourceType& type : kTypes) {
    if (type.name == order.type) return type.make(world, as, order);
  }
  return Refuse(400, "ValidationError",
                "Template format error: Unrecognized resource types: [" + order.type + "]");
}

Result<void> RemoveResource(World& world, const Operation& as, const std::string& type,
                            const std::string& physical_id) {
  Account& account = *world.FindAccount(as.caller.account_id);
  if (type == "AWS::IAM::Role") {
    TRY(RemoveHolder(world, as, account.roles, "Role", physical_id));
  } else if (type == "AWS::IAM::User") {
    TRY(RemoveHolder(world, as, account.users, "User", physical_id));
  } else if (type == "AWS::IAM::ManagedPolicy") {
    TRY(TakeFromEverybody(world, as, account.roles, "Role", physical_id));
    TRY(TakeFromEverybody(world, as, account.users, "User", physical_id));
    TRY(CallQuery(world, as, "DeletePolicy", {{"PolicyArn", physical_id}}));
  } else if (type == "AWS::S3::Bucket") {
    TRY(CallS3(world, as, {"DELETE", physical_id, "", {}, {}, ""}));
  } else if (type == "AWS::S3::BucketPolicy") {
    TRY(CallS3(world, as, {"DELETE", physical_id, "", {{"policy", ""}}, {}, ""}));
  } else if (type == "AWS::CUR::ReportDefinition") {
    TRY(CallJson(world, as, "cur", "DeleteReportDefinition", {{"ReportName", physical_id}}));
  } else if (type == "AWS::BCMDataExports::Export") {
    TRY(CallJson(world, as, "bcm-data-exports", "DeleteExport", {{"ExportArn", physical_id}}));
  } else if (type == "AWS::CloudFormation::StackSet") {
    TRY(RemoveStackSet(world, as, physical_id));
  }
  return {};
}

}  // namespace farthing::rehearsal
