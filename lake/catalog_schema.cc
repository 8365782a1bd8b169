#include "lake/catalog_schema.h"

#include <string>
#include <vector>

namespace farthing::lake {
namespace {

// Step n brings user_version from n to n + 1.  Steps are only ever added.
const std::vector<std::string>& Steps() {
  static const std::vector<std::string> steps = {R"sql(
CREATE TABLE exports (
  export_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  format    TEXT NOT NULL,              -- cur1, cur2, focus
  source    TEXT NOT NULL,              -- directory or file given to import
  identity  TEXT NOT NULL UNIQUE        -- ARN, report id or path: the same export next time
) STRICT;
CREATE TABLE deliveries (
  delivery_id TEXT PRIMARY KEY,         -- ULID
  export_id   INTEGER NOT NULL REFERENCES exports,
  period      TEXT NOT NULL,            -- 2026-01
  version_key TEXT NOT NULL,            -- assembly or execution id, or the content hash
  fingerprint TEXT NOT NULL,            -- SHA-256 over the files' hashes
  manifest    TEXT NOT NULL,            -- path, '' for bare files
  status      TEXT NOT NULL CHECK (status IN ('loaded', 'quarantined', 'duplicate', 'superseded')),
  reason      TEXT NOT NULL,
  seen_at     TEXT NOT NULL,
  files       TEXT NOT NULL             -- JSON
) STRICT;
CREATE INDEX deliveries_by_export ON deliveries (export_id, period);
CREATE TABLE loads (
  load_id     TEXT PRIMARY KEY,         -- ULID
  delivery_id TEXT NOT NULL REFERENCES deliveries,
  export_id   INTEGER NOT NULL REFERENCES exports,
  period      TEXT NOT NULL,
  facts       TEXT NOT NULL             -- JSON: lake/load_facts.h
) STRICT;
CREATE TABLE versions (
  export_id   INTEGER NOT NULL REFERENCES exports,
  period      TEXT NOT NULL,
  number      INTEGER NOT NULL,
  load_id     TEXT NOT NULL REFERENCES loads,
  active_from TEXT NOT NULL,
  active_to   TEXT,                     -- NULL: active now
  PRIMARY KEY (export_id, period, number)
) STRICT;
CREATE UNIQUE INDEX one_active_version ON versions (export_id, period) WHERE active_to IS NULL;
CREATE TABLE elections (
  export_id  INTEGER NOT NULL REFERENCES exports,
  period     TEXT NOT NULL,             -- '': every period
  elected_at TEXT NOT NULL
) STRICT;
)sql",
                                                 R"sql(
CREATE TABLE account_figures (          -- lake/account_figures.h
  load_id    TEXT NOT NULL REFERENCES loads,
  account    TEXT NOT NULL,
  currency   TEXT NOT NULL,
  usage_days INTEGER NOT NULL,          -- bit 0: the first of the month
  cost       TEXT,                      -- NULL: unknown
  PRIMARY KEY (load_id, account, currency)
) STRICT, WITHOUT ROWID;
)sql",
                                                 // A fact of its own, which was the rest of a note.
                                                 R"sql(
UPDATE loads SET facts = json_set(facts, '$.condition', (
  SELECT substr(value, 1 + length('the export''s query has a WHERE, it may leave lines out: '))
  FROM json_each(facts, '$.notes')
  WHERE value LIKE 'the export''s query has a WHERE, it may leave lines out: %'))
WHERE facts LIKE '%the export''s query has a WHERE, it may leave lines out: %';
)sql"};
  return steps;
}

Result<std::int64_t> UserVersion(engine::SqliteDatabase& database) {
  std::int64_t version = 0;
  TRY(database.Each("PRAGMA user_version", {},
                    [&](const engine::SqliteRow& row) { version = row.Int(0); }));
  return version;
}

}  // namespace

Result<void> UpgradeSchema(engine::SqliteDatabase& database) {
  const auto newest = static_cast<std::int64_t>(Steps().size());
  TRY_ASSIGN(std::int64_t version, UserVersion(database));
  if (version == newest) return {};
  if (version > newest) {
    return Error(Errc::kConflict, "the data directory was written by a newer Farthing")
        .Hint("run the newer version, or choose another directory with --data");
  }
  if (database.is_read_only()) {
    return Error(Errc::kConflict,
                 "the data directory was written by an older Farthing and may only be read here")
        .Hint("run farthing versions once as its owner, which brings it up to date");
  }
  return database.Transaction([&]() -> Result<void> {
    TRY_ASSIGN(version, UserVersion(database));  // another process may have been faster
    for (; version < newest; ++version) {
      TRY(database.Execute(Steps()[static_cast<std::size_t>(version)]));
    }
    return database.Execute("PRAGMA user_version = " + std::to_string(newest));
  });
}

}  // namespace farthing::lake
