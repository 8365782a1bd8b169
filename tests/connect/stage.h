#pragma once

// A stage for connections: a rehearsal AWS, an installation of its own beside it, and an administrator who sets up in
// that AWS what our templates say.  Failures of the stage itself throw; what is under test returns.  One thread.

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connect/collecting/collect.h"
#include "connect/grants/permissions.h"
#include "connect/grants/policy_document.h"
#include "connect/life/deletion.h"
#include "connect/life/service.h"
#include "connect/templates/templates.h"
#include "sim/aws/rehearsal.h"
#include "tests/kit/lab.h"

namespace farthing::connect {

using testkit::Must;

/// Small bills of one month and its predecessor: enough for every check.
rehearsal::Options SmallWorld();
/// The same without any export or bucket.
rehearsal::Options EmptyWorld();

inline constexpr ExportKind kEveryKind[] = {ExportKind::kCur2, ExportKind::kLegacyCur,
                                            ExportKind::kFocus, ExportKind::kFocus10};

class Stage {
 public:
  explicit Stage(const rehearsal::Options& options = SmallWorld());
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  rehearsal::Aws& aws() { return *aws_; }
  Installation& parts() { return *parts_; }
  Store& store() { return *store_; }
  Vault& vault() { return *vault_; }
  lake::Catalog& catalog() { return *catalog_; }
  Platform& platform() { return platform_; }
  const std::filesystem::path& data() const { return data_; }

  /// Signs as an account's administrator; the payer's by default.
  std::shared_ptr<aws::Client> Admin(const std::string& account = "");
  /// Does one call as administrator: ("iam", "PutRolePolicy", {…}).  Returns the answer's XML.
  std::string AdminForm(const std::string& service, const std::string& action,
                        http::Parameters parameters, const std::string& account = "");
  /// A PUT to S3 as administrator: ("/bucket", "policy", "{…}").
  void AdminPut(const std::string& path, const std::string& query, const std::string& body,
                const std::string& account = "");
  std::string Control(const std::string& command, const std::string& json);

  /// Makes bucket and export as the console does, delivers once, and returns where.
  ExportPlace AddExport(ExportKind kind, const std::string& bucket, const std::string& prefix);
  /// The export that SmallWorld() begins with.
  ExportPlace ExistingExport() const;

  /// Settings of a role in the payer's account, named "production".
  Settings RoleSettings(const std::set<PermissionSet>& sets = {PermissionSet::kReadBilling}) const;
  Connection Create(const Settings& settings, const std::string& secret = "");
  /// Creates the stack of the connection's own CloudFormation template, as its administrator would.
  /// `parameters` are what they type into the stack, "BillingPrefix", where the template leaves it open.
  void CreateStack(const Connection& connection, Purpose purpose = Purpose::kExisting,
                   const std::map<std::string, std::string>& parameters = {});
  /// Create() and CreateStack().
  Connection Onboard(const Settings& settings);

  /// The role's inline policies as they now are, and others in their place.
  PolicyDocument PolicyOf(const Connection& connection);
  void SetPolicy(const Connection& connection, const PolicyDocument& policy);
  void SetTrust(const Connection& connection, const std::string& trust);
  /// A user with keys and that policy; returns id and secret.
  std::pair<std::string, std::string> MakeUser(const std::string& name,
                                               const PolicyDocument& policy,
                                               const std::string& account = "");

  /// Checks without keeping anything.
  CheckReport Look(const Connection& connection, const CheckReport* previous = nullptr);
  CheckReport Check(const Connection& connection);
  CollectSummary Gather(const Connection& connection);
  std::shared_ptr<aws::Client> ClientOf(const Connection& connection);

 private:
  std::filesystem::path data_;
  std::unique_ptr<rehearsal::Aws> aws_;
  std::unique_ptr<lake::Catalog> catalog_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Vault> vault_;
  Platform platform_;
  std::unique_ptr<Installation> parts_;
};

/// Every permission set there is.
std::set<PermissionSet> AllSets();
/// The policy without one action.
PolicyDocument Without(PolicyDocument policy, const std::string& action);

/// The ids of checks with that status, in order, joined with ", ".
std::string With(const CheckReport& report, CheckStatus status);
/// The names in the evidence of granted-permissions: Graded(report, "missing:").
std::set<std::string> Graded(const CheckReport& report, const std::string& kind);
/// Everything a person would read of a report, for messages of failing tests.
std::string Told(const CheckReport& report);

std::string TrustOf(const std::string& principal, const std::string& external_id,
                    const std::string& more_conditions = "");

}  // namespace farthing::connect
