#pragma once

// The tables of DATA/farthing.db and how older files are brought up to date.

#include "base/result.h"
#include "engine/sqlite.h"

namespace farthing::lake {

/// Creates or upgrades the tables; PRAGMA user_version counts the steps.
/// Errors: kConflict (written by a newer Farthing), kUnavailable.
Result<void> UpgradeSchema(engine::SqliteDatabase& database);

}  // namespace farthing::lake
