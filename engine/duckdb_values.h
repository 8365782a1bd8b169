#pragma once

// Reads DuckDB vectors as text.  Includes duckdb.h: for engine/ and ingest/ only.
// A ChunkReader belongs to one thread and borrows its chunk.

#include <duckdb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"

namespace farthing::engine {

/// Returns DuckDB's spelling of a type: "DECIMAL(38,10)", "MAP(VARCHAR, VARCHAR)".
std::string TypeName(duckdb_logical_type type);

/// A string of a VARCHAR or BLOB vector; valid as long as the vector.
inline std::string_view ViewOf(duckdb_string_t* text) {
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

inline int128 FromHugeint(duckdb_hugeint value) {
  return static_cast<int128>(value.upper) * (static_cast<int128>(1) << 64) +
         static_cast<int128>(value.lower);
}

inline duckdb_hugeint ToHugeint(int128 value) {
  return {static_cast<std::uint64_t>(value), static_cast<std::int64_t>(value >> 64)};
}

/// Text of single values of a chunk; see engine::Table for the spelling.
class ChunkReader {
 public:
  /// `chunk` must outlive the reader.
  explicit ChunkReader(duckdb_data_chunk chunk);
  ~ChunkReader();
  ChunkReader(const ChunkReader&) = delete;
  ChunkReader& operator=(const ChunkReader&) = delete;

  idx_t row_count() const { return row_count_; }
  idx_t column_count() const { return vectors_.size(); }
  /// Nothing for NULL.
  std::optional<std::string> Text(idx_t column, idx_t row) const;

 private:
  idx_t row_count_;
  std::vector<duckdb_vector> vectors_;
  std::vector<duckdb_logical_type> types_;
};

}  // namespace farthing::engine
