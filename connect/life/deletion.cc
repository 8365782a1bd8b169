#include "connect/life/deletion.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "connect/collected.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/life/aws_leftovers.h"
#include "lake/stage.h"

namespace farthing::connect {
namespace {

/// Whom AWS took the connection for when it was last checked; "" when it never was.
Result<std::string> LastIdentity(Store& store, const std::string& id) {
  constexpr std::string_view kBefore = " as ";
  TRY_ASSIGN(const std::string last, store.LastReport(id));
  if (last.empty()) return std::string();
  TRY_ASSIGN(const CheckReport report, ParseCheckReport(last));
  const CheckResult* identity = report.Find("identity");
  if (identity == nullptr || identity->status != CheckStatus::kPass) return std::string();
  const std::size_t at = identity->finding.rfind(kBefore);
  if (at == identity->finding.npos) return std::string();
  return identity->finding.substr(at + kBefore.size());
}

/// The exports of the lake that a connection has brought.
struct BroughtExports {
  std::vector<lake::Export> own;                                          ///< nobody else has
  std::vector<std::pair<lake::Export, std::vector<std::string>>> shared;  ///< and who else has
};

Result<BroughtExports> ExportsOf(Installation& installation, const Connection& connection) {
  Store& store = installation.store;
  TRY_ASSIGN(const std::vector<std::int64_t> linked,
             CollectedLog(store.database(), connection.id).Exports());
  std::map<std::int64_t, std::vector<std::string>> others;
  TRY_ASSIGN(const std::vector<Connection> connections, store.List());
  for (const Connection& other : connections) {
    if (other.id == connection.id) continue;
    TRY_ASSIGN(const std::vector<std::int64_t> ids,
               CollectedLog(store.database(), other.id).Exports());
    for (const std::int64_t id : ids) others[id].push_back(other.settings.name);
  }
  BroughtExports brought;
  TRY_ASSIGN(const std::vector<lake::Export> exports, installation.catalog.Exports());
  for (const lake::Export& one : exports) {
    const bool is_linked = std::find(linked.begin(), linked.end(), one.id) != linked.end();
    const bool is_answer = one.identity == CostExplorerIdentity(connection.id);
    if (!is_linked && !is_answer) continue;
    if (const auto found = others.find(one.id); found != others.end()) {
      brought.shared.emplace_back(one, found->second);
    } else {
      brought.own.push_back(one);
    }
  }
  return brought;
}

/// What was collected and asked, and the bills of it.  The links go last: an interrupted purge still knows its exports;
/// its sweep is made up for even where the catalog has forgotten them all.  Requires: the lake's lock is held.
Result<BroughtExports> Purge(Installation& installation, const Connection& connection) {
  lake::Catalog& catalog = installation.catalog;
  TRY_ASSIGN(BroughtExports brought, ExportsOf(installation, connection));
  for (const lake::Export& one : brought.own) TRY(catalog.ForgetExport(one.id));
  TRY(lake::Sweep(catalog));
  TRY(KeptAnswers(installation.store.database(), catalog.layout()).Forget(connection.id));
  TRY(CollectedLog(installation.store.database(), connection.id).Clear());
  return brought;
}

/// Nobody collects it, and where bills go nobody writes to the lake.  Taken before anything is destroyed.
struct EndingLocks {
  std::unique_ptr<DirectoryLock> collecting, lake;
};
Result<EndingLocks> LockForEnding(const lake::Layout& layout, const Connection& connection,
                                  bool purge) {
  EndingLocks locks;
  TRY_ASSIGN(locks.collecting, LockCollecting(layout, connection));
  if (purge) {
    TRY_ASSIGN(locks.lake, DirectoryLock::Acquire(layout.lock()));
  }
  return locks;
}

/// Cost Explorer's days of other connections were cut around bills that may be gone now.
Result<void> FitOthers(Installation& installation) {
  const Result<std::vector<Fit>> fits = FitCostExplorer(installation.store, installation.catalog);
  if (fits.ok() || fits.error().code() == Errc::kConflict) return {};  // the next import does it
  return Error(fits.error()).Wrap("the deletion is done; fitting Cost Explorer's days");
}

std::string Months(const std::set<Period>& months) {
  if (months.empty()) return "no month";
  std::string text =
      std::to_string(months.size()) + (months.size() == 1 ? " month, " : " months, ");
  text += ToString(*months.begin());
  if (months.size() > 1) text += " to " + ToString(*months.rbegin());
  return text;
}

Ending EndingOf(std::vector<std::string> aws_commands, const BroughtExports& brought) {
  Ending ending;
  ending.aws_commands = std::move(aws_commands);
  for (const lake::Export& one : brought.own) ending.exports.push_back(one.name);
  for (const auto& [one, others] : brought.shared) ending.shared.push_back(one.name);
  return ending;
}

}  // namespace

Result<std::vector<Belonging>> BelongingsOf(Installation& installation, const std::string& name) {
  TRY_ASSIGN(const Connection connection, installation.store.Find(name));
  TRY_ASSIGN(const BroughtExports brought, ExportsOf(installation, connection));
  TRY_ASSIGN(const std::vector<lake::Candidate> candidates, installation.catalog.Candidates({}));
  std::map<std::int64_t, std::set<Period>> months;
  std::map<std::int64_t, std::int64_t> lines;
  for (const lake::Candidate& candidate : candidates) {
    months[candidate.load.export_id].insert(candidate.load.period);
    lines[candidate.load.export_id] += candidate.load.line_count;
  }
  const auto told = [&](const lake::Export& one) {
    return "export " + one.name + ": " + Months(months[one.id]) + ", " +
           std::to_string(lines[one.id]) + " lines";
  };
  const std::string& title = connection.settings.name;
  std::vector<Belonging> all;
  all.push_back({true, "connection", title + ": settings, secrets, reports, names of accounts"});
  for (const lake::Export& one : brought.own) all.push_back({true, "bills", told(one)});
  for (const auto& [one, others] : brought.shared) {
    all.push_back({false, "bills", told(one) + "; also brought by " + Join(others, ", ")});
  }
  TRY_ASSIGN(const std::vector<KeptAnswer> answers,
             KeptAnswers(installation.store.database(), installation.catalog.layout())
                 .List(connection.id));
  std::set<Period> answered;
  for (const KeptAnswer& answer : answers) answered.insert(answer.period);
  if (!answered.empty()) all.push_back({true, "Cost Explorer's answers", Months(answered)});
  if (connection.settings.type == ConnectionType::kDirectory) {
    all.push_back({false, "files", connection.settings.directory + " is yours and not touched"});
  } else {
    all.push_back({false, "AWS", "role, keys, export and bucket: only you delete there"});
  }
  const bool has_role = !connection.settings.role_arn.empty();
  all.push_back({false, "record",
                 "its history without figures, what Cost Explorer has cost" +
                     std::string(has_role ? ", its external ID, never to be used again" : "")});
  return all;
}

Result<Ending> Disconnect(Installation& installation, const std::string& name, DataFate fate) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection connection, store.Find(name));
  TRY_ASSIGN(const std::string identity, LastIdentity(store, connection.id));
  const lake::Layout& layout = installation.catalog.layout();
  const bool purge = fate == DataFate::kPurge;
  BroughtExports brought;
  {
    TRY_ASSIGN(const EndingLocks locks, LockForEnding(layout, connection, purge));
    TRY(installation.vault.Destroy(connection.id));
    TRY(store.SetState(connection.id, State::kDisconnected, ""));
    TRY(RemoveTree(DownloadsOf(layout, connection)));
    TRY_ASSIGN(brought,
               purge ? Purge(installation, connection) : ExportsOf(installation, connection));
  }
  TRY(store.Record(
      connection.id, "disconnected",
      purge ? "credentials destroyed, data purged" : "credentials destroyed, data kept"));
  if (purge) TRY(FitOthers(installation));
  return EndingOf(AwsLeftovers(connection.settings, identity), brought);
}

Result<Ending> DeleteForGood(Installation& installation, const std::string& name,
                             const std::string& why) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection connection, store.Find(name));
  TRY_ASSIGN(const std::string identity, LastIdentity(store, connection.id));
  const lake::Layout& layout = installation.catalog.layout();
  BroughtExports brought;
  {
    TRY_ASSIGN(const EndingLocks locks, LockForEnding(layout, connection, true));
    // From here on there is no way back: whatever dies, the next ApplyTerms goes on.
    TRY(installation.vault.Destroy(connection.id));
    TRY(store.BeginDeletion(connection.id));
    TRY_ASSIGN(brought, Purge(installation, connection));
    TRY(RemoveTree(DownloadsOf(layout, connection)));
    TRY(store.Delete(connection.id, why));
  }
  TRY(FitOthers(installation));
  return EndingOf(AwsLeftovers(connection.settings, identity), brought);
}

}  // namespace farthing::connect
