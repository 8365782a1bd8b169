#pragma once

// Maps that Parquet holds in another form than MAP: JSON text, a struct of keys, a list of pairs.  Loaders and CREATE
// TABLE AS write CUR 2.0's columns so.  One function makes a MAP of any of them, by the reader of CSV's maps.

#include <duckdb.h>

#include <string>

#include "base/result.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

/// Registers the functions that MapOfJsonSql calls.  They are thread-safe.
Result<void> RegisterMaps(duckdb_connection connection);

/// SQL of a MAP(VARCHAR, VARCHAR) made of JSON text, for the maps whose keys are typed columns (KeyInMap); text that
/// is no map becomes one entry, as in MapEntries.
std::string MapOfJsonSql(const ColumnRole& role, const std::string& json_text_sql);

}  // namespace farthing::ingest
