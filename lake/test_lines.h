#pragma once

// Lines of a made-up load for tests: written by SQL as an import would stage them, and rolled up.

#include <map>
#include <memory>
#include <string>

#include "lake/rollups.h"
#include "lake/stage.h"

namespace farthing::lake {

class TestLines {
 public:
  explicit TestLines(const engine::DatabaseOptions& options = {});
  ~TestLines();

  engine::Connection& connection() { return *connection_; }
  const Layout& layout() const { return layout_; }
  Load& load() { return load_; }

  /// Writes a file of `rows` lines.  `values` are SQL over the row number i, by column of the lake; others are
  /// NULL, and 0 where they are amounts.
  void Write(const std::string& file, std::int64_t rows, std::map<std::string, std::string> values);
  /// The files of a table, for FROM.
  std::string From(std::string_view table) const;
  /// Moves what is staged to where a published load has it, with the totals that an import notes.
  void Publish();
  /// The first value of the first row.
  std::string Value(const std::string& sql);

 private:
  std::string Staged(std::string_view table) const;

  Layout layout_;
  Load load_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
};

}  // namespace farthing::lake
