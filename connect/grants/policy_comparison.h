#pragma once

// Granted against needed: what a role may do, read from its policies, beside what it should.  A pure function over
// documents; asking AWS for them is the caller's business.  It judges what the documents say; service control policies
// and bucket policies are not part of them.  Const-safe.

#include <string>
#include <vector>

#include "connect/grants/permissions.h"
#include "connect/grants/policy_document.h"

namespace farthing::connect {

struct GrantedPolicy {
  std::string name;  ///< of the inline policy, or the ARN of the attached one
  PolicyDocument document;
};

/// A needed action that no statement grants, or that one denies.
struct MissingAction {
  std::string action, resource;
  std::string reason, needed_by;  ///< from the table of permissions
  std::string
      why;  ///< "not granted", "granted on arn:… only", "denied by Sid of policy", "granted only if …"
  std::string denied_by =
      {};  ///< "Sid of policy" where a statement must go; "" where one is lacking
};

/// Something granted that is not needed.  Patterns such as ce:* are one entry with what they add.
struct ExcessGrant {
  std::string policy;   ///< where it stands
  std::string pattern;  ///< as written: "s3:GetObject", "ce:*", "NotAction iam:*"
  std::string service;  ///< "ce"; "*" for patterns over all services
  std::string resource;
  std::vector<std::string> actions;  ///< what it adds, as far as we know the service; sorted
  bool writes = false;               ///< some of them change something
  std::string why;                   ///< one sentence
};

struct SeenDeny {
  std::string policy, sid;
  std::vector<std::string> actions;  ///< as written
  bool has_conditions = false;
};

struct PolicyComparison {
  std::vector<MissingAction> missing;
  std::vector<ExcessGrant> excess;  ///< a broad managed policy is one entry for each service
  std::vector<SeenDeny> denies;
  PolicyDocument corrected;  ///< the minimum, ready to paste
  bool ok() const { return missing.empty() && excess.empty(); }
};

/// `needed` and `values` are NeededPermissions() and ScopeValues() of the connection.
/// Actions that `tolerated` names are neither missing nor excess (such as an optional simulation).
PolicyComparison ComparePolicies(const std::vector<GrantedPolicy>& granted,
                                 const std::vector<Permission>& needed,
                                 const std::vector<std::pair<std::string, std::string>>& values,
                                 const std::vector<std::string>& tolerated = {
                                     "iam:SimulatePrincipalPolicy"});

/// "Sid of policy" of the statements that deny the action on any resource, under whatever condition.
std::vector<std::string> DenyingStatements(const std::vector<GrantedPolicy>& granted,
                                           std::string_view action);

/// Needed actions that a permissions boundary leaves out: those are denied, whatever the policies grant.
/// Source: IAM user guide, "Permissions boundaries for IAM entities".
std::vector<MissingAction> OutsideBoundary(
    const GrantedPolicy& boundary, const std::vector<Permission>& needed,
    const std::vector<std::pair<std::string, std::string>>& values);

/// Whether an action changes something, judged by its verb (Get, List, Describe and their like read).
bool IsWrite(std::string_view action);

/// Every known action of the services our policies name that matches a pattern; "service:Action", sorted.
std::vector<std::string> ExpandAction(std::string_view pattern);

}  // namespace farthing::connect
