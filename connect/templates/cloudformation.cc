// The plan as CloudFormation.  Source: AWS CloudFormation template reference; what it demands of reports and exports
// is in the reference of AWS::CUR::ReportDefinition and AWS::BCMDataExports::Export (us-east-1 only).

#include "connect/templates/templates.h"

namespace farthing::connect {
namespace {

// In the text of Fn::Sub, ${ that is not a reference is written ${!.
std::string EscapeSub(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      out += "{!";
      ++i;
    }
  }
  return out;
}

Node Ref(std::string_view name) { return Map({{"Ref", Text(name)}}); }

/// What CloudFormation calls a placeholder: a name that can be referred to, after a literal part.
struct Called {
  std::string literal;
  std::string reference;
};

constexpr const char* kBelowPrefix = "BelowPrefix";

/// Where the path is open: the path and a slash, or nothing.
Node BelowPrefix() {
  return Map({{"Fn::If", List({Text("HasPrefix"), Map({{"Fn::Sub", Text("${BillingPrefix}/")}}),
                               Text("")})}});
}

Node IfPrefix(Node condition) {
  return Map({{"Fn::If", List({Text("HasPrefix"), std::move(condition), Ref("AWS::NoValue")})}});
}

Node HasPrefix() {
  const Node is_empty = Map({{"Fn::Equals", List({Ref("BillingPrefix"), Text("")})}});
  return Map({{"HasPrefix", Map({{"Fn::Not", List({is_empty})}})}});
}

class Namer {
 public:
  explicit Namer(const Plan& plan) : plan_(plan) {}

  Node operator()(const std::vector<Piece>& pieces) const {
    std::string sub, text, only;
    bool refers = false, below = false;
    for (const Piece& piece : pieces) {
      below |= piece.is_name && piece.text == kBelowPrefix;
      const Called called = piece.is_name ? Call(piece.text) : Called{piece.text, ""};
      text += called.literal;
      sub += EscapeSub(called.literal);
      if (called.reference.empty()) continue;
      refers = true;
      only = pieces.size() == 1 && called.literal.empty() ? called.reference : "";
      sub += "${" + called.reference + "}";
    }
    if (!refers) return Text(text);
    if (below) return Map({{"Fn::Sub", List({Text(sub), Map({{kBelowPrefix, BelowPrefix()}})})}});
    return only.empty() ? Map({{"Fn::Sub", Text(sub)}}) : Ref(only);
  }

 private:
  Called Call(const std::string& name) const {
    if (name == "Partition") return {"", "AWS::Partition"};
    if (name == "AccountId") return {"", "AWS::AccountId"};
    if (name == kBelowPrefix) return {"", name};
    if (name == "Bucket" && plan_.purpose == Purpose::kNewExport) return {"", "Bucket"};
    const TemplateParameter* parameter = plan_.Parameter(name);
    if (parameter == nullptr) return {plan_.Value(name), ""};
    return {name == "HolderName" ? plan_.holder_path : "", parameter->name};
  }
  const Plan& plan_;
};

Node Tree(const PolicyDocument& document) { return ToTree(document, PolicyTexts::kPatterns); }

Node ParameterTree(const TemplateParameter& parameter) {
  Node tree = Map({{"Type", Text(parameter.is_list ? "CommaDelimitedList" : "String")},
                   {"Description", Text(parameter.description)}});
  if (!parameter.value.empty() || parameter.min_length == 0) {
    tree.Add("Default", Text(parameter.value));
  }
  if (parameter.is_list) return tree;
  tree.Add("AllowedPattern", Text(parameter.pattern));
  tree.Add("MinLength", Raw(std::to_string(parameter.min_length)));
  tree.Add("MaxLength", Raw(std::to_string(parameter.max_length)));
  tree.Add("ConstraintDescription", Text("must match " + parameter.pattern));
  return tree;
}

Node Assertion(std::string_view pseudo, Node expected, std::string_view description) {
  return Map(
      {{"Assertions",
        List({Map({{"Assert", Map({{"Fn::Equals", List({Ref(pseudo), std::move(expected)})}})},
                   {"AssertDescription", Text(description)}})})}});
}

// Deleting the stack must not delete bills or stop their delivery.
Node Kept(std::string_view type, Node properties) {
  return Map({{"Type", Text(type)},
              {"DeletionPolicy", Text("Retain")},
              {"UpdateReplacePolicy", Text("Retain")},
              {"Properties", std::move(properties)}});
}

Node BucketTree() {
  const Node blocked = Raw("true");
  return Kept(
      "AWS::S3::Bucket",
      Map({{"BucketName", Ref("BillingBucket")},
           {"BucketEncryption", Map({{"ServerSideEncryptionConfiguration",
                                      List({Map({{"ServerSideEncryptionByDefault",
                                                  Map({{"SSEAlgorithm", Text("AES256")}})}})})}})},
           {"OwnershipControls",
            Map({{"Rules", List({Map({{"ObjectOwnership", Text("BucketOwnerEnforced")}})})}})},
           {"PublicAccessBlockConfiguration", Map({{"BlockPublicAcls", blocked},
                                                   {"BlockPublicPolicy", blocked},
                                                   {"IgnorePublicAcls", blocked},
                                                   {"RestrictPublicBuckets", blocked}})}}));
}

// The service checks that it may write when the export is made: the bucket's policy must be there before.
Node AfterBucketPolicy(Node resource) {
  resource.fields.insert(resource.fields.begin() + 1, {"DependsOn", Text("BucketPolicy")});
  return resource;
}

Node ReportTree(const NewExport& wanted, const std::string& region) {
  return AfterBucketPolicy(
      Kept("AWS::CUR::ReportDefinition",
           Map({{"ReportName", Pattern("${ExportName}")},
                {"TimeUnit", Text(wanted.time_unit)},
                {"Format", Text(wanted.format)},
                {"Compression", Text(wanted.compression)},
                {"AdditionalSchemaElements", Texts({"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"})},
                {"AdditionalArtifacts", Texts({"ATHENA"})},
                {"RefreshClosedReports", Raw("true")},
                {"ReportVersioning", Text("OVERWRITE_REPORT")},
                {"S3Bucket", Pattern("${Bucket}")},
                {"S3Prefix", Pattern("${Prefix}")},
                {"S3Region", Text(region)}})));
}

Node ExportTree(const NewExport& wanted, const std::string& region) {
  Node query = Map({{"QueryStatement", Text(wanted.query)}});
  if (!wanted.table_properties.empty()) {
    Node properties = Map();
    for (const auto& [name, value] : wanted.table_properties) properties.Add(name, Text(value));
    query.Add("TableConfigurations", Map({{wanted.table, std::move(properties)}}));
  }
  Node output = Map({{"OutputType", Text("CUSTOM")},
                     {"Format", Text(wanted.format)},
                     {"Compression", Text(wanted.compression)},
                     {"Overwrite", Text("OVERWRITE_REPORT")}});
  Node destination = Map({{"S3Bucket", Pattern("${Bucket}")},
                          {"S3Prefix", Pattern("${Prefix}")},
                          {"S3Region", Text(region)},
                          {"S3OutputConfigurations", std::move(output)}});
  return AfterBucketPolicy(Kept(
      "AWS::BCMDataExports::Export",
      Map({{"Export",
            Map({{"Name", Pattern("${ExportName}")},
                 {"Description", Text("Delivers the bill to Farthing")},
                 {"DataQuery", std::move(query)},
                 {"DestinationConfigurations", Map({{"S3Destination", std::move(destination)}})},
                 {"RefreshCadence", Map({{"Frequency", Text("SYNCHRONOUS")}})}})}})));
}

Node RoleTree(const Plan& plan, Node name) {
  Node properties = Map({{"RoleName", std::move(name)}});
  if (!plan.holder_path.empty()) properties.Add("Path", Text("/" + plan.holder_path));
  properties.Add("Description",
                 Text("Farthing reads costs; nothing more than the policy below names"));
  properties.Add("MaxSessionDuration", Raw("3600"));
  properties.Add("AssumeRolePolicyDocument", Tree(plan.trust));
  properties.Add("Policies", List({Map({{"PolicyName", Text("farthing")},
                                        {"PolicyDocument", PolicyTree(plan, IfPrefix)}})}));
  return Map({{"Type", Text("AWS::IAM::Role")}, {"Properties", std::move(properties)}});
}

// Inline policies of a user may hold 2048 characters only, so a user gets a managed one.
void AddUser(const Plan& plan, Node& resources) {
  Node user = Map({{"UserName", Ref("UserName")}});
  resources.Add("User", Map({{"Type", Text("AWS::IAM::User")}, {"Properties", std::move(user)}}));
  Node policy = Map({{"Description", Text("What Farthing needs")},
                     {"Users", List({Ref("User")})},
                     {"PolicyDocument", PolicyTree(plan, IfPrefix)}});
  resources.Add("Policy", Map({{"Type", Text("AWS::IAM::ManagedPolicy")},
                               {"Properties", std::move(policy)}}));
}

Node Output(std::string_view description, Node value) {
  return Map({{"Description", Text(description)}, {"Value", std::move(value)}});
}

Node GetAtt(std::string_view resource, std::string_view attribute) {
  return Map({{"Fn::GetAtt", List({Text(resource), Text(attribute)})}});
}

Node StackSetTree(const Plan& plan) {
  const auto pass = [](std::string_view name) {
    return Map({{"ParameterKey", Text(name)}, {"ParameterValue", Ref(name)}});
  };
  Node properties = Map(
      {{"StackSetName", Text(kStackSetName)},
       {"Description", Text("Farthing's role in member accounts")},
       {"PermissionModel", Text("SERVICE_MANAGED")},
       {"AutoDeployment",
        Map({{"Enabled", Raw("true")}, {"RetainStacksOnAccountRemoval", Raw("false")}})},
       {"Capabilities", Texts({"CAPABILITY_NAMED_IAM"})},
       {"OperationPreferences",
        Map({{"FailureTolerancePercentage", Raw("100")}, {"MaxConcurrentPercentage", Raw("100")}})},
       {"Parameters", List({pass("PlatformPrincipalArn"), pass("ExternalId")})},
       {"StackInstancesGroup",
        List({Map({{"DeploymentTargets", Map({{"OrganizationalUnitIds", Ref("TargetIds")}})},
                   {"Regions", Texts({plan.billing_region})}})})},
       {"TemplateBody", Text(PrintCompactJson(MemberTemplateTree(plan)))}});
  return Map(
      {{"Type", Text("AWS::CloudFormation::StackSet")}, {"Properties", std::move(properties)}});
}

Node Resources(const Plan& plan) {
  Node resources = Map();
  if (plan.purpose == Purpose::kMembers) return resources.Add("Members", StackSetTree(plan));
  if (plan.purpose == Purpose::kNewExport) {
    const NewExport wanted = NewExportOf(*plan.scope.export_kind);
    resources.Add("Bucket", BucketTree());
    resources.Add("BucketPolicy", Kept("AWS::S3::BucketPolicy",
                                       Map({{"Bucket", Pattern("${Bucket}")},
                                            {"PolicyDocument", Tree(plan.bucket_policy)}})));
    resources.Add("Export", plan.scope.export_kind == ExportKind::kLegacyCur
                                ? ReportTree(wanted, plan.billing_region)
                                : ExportTree(wanted, plan.billing_region));
  }
  if (plan.scope.holder == Holder::kUser) {
    AddUser(plan, resources);
  } else {
    resources.Add("Role", RoleTree(plan, Ref("RoleName")));
  }
  return resources;
}

Node Outputs(const Plan& plan) {
  Node outputs = Map({{"AccountId", Output("The account", Ref("AWS::AccountId"))}});
  if (plan.purpose == Purpose::kMembers) {
    return outputs.Add("StackSetId", Output("The StackSet", GetAtt("Members", "StackSetId")));
  }
  if (plan.scope.holder == Holder::kUser) {
    outputs.Add("UserArn", Output("Make access keys for this user", GetAtt("User", "Arn")));
  } else {
    outputs.Add("RoleArn", Output("Copy this into Farthing", GetAtt("Role", "Arn")));
  }
  if (plan.purpose == Purpose::kNewExport) {
    outputs.Add("BucketName", Output("The bucket that AWS delivers to", Ref("Bucket")));
  }
  return outputs;
}

std::string_view DescriptionOf(const Plan& plan) {
  switch (plan.purpose) {
    case Purpose::kExisting:
      return "Farthing reads an existing cost export: access only, nothing else is changed";
    case Purpose::kNewExport:
      return "A new cost export with a bucket of its own, and access for Farthing to read it";
    case Purpose::kMembers:
      return "Farthing's role in member accounts, by a StackSet of the management account";
    case Purpose::kAudit:
      return "Farthing audits how a connection is set up; no line of the bill can be read";
  }
  return "";
}

}  // namespace

Node MemberTemplateTree(const Plan& plan) {
  Plan member = plan;
  std::erase_if(member.parameters, [](const TemplateParameter& p) {
    return p.placeholder != "PrincipalArn" && p.placeholder != "ExternalId";
  });
  Node parameters = Map();
  for (TemplateParameter& parameter : member.parameters) {
    parameter.value.clear();
    parameters.Add(parameter.name, ParameterTree(parameter));
  }
  const std::string name = plan.scope.holder_name.substr(plan.holder_path.size());
  const Node tree =
      Map({{"AWSTemplateFormatVersion", Text("2010-09-09")},
           {"Description", Text("Farthing discovers resources; it can change nothing")},
           {"Parameters", std::move(parameters)},
           {"Resources", Map({{"Role", RoleTree(member, Text(name))}})}});
  return Resolve(tree, Namer(member));
}

Node CloudFormationTree(const Plan& plan) {
  Node parameters = Map();
  for (const TemplateParameter& parameter : plan.parameters) {
    parameters.Add(parameter.name, ParameterTree(parameter));
  }
  Node rules =
      Map({{"RightAccount", Assertion("AWS::AccountId", Ref("ExpectedAccountId"),
                                      "You are signed in to another account than the one this "
                                      "stack was made for")}});
  if (plan.purpose == Purpose::kNewExport) {
    rules.Add("BillingRegion", Assertion("AWS::Region", Text(plan.billing_region),
                                         "AWS keeps cost exports in " + plan.billing_region +
                                             " only: switch the console to that region"));
  }
  Node tree = Map({{"AWSTemplateFormatVersion", Text("2010-09-09")},
                   {"Description", Text(DescriptionOf(plan))},
                   {"Parameters", std::move(parameters)},
                   {"Rules", std::move(rules)}});
  if (plan.open_prefix) tree.Add("Conditions", HasPrefix());
  tree.Add("Resources", Resources(plan));
  tree.Add("Outputs", Outputs(plan));
  return Resolve(tree, Namer(plan));
}

std::string CloudFormation(const Plan& plan, TemplateFormat format) {
  const Node tree = CloudFormationTree(plan);
  return format == TemplateFormat::kYaml ? PrintYaml(tree) : PrintJson(tree);
}

}  // namespace farthing::connect
