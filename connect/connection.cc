#include "connect/connection.h"

#include <array>

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

std::string RoleArn(std::string_view partition, std::string_view account_id,
                    std::string_view role_name) {
  return "arn:" + std::string(partition) + ":iam::" + std::string(account_id) + ":role/" +
         std::string(role_name);
}

std::string RoleName(std::string_view role_arn) {
  return std::string(role_arn.substr(role_arn.rfind('/') + 1));
}

}  // namespace farthing::connect
