#pragma once

// Parquet files that have the same columns, as one SELECT of typed source columns.  The files of a delivery
// may differ; a ParquetSource has one shape for each kind of file.  One thread; its functions run on
// DuckDB's threads.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/duckdb.h"
#include "ingest/mapping/set_interner.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {

class SetNumberer;

struct ParquetColumn {
  std::string name;
  std::string type;  ///< DuckDB's spelling
  bool operator==(const ParquetColumn&) const = default;
};

struct ParquetFile {
  std::filesystem::path path;
  std::vector<ParquetColumn> columns;
};

class ParquetShape {
 public:
  /// `number` is the shape's own among those of its source; the interners must outlive the shape.
  ParquetShape(billing::SourceFamily family, const std::vector<ParquetColumn>& columns, int number,
               SetInterner& tags, SetInterner& attributes);
  ~ParquetShape();
  ParquetShape(ParquetShape&&) noexcept;

  void AddFile(const std::filesystem::path& path);
  /// Registers the functions that number sets.
  Result<void> Register(engine::Connection& connection);

  /// True when the files have the used column, by itself or as the key of a map.
  bool Provides(const SourceColumn& column) const;
  const std::vector<std::string>& unknown_columns() const { return unknown_columns_; }

  /// The column as the files hold it, as SQL and its type.  Requires: Provides(column).
  ParquetColumn Stored(const SourceColumn& column) const;
  /// SQL of a text or account column, absent text as NULL.  Requires: Provides(column).
  std::string TextSql(const SourceColumn& column) const;
  /// SQL of a time column; fails in the query where a text is no time.  Requires: Provides(column) and, in the
  /// query, the functions of time_functions.h.
  std::string TimeSql(const SourceColumn& column) const;
  /// SQL of the numbers of a row's tag set and attribute set.
  std::string TagSetSql() const;
  std::string AttributeSetSql() const;
  /// read_parquet(…) of the files, with filename and file_row_number.
  std::string FilesSql() const;

 private:
  struct MapColumn {
    ParquetColumn column;  ///< SQL of type MAP
    ColumnRole role;
  };
  struct SetFunction;
  /// The column inside a map, or nothing.
  std::optional<ParquetColumn> InMap(const std::string& name) const;
  /// SQL of the id of an account that the files hold as a number.
  std::string AccountSql(const std::string& number) const;
  /// SQL of the text where it says something, else NULL.
  std::string PresentSql(const SourceColumn& column, const std::string& text) const;

  billing::SourceFamily family_;
  std::vector<std::string> files_;
  std::map<std::string, ParquetColumn> used_;  ///< by canonical name: the files' column
  std::vector<MapColumn> maps_;
  std::vector<std::string> unknown_columns_;
  std::unique_ptr<SetFunction> tag_function_;
  std::unique_ptr<SetFunction> attribute_function_;
};

}  // namespace farthing::ingest
