#include "connect/store_schema.h"

#include <string>
#include <vector>

namespace farthing::connect {
namespace {

// Step n brings the count from n to n + 1.  Steps are only ever added.
const std::vector<std::string>& Steps() {
  static const std::vector<std::string> steps = {R"sql(
CREATE TABLE connections (
  connection_id  TEXT PRIMARY KEY,        -- ULID
  name           TEXT NOT NULL UNIQUE,
  reach          TEXT NOT NULL UNIQUE,    -- role ARN, key id, storage or directory: serves one that is connected
  settings       TEXT NOT NULL,           -- JSON: connect/connection.h
  state          TEXT NOT NULL,
  cause          TEXT NOT NULL,
  created_at     TEXT NOT NULL,
  state_since    TEXT NOT NULL,
  last_checked   TEXT,
  last_collected TEXT,
  last_delivery  TEXT,
  delete_after   TEXT                     -- of a disabled connection whose term has ended
) STRICT;
CREATE TABLE external_ids (               -- every one ever issued; none is used twice
  external_id   TEXT PRIMARY KEY,
  connection_id TEXT NOT NULL,
  issued_at     TEXT NOT NULL
) STRICT;
CREATE TABLE secrets (                    -- connect/vault.h
  connection_id TEXT NOT NULL,
  name          TEXT NOT NULL,
  key_id        TEXT NOT NULL,
  nonce         TEXT NOT NULL,
  box           TEXT NOT NULL,
  PRIMARY KEY (connection_id, name)
) STRICT;
CREATE TABLE connection_events (
  number          INTEGER PRIMARY KEY,
  at              TEXT NOT NULL,
  connection_id   TEXT NOT NULL,
  connection_name TEXT NOT NULL,
  kind            TEXT NOT NULL,
  text            TEXT NOT NULL,
  detail          TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_connection ON connection_events (connection_id, number);
CREATE TABLE reports (                    -- the last checks of each connection
  connection_id TEXT PRIMARY KEY,
  made_at       TEXT NOT NULL,
  report        TEXT NOT NULL
) STRICT;
CREATE TABLE collected (                  -- connect/collected.h: manifests seen in buckets
  connection_id   TEXT NOT NULL,
  manifest_key    TEXT NOT NULL,
  etag            TEXT NOT NULL,
  files           TEXT NOT NULL,          -- JSON: keys of the data files
  files_signature TEXT NOT NULL,          -- SHA-256 over their keys, ETags and sizes
  period          TEXT NOT NULL,          -- 2026-01
  outcome         TEXT NOT NULL,          -- loaded, unchanged, duplicate, quarantined, incomplete
  reason          TEXT NOT NULL,
  size_bytes      INTEGER NOT NULL,
  delivered_at    TEXT NOT NULL,
  collected_at    TEXT NOT NULL,
  PRIMARY KEY (connection_id, manifest_key)
) STRICT;
CREATE TABLE connection_exports (         -- which exports of the lake a connection has brought
  connection_id TEXT NOT NULL,
  export_id     INTEGER NOT NULL,
  PRIMARY KEY (connection_id, export_id)
) STRICT;
CREATE TABLE installation_settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
)sql",
                                                 R"sql(
CREATE TABLE member_accounts (            -- connect/exports/member_accounts.h: as Organizations named them last
  connection_id TEXT NOT NULL,
  account_id    TEXT NOT NULL,
  name          TEXT NOT NULL,
  email         TEXT NOT NULL,
  state         TEXT NOT NULL,
  joined        TEXT NOT NULL,
  unit          TEXT NOT NULL,
  is_management INTEGER NOT NULL,
  refreshed_at  TEXT NOT NULL,
  PRIMARY KEY (connection_id, account_id)
) STRICT;
)sql",
                                                 R"sql(
CREATE TABLE cost_explorer_spending (     -- connect/spending.h: one row a request, US$0.01 each
  number        INTEGER PRIMARY KEY,
  at            TEXT NOT NULL,
  month         TEXT NOT NULL,            -- 2026-01
  connection_id TEXT NOT NULL,
  purpose       TEXT NOT NULL
) STRICT;
CREATE INDEX spending_by_month ON cost_explorer_spending (connection_id, month);
CREATE TABLE cost_explorer_answers (      -- connect/cost_explorer/cost_explorer_fit.h: months kept below DATA/cost_explorer
  connection_id TEXT NOT NULL,
  period        TEXT NOT NULL,
  asked_at      TEXT NOT NULL,
  rows          INTEGER NOT NULL,
  requests      INTEGER NOT NULL,
  fitted_around TEXT,                     -- JSON: loads; NULL: not in the lake yet
  PRIMARY KEY (connection_id, period)
) STRICT;
)sql",
                                                 R"sql(
UPDATE connections SET reach = 'disconnected:' || connection_id WHERE state = 'disconnected';
)sql"};
  return steps;
}

Result<std::int64_t> StepsTaken(engine::SqliteDatabase& database) {
  std::int64_t taken = 0;
  TRY(database.Each("SELECT taken FROM schema_steps WHERE module = 'connect'", {},
                    [&](const engine::SqliteRow& row) { taken = row.Int(0); }));
  return taken;
}

}  // namespace

Result<void> UpgradeConnectSchema(engine::SqliteDatabase& database) {
  const auto newest = static_cast<std::int64_t>(Steps().size());
  // The lake counts its own steps in user_version; this module must not touch that.
  TRY(database.Execute(
      "CREATE TABLE IF NOT EXISTS schema_steps (module TEXT PRIMARY KEY, taken INTEGER NOT NULL) "
      "STRICT"));
  TRY_ASSIGN(std::int64_t taken, StepsTaken(database));
  if (taken == newest) return {};
  if (taken > newest) {
    return Error(Errc::kConflict, "the data directory was written by a newer Farthing")
        .Hint("run the newer version, or choose another directory with --data");
  }
  return database.Transaction([&]() -> Result<void> {
    TRY_ASSIGN(taken, StepsTaken(database));  // another process may have been faster
    for (; taken < newest; ++taken) {
      TRY(database.Execute(Steps()[static_cast<std::size_t>(taken)]));
    }
    return database.Run(
        "INSERT INTO schema_steps VALUES ('connect', ?) ON CONFLICT (module) DO UPDATE SET taken = "
        "excluded.taken",
        {newest});
  });
}

}  // namespace farthing::connect
