#pragma once

// What a customer sets up in AWS, from one plan rendered in many ways: policy JSON, CloudFormation, Terraform, a shell
// script and a link.  A plan is made once from the settings; the renderers hold no policy of their own.  Const-safe.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "connect/grants/permissions.h"
#include "connect/grants/policy_document.h"
#include "connect/grants/template_tree.h"

namespace farthing::connect {

enum class Purpose {
  kExisting,   ///< an export and its bucket exist: only access
  kNewExport,  ///< bucket, its policy and the export as well
  kMembers,    ///< the same small role in member accounts, by a StackSet in the management account
  kAudit,      ///< may read settings and grants, but no line of the bill and no cost
};

struct TemplateRequest {
  Settings settings;  ///< only account_id need be known; the rest gets names of ours
  Purpose purpose = Purpose::kExisting;
  std::string principal;             ///< ARN of the role or user that Farthing runs as
  std::vector<std::string> targets;  ///< kMembers: root r-… or units ou-…
  bool may_simulate = false;
  bool generic =
      false;  ///< no values of this connection inside: for the operator's template bucket
  /// How it was asked for on the command line, which the commands of steps repeat; empty: by the connection alone.
  std::vector<std::string> asked;
  bool has_template_bucket = false;  ///< the operator keeps templates there: links can be made
};

/// Something the person who sets up may see and change: a parameter in CloudFormation, a variable in Terraform.
struct TemplateParameter {
  std::string_view placeholder;  ///< in patterns
  std::string name;              ///< CloudFormation: "BillingBucket"
  std::string variable;          ///< Terraform: "billing_bucket"
  std::string description;
  std::string value;  ///< "" when not known: must be given then
  std::string pattern;
  int min_length = 1,
      max_length = 128;  ///< from 0: "" is a value, and the default where none is known
  bool is_list = false;
};

struct Plan {
  Purpose purpose = Purpose::kExisting;
  std::string connection_name;
  std::vector<std::string> asked;    ///< as in the request
  bool has_template_bucket = false;  ///< as in the request
  PolicyScope scope;
  std::set<PermissionSet> sets;
  std::vector<Permission> permissions;
  PolicyDocument policy, trust, bucket_policy;  ///< texts are patterns
  PolicyDocument confined;                      ///< `policy` below a path, where that is open
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<TemplateParameter> parameters;
  std::string billing_region;
  std::string holder_path;  ///< of the role's name, "" or "team/"
  std::vector<std::string> targets;
  bool generic = false;
  bool foreign_bucket = false;  ///< the bucket belongs to another account than the role
  /// The path below which AWS delivers is not known: `policy` reads the whole bucket, and templates ask for the path.
  bool open_prefix = false;

  std::string Value(std::string_view placeholder) const;
  const TemplateParameter* Parameter(std::string_view placeholder) const;
};

/// Errors: kInvalidArgument (something missing or unwritable, a type that needs nothing of the kind).
Result<Plan> MakePlan(const TemplateRequest& request);

/// Whether literal documents can be made: templates may leave the bucket open, a policy to paste may not.
/// Errors: kInvalidArgument (the bucket is not known).
Result<void> CheckComplete(const Plan& plan);

/// The policy of the role or user, ready to paste.  Requires: CheckComplete().
PolicyDocument LiteralPolicy(const Plan& plan);
/// Who may assume the role: one principal, with the external ID, never with MFA.
/// Errors: kInvalidArgument (keys need no trust; principal or external ID unknown).
Result<PolicyDocument> LiteralTrust(const Plan& plan);
/// Of a new bucket: AWS may deliver, only over TLS.  Of an existing one: what to add so that the role may read.
/// Requires: CheckComplete().
Result<PolicyDocument> LiteralBucketPolicy(const Plan& plan);

/// The policy as templates have it: patterns.  Where the path is open, it is confined to what BelowPrefix and Prefix
/// become, and `if_prefix` makes the condition of listing depend on there being one.
Node PolicyTree(const Plan& plan, const std::function<Node(Node condition)>& if_prefix);

enum class TemplateFormat { kYaml, kJson };
std::string CloudFormation(const Plan& plan, TemplateFormat format);
std::string Terraform(const Plan& plan);
/// A bash script over the `aws` command line that may be run again.  Errors: as CheckComplete and LiteralTrust.
Result<std::string> CliScript(const Plan& plan);

/// The name under which the operator keeps the generic template of this shape, such as farthing-existing-1f2e….yaml.
std::string TemplateObjectName(const Plan& plan);
/// CloudFormation's quick-create page with every parameter filled in.
/// Errors: kInvalidArgument (the URL is not one of S3, which CloudFormation demands).
Result<std::string> QuickCreateLink(const Plan& plan, std::string_view template_bucket_url);
/// The console's page in the plan's partition and region: ConsoleLink(plan, "iam/home#/roles").
std::string ConsoleLink(const Plan& plan, std::string_view page);

/// What the templates of a new export ask AWS for; also what farthing itself creates.
struct NewExport {
  std::string time_unit = "HOURLY";
  std::string format, compression;
  std::string query;  ///< data exports only
  std::string table;
  std::vector<std::pair<std::string, std::string>> table_properties;
};
/// FOCUS has resource ids always; FOCUS 1.0 has nothing to configure at all.
/// Source: AWS Data Exports user guide, "Table dictionary".
NewExport NewExportOf(ExportKind kind);

/// The CloudFormation document as a tree: shared by the member accounts' StackSet and its renderers.
Node CloudFormationTree(const Plan& plan);
/// The document each member account gets; resolved to CloudFormation's own references.
Node MemberTemplateTree(const Plan& plan);
inline constexpr std::string_view kStackSetName = "farthing-members";

}  // namespace farthing::connect
