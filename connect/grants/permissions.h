#pragma once

// What each permission set allows, action by action: on which resource, why, and which check or feature breaks without
// it.  The minimum policy of a connection is made from this table and nothing else; what is not needed is not in it.
// Const-safe.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "connect/connection.h"
#include "connect/grants/policy_document.h"

namespace farthing::connect {

/// Who holds the policy: its self-audit reads that role or user and nothing else.
enum class Holder { kRole, kUser };

/// What a policy is confined to.
struct PolicyScope {
  std::string partition = "aws";
  std::string account_id;
  std::string bucket;       ///< empty when not known yet: bucket actions cannot be written then
  std::string prefix;       ///< without slashes at its ends; empty: the whole bucket
  std::string kms_key_arn;  ///< of a bucket encrypted with a key of the customer's; empty: none
  Holder holder = Holder::kRole;
  std::string holder_name;                ///< with its path, without the leading slash
  std::optional<ExportKind> export_kind;  ///< absent: both kinds of definitions are read
  std::string export_name;
  bool is_aws = true;         ///< false for S3-compatible storage: only its bucket
  bool may_simulate = false;  ///< adds iam:SimulatePrincipalPolicy on the holder
};
PolicyScope ScopeOf(const Settings& settings);

/// One action of one set.
struct Permission {
  std::string_view action;                   ///< "s3:ListBucket"
  std::vector<std::string> resources;        ///< patterns with ${Name}, see ScopeValues
  std::optional<PolicyCondition> condition;  ///< its values are patterns
  std::string_view reason;                   ///< one line
  std::string_view needed_by;                ///< a check; see check_id
  std::optional<PermissionSet> set;          ///< absent: part of every policy
  std::string_view group;                    ///< Sid of its statement
};

/// Ids that `Permission::needed_by` uses; the checks of `farthing check` bear the same names.
namespace check_id {
inline constexpr std::string_view kRoleTrust = "role-trust";
inline constexpr std::string_view kGrantedPermissions = "granted-permissions";
inline constexpr std::string_view kBucketList = "bucket-list";
inline constexpr std::string_view kBucketRead = "bucket-read";
inline constexpr std::string_view kBucketPolicy = "bucket-policy";
inline constexpr std::string_view kBucketKey = "bucket-key";
inline constexpr std::string_view kBucketEvents = "bucket-events";
inline constexpr std::string_view kReportDefinition = "report-definition";
inline constexpr std::string_view kExportDefinition = "export-definition";
inline constexpr std::string_view kExportStatus = "export-status";
inline constexpr std::string_view kCostExplorer = "cost-explorer";
inline constexpr std::string_view kAllocationTags = "allocation-tags";
inline constexpr std::string_view kOrganization = "organization";
inline constexpr std::string_view kMemberAccounts = "member-accounts";
inline constexpr std::string_view kOrganizationUnits = "organization-units";
inline constexpr std::string_view kMetrics = "metrics";
inline constexpr std::string_view kResources = "resources";
inline constexpr std::string_view kOptimizationHub = "cost-optimization-hub";
inline constexpr std::string_view kComputeOptimizer = "compute-optimizer";
inline constexpr std::string_view kTrustedAdvisor = "trusted-advisor";
// What is done on a person's word only.
inline constexpr std::string_view kCreateBucket = "create-bucket";
inline constexpr std::string_view kMaintainBucketPolicy = "maintain-bucket-policy";
inline constexpr std::string_view kCreateExport = "create-export";
inline constexpr std::string_view kAdjustExport = "adjust-export";
inline constexpr std::string_view kActivateTags = "activate-tags";
inline constexpr std::string_view kBackfillTags = "backfill-tags";
}  // namespace check_id

/// All permission sets, in the order in which they are shown, each with one sentence on what it is for.
struct PermissionSetInfo {
  PermissionSet set;
  std::string_view purpose;
};
std::span<const PermissionSetInfo> PermissionSets();

/// The permissions of the sets for that scope; each action on a resource appears once.
/// Errors: kInvalidArgument (a name that could not be written into a policy, a bucket or account that is missing).
Result<std::vector<Permission>> NeededPermissions(const std::set<PermissionSet>& sets,
                                                  const PolicyScope& scope);

/// Merges permissions with the same resource and condition into statements; texts are patterns.
PolicyDocument BuildPolicy(const std::vector<Permission>& permissions);
/// What the placeholders of our patterns stand for: Partition, AccountId, Bucket, Prefix, KmsKeyArn, HolderName,
/// ExportName, BillingRegion.
std::vector<std::pair<std::string, std::string>> ScopeValues(const PolicyScope& scope);

/// The minimum policy, ready to paste.
Result<PolicyDocument> MinimumPolicy(const std::set<PermissionSet>& sets, const PolicyScope& scope);

}  // namespace farthing::connect
