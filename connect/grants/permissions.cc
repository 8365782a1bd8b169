#include "connect/grants/permissions.h"

#include <algorithm>
#include <array>

#include "aws/endpoint.h"
#include "connect/grants/permission_table.h"

namespace farthing::connect {
namespace {

using enum PermissionSet;

constexpr std::array kSets{
    PermissionSetInfo{kReadBilling, "read the export, its definition and its bucket"},
    PermissionSetInfo{kManageExport, "create and maintain one export and its one bucket"},
    PermissionSetInfo{kCostExplorer, "figures on the first day, and reconciliation later"},
    PermissionSetInfo{kOrganization, "names and units of member accounts"},
    PermissionSetInfo{kCloudWatch, "metrics for unit costs"},
    PermissionSetInfo{kResources,
                      "discover instances, volumes, addresses, snapshots and load balancers"},
    PermissionSetInfo{kRecommendations,
                      "read Cost Optimization Hub, Compute Optimizer and Trusted Advisor"},
    PermissionSetInfo{kTagActivation, "activate cost allocation tags and ask for their backfill"},
};

bool Applies(const PermissionRow& row, const PolicyScope& scope) {
  switch (row.only) {
    case Only::kAlways: return true;
    case Only::kRole: return scope.holder == Holder::kRole;
    case Only::kUser: return scope.holder == Holder::kUser;
    case Only::kLegacy: return !scope.export_kind || scope.export_kind == ExportKind::kLegacyCur;
    case Only::kDataExport: return scope.export_kind != ExportKind::kLegacyCur;
    case Only::kCur2: return scope.export_kind.value_or(ExportKind::kCur2) == ExportKind::kCur2;
    case Only::kKeyed: return !scope.kms_key_arn.empty();
    case Only::kSimulation: return scope.may_simulate;
  }
  return false;
}

/// A text with signs of IAM's own is written out, escaped; any other may be a parameter of a template.
std::string InPolicy(std::string_view placeholder, const std::string& text) {
  const bool has_signs = text.find_first_of("*?$") != std::string::npos;
  return "${" + std::string(has_signs ? "Literal" : "") + std::string(placeholder) + "}";
}

std::vector<std::string> ResourcesOf(Where where, const PolicyScope& scope) {
  const std::string bucket = "arn:${Partition}:s3:::${Bucket}";
  const std::string iam = "arn:${Partition}:iam::${AccountId}:";
  const std::string exports = "arn:${Partition}:bcm-data-exports:${BillingRegion}:${AccountId}:";
  const std::string table =
      exports + "table/" + std::string(TableOf(scope.export_kind.value_or(ExportKind::kCur2)));
  switch (where) {
    case Where::kEverything: return {"*"};
    case Where::kBucket:
    case Where::kListing: return {bucket};
    case Where::kBelowPrefix:
      return {bucket +
              (scope.prefix.empty() ? "/*" : "/" + InPolicy("Prefix", scope.prefix) + "/*")};
    case Where::kKey: return {"${KmsKeyArn}"};
    case Where::kHolder:
      return {iam + (scope.holder == Holder::kRole ? "role/" : "user/") + "${HolderName}"};
    case Where::kPolicies: return {"arn:${Partition}:iam::aws:policy/*", iam + "policy/*"};
    case Where::kGroups: return {iam + "group/*"};
    case Where::kExports: return {exports + "export/*"};
    case Where::kOneReport:
      return {"arn:${Partition}:cur:${BillingRegion}:${AccountId}:definition/" +
              InPolicy("ExportName", scope.export_name)};
    case Where::kReportBesideExport:
      return {"arn:${Partition}:cur:${BillingRegion}:${AccountId}:/putReportDefinition"};
    case Where::kTables: return {table};
    case Where::kExportAndTable: return {exports + "export/${ExportName}-*", table};
  }
  return {};
}

// The Sid of the statement: letters and digits only.
std::string_view GroupOf(Where where) {
  switch (where) {
    case Where::kEverything: return "AccountWide";
    case Where::kBucket: return "Bucket";
    case Where::kListing: return "ListBills";
    case Where::kBelowPrefix: return "ReadBills";
    case Where::kKey: return "DecryptBills";
    case Where::kHolder: return "OwnGrants";
    case Where::kPolicies: return "AttachedPolicies";
    case Where::kGroups: return "OwnGroups";
    case Where::kExports: return "Exports";
    case Where::kOneReport: return "OneReport";
    case Where::kReportBesideExport: return "ReportBesideExport";
    case Where::kExportAndTable: return "OneExport";
    case Where::kTables: return "OneTable";
  }
  return "";
}

Permission ToPermission(const PermissionRow& row, const PolicyScope& scope) {
  Permission permission{
      row.action,        ResourcesOf(row.where, scope), {}, row.reason, row.needed_by, row.set,
      GroupOf(row.where)};
  if (row.where == Where::kListing && !scope.prefix.empty()) {
    const std::string prefix = InPolicy("Prefix", scope.prefix);
    permission.condition = PolicyCondition{"StringLike", "s3:prefix", {prefix, prefix + "/*"}};
  }
  return permission;
}

Error Unwritable(std::string_view what, std::string_view rule, const std::string& text) {
  return Error(Errc::kInvalidArgument, std::string(what) + " " + std::string(rule) + ": " + text);
}

bool Consists(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

Result<void> CheckScope(const std::set<PermissionSet>& sets, const PolicyScope& scope) {
  const bool uses_bucket = sets.contains(kReadBilling) || sets.contains(kManageExport);
  if (uses_bucket && scope.bucket.empty()) {
    return Error(Errc::kInvalidArgument, "the bucket is not known")
        .Hint("name the bucket that AWS delivers to: --bucket");
  }
  if (!Consists(scope.bucket, ".-_"))
    return Unwritable("bucket", "is no bucket's name", scope.bucket);
  if (!Consists(scope.prefix, "!-_.'()/=+@:, *?$") || scope.prefix.starts_with('/') ||
      scope.prefix.ends_with('/')) {
    return Unwritable("prefix", "cannot be written into a policy", scope.prefix)
        .Hint(
            "give it without slashes at its ends, of letters, digits and ! - _ . ' ( ) / = + @ : "
            ", * ? $");
  }
  if (!Consists(scope.kms_key_arn, ":/-_")) {
    return Unwritable("KMS key", "is no ARN", scope.kms_key_arn);
  }
  if (!Consists(scope.holder_name, "_+=,.@-/")) {
    return Unwritable("role or user", "is no IAM name", scope.holder_name);
  }
  if (!Consists(scope.export_name, "!-_.'()*")) {
    return Unwritable("export", "is no name of a report or export", scope.export_name);
  }
  if (scope.is_aws && scope.account_id.empty()) {
    return Error(Errc::kInvalidArgument, "the account is not known")
        .Hint("give its 12 digits: --account");
  }
  if (scope.is_aws && scope.holder_name.empty()) {
    return Error(Errc::kInvalidArgument, "the name of the role or user is not known");
  }
  if (sets.contains(kManageExport) && scope.export_name.empty()) {
    return Error(Errc::kInvalidArgument,
                 "manage-export is confined to one export, which has no name")
        .Hint("name it: --export");
  }
  return {};
}

}  // namespace

std::span<const PermissionSetInfo> PermissionSets() { return kSets; }

PolicyScope ScopeOf(const Settings& settings) {
  PolicyScope scope;
  scope.partition = settings.partition;
  scope.account_id = settings.account_id;
  scope.bucket = settings.export_place.bucket;
  scope.prefix = settings.export_place.prefix;
  while (scope.prefix.ends_with('/')) scope.prefix.pop_back();
  scope.kms_key_arn = settings.kms_key_arn;
  scope.export_kind = settings.export_place.kind;
  scope.export_name = settings.export_place.name;
  scope.is_aws = settings.type != ConnectionType::kBucket;
  const bool keys = settings.role_arn.empty() && !settings.access_key_id.empty();
  const bool key_type =
      settings.type == ConnectionType::kPayerKeys || settings.type == ConnectionType::kLinkedKeys;
  scope.holder = keys || key_type ? Holder::kUser : Holder::kRole;
  constexpr std::string_view kRolePart = ":role/";
  const std::size_t at = settings.role_arn.find(kRolePart);
  scope.holder_name =
      at == std::string::npos ? "farthing" : settings.role_arn.substr(at + kRolePart.size());
  return scope;
}

Result<std::vector<Permission>> NeededPermissions(const std::set<PermissionSet>& sets,
                                                  const PolicyScope& scope) {
  TRY(CheckScope(sets, scope));
  std::vector<Permission> permissions;
  for (const PermissionRow& row : PermissionRows()) {
    if ((row.set && !sets.contains(*row.set)) || !Applies(row, scope)) continue;
    if (!scope.is_aws && (row.action != "s3:ListBucket" && row.action != "s3:GetObject")) continue;
    Permission permission = ToPermission(row, scope);
    const bool known =
        std::any_of(permissions.begin(), permissions.end(), [&](const Permission& p) {
          return p.action == permission.action && p.resources == permission.resources;
        });
    if (!known) permissions.push_back(std::move(permission));
  }
  return permissions;
}

PolicyDocument BuildPolicy(const std::vector<Permission>& permissions) {
  PolicyDocument document;
  for (const Permission& permission : permissions) {
    std::vector<PolicyCondition> conditions;
    if (permission.condition) conditions.push_back(*permission.condition);
    auto& all = document.statements;
    auto statement = std::find_if(all.begin(), all.end(), [&](const PolicyStatement& s) {
      return s.resources == permission.resources && s.conditions == conditions;
    });
    if (statement == all.end()) {
      all.push_back({std::string(permission.group),
                     false,
                     {},
                     {},
                     permission.resources,
                     {},
                     {},
                     std::move(conditions),
                     {}});
      statement = all.end() - 1;
    }
    statement->actions.emplace_back(permission.action);
    statement->reasons.push_back(std::string(permission.reason) + " (" +
                                 std::string(permission.needed_by) + ")");
  }
  return document;
}

std::vector<std::pair<std::string, std::string>> ScopeValues(const PolicyScope& scope) {
  const aws::Partition* partition = aws::FindPartition(scope.partition);
  return {{"Partition", scope.partition},
          {"AccountId", scope.account_id},
          {"Bucket", scope.bucket},
          {"Prefix", scope.prefix},
          {"LiteralPrefix", EscapeForPolicy(scope.prefix)},
          {"KmsKeyArn", scope.kms_key_arn},
          {"HolderName", scope.holder_name},
          {"ExportName", scope.export_name},
          {"LiteralExportName", EscapeForPolicy(scope.export_name)},
          {"BillingRegion",
           partition == nullptr ? "us-east-1" : std::string(partition->billing_region)}};
}

Result<PolicyDocument> MinimumPolicy(const std::set<PermissionSet>& sets,
                                     const PolicyScope& scope) {
  TRY_ASSIGN(const std::vector<Permission> permissions, NeededPermissions(sets, scope));
  return WithValues(BuildPolicy(permissions), ScopeValues(scope));
}

}  // namespace farthing::connect
