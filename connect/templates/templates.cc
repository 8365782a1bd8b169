#include "connect/templates/templates.h"

#include <algorithm>
#include <array>

#include "aws/endpoint.h"
#include "base/text.h"
#include "connect/grants/aws_tables.h"
#include "connect/templates/documents.h"

namespace farthing::connect {
namespace {

// What an audit must not see: the bill's lines, costs and metrics.
constexpr std::array<std::string_view, 4> kContent{
    "s3:GetObject", "kms:Decrypt", "ce:GetCostAndUsage", "cloudwatch:GetMetricData"};

std::set<PermissionSet> SetsFor(const TemplateRequest& request) {
  std::set<PermissionSet> sets = SetsOf(request.settings.type, request.settings.permission_sets);
  if (request.purpose == Purpose::kNewExport) sets.insert(PermissionSet::kReadBilling);
  if (request.purpose == Purpose::kAudit) {
    sets.erase(PermissionSet::kManageExport);
    sets.erase(PermissionSet::kTagActivation);
  }
  if (request.purpose == Purpose::kMembers) {
    // The bill, the organisation and its tags are reached through the management account.
    std::erase_if(sets, [](PermissionSet set) {
      return set != PermissionSet::kCloudWatch && set != PermissionSet::kResources &&
             set != PermissionSet::kRecommendations;
    });
    if (sets.empty()) sets.insert(PermissionSet::kResources);
  }
  return sets;
}

std::string_view DefaultName(ExportKind kind) {
  switch (kind) {
    case ExportKind::kLegacyCur: return "farthing-cur";
    case ExportKind::kCur2: return "farthing-cur2";
    case ExportKind::kFocus: return "farthing-focus";
    case ExportKind::kFocus10: return "farthing-focus-1-0";
  }
  return "";
}

// Names of ours for what the user has not named.
Result<PolicyScope> ScopeFor(const TemplateRequest& request) {
  PolicyScope scope = ScopeOf(request.settings);
  scope.may_simulate = request.may_simulate;
  if (request.settings.role_arn.empty() && request.purpose == Purpose::kMembers) {
    scope.holder_name = kStackSetName;
  } else if (request.settings.role_arn.empty() && request.purpose == Purpose::kAudit) {
    scope.holder_name = "farthing-audit";
  }
  if (request.purpose == Purpose::kNewExport) {
    if (!scope.export_kind) scope.export_kind = ExportKind::kCur2;
    if (scope.bucket.empty()) scope.bucket = "farthing-billing-" + scope.account_id;
    if (scope.prefix.empty()) scope.prefix = "billing";
    if (!scope.kms_key_arn.empty()) {
      return Error(Errc::kInvalidArgument, "a new bucket is encrypted with S3's own key")
          .Hint("leave --kms-key away, or make the bucket yourself and use an existing export");
    }
    const bool new_style = std::all_of(scope.bucket.begin(), scope.bucket.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-';
    });
    if (!new_style || scope.bucket.size() < 3 || scope.bucket.size() > 63) {
      return Error(Errc::kInvalidArgument, "not a name for a new bucket: " + scope.bucket)
          .Hint("3 to 63 lower-case letters, digits, dots and hyphens");
    }
  }
  if (scope.export_name.empty() && scope.export_kind)
    scope.export_name = DefaultName(*scope.export_kind);
  return scope;
}

/// A value that the policy has too, in IAM's spelling: a person may see it, and not change it here alone.
std::string Exactly(std::string_view value) {
  std::string pattern = "^";
  for (const char c : value) {
    if (std::string_view("*?$.()+").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "$";
}

void AddParameters(Plan& plan) {
  const bool role = plan.scope.holder == Holder::kRole;
  const auto add = [&plan](TemplateParameter parameter) {
    parameter.value = plan.generic ? "" : plan.Value(parameter.placeholder);
    plan.parameters.push_back(std::move(parameter));
  };
  add({"AccountId", "ExpectedAccountId", "account_id", "The account this is meant for", "",
       "^[0-9]{12}$", 12, 12});
  if (role) {
    add({"PrincipalArn", "PlatformPrincipalArn", "platform_principal_arn",
         "The role or user that Farthing runs as", "",
         "^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+$", 20, 2048});
    // Not NoEcho: the quick-create page ignores such parameters, and an external ID is no secret.
    add({"ExternalId", "ExternalId", "external_id",
         "Made by Farthing for this connection alone; do not change it", "",
         "^[A-Za-z0-9_+=,.@:/-]+$", 2, 1224});
  }
  if (plan.purpose != Purpose::kMembers) {
    add({"HolderName", role ? "RoleName" : "UserName", role ? "role_name" : "user_name",
         role ? "Name of the role" : "Name of the user", "", "^[A-Za-z0-9_+=,.@-]+$", 1, 64});
    plan.parameters.back().value.erase(0, plan.parameters.back().value.rfind('/') + 1);
  }
  const auto uses = [&plan](std::string_view placeholder) {
    const std::string text = "${" + std::string(placeholder) + "}";
    const auto in = [&text](const std::vector<std::string>& patterns) {
      return std::any_of(patterns.begin(), patterns.end(),
                         [&text](const auto& p) { return p.find(text) != std::string::npos; });
    };
    return std::any_of(plan.policy.statements.begin(), plan.policy.statements.end(),
                       [&in](const PolicyStatement& s) { return in(s.resources); });
  };
  const bool is_new = plan.purpose == Purpose::kNewExport;
  if (is_new || uses("Bucket")) {
    add({"Bucket", "BillingBucket", "billing_bucket",
         is_new ? "Name of the new bucket" : "The bucket that AWS delivers to", "",
         is_new ? "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$" : "^[A-Za-z0-9._-]{3,255}$", 3, 255});
  }
  if (plan.open_prefix) {
    add({"Prefix", "BillingPrefix", "billing_prefix",
         "Path below which AWS delivers, without slashes at its ends; without one, everything in "
         "the bucket may be read",
         "", "^[A-Za-z0-9!_.'()=+@:, /-]*$", 0, 256});
  } else if (!plan.scope.prefix.empty() && (is_new || uses("Prefix"))) {
    add({"Prefix", "BillingPrefix", "billing_prefix",
         "Path below which AWS delivers, without slashes at its ends", "",
         uses("LiteralPrefix") ? Exactly(plan.scope.prefix) : "^[A-Za-z0-9!_.'()=+@:, /-]+$", 1,
         256});
  }
  if (uses("KmsKeyArn")) {
    add({"KmsKeyArn", "KmsKeyArn", "kms_key_arn", "Key that encrypts the bucket", "",
         "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", 20, 256});
  }
  if (is_new || uses("ExportName")) {
    add({"ExportName", "ExportName", "export_name", "Name of the report or export", "",
         uses("LiteralExportName")                          ? Exactly(plan.scope.export_name)
         : plan.scope.export_kind == ExportKind::kLegacyCur ? "^[0-9A-Za-z!_.'()-]+$"
                                                            : "^[0-9A-Za-z_-]+$",
         1, 128});
  }
  if (plan.purpose == Purpose::kMembers) {
    TemplateParameter targets{"TargetIds",
                              "TargetIds",
                              "target_ids",
                              "The organisation's root (r-…) or units (ou-…)",
                              "",
                              "",
                              4,
                              68,
                              true};
    targets.value = plan.generic ? "" : Join(plan.targets, ",");
    plan.parameters.push_back(std::move(targets));
  }
}

Result<std::vector<Permission>> PermissionsFor(Purpose purpose, const std::set<PermissionSet>& sets,
                                               const PolicyScope& scope) {
  TRY_ASSIGN(std::vector<Permission> permissions, NeededPermissions(sets, scope));
  if (purpose == Purpose::kAudit) {
    std::erase_if(permissions, [](const Permission& permission) {
      return std::find(kContent.begin(), kContent.end(), permission.action) != kContent.end();
    });
  }
  return permissions;
}

/// True when what is allowed depends on the path below which AWS delivers.
bool IsBelowPrefix(const std::vector<Permission>& permissions) {
  return std::any_of(permissions.begin(), permissions.end(), [](const Permission& permission) {
    return permission.set == PermissionSet::kReadBilling &&
           (permission.action == "s3:ListBucket" || permission.action == "s3:GetObject");
  });
}

Result<void> CheckPrincipal(const std::string& principal) {
  if (principal.empty()) return {};
  const Result<aws::Arn> arn = aws::ParseArn(principal);
  if (arn.ok() && arn->service == "sts") {
    return Error(Errc::kInvalidArgument, "the principal is a session, not a role: " + principal)
        .Hint("name the role itself, such as arn:aws:iam::123456789012:role/name");
  }
  const bool narrow = arn.ok() && arn->service == "iam" &&
                      (arn->resource.starts_with("role/") || arn->resource.starts_with("user/"));
  if (narrow) return {};
  return Error(Errc::kInvalidArgument, "the principal is neither a role nor a user: " + principal)
      .Hint(
          "a whole account would let everyone in it in; `aws sts get-caller-identity` says who you "
          "are");
}

}  // namespace

std::string Plan::Value(std::string_view placeholder) const {
  for (const auto& [name, value] : values) {
    if (name == placeholder) return value;
  }
  return "";
}

const TemplateParameter* Plan::Parameter(std::string_view placeholder) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(),
                   [&](const TemplateParameter& p) { return p.placeholder == placeholder; });
  return found == parameters.end() ? nullptr : &*found;
}

Result<Plan> MakePlan(const TemplateRequest& request) {
  const ConnectionType type = request.settings.type;
  if (type == ConnectionType::kDirectory) {
    return Error(Errc::kInvalidArgument, "a directory needs nothing in AWS")
        .Hint("whatever copies the files there has its own access");
  }
  TRY(CheckPrincipal(request.principal));
  Plan plan;
  plan.purpose = request.purpose;
  plan.connection_name = request.settings.name;
  plan.asked = request.asked;
  plan.has_template_bucket = request.has_template_bucket;
  plan.sets = SetsFor(request);
  plan.targets = request.targets;
  plan.generic = request.generic;
  TRY_ASSIGN(plan.scope, ScopeFor(request));
  if (!plan.scope.is_aws && request.purpose != Purpose::kExisting) {
    return Error(Errc::kInvalidArgument,
                 "storage without AWS behind it has no exports and no roles")
        .Hint("only --kind policy applies to it");
  }
  if (plan.scope.holder == Holder::kUser && request.purpose == Purpose::kMembers) {
    return Error(Errc::kInvalidArgument, "member accounts get a role, not access keys");
  }
  // A bucket that is not known yet is a parameter without a value: the shape of the policy does not depend on it.
  PolicyScope shape = plan.scope;
  if (shape.bucket.empty()) shape.bucket = "unknown";
  TRY_ASSIGN(plan.permissions, PermissionsFor(request.purpose, plan.sets, shape));
  plan.policy = BuildPolicy(plan.permissions);
  plan.open_prefix = shape.prefix.empty() && IsBelowPrefix(plan.permissions);
  if (plan.open_prefix) {
    shape.prefix = "unknown";
    TRY_ASSIGN(const auto confined, PermissionsFor(request.purpose, plan.sets, shape));
    plan.confined = BuildPolicy(confined);
  }
  if (plan.scope.holder == Holder::kRole) plan.trust = TrustPolicy();
  plan.holder_path = plan.scope.holder_name.substr(0, plan.scope.holder_name.rfind('/') + 1);
  plan.foreign_bucket = !request.settings.bucket_owner.empty() &&
                        request.settings.bucket_owner != plan.scope.account_id;
  plan.values = ScopeValues(plan.scope);
  plan.values.emplace_back("PrincipalArn", request.principal);
  plan.values.emplace_back("ExternalId", request.settings.external_id);
  plan.billing_region = plan.Value("BillingRegion");
  plan.bucket_policy = request.purpose == Purpose::kNewExport
                           ? DeliveryPolicy(*plan.scope.export_kind)
                           : ReaderPolicy(plan);
  AddParameters(plan);
  if (request.purpose == Purpose::kMembers && plan.targets.empty() && !plan.generic) {
    return NotKnown(
        "the organisation's root or units",
        "give --members r-abcd or --members ou-abcd-12345678,…; `aws organizations list-roots` "
        "names the root");
  }
  return plan;
}

Result<void> CheckComplete(const Plan& plan) {
  if (!plan.scope.bucket.empty() || plan.Parameter("Bucket") == nullptr) return {};
  return Error(Errc::kInvalidArgument, "the bucket is not known")
      .Hint("name the bucket that AWS delivers to: --bucket; --new-export makes one");
}

NewExport NewExportOf(ExportKind kind) {
  NewExport wanted;
  wanted.format = wanted.compression = kind == ExportKind::kLegacyCur ? "Parquet" : "PARQUET";
  if (kind == ExportKind::kLegacyCur) return wanted;
  wanted.table = TableOf(kind);
  std::string columns;
  for (const ExportColumn& column : KnownColumns(wanted.table)) {
    columns += std::string(columns.empty() ? "" : ", ") + std::string(column.name);
  }
  wanted.query = "SELECT " + columns + " FROM " + wanted.table;
  if (kind != ExportKind::kFocus10) wanted.table_properties = {{"TIME_GRANULARITY", "HOURLY"}};
  if (kind == ExportKind::kCur2) {
    wanted.table_properties.insert(wanted.table_properties.end(),
                                   {{"INCLUDE_RESOURCES", "TRUE"},
                                    {"INCLUDE_SPLIT_COST_ALLOCATION_DATA", "TRUE"},
                                    {"INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY", "FALSE"}});
  }
  return wanted;
}

}  // namespace farthing::connect
