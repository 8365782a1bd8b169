#include "connect/templates/documents.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kBucketArn = "arn:${Partition}:s3:::${Bucket}";

PolicyStatement Allow(std::string sid, std::vector<std::string> services,
                      std::vector<std::string> actions, std::vector<std::string> resources) {
  PolicyStatement statement;
  statement.sid = std::move(sid);
  statement.actions = std::move(actions);
  statement.resources = std::move(resources);
  for (std::string& service : services)
    statement.principals.emplace_back("Service", std::move(service));
  return statement;
}

}  // namespace

// Only our own account's reports may be written: the condition against the confused deputy.
// Source: AWS CUR user guide, "Setting up an Amazon S3 bucket for Cost and Usage Reports"; AWS Data Exports user
// guide, "Setting up an Amazon S3 bucket for data exports".
PolicyDocument DeliveryPolicy(ExportKind kind) {
  const std::string bucket(kBucketArn);
  const std::string reports = "arn:${Partition}:cur:${BillingRegion}:${AccountId}:definition/*";
  const std::string exports =
      "arn:${Partition}:bcm-data-exports:${BillingRegion}:${AccountId}:export/*";
  PolicyDocument document;
  if (kind == ExportKind::kLegacyCur) {
    const std::vector<PolicyCondition> ours{{"StringLike", "aws:SourceAccount", {"${AccountId}"}},
                                            {"StringLike", "aws:SourceArn", {reports}}};
    document.statements = {Allow("FarthingCheckBucket", {"billingreports.amazonaws.com"},
                                 {"s3:GetBucketAcl", "s3:GetBucketPolicy"}, {bucket}),
                           Allow("FarthingDeliver", {"billingreports.amazonaws.com"},
                                 {"s3:PutObject"}, {bucket + "/*"})};
    for (PolicyStatement& statement : document.statements) statement.conditions = ours;
  } else {
    document.statements = {Allow("FarthingDeliver",
                                 {"bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"},
                                 {"s3:PutObject", "s3:GetBucketPolicy"}, {bucket, bucket + "/*"})};
    document.statements[0].conditions = {{"StringLike", "aws:SourceAccount", {"${AccountId}"}},
                                         {"StringLike", "aws:SourceArn", {reports, exports}}};
  }
  PolicyStatement tls;
  tls.sid = "FarthingOnlyOverTls";
  tls.is_deny = true;
  tls.principals = {{"*", "*"}};
  tls.actions = {"s3:*"};
  tls.resources = {bucket, bucket + "/*"};
  tls.conditions = {{"Bool", "aws:SecureTransport", {"false"}}};
  document.statements.push_back(std::move(tls));
  return document;
}

PolicyDocument ReaderPolicy(const Plan& plan) {
  const std::string holder = plan.scope.holder == Holder::kRole
                                 ? "arn:${Partition}:iam::${AccountId}:role/${HolderName}"
                                 : "arn:${Partition}:iam::${AccountId}:user/${HolderName}";
  PolicyDocument document;
  for (const Permission& permission : plan.permissions) {
    if (!permission.action.starts_with("s3:") || permission.set != PermissionSet::kReadBilling)
      continue;
    if (permission.action == "s3:GetBucketPolicy") continue;  // AWS refuses it to other accounts
    PolicyStatement statement;
    statement.sid = permission.action == "s3:GetObject" ? "FarthingReads" : "FarthingLists";
    statement.principals = {{"AWS", holder}};
    statement.actions = {std::string(permission.action)};
    statement.resources = permission.resources;
    if (permission.condition) statement.conditions = {*permission.condition};
    document.statements.push_back(std::move(statement));
  }
  return document;
}

PolicyDocument TrustPolicy() {
  PolicyStatement statement;
  statement.sid = "FarthingWithItsExternalId";
  statement.principals = {{"AWS", "${PrincipalArn}"}};
  statement.actions = {"sts:AssumeRole"};
  statement.conditions = {{"StringEquals", "sts:ExternalId", {"${ExternalId}"}}};
  return {{std::move(statement)}};
}

Error NotKnown(std::string_view what, std::string_view hint) {
  return Error(Errc::kInvalidArgument, std::string(what) + " is not known").Hint(hint);
}

Node PolicyTree(const Plan& plan, const std::function<Node(Node condition)>& if_prefix) {
  if (!plan.open_prefix) return ToTree(plan.policy, PolicyTexts::kPatterns);
  PolicyDocument confined = plan.confined;
  constexpr std::string_view kBelow = "/${Prefix}/*";
  for (PolicyStatement& statement : confined.statements) {
    for (std::string& resource : statement.resources) {
      if (!resource.ends_with(kBelow)) continue;
      resource.replace(resource.size() - kBelow.size(), kBelow.size(), "/${BelowPrefix}*");
    }
  }
  Node tree = ToTree(confined, PolicyTexts::kPatterns);
  for (Field& field : tree.fields) {
    if (field.name != "Statement") continue;
    for (std::size_t i = 0; i < field.value.items.size(); ++i) {
      const std::vector<PolicyCondition>& conditions = confined.statements[i].conditions;
      if (conditions.empty() || conditions[0].key != "s3:prefix") continue;
      for (Field& part : field.value.items[i].fields) {
        if (part.name == "Condition") part.value = if_prefix(std::move(part.value));
      }
    }
  }
  return tree;
}

PolicyDocument LiteralPolicy(const Plan& plan) { return WithValues(plan.policy, plan.values); }

Result<PolicyDocument> LiteralTrust(const Plan& plan) {
  if (plan.scope.holder == Holder::kUser) {
    return Error(Errc::kInvalidArgument, "a connection with access keys has no trust policy")
        .Hint("a role is safer: nothing that lives long is stored anywhere");
  }
  if (plan.Value("PrincipalArn").empty()) {
    return NotKnown("who Farthing runs as",
                    "give --principal with the ARN of its role or user; `aws sts "
                    "get-caller-identity` names it");
  }
  if (plan.Value("ExternalId").empty()) {
    return NotKnown("the external ID",
                    "create the connection first, it makes one: farthing connect");
  }
  return WithValues(plan.trust, plan.values);
}

Result<PolicyDocument> LiteralBucketPolicy(const Plan& plan) {
  if (plan.bucket_policy.statements.empty()) {
    return Error(Errc::kInvalidArgument, "these permission sets read no bucket");
  }
  return WithValues(plan.bucket_policy, plan.values);
}

}  // namespace farthing::connect
