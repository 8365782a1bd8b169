// The plan as Terraform, for the hashicorp/aws provider.  Source: its documentation, version 5.

#include "base/text.h"
#include "connect/templates/templates.h"

namespace farthing::connect {
namespace {

class Namer {
 public:
  explicit Namer(const Plan& plan) : plan_(plan) {}

  Node operator()(const std::vector<Piece>& pieces) const {
    std::string quoted, only;
    for (const Piece& piece : pieces) {
      std::string expression;
      std::string literal = piece.text;
      if (piece.is_name) literal = Call(piece.text, expression);
      const std::string text = QuoteHcl(literal);
      quoted += text.substr(1, text.size() - 2);
      if (expression.empty()) continue;
      quoted += "${" + expression + "}";
      if (pieces.size() == 1 && literal.empty()) only = expression;
    }
    return Raw(only.empty() ? "\"" + quoted + "\"" : only);
  }

 private:
  // Returns the literal part of what a placeholder stands for; the rest is an expression.
  std::string Call(const std::string& name, std::string& expression) const {
    if (name == "Bucket" && plan_.purpose == Purpose::kNewExport) {
      expression = "aws_s3_bucket.billing.id";
      return "";
    }
    if (name == "BelowPrefix") {
      expression = "local.below_prefix";
      return "";
    }
    const TemplateParameter* parameter = plan_.Parameter(name);
    if (parameter == nullptr) return plan_.Value(name);
    expression = "var." + parameter->variable;
    return name == "HolderName" ? plan_.holder_path : "";
  }
  const Plan& plan_;
};

HclBlock Block(std::string head, std::vector<Field> attributes, std::vector<HclBlock> blocks = {}) {
  return {std::move(head), "", std::move(attributes), std::move(blocks)};
}

std::string Resource(std::string_view type, std::string_view name) {
  return "resource " + QuoteHcl(type) + " " + QuoteHcl(name);
}

Node JsonEncode(Node tree) {
  tree.call = "jsonencode";
  return tree;
}
Node JsonEncode(const PolicyDocument& document) {
  return JsonEncode(ToTree(document, PolicyTexts::kPatterns));
}
Node JsonEncodedPolicy(const Plan& plan) {
  return JsonEncode(PolicyTree(plan, [](Node) { return Raw("local.only_below_prefix"); }));
}

/// Where the path is open: what follows from it.  A conditional cannot have an empty object beside a full one.
HclBlock PrefixLocals() {
  return Block(
      "locals",
      {{"below_prefix", Raw(R"(var.billing_prefix == "" ? "" : "${var.billing_prefix}/")")},
       {"only_below_prefix",
        Raw(R"({ for operator, keys in { StringLike = { "s3:prefix" = [var.billing_prefix, "${var.billing_prefix}/*"] } } : operator => keys if var.billing_prefix != "" })")}});
}

HclBlock Requirements() {
  HclBlock provider =
      Block("required_providers",
            {{"aws", Map({{"source", Text("hashicorp/aws")}, {"version", Text(">= 5.62")}})}});
  return Block("terraform", {{"required_version", Text(">= 1.5")}}, {std::move(provider)});
}

HclBlock Provider(const Plan& plan) {
  HclBlock provider =
      Block("provider \"aws\"", {{"region", Text(plan.billing_region)},
                                 {"allowed_account_ids", List({Raw("var.account_id")})}});
  provider.comment = plan.purpose == Purpose::kNewExport
                         ? "AWS keeps cost exports in this region only.  Another account than the "
                           "right one is refused."
                         : "IAM has no region.  Another account than the right one is refused.";
  return provider;
}

HclBlock Variable(const TemplateParameter& parameter) {
  HclBlock variable = Block("variable " + QuoteHcl(parameter.variable),
                            {{"type", Raw(parameter.is_list ? "list(string)" : "string")},
                             {"description", Text(parameter.description)}});
  if (!parameter.value.empty() || parameter.min_length == 0) {
    variable.attributes.push_back({"default", parameter.is_list ? Texts(Split(parameter.value, ','))
                                                                : Text(parameter.value)});
  }
  if (parameter.is_list) return variable;
  variable.blocks.push_back(Block(
      "validation", {{"condition", Raw("can(regex(" + QuoteHcl(parameter.pattern) + ", var." +
                                       parameter.variable + "))")},
                     {"error_message", Text("The value must match " + parameter.pattern + ".")}}));
  return variable;
}

void AddBucket(const Plan& plan, std::vector<HclBlock>& blocks) {
  const Field bucket{"bucket", Pattern("${Bucket}")};
  HclBlock keep = Block("lifecycle", {{"prevent_destroy", Raw("true")}});
  keep.comment = "Destroying it would destroy the bills.";
  blocks.push_back(Block(Resource("aws_s3_bucket", "billing"),
                         {{"bucket", Raw("var.billing_bucket")}}, {std::move(keep)}));
  blocks.push_back(Block(Resource("aws_s3_bucket_public_access_block", "billing"),
                         {bucket,
                          {"block_public_acls", Raw("true")},
                          {"block_public_policy", Raw("true")},
                          {"ignore_public_acls", Raw("true")},
                          {"restrict_public_buckets", Raw("true")}}));
  blocks.push_back(Block(Resource("aws_s3_bucket_policy", "billing"),
                         {bucket, {"policy", JsonEncode(plan.bucket_policy)}}));
}

// AWS checks that it may write when the export is made, so the bucket's policy comes before it.
const Field kAfterPolicy{"depends_on", Raw("[aws_s3_bucket_policy.billing]")};

HclBlock Report(const Plan& plan, const NewExport& wanted) {
  return Block(Resource("aws_cur_report_definition", "billing"),
               {{"report_name", Pattern("${ExportName}")},
                {"time_unit", Text(wanted.time_unit)},
                {"format", Text(wanted.format)},
                {"compression", Text(wanted.compression)},
                {"additional_schema_elements", Texts({"RESOURCES", "SPLIT_COST_ALLOCATION_DATA"})},
                {"additional_artifacts", Texts({"ATHENA"})},
                {"refresh_closed_reports", Raw("true")},
                {"report_versioning", Text("OVERWRITE_REPORT")},
                {"s3_bucket", Pattern("${Bucket}")},
                {"s3_prefix", Pattern("${Prefix}")},
                {"s3_region", Text(plan.billing_region)},
                kAfterPolicy});
}

HclBlock DataExport(const Plan& plan, const NewExport& wanted) {
  Node properties = Map();
  for (const auto& [name, value] : wanted.table_properties) properties.Add(name, Text(value));
  HclBlock query =
      Block("data_query", {{"query_statement", Text(wanted.query)},
                           {"table_configurations", Map({{wanted.table, std::move(properties)}})}});
  HclBlock output = Block("s3_output_configurations", {{"output_type", Text("CUSTOM")},
                                                       {"format", Text(wanted.format)},
                                                       {"compression", Text(wanted.compression)},
                                                       {"overwrite", Text("OVERWRITE_REPORT")}});
  HclBlock destination = Block("s3_destination",
                               {{"s3_bucket", Pattern("${Bucket}")},
                                {"s3_prefix", Pattern("${Prefix}")},
                                {"s3_region", Text(plan.billing_region)}},
                               {std::move(output)});
  HclBlock content = Block(
      "export",
      {{"name", Pattern("${ExportName}")}, {"description", Text("Delivers the bill to Farthing")}},
      {std::move(query), Block("destination_configurations", {}, {std::move(destination)}),
       Block("refresh_cadence", {{"frequency", Text("SYNCHRONOUS")}})});
  return Block(Resource("aws_bcmdataexports_export", "billing"), {kAfterPolicy},
               {std::move(content)});
}

void AddHolder(const Plan& plan, std::vector<HclBlock>& blocks) {
  std::vector<Field> path;
  if (!plan.holder_path.empty()) path.push_back({"path", Text("/" + plan.holder_path)});
  const auto with_path = [&path](std::vector<Field> attributes) {
    attributes.insert(attributes.end(), path.begin(), path.end());
    return attributes;
  };
  if (plan.scope.holder == Holder::kUser) {
    blocks.push_back(Block(Resource("aws_iam_user", "farthing"), {{"name", Raw("var.user_name")}}));
    blocks.push_back(Block(Resource("aws_iam_policy", "farthing"),
                           {{"name", Text("farthing")}, {"policy", JsonEncodedPolicy(plan)}}));
    blocks.push_back(Block(Resource("aws_iam_user_policy_attachment", "farthing"),
                           {{"user", Raw("aws_iam_user.farthing.name")},
                            {"policy_arn", Raw("aws_iam_policy.farthing.arn")}}));
    HclBlock output = Block("output \"user_arn\"", {{"value", Raw("aws_iam_user.farthing.arn")}});
    output.comment =
        "Make access keys for this user by hand: they must not lie in Terraform's state.";
    blocks.push_back(std::move(output));
    return;
  }
  blocks.push_back(Block(
      Resource("aws_iam_role", "farthing"),
      with_path({{"name", Raw("var.role_name")},
                 {"description", Text("Farthing reads costs; nothing more than its policy names")},
                 {"max_session_duration", Raw("3600")},
                 {"assume_role_policy", JsonEncode(plan.trust)}})));
  blocks.push_back(
      Block(Resource("aws_iam_role_policy", "farthing"), {{"name", Text("farthing")},
                                                          {"role", Raw("aws_iam_role.farthing.id")},
                                                          {"policy", JsonEncodedPolicy(plan)}}));
  blocks.push_back(Block("output \"role_arn\"", {{"value", Raw("aws_iam_role.farthing.arn")}}));
}

void AddMembers(const Plan& plan, std::vector<HclBlock>& blocks) {
  Node body = MemberTemplateTree(plan);
  body.call = "jsonencode";
  blocks.push_back(
      Block(Resource("aws_cloudformation_stack_set", "members"),
            {{"name", Text(kStackSetName)},
             {"description", Text("Farthing's role in member accounts")},
             {"permission_model", Text("SERVICE_MANAGED")},
             {"capabilities", Texts({"CAPABILITY_NAMED_IAM"})},
             {"parameters", Map({{"PlatformPrincipalArn", Raw("var.platform_principal_arn")},
                                 {"ExternalId", Raw("var.external_id")}})},
             {"template_body", std::move(body)}},
            {Block("auto_deployment",
                   {{"enabled", Raw("true")}, {"retain_stacks_on_account_removal", Raw("false")}}),
             Block("operation_preferences", {{"failure_tolerance_percentage", Raw("100")},
                                             {"max_concurrent_percentage", Raw("100")}})}));
  HclBlock targets =
      Block("deployment_targets", {{"organizational_unit_ids", Raw("var.target_ids")}});
  blocks.push_back(Block(Resource("aws_cloudformation_stack_set_instance", "members"),
                         {{"stack_set_name", Raw("aws_cloudformation_stack_set.members.name")}},
                         {std::move(targets)}));
}

void ResolveBlock(HclBlock& block, const Namer& namer) {
  for (Field& field : block.attributes) field.value = Resolve(field.value, namer);
  for (HclBlock& inner : block.blocks) ResolveBlock(inner, namer);
}

}  // namespace

std::string Terraform(const Plan& plan) {
  std::vector<HclBlock> blocks{Requirements(), Provider(plan)};
  for (const TemplateParameter& parameter : plan.parameters) blocks.push_back(Variable(parameter));
  if (plan.open_prefix) blocks.push_back(PrefixLocals());
  if (plan.purpose == Purpose::kNewExport) {
    AddBucket(plan, blocks);
    const NewExport wanted = NewExportOf(*plan.scope.export_kind);
    blocks.push_back(plan.scope.export_kind == ExportKind::kLegacyCur ? Report(plan, wanted)
                                                                      : DataExport(plan, wanted));
  }
  if (plan.purpose == Purpose::kMembers) {
    AddMembers(plan, blocks);
  } else {
    AddHolder(plan, blocks);
  }
  const Namer namer(plan);
  for (HclBlock& block : blocks) ResolveBlock(block, namer);
  return PrintHcl(blocks);
}

}  // namespace farthing::connect
