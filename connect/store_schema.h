#pragma once

// The tables of connections in DATA/farthing.db, and how older files are brought up to date.

#include "base/result.h"
#include "engine/sqlite.h"

namespace farthing::connect {

/// Creates or upgrades the tables; the steps taken are counted in schema_steps.
/// Errors: kConflict (written by a newer Farthing), kUnavailable.
Result<void> UpgradeConnectSchema(engine::SqliteDatabase& database);

}  // namespace farthing::connect
