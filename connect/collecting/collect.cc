#include "connect/collecting/collect.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "aws/error.h"
#include "base/files.h"
#include "base/shell_words.h"
#include "connect/checks/checks_internal.h"
#include "connect/collected.h"
#include "connect/collecting/collect_bucket.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/import_policy.h"
#include "connect/life/payer_first.h"
#include "connect/lifecycle.h"

namespace farthing::connect {
namespace {

/// A directory that something else fills: import reads it where it lies.
Result<CollectSummary> CollectDirectory(Store& store, lake::Catalog& catalog,
                                        const Connection& connection,
                                        const CollectOptions& options) {
  CollectSummary summary;
  summary.connection_id = connection.id;
  summary.connection_name = connection.settings.name;
  ingest::ImportOptions import;
  import.tolerated_rows = options.tolerated_rows;
  TRY_ASSIGN(import.accounts, AccountsToImport(store, connection));
  TRY_ASSIGN(const ingest::ImportSummary imported,
             ingest::Import(catalog, connection.settings.directory, import));
  CollectedLog log(store.database(), connection.id);
  for (const ingest::Outcome& outcome : imported.outcomes) {
    TRY(log.LinkExport(outcome.delivery.export_id));
    if (outcome.kind == ingest::Outcome::Kind::kUnchanged) continue;
    summary.deliveries.push_back({outcome.delivery.manifest, outcome.delivery.period,
                                  std::string(ToString(outcome.kind)), outcome.delivery.reason,
                                  outcome.load ? outcome.load->line_count : 0, 0});
  }
  summary.notes = imported.notes;
  return summary;
}

/// What the last checks found failing, unless collecting has just shown that it works: that AWS delivers is shown by a
/// young delivery only.
Result<std::string> StandingFailure(Store& store, const CollectSummary& summary,
                                    std::optional<Instant> last_delivery) {
  TRY_ASSIGN(const std::string text, store.LastReport(summary.connection_id));
  if (text.empty()) return std::string();
  TRY_ASSIGN(CheckReport report, ParseCheckReport(text));
  std::set<std::string, std::less<>> shown{"credentials", "identity", "bucket-region",
                                           "bucket-list", "directory"};
  const bool has_read =
      std::any_of(summary.deliveries.begin(), summary.deliveries.end(),
                  [](const CollectedDelivery& delivery) { return delivery.outcome == "loaded"; });
  if (has_read) shown.insert({"bucket-read", "bucket-key"});
  const std::int64_t silent_micros = std::int64_t{kSilentHours} * 3600 * 1'000'000;
  if (last_delivery && report.at.micros - last_delivery->micros < silent_micros) {
    shown.insert("delivery");
  }
  std::erase_if(report.results, [&](const CheckResult& r) { return shown.contains(r.id); });
  return report.FirstFailure();
}

Result<void> Settle(Store& store, const Connection& connection, CollectSummary& summary) {
  CollectedLog log(store.database(), connection.id);
  TRY_ASSIGN(const auto known, log.All());
  TRY_ASSIGN(const std::vector<std::int64_t> exports, log.Exports());
  const bool is_directory = connection.settings.type == ConnectionType::kDirectory;
  const bool loaded = HasLoaded(known) || (is_directory && !exports.empty());
  std::string cause = CauseIn(known);
  if (!summary.failures.empty()) cause = CauseOf(known.at(summary.failures.front().manifest_key));
  if (is_directory) {
    for (const CollectedDelivery& delivery : summary.deliveries) {
      if (delivery.outcome == "quarantined") cause = delivery.reason;
    }
  }
  Store::Times times;
  times.collected = Now();
  for (const auto& [key, collected] : known) {
    if (!IsBill(collected) || !collected.delivered_at) continue;
    if (!times.delivery || *collected.delivered_at > *times.delivery) {
      times.delivery = collected.delivered_at;
    }
  }
  if (cause.empty() && summary.emptied) cause = summary.notes.back();
  if (cause.empty()) {
    TRY_ASSIGN(cause, StandingFailure(store, summary, times.delivery));
  }
  TRY(store.Touch(connection.id, times));
  TRY_ASSIGN(const auto was_ready, store.LastEvent(connection.id, "bill-data-ready"));
  if (loaded && !was_ready) {
    summary.bill_data_ready = true;
    TRY(store.Record(connection.id, "bill-data-ready",
                     "bill data of connection " + connection.settings.name + " is ready"));
  }
  summary.state = !cause.empty() ? State::kDegraded : loaded ? State::kConnected : State::kWaiting;
  TRY_ASSIGN(const Connection now, store.Find(connection.id));
  if (!MayFollow(now.state, summary.state)) {  // the first bills came from a directory
    TRY(store.SetState(connection.id, State::kCollecting, ""));
  }
  TRY(store.SetState(connection.id, summary.state, cause));
  return {};
}

/// Every failure says what to do, also where AWS says nothing (a refused HEAD has no body).
Error Advised(Error error, const std::string& connection) {
  if (!error.hint().empty()) return error;
  return std::move(error).Hint(
      "find the cause with: " + CommandLine({"farthing", "check", connection}) +
      "; what was collected stays");
}

}  // namespace

Result<CollectSummary> Collect(Store& store, Vault& vault, lake::Catalog& catalog,
                               const Platform& platform, const std::string& name,
                               const CollectOptions& options) {
  TRY_ASSIGN(Connection connection, store.Find(name));
  TRY_ASSIGN(const auto lock, LockCollecting(catalog.layout(), connection));
  TRY_ASSIGN(connection, store.Find(connection.id));  // it may have ended meanwhile
  const Settings& settings = connection.settings;
  TRY(CheckOwnBill(store, catalog, connection));
  if (!MayCollect(connection.state)) {
    return Error(Errc::kConflict,
                 "connection " + settings.name + " is " + std::string(Name(connection.state)))
        .Hint(connection.state == State::kDisconnected ? "make a new one: farthing connect"
              : connection.state == State::kDisabled
                  ? "enable it first: " +
                        CommandLine({"farthing", "connections", "enable", settings.name})
                  : "verify it first: " + CommandLine({"farthing", "check", settings.name}));
  }
  Result<CollectSummary> summary = [&]() -> Result<CollectSummary> {
    if (settings.type == ConnectionType::kDirectory) {
      return CollectDirectory(store, catalog, connection, options);
    }
    TRY_ASSIGN(auto client, ClientFor(connection, platform, vault));
    if (options.cancellation != nullptr) {
      client = client->WithLimits(std::chrono::milliseconds(0), options.cancellation);
    }
    return CollectBucket(store, catalog, connection, std::move(client), options);
  }();
  // New bills take the place of what Cost Explorer filled; should this fail, the next collection does it.
  const Result<std::vector<Fit>> fits = FitCostExplorer(store, catalog);
  if (summary.ok() && !fits.ok()) {
    summary->notes.push_back("Cost Explorer's days are not fitted yet: " + fits.error().message());
  }
  if (!summary.ok()) {
    // Being stopped is no fault of the connection, nor is another process that keeps the lake.
    const bool is_locked =
        summary.error().code() == Errc::kConflict && aws::AwsCode(summary.error()).empty();
    const bool stopped = is_locked || summary.error().detail("cancelled") == "true";
    // What went wrong is told also where a full disk keeps it from being noted.
    std::ignore = store.SetState(connection.id, stopped ? connection.state : State::kDegraded,
                                 stopped ? connection.cause : summary.error().message());
    return Advised(std::move(summary).error(), settings.name);
  }
  for (CollectFailure& failure : summary->failures) {
    failure.error = Advised(std::move(failure.error), settings.name);
  }
  TRY(Settle(store, connection, *summary));
  return summary;
}

}  // namespace farthing::connect
