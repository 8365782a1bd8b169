#include "lake/catalog.h"

#include <algorithm>

#include "base/files.h"
#include "lake/catalog_schema.h"
#include "lake/election.h"
#include "lake/load_facts.h"

namespace farthing::lake {
namespace {

constexpr std::string_view kDeliveryColumns =
    "d.delivery_id, d.export_id, e.name, d.period, d.version_key, d.fingerprint, d.manifest, "
    "d.status, d.reason, d.seen_at, d.files";

// Deliveries that never said their month are kept under the zero period.
Period PeriodFromText(const std::string& text) {
  if (text == farthing::ToString(Period{})) return {};
  const Result<Period> period = ParsePeriod(text);
  CHECK(period.ok());  // written by us
  return *period;
}

Result<Delivery> ReadDelivery(const engine::SqliteRow& row) {
  Delivery delivery;
  delivery.id = row.Text(0);
  delivery.export_id = row.Int(1);
  delivery.export_name = row.Text(2);
  delivery.period = PeriodFromText(row.Text(3));
  delivery.version_key = row.Text(4);
  delivery.fingerprint = row.Text(5);
  delivery.manifest = row.Text(6);
  TRY_ASSIGN(delivery.status, ParseDeliveryStatus(row.Text(7)));
  delivery.reason = row.Text(8);
  delivery.seen_at = row.Text(9);
  TRY_ASSIGN(delivery.files, FilesFromJson(row.Text(10)));
  return delivery;
}

}  // namespace

std::string_view ToString(DeliveryStatus status) {
  switch (status) {
    case DeliveryStatus::kLoaded: return "loaded";
    case DeliveryStatus::kQuarantined: return "quarantined";
    case DeliveryStatus::kDuplicate: return "duplicate";
    case DeliveryStatus::kSuperseded: return "superseded";
  }
  return "loaded";
}

std::string_view ToString(RowIssue::Fate fate) {
  switch (fate) {
    case RowIssue::Fate::kSetAside: return "set aside";
    case RowIssue::Fate::kKeptWithReplaced: return "kept with replaced bytes";
  }
  return "set aside";
}

Result<std::unique_ptr<Catalog>> Catalog::Open(const Layout& layout) {
  if (Result<void> made = MakeDirectories(layout.data()); !made.ok())
    return std::move(made).error().Hint("name another data directory with --data");
  TRY_ASSIGN(auto database, engine::SqliteDatabase::Open(layout.database().string()));
  TRY(UpgradeSchema(*database));
  return std::unique_ptr<Catalog>(new Catalog(layout, std::move(database)));
}

Result<std::unique_ptr<Catalog>> Catalog::OpenExisting(const Layout& layout) {
  auto database = engine::SqliteDatabase::OpenExisting(layout.database().string());
  if (!database.ok()) {
    if (database.error().code() != Errc::kNotFound) return std::move(database).error();
    return Error(Errc::kNotFound, "nothing was imported into " + layout.data().string())
        .Hint("farthing import PATH, or name the right directory with --data");
  }
  TRY(UpgradeSchema(**database));
  return std::unique_ptr<Catalog>(new Catalog(layout, *std::move(database)));
}

Result<Export> Catalog::FindOrCreateExport(const Export& wanted) {
  std::optional<Export> found;
  const auto read = [&](const engine::SqliteRow& row) {
    found = Export{row.Int(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)};
  };
  TRY(database_->Each(
      "SELECT export_id, name, format, source, identity FROM exports WHERE identity = ?",
      {wanted.identity}, read));
  if (found) return *found;
  std::string name = wanted.name;
  for (int attempt = 2;; ++attempt) {
    bool taken = false;
    TRY(database_->Each("SELECT 1 FROM exports WHERE name = ?", {name},
                        [&](const engine::SqliteRow&) { taken = true; }));
    if (!taken) break;
    name = wanted.name + "-" + std::to_string(attempt);
  }
  TRY(database_->Run("INSERT INTO exports (name, format, source, identity) VALUES (?, ?, ?, ?)",
                     {name, wanted.format, wanted.source, wanted.identity}));
  return FindOrCreateExport(wanted);
}

Result<std::vector<Export>> Catalog::Exports() {
  std::vector<Export> exports;
  TRY(database_->Each("SELECT export_id, name, format, source, identity FROM exports ORDER BY name",
                      {}, [&](const engine::SqliteRow& row) {
                        exports.push_back(
                            {row.Int(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)});
                      }));
  return exports;
}

Result<void> Catalog::Identify(std::int64_t export_id, const std::string& identity) {
  return database_->Run("UPDATE exports SET identity = ? WHERE export_id = ?",
                        {identity, export_id});
}

Result<std::vector<Delivery>> Catalog::ReadDeliveries(
    const std::string& condition, const std::vector<engine::SqliteValue>& parameters) {
  std::vector<Delivery> deliveries;
  Result<void> state;
  TRY(database_->Each("SELECT " + std::string(kDeliveryColumns) +
                          " FROM deliveries d JOIN exports e USING (export_id)" + condition +
                          " ORDER BY d.period, e.name, d.delivery_id",
                      parameters, [&](const engine::SqliteRow& row) {
                        Result<Delivery> delivery = ReadDelivery(row);
                        if (delivery.ok()) {
                          deliveries.push_back(*std::move(delivery));
                        } else {
                          state = std::move(delivery).error();
                        }
                      }));
  TRY(state);
  return deliveries;
}

Result<std::vector<Delivery>> Catalog::Deliveries() { return ReadDeliveries("", {}); }

Result<std::vector<Version>> Catalog::Versions() {
  std::vector<Version> versions;
  TRY(database_->Each(
      "SELECT v.number, v.export_id, e.name, v.period, v.load_id, v.active_from, v.active_to"
      " FROM versions v JOIN exports e USING (export_id) ORDER BY v.period, e.name, v.number",
      {}, [&](const engine::SqliteRow& row) {
        versions.push_back({row.Int(0), row.Int(1), row.Text(2), PeriodFromText(row.Text(3)),
                            row.Text(4), row.Text(5), row.Text(6)});
      }));
  return versions;
}

Result<std::optional<Delivery>> Catalog::FindDelivery(std::int64_t export_id, Period period,
                                                      const std::string& version_key) {
  TRY_ASSIGN(std::vector<Delivery> found,
             ReadDeliveries(" WHERE d.export_id = ? AND d.period = ? AND d.version_key = ?",
                            {export_id, farthing::ToString(period), version_key}));
  if (found.empty()) return std::optional<Delivery>();
  return std::optional<Delivery>(std::move(found.back()));
}

Result<std::optional<Delivery>> Catalog::ActiveDelivery(std::int64_t export_id, Period period) {
  TRY_ASSIGN(
      std::vector<Delivery> found,
      ReadDeliveries(" WHERE d.delivery_id = (SELECT l.delivery_id FROM versions v JOIN loads l"
                     " USING (load_id) WHERE v.export_id = ? AND v.period = ? AND v.active_to"
                     " IS NULL)",
                     {export_id, farthing::ToString(period)}));
  if (found.empty()) return std::optional<Delivery>();
  return std::optional<Delivery>(std::move(found.front()));
}

Result<Delivery> Catalog::GetDelivery(const std::string& id) {
  TRY_ASSIGN(std::vector<Delivery> found, ReadDeliveries(" WHERE d.delivery_id = ?", {id}));
  if (found.empty()) return Error(Errc::kNotFound, "no delivery " + id);
  return std::move(found.front());
}

Result<Load> Catalog::GetLoad(const std::string& id) {
  std::optional<std::string> facts;
  TRY(database_->Each("SELECT facts FROM loads WHERE load_id = ?", {id},
                      [&](const engine::SqliteRow& row) { facts = row.Text(0); }));
  if (!facts) return Error(Errc::kNotFound, "no load " + id);
  return LoadFromJson(*facts);
}

Result<void> Catalog::RecordDelivery(const Delivery& delivery) {
  return database_->Run(
      "INSERT INTO deliveries (delivery_id, export_id, period, version_key, fingerprint, manifest,"
      " status, reason, seen_at, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {delivery.id, delivery.export_id, farthing::ToString(delivery.period), delivery.version_key,
       delivery.fingerprint, delivery.manifest, std::string(ToString(delivery.status)),
       delivery.reason, delivery.seen_at, FilesToJson(delivery.files)});
}

Result<void> Catalog::Publish(const Delivery& delivery, const Load& load) {
  const std::string period = farthing::ToString(load.period);
  const std::string now = farthing::ToString(Now());
  return database_->Transaction([&]() -> Result<void> {
    TRY(RecordDelivery(delivery));
    TRY(
        database_->Run("INSERT INTO loads (load_id, delivery_id, export_id, period, facts)"
                       " VALUES (?, ?, ?, ?, ?)",
                       {load.id, load.delivery_id, load.export_id, period, LoadToJson(load)}));
    TRY(SaveAccounts(*database_, load));
    TRY(
        database_->Run("UPDATE versions SET active_to = ?"
                       " WHERE export_id = ? AND period = ? AND active_to IS NULL",
                       {now, load.export_id, period}));
    return database_->Run(
        "INSERT INTO versions (export_id, period, number, load_id, active_from)"
        " SELECT ?1, ?2, 1 + coalesce(max(number), 0), ?3, ?4 FROM versions"
        " WHERE export_id = ?1 AND period = ?2",
        {load.export_id, period, load.id, now});
  });
}

Result<void> Catalog::Retire(std::int64_t export_id, Period period) {
  return database_->Run(
      "UPDATE versions SET active_to = ? WHERE export_id = ? AND period = ? AND active_to IS NULL",
      {farthing::ToString(Now()), export_id, farthing::ToString(period)});
}

Result<std::vector<Candidate>> Catalog::Candidates(const LoadFilter& filter) {
  // Stored times carry microseconds; a whole second means its very beginning.
  std::string at = filter.as_of ? farthing::ToString(*filter.as_of) : "";
  if (at.size() == 20) at.replace(19, 1, ".000000Z");
  std::vector<Load> loads;
  Result<void> state;
  TRY(database_->Each(
      "SELECT l.facts FROM versions v JOIN loads l USING (load_id)"
      " WHERE v.period BETWEEN ?1 AND ?2"
      " AND CASE WHEN ?3 = '' THEN v.active_to IS NULL"
      "          ELSE v.active_from <= ?3 AND (v.active_to IS NULL OR v.active_to > ?3) END"
      " ORDER BY v.period, l.load_id",
      {filter.first ? farthing::ToString(*filter.first) : "0000-00",
       filter.last ? farthing::ToString(*filter.last) : "9999-99", at},
      [&](const engine::SqliteRow& row) {
        Result<Load> load = LoadFromJson(row.Text(0));
        if (load.ok()) {
          loads.push_back(*std::move(load));
        } else {
          state = std::move(load).error();
        }
      }));
  TRY(state);
  std::vector<Preference> preferences;
  TRY(database_->Each(
      "SELECT export_id, period FROM elections ORDER BY elected_at DESC, rowid DESC", {},
      [&](const engine::SqliteRow& row) { preferences.push_back({row.Int(0), row.Text(1)}); }));
  const auto figures_of = [&](const Load& load, const std::string& account) {
    Result<std::optional<AccountFigures>> found = FindAccount(*database_, load.id, account);
    if (found.ok()) return *std::move(found);
    state = std::move(found).error();
    return std::optional<AccountFigures>();
  };
  std::vector<Candidate> candidates = HoldElection(std::move(loads), preferences, figures_of);
  TRY(state);
  return candidates;
}

Result<std::vector<Load>> Catalog::ActiveLoads(const LoadFilter& filter) {
  TRY_ASSIGN(std::vector<Candidate> candidates, Candidates(filter));
  std::vector<Load> elected;
  for (Candidate& candidate : candidates) {
    if (candidate.elected) elected.push_back(std::move(candidate.load));
  }
  return elected;
}

Result<void> Catalog::Elect(const std::string& export_name, std::optional<Period> period) {
  std::optional<std::int64_t> id;
  TRY(database_->Each("SELECT export_id FROM exports WHERE name = ?", {export_name},
                      [&](const engine::SqliteRow& row) { id = row.Int(0); }));
  if (!id) {
    return Error(Errc::kNotFound, "no export named " + export_name)
        .Hint("see the names with: farthing exports");
  }
  return database_->Run(
      "INSERT INTO elections (export_id, period, elected_at) VALUES (?, ?, ?)",
      {*id, period ? farthing::ToString(*period) : "", farthing::ToString(Now())});
}

Result<void> Catalog::ForgetExport(std::int64_t export_id) {
  return database_->Transaction([&]() -> Result<void> {
    TRY(
        database_->Run("DELETE FROM account_figures WHERE load_id IN (SELECT load_id FROM loads "
                       "WHERE export_id = ?)",
                       {export_id}));
    for (const char* table : {"versions", "elections", "loads", "deliveries", "exports"}) {
      TRY(database_->Run("DELETE FROM " + std::string(table) + " WHERE export_id = ?",
                         {export_id}));
    }
    return {};
  });
}

Result<std::vector<std::string>> Catalog::LoadIds() {
  std::vector<std::string> ids;
  TRY(database_->Each("SELECT load_id FROM loads", {},
                      [&](const engine::SqliteRow& row) { ids.push_back(row.Text(0)); }));
  return ids;
}

}  // namespace farthing::lake
