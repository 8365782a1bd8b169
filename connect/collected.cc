#include "connect/collected.h"

#include <algorithm>
#include <boost/json.hpp>

namespace farthing::connect {
namespace {

namespace json = boost::json;

std::string ToJson(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(json::string(text));
  return json::serialize(list);
}

std::vector<std::string> FromJson(const std::string& text) {
  boost::system::error_code failed;
  const json::value list = json::parse(text, failed);
  std::vector<std::string> texts;
  if (failed || !list.is_array()) return texts;
  for (const json::value& item : list.get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string().data(), item.get_string().size());
  }
  return texts;
}

}  // namespace

bool Collected::IsSettled() const {
  return outcome == "loaded" || outcome == "unchanged" || outcome == "duplicate" ||
         outcome == "superseded" || outcome == "quarantined";
}

bool IsBill(const Collected& collected) {
  return collected.IsSettled() && collected.outcome != "quarantined";
}

std::string CauseOf(const Collected& collected) {
  const std::string name = collected.period ? ToString(*collected.period) : collected.manifest_key;
  if (collected.outcome == "denied" || collected.outcome == "failed") {
    return name + " could not be collected: " + collected.reason;
  }
  const bool is_bill = collected.outcome != "quarantined" && collected.outcome != "incomplete";
  return is_bill ? "" : name + " is " + collected.outcome + ": " + collected.reason;
}

std::string CauseIn(const std::map<std::string, Collected>& known) {
  std::map<std::optional<Period>, const Collected*> newest;
  for (const auto& [key, collected] : known) {
    const Collected*& best = newest[collected.period];
    if (best == nullptr || collected.collected_at > best->collected_at) best = &collected;
  }
  for (auto period = newest.rbegin(); period != newest.rend(); ++period) {
    if (std::string cause = CauseOf(*period->second); !cause.empty()) return cause;
  }
  return {};
}

bool HasLoaded(const std::map<std::string, Collected>& known) {
  return std::any_of(known.begin(), known.end(), [](const auto& entry) {
    const std::string& outcome = entry.second.outcome;
    return outcome == "loaded" || outcome == "unchanged" || outcome == "duplicate";
  });
}

std::filesystem::path DownloadsOf(const lake::Layout& layout, const Connection& connection) {
  return layout.data() / "downloads" / connection.id;
}

Result<std::unique_ptr<DirectoryLock>> LockCollecting(const lake::Layout& layout,
                                                      const Connection& connection) {
  const std::filesystem::path directory = DownloadsOf(layout, connection);
  TRY(MakeDirectories(directory));
  Result<std::unique_ptr<DirectoryLock>> lock = DirectoryLock::Acquire(directory / "lock");
  if (lock.ok() || lock.error().code() != Errc::kConflict) return lock;
  return Error(Errc::kConflict,
               "connection " + connection.settings.name + " is being collected by another process")
      .Hint("wait until that has ended, or stop it, then run the same command again");
}

CollectedLog::CollectedLog(engine::SqliteDatabase& database, std::string connection_id)
    : database_(database), connection_id_(std::move(connection_id)) {}

Result<std::map<std::string, Collected>> CollectedLog::All() {
  std::map<std::string, Collected> all;
  TRY(database_.Each(
      "SELECT manifest_key, etag, files, files_signature, period, outcome, reason, size_bytes, "
      "delivered_at, collected_at FROM collected WHERE connection_id = ?",
      {connection_id_}, [&](const engine::SqliteRow& row) {
        Collected one;
        one.manifest_key = row.Text(0);
        one.etag = row.Text(1);
        one.files = FromJson(row.Text(2));
        one.files_signature = row.Text(3);
        if (const auto period = ParsePeriod(row.Text(4)); period.ok()) one.period = *period;
        one.outcome = row.Text(5);
        one.reason = row.Text(6);
        one.size_bytes = static_cast<std::uint64_t>(row.Int(7));
        if (const auto at = ParseInstant(row.Text(8)); at.ok()) one.delivered_at = *at;
        if (const auto at = ParseInstant(row.Text(9)); at.ok()) one.collected_at = *at;
        all.emplace(one.manifest_key, std::move(one));
      }));
  return all;
}

Result<void> CollectedLog::Save(const Collected& one) {
  return database_.Run(
      "INSERT OR REPLACE INTO collected VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {connection_id_, one.manifest_key, one.etag, ToJson(one.files), one.files_signature,
       one.period ? ToString(*one.period) : "", one.outcome, one.reason,
       static_cast<std::int64_t>(one.size_bytes),
       one.delivered_at ? ToString(*one.delivered_at) : "", ToString(one.collected_at)});
}

Result<void> CollectedLog::Clear() {
  return database_.Transaction([&]() -> Result<void> {
    TRY(database_.Run("DELETE FROM collected WHERE connection_id = ?", {connection_id_}));
    return database_.Run("DELETE FROM connection_exports WHERE connection_id = ?",
                         {connection_id_});
  });
}

Result<void> CollectedLog::LinkExport(std::int64_t export_id) {
  return database_.Run("INSERT OR IGNORE INTO connection_exports VALUES (?, ?)",
                       {connection_id_, export_id});
}

Result<std::vector<std::int64_t>> CollectedLog::Exports() {
  std::vector<std::int64_t> ids;
  TRY(database_.Each("SELECT export_id FROM connection_exports WHERE connection_id = ?",
                     {connection_id_},
                     [&](const engine::SqliteRow& row) { ids.push_back(row.Int(0)); }));
  return ids;
}

}  // namespace farthing::connect
