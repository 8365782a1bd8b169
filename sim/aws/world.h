#pragma once

// Everything the rehearsal AWS holds: accounts and who is in them, buckets, exports, stacks, faults, the clock.
// Plain data; rehearsal::Aws guards it with one lock.  Ids and keys follow from the seed.

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sim/aws/authorization.h"
#include "sim/aws/faults.h"
#include "sim/aws/rehearsal.h"
#include "sim/renumbering.h"

namespace farthing::engine {
class Database;
}

namespace farthing::rehearsal {

/// A user, a role or a group.
struct Entity {
  std::string name, path = "/", arn, id;
  Instant created;
  std::string trust;  ///< of roles: JSON as it was given
  std::string description;
  std::string boundary;  ///< ARN of a managed policy; empty: none
  int max_session_seconds = 3600;
  std::map<std::string, std::string> inline_policies;
  std::vector<std::string> attached;  ///< ARNs of managed policies
  std::vector<std::string> groups;    ///< of users
};

struct ManagedPolicy {
  std::string name, path = "/", arn, id;
  Instant created;
  struct Version {
    std::string id, document;
    Instant created;
  };
  std::vector<Version> versions;
  std::string default_version = "v1";
  int next_version = 2;
  const std::string& document() const;
};

struct Stack {
  std::string id, name, status, reason, template_body;
  Instant created;
  std::vector<std::pair<std::string, std::string>> parameters, outputs;
  std::vector<std::string> capabilities;
  struct Resource {
    std::string logical_id, physical_id, type, status;
    bool retain = false;
    Instant at;
    boost::json::object properties;  ///< as they were last resolved
    std::map<std::string, std::string> attributes;
  };
  std::vector<Resource> resources;
  struct Event {
    std::string logical_id, physical_id, type, status, reason;
    Instant at;
  };
  std::vector<Event> events;
};

struct Account {
  std::string id, name, email,
      unit;  ///< unit: id of the parent in the organisation; empty: in none
  Instant joined;
  std::map<std::string, Entity> users, roles, groups;
  std::map<std::string, ManagedPolicy> policies;  ///< by ARN
  std::map<std::string, Stack> stacks;            ///< by region and name: "us-east-1/name"
};

/// Who signed a request.
struct Caller {
  std::string account_id;
  std::string arn;        ///< "" for anonymous callers
  std::string role_name;  ///< of sessions
  std::string role_arn, user_name, user_id;
  std::string session_policy;
  std::string service;  ///< a service of AWS that acts by itself
  bool temporary = false;
  bool root = false;  ///< an account's own doing: CloudFormation in member accounts
  Principal ToPrincipal() const { return {arn, role_arn, account_id, service}; }
};

struct AccessKey {
  std::string id, secret, account_id, user_name;
  Instant created;
  bool active = true;
};
struct Session {
  std::string key_id, secret, token;
  Instant expires;
  Caller caller;
};

struct Object {
  std::shared_ptr<const std::string> content;
  std::string etag;  ///< with quotes
  std::string content_type = "binary/octet-stream";
  std::string storage_class = "STANDARD";
  std::string version_id = "null";
  std::string kms_key;  ///< ARN; empty: none
  Instant modified;
  bool deleted = false;  ///< a delete marker
};

struct Bucket {
  std::string name, region, owner;
  Instant created;
  std::string policy;      ///< empty: none
  std::string versioning;  ///< "", "Enabled" or "Suspended"
  std::string kms_key;     ///< default encryption
  bool requester_pays = false;
  std::map<std::string, std::string> settings;         ///< "encryption" → XML, as it was put
  std::map<std::string, std::vector<Object>> objects;  ///< newest version last
};

/// A legacy report or a data export, with what has been delivered of it.
struct Export {
  bool legacy = false;
  std::string arn, name, owner;
  boost::json::object definition;  ///< as the API shows it
  Instant created, updated;
  std::string status = "HEALTHY", status_reason;  ///< of data exports
  std::string last_status;  ///< of legacy reports: SUCCESS, ERROR_PERMISSIONS, …
  Instant last_delivery;
  Period first;                                  ///< the first month it delivers
  std::map<std::string, std::string> delivered;  ///< period → what its bill looked like
  struct Execution {
    std::string id, status, reason;
    Instant created, completed;
  };
  std::vector<Execution> executions;  ///< oldest first
};

struct ServiceControlPolicy {
  std::string target;  ///< account, unit or root id
  std::string document;
};

struct Key {
  std::string arn, owner, policy;
};

struct AllocationTag {
  std::string key;
  bool user_defined = true, active = true;
  Instant updated;
};

/// Under which numbers the bills are written.
sim::Numbers NumbersOf(const Options& options);

class World {
 public:
  explicit World(const Options& options);

  Options options;
  std::map<std::string, Account> accounts;
  std::string payer, platform_account;
  std::string organization_id;  ///< "o-exampleorg1"
  std::map<std::string, AccessKey> access_keys;
  std::map<std::string, Session> sessions;  ///< by access key id
  std::map<std::string, Bucket> buckets;
  std::map<std::string, Key> kms_keys;  ///< by ARN
  std::vector<std::unique_ptr<Export>> exports;
  std::vector<ServiceControlPolicy> scps;
  std::vector<AllocationTag> tags;
  std::vector<boost::json::object> backfills;
  std::vector<boost::json::object> stack_sets;
  std::map<std::string, std::map<std::string, std::string>>
      change_sets;  ///< by ARN, as they were asked for
  Faults faults;
  bool organization_all_features = true;
  bool cost_explorer_enabled = true;
  bool compute_optimizer_enrolled = false, cost_hub_enrolled = false;
  bool support_plan = true;  ///< Business support, without which Trusted Advisor has no API

  // Bills.
  Instant started;                             ///< the rehearsal's time when it began
  Instant next_refresh;                        ///< when deliveries fall due
  std::shared_ptr<engine::Database> database;  ///< writes Parquet; made when first needed
  Instant billed_until;  ///< up to when Cost Explorer and deliveries know the usage
  std::map<std::string, int> restatements;  ///< by period
  std::uint64_t deliveries = 0;

  /// The rehearsal's time: the real one, moved by what was asked for and run forward.
  Instant now() const { return {wall().micros + moved_micros}; }
  Instant wall() const { return options.now ? options.now() : Now(); }
  std::int64_t moved_micros = 0;

  /// 0, 1, 2, …: each id of its own, the same for the same seed and history.
  std::uint64_t NextNumber() { return next_number_++; }
  std::string RandomText(std::string_view alphabet, std::size_t length);
  std::string Uuid();

  Account* FindAccount(std::string_view id);
  Entity* FindRole(std::string_view arn);
  const ManagedPolicy* FindPolicy(std::string_view arn) const;
  Export* FindExport(std::string_view arn);
  /// Root, units and account, top first; empty outside the organisation.
  std::vector<std::string> OrganizationPath(std::string_view account_id) const;
  AccessKey& CreateAccessKey(const std::string& account_id, const std::string& user_name);
  Entity& AddUser(Account& account, const std::string& name);

  /// Policies of a caller, groups, boundary, session policy and SCPs included.
  PolicySet PoliciesOf(const Caller& caller) const;

 private:
  void AddOrganization();
  void AddManagedPolicies();
  std::uint64_t next_number_ = 0;
  std::map<std::string, ManagedPolicy> aws_policies_;
};

/// Units of the synthetic organisation.
struct OrganizationUnit {
  std::string_view id, name, parent;
};
inline constexpr std::string_view kRootId = "r-exam";
inline constexpr OrganizationUnit kUnits[] = {{"ou-exam-prod0001", "Production", kRootId},
                                              {"ou-exam-test0001", "Testing", kRootId},
                                              {"ou-exam-data0001", "Data", "ou-exam-prod0001"}};

}  // namespace farthing::rehearsal
