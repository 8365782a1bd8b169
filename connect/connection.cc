#include "connect/connection.h"

#include <algorithm>
#include <array>

#include "aws/endpoint.h"
#include "base/decimal.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

template <typename Enum>
struct Named {
  Enum value;
  std::string_view name;
};

constexpr std::array kTypes{
    Named{ConnectionType::kRole, "role"},
    Named{ConnectionType::kPayerKeys, "payer-keys"},
    Named{ConnectionType::kLinkedKeys, "linked-keys"},
    Named{ConnectionType::kMember, "member"},
    Named{ConnectionType::kBucket, "bucket"},
    Named{ConnectionType::kDirectory, "directory"},
};
constexpr std::array kExportKinds{
    Named{ExportKind::kLegacyCur, "legacy-cur"},
    Named{ExportKind::kCur2, "cur2"},
    Named{ExportKind::kFocus, "focus"},
    Named{ExportKind::kFocus10, "focus-1.0"},
};
constexpr std::array kPermissionSets{
    Named{PermissionSet::kReadBilling, "read-billing"},
    Named{PermissionSet::kManageExport, "manage-export"},
    Named{PermissionSet::kCostExplorer, "cost-explorer"},
    Named{PermissionSet::kOrganization, "organization"},
    Named{PermissionSet::kCloudWatch, "cloudwatch"},
    Named{PermissionSet::kResources, "resources"},
    Named{PermissionSet::kRecommendations, "recommendations"},
    Named{PermissionSet::kTagActivation, "tag-activation"},
};
constexpr std::array kImportPolicies{
    Named{ImportPolicy::kOrganization, "organization"},
    Named{ImportPolicy::kConnectedAccounts, "connected-accounts"},
};
constexpr std::array kStates{
    Named{State::kDraft, "draft"},         Named{State::kVerifying, "verifying"},
    Named{State::kWaiting, "waiting"},     Named{State::kCollecting, "collecting"},
    Named{State::kConnected, "connected"}, Named{State::kDegraded, "degraded"},
    Named{State::kDisabled, "disabled"},   Named{State::kDisconnected, "disconnected"},
};

template <typename Table, typename Enum>
std::string_view NameIn(const Table& table, Enum value) {
  for (const auto& row : table) {
    if (row.value == value) return row.name;
  }
  return "?";
}

template <typename Enum, std::size_t kSize>
Result<Enum> ParseIn(const std::array<Named<Enum>, kSize>& table, std::string_view text,
                     std::string_view what) {
  std::vector<std::string> known;
  for (const auto& row : table) {
    if (row.name == text) return row.value;
    known.emplace_back(row.name);
  }
  return Error(Errc::kInvalidArgument, "unknown " + std::string(what) + ": " + std::string(text))
      .Hint("known are " + Join(known, ", "));
}

Error Field(std::string_view field, std::string_view rule) {
  return Error(Errc::kInvalidArgument, std::string(field) + ": " + std::string(rule))
      .With("field", field);
}

bool IsAccountId(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsAccessKeyId(std::string_view text) {
  return text.size() >= 16 && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '_';
         });
}

bool UsesRole(const Settings& settings) {
  return settings.type == ConnectionType::kRole ||
         (settings.type == ConnectionType::kMember && settings.access_key_id.empty());
}

bool HasAwsAccount(ConnectionType type) {
  return type != ConnectionType::kBucket && type != ConnectionType::kDirectory;
}

Result<void> FillFromRole(Settings& settings) {
  TRY_ASSIGN(const aws::Arn arn, aws::ParseArn(settings.role_arn));
  if (arn.service != "iam" || !arn.resource.starts_with("role/") ||
      RoleName(settings.role_arn).empty()) {
    return Field("role_arn", "is not the ARN of a role: " + settings.role_arn)
        .Hint("a role's ARN looks like arn:aws:iam::123456789012:role/name");
  }
  if (settings.account_id.empty()) settings.account_id = arn.account_id;
  if (settings.account_id != arn.account_id) {
    return Field("role_arn",
                 "belongs to account " + arn.account_id + ", not to " + settings.account_id)
        .Hint("create a new connection for another account");
  }
  settings.partition = arn.partition;
  return {};
}

/// Bucket names: S3 user guide, "Bucket naming rules"; upper case and "_" only in old us-east-1 buckets.
Result<void> ValidatePlace(const ExportPlace& place) {
  if (!place.bucket.empty()) {
    const bool letters = std::all_of(place.bucket.begin(), place.bucket.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             c == '.' || c == '-' || c == '_';
    });
    if (!letters || place.bucket.size() < 3 || place.bucket.size() > 255) {
      return Field("bucket", "is not a bucket's name: " + place.bucket)
          .Hint("the name alone, without s3:// and without a path; the path is the prefix");
    }
  }
  if (place.prefix.starts_with("s3://")) {
    return Field("prefix", "is the part after the bucket, not a URL: " + place.prefix);
  }
  return {};
}

Result<void> ValidateReach(const Settings& settings) {
  const bool keys = settings.type == ConnectionType::kPayerKeys ||
                    settings.type == ConnectionType::kLinkedKeys ||
                    settings.type == ConnectionType::kBucket;
  if (UsesRole(settings) && settings.role_arn.empty()) {
    return Field("role_arn", "is missing").Hint("give --role-arn, or --account with --role-name");
  }
  if (!UsesRole(settings) && !settings.role_arn.empty()) {
    return Field("role_arn", "does not go with type " + std::string(Name(settings.type)));
  }
  const auto only_for = [&](ConnectionType type, std::string_view field, const std::string& value) {
    if (value.empty() || settings.type == type) return Result<void>();
    return Result<void>(Field(field, "goes with type " + std::string(Name(type)) +
                                         " only, not with " + std::string(Name(settings.type))));
  };
  TRY(only_for(ConnectionType::kBucket, "endpoint", settings.endpoint));
  TRY(only_for(ConnectionType::kDirectory, "directory", settings.directory));
  if (settings.type == ConnectionType::kDirectory && !settings.access_key_id.empty()) {
    return Field("access_key_id", "does not go with a directory");
  }
  if (keys && settings.access_key_id.empty()) return Field("access_key_id", "is missing");
  if (!settings.access_key_id.empty() && UsesRole(settings)) {
    return Field("access_key_id", "does not go with a role");
  }
  if (!settings.access_key_id.empty() && settings.type != ConnectionType::kBucket &&
      !IsAccessKeyId(settings.access_key_id)) {
    return Field("access_key_id", "is not an access key id: " + settings.access_key_id)
        .Hint("it has 16 to 128 letters and digits and begins with AKIA");
  }
  if (settings.type == ConnectionType::kBucket && settings.endpoint.empty()) {
    return Field("endpoint", "is missing")
        .Hint("the URL of the storage, such as https://s3.example.net");
  }
  if (settings.type == ConnectionType::kBucket && settings.export_place.bucket.empty()) {
    return Field("bucket", "is missing: storage without AWS behind it cannot be asked");
  }
  if (settings.type == ConnectionType::kDirectory && settings.directory.empty()) {
    return Field("directory", "is missing");
  }
  if (!settings.external_id.empty()) TRY(ValidateExternalId(settings.external_id));
  return {};
}

}  // namespace

std::string_view Name(ConnectionType type) { return NameIn(kTypes, type); }
std::string_view Name(ExportKind kind) { return NameIn(kExportKinds, kind); }
std::string_view Name(PermissionSet set) { return NameIn(kPermissionSets, set); }
std::string_view Name(ImportPolicy policy) { return NameIn(kImportPolicies, policy); }
std::string_view Name(State state) { return NameIn(kStates, state); }

Result<ConnectionType> ParseConnectionType(std::string_view text) {
  return ParseIn(kTypes, text, "type of connection");
}
Result<ExportKind> ParseExportKind(std::string_view text) {
  return ParseIn(kExportKinds, text, "kind of export");
}
Result<PermissionSet> ParsePermissionSet(std::string_view text) {
  return ParseIn(kPermissionSets, text, "permission set");
}
Result<ImportPolicy> ParseImportPolicy(std::string_view text) {
  return ParseIn(kImportPolicies, text, "import policy");
}
Result<State> ParseState(std::string_view text) { return ParseIn(kStates, text, "state"); }

std::string_view TitleOf(ExportKind kind) {
  switch (kind) {
    case ExportKind::kLegacyCur: return "legacy";
    case ExportKind::kCur2: return "CUR 2.0";
    case ExportKind::kFocus: return "FOCUS 1.2";
    case ExportKind::kFocus10: return "FOCUS 1.0";
  }
  return "";
}

std::string_view TableOf(ExportKind kind) {
  switch (kind) {
    case ExportKind::kLegacyCur: return "";
    case ExportKind::kCur2: return "COST_AND_USAGE_REPORT";
    case ExportKind::kFocus: return "FOCUS_1_2_AWS";
    case ExportKind::kFocus10: return "FOCUS_1_0_AWS";
  }
  return "";
}

Result<Settings> Validate(Settings settings) {
  if (Trim(settings.name).empty()) return Field("name", "is missing");
  if (settings.name.size() > 100) return Field("name", "is longer than 100 bytes");
  if (!settings.role_arn.empty()) TRY(FillFromRole(settings));
  TRY(ValidateReach(settings));
  if (HasAwsAccount(settings.type) && !IsAccountId(settings.account_id)) {
    return Field("account_id", settings.account_id.empty()
                                   ? "is missing"
                                   : "is not 12 digits: " + settings.account_id);
  }
  if (!HasAwsAccount(settings.type) && !settings.account_id.empty()) {
    return Field("account_id", "does not go with type " + std::string(Name(settings.type)));
  }
  if (aws::FindPartition(settings.partition) == nullptr) {
    return Field("partition", "is unknown: " + settings.partition);
  }
  if (!settings.bucket_owner.empty() && !IsAccountId(settings.bucket_owner)) {
    return Field("bucket_owner", "is not 12 digits: " + settings.bucket_owner);
  }
  TRY(ValidatePlace(settings.export_place));
  if (settings.end_date) {
    const Result<Instant> end = ParseInstant(*settings.end_date);
    if (!end.ok() || DayString(*end) != *settings.end_date) {
      return Field("end_date", "is not a day: " + *settings.end_date).Hint("write 2027-03-31");
    }
  }
  if (settings.cost_explorer_cap_usd) {
    const Result<Decimal> cap = ParseDecimal(*settings.cost_explorer_cap_usd);
    if (!cap.ok() || settings.cost_explorer_cap_usd->starts_with('-')) {
      return Field("cost_explorer_cap_usd",
                   "is not an amount in USD: " + *settings.cost_explorer_cap_usd)
          .Hint("write 0.50; 0 forbids every question");
    }
  }
  settings.permission_sets = SetsOf(settings.type, std::move(settings.permission_sets));
  return settings;
}

std::set<PermissionSet> SetsOf(ConnectionType type, std::set<PermissionSet> chosen) {
  if (type == ConnectionType::kLinkedKeys) return {PermissionSet::kResources};
  if (type == ConnectionType::kPayerKeys) chosen.insert(PermissionSet::kOrganization);
  return chosen;
}

Result<void> ValidateExternalId(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) {
    return Field("external_id", "must not contain a space")
        .Hint(
            "AWS refuses it in AssumeRole, although one vendor's guide lists it; change the role's "
            "trust policy to an ID without spaces");
  }
  const bool allowed = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_+=,.@:/-").find(c) != std::string_view::npos;
  });
  if (!allowed || text.size() < 2 || text.size() > 1224) {
    return Field("external_id", "must be 2 to 1224 letters, digits or any of _ + = , . @ : / -");
  }
  return {};
}

std::string RoleArn(std::string_view partition, std::string_view account_id,
                    std::string_view role_name) {
  return "arn:" + std::string(partition) + ":iam::" + std::string(account_id) + ":role/" +
         std::string(role_name);
}

std::string RoleName(std::string_view role_arn) {
  return std::string(role_arn.substr(role_arn.rfind('/') + 1));
}

}  // namespace farthing::connect
