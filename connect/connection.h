#pragma once

// A connection: how we reach one AWS account (or a bucket or directory without an AWS API behind it), what it
// delivers, and where its life stands.  Plain values; const-safe.  Secrets are not part of it (connect/vault.h).

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::connect {

enum class ConnectionType {
  kRole,        ///< role in the payer account that we assume (recommended)
  kPayerKeys,   ///< access keys of the payer ("root account"); needs Organizations
  kLinkedKeys,  ///< access keys of a linked account: verified only; its bill comes through its payer
  kMember,      ///< role in a member account that has its own report (managed service providers)
  kBucket,      ///< S3-compatible bucket with keys, no AWS API behind it
  kDirectory,   ///< files that something else copies here
};

enum class ExportKind {
  kLegacyCur,
  kCur2,
  kFocus,    ///< FOCUS 1.2
  kFocus10,  ///< FOCUS 1.0
};

/// What a connection may be allowed to do; each set becomes statements of its policy (connect/grants/permissions.h).
enum class PermissionSet {
  kReadBilling,      ///< read the export, its definition and its bucket
  kManageExport,     ///< create and maintain the export and its bucket
  kCostExplorer,     ///< first-day figures and reconciliation
  kOrganization,     ///< names and units of member accounts
  kCloudWatch,       ///< metrics for unit costs
  kResources,        ///< discovery of instances, volumes, addresses, load balancers
  kRecommendations,  ///< Compute Optimizer, Cost Optimization Hub, Trusted Advisor
  kTagActivation,    ///< activate cost allocation tags and ask for their backfill
};

/// Whose lines are imported.
enum class ImportPolicy {
  kOrganization,  ///< every account of the bill
  kConnectedAccounts,  ///< only accounts that have a connection of their own; the rest is counted and summed, not kept
};

/// Where AWS delivers; found by discovery wherever AWS can tell.
struct ExportPlace {
  std::optional<ExportKind> kind;
  std::string name;  ///< report or export name
  std::string arn;   ///< of a data export
  std::string bucket, prefix;
  std::string bucket_region;  ///< not the API's region, which is the partition's billing region
  bool operator==(const ExportPlace&) const = default;
};

enum class State {
  kDraft,         ///< being filled in; the external ID exists
  kVerifying,     ///< checks run
  kWaiting,       ///< verified; AWS has not delivered yet
  kCollecting,    ///< the first deliveries come in
  kConnected,     ///< everything known is in the lake
  kDegraded,      ///< something fails, `cause` says what; data that is there stays
  kDisabled,      ///< by a person, or the term has ended; deleted for good 90 days later if by term
  kDisconnected,  ///< credentials destroyed; data kept or purged as chosen
};

/// The sets as a connection of that type has them: keys of a payer read its organisation, those of a linked account its
/// resources and nothing else.
std::set<PermissionSet> SetsOf(ConnectionType type, std::set<PermissionSet> chosen);

/// The form, the superset of all systems' fields.  Validate() says what a type needs and forbids.
struct Settings {
  std::string name;
  ConnectionType type = ConnectionType::kRole;
  std::string
      account_id;  ///< 12 digits; immutable after creation; empty for kBucket and kDirectory
  std::string partition = "aws";
  std::string role_arn;     ///< or made from account_id and role_name
  std::string external_id;  ///< made by us; the user's own only when adopting an existing role
  bool external_id_adopted = false;  ///< the user's own: marked as weaker
  std::string access_key_id;         ///< of the key types and kBucket; the secret lies in the vault
  std::string profile;   ///< operator's AWS profile that assumes the role; empty: the default chain
  std::string endpoint;  ///< kBucket: URL of the storage
  std::string directory;  ///< kDirectory
  ExportPlace export_place;
  std::string bucket_owner;  ///< 12 digits; sent as expected bucket owner
  bool requester_pays = false;
  /// Of a bucket encrypted with a customer's key; filled in when the key refuses us and AWS names it.
  std::string kms_key_arn;
  bool edp = false;  ///< takes part in an enterprise discount programme
  ImportPolicy import_policy = ImportPolicy::kOrganization;
  std::string default_group;  ///< management group for discovered accounts; may be empty
  std::set<PermissionSet> permission_sets{PermissionSet::kReadBilling};
  std::optional<std::string> end_date;  ///< 2027-03-31, inclusive, UTC
  bool auto_renew = true;               ///< with an end date: renewed for another term at its end
  std::optional<std::string>
      term_start;         ///< first day of the term, kept by us; absent: the day of creation
  std::string agreement;  ///< reference of the formal agreement, where the installation demands one
  std::optional<std::string>
      cost_explorer_cap_usd;  ///< spending cap a month, decimal; absent: 1.00 and no MayFillUnasked
};

struct Connection {
  std::string id;  ///< ULID
  Settings settings;
  State state = State::kDraft;
  std::string cause;  ///< why it is degraded or disabled; else empty
  Instant created, state_since;
  std::optional<Instant> last_checked, last_collected, last_delivery;
  std::optional<Instant> delete_after;  ///< a disabled connection's last day
};

std::string_view Name(ConnectionType type);  ///< "role", "payer-keys", …
std::string_view Name(ExportKind kind);      ///< "legacy-cur", "cur2", "focus", "focus-1.0"
std::string_view Name(PermissionSet set);    ///< "read-billing", …
std::string_view Name(ImportPolicy policy);  ///< "organization", "connected-accounts"
std::string_view Name(State state);          ///< "draft", …
Result<ConnectionType> ParseConnectionType(std::string_view text);
Result<ExportKind> ParseExportKind(std::string_view text);
Result<PermissionSet> ParsePermissionSet(std::string_view text);
Result<ImportPolicy> ParseImportPolicy(std::string_view text);
Result<State> ParseState(std::string_view text);

/// What people call it: "legacy", "CUR 2.0", "FOCUS 1.2".
std::string_view TitleOf(ExportKind kind);
/// The table that a data export of that kind selects from; "" for a legacy report.
/// Source: AWS Data Exports user guide, "Table dictionary".
std::string_view TableOf(ExportKind kind);

/// Checks every field on its own and against the type; fills role_arn's account and partition in.
/// Errors: kInvalidArgument naming the field and the rule.
Result<Settings> Validate(Settings settings);

/// AWS's rule for external IDs: 2 to 1224 characters of [\w+=,.@:/-] (STS API reference, AssumeRole).
/// The space that one vendor's guide lists is refused with that explanation.
Result<void> ValidateExternalId(std::string_view text);

/// "arn:aws:iam::123456789012:role/name".
std::string RoleArn(std::string_view partition, std::string_view account_id,
                    std::string_view role_name);
/// The part after the last "/" of "role/path/name".
std::string RoleName(std::string_view role_arn);

/// Settings as JSON and back, for the store, `--format json` and the API; unknown fields are refused.
std::string ToJson(const Settings& settings);
Result<Settings> ParseSettings(std::string_view json);
/// The names, as in JSON, of the fields that differ.
std::vector<std::string> ChangedFields(const Settings& before, const Settings& after);

}  // namespace farthing::connect
