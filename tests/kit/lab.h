#pragma once

// A workbench for tests that import: an inbox to lay bills into and a lake of its own, gone afterwards.
// Failures of the bench itself throw; what is under test returns.  One thread.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/duckdb.h"
#include "ingest/import.h"
#include "lake/catalog.h"
#include "tests/kit/sheet.h"

namespace farthing::testkit {

namespace fs = std::filesystem;

/// How a sheet becomes Parquet.  Columns not named: …_date and …Start/…End of FOCUS are TIMESTAMP,
/// …cost, …amount and …Cost are DOUBLE, everything else VARCHAR.
struct ParquetStyle {
  std::map<std::string, std::string> types = {};  ///< column → SQL type
  bool empty_is_null = false;                     ///< as CUR 2.0; legacy CUR keeps ''
  std::string options = {};                       ///< more options of COPY
};

class Lab {
 public:
  Lab();
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  const fs::path& inbox() const { return inbox_; }
  const lake::Layout& layout() const { return layout_; }
  lake::Catalog& catalog() { return *catalog_; }
  engine::Connection& connection() { return *connection_; }

  /// Writes a file below the inbox.
  void Write(const std::string& name, std::string_view bytes);
  void WriteGzip(const std::string& name, std::string_view text);
  void WriteParquet(const std::string& name, const Sheet& sheet, const ParquetStyle& style = {});

  /// Lays a legacy delivery as AWS does with "create new version": P/bill/<range>/<assembly>/bill-00001.csv.gz,
  /// the assembly's manifest and the period's copy of it.
  void DeliverCur1(const std::string& assembly, const std::vector<Sheet>& files,
                   Period period = kJanuary);
  /// Lays a CUR 2.0 delivery as AWS does with "overwrite": data/BILLING_PERIOD=…, metadata/BILLING_PERIOD=….
  void DeliverCur2(const std::string& execution, const std::vector<Sheet>& files,
                   Period period = kJanuary);

  /// Imports `name` below the inbox (or an absolute path).
  ingest::ImportSummary Import(const fs::path& name = "",
                               const ingest::ImportOptions& options = {});
  /// Imports and says what became of each delivery: "loaded 2026-01" or "quarantined 2026-01: <reason>".
  std::vector<std::string> Outcomes(const fs::path& name = "",
                                    const ingest::ImportOptions& options = {});
  /// Writes the sheet as a bare CSV file of its own and imports it.
  std::vector<std::string> ImportSheet(const Sheet& sheet,
                                       const std::string& name = "bare/bill.csv");

  /// SELECT over the view `lines`: the elected loads' lines with their tags, cost_categories, product,
  /// attributes, `export` and `billing_period`.  NULL is "NULL".
  std::vector<std::vector<std::string>> Rows(const std::string& sql);
  /// One value over `lines`.
  std::string Value(const std::string& expression, const std::string& where = "true");
  /// All values of an expression, sorted, joined with ", ".
  std::string Values(const std::string& expression, const std::string& where = "true");

  /// Expects that `farthing verify` would find nothing.
  void ExpectProven();

 private:
  void MakeView(const std::string& sql);
  std::string LinesOf(const std::vector<lake::Load>& loads, const lake::Load& load);

  fs::path root_;
  fs::path inbox_;
  lake::Layout layout_;
  std::unique_ptr<lake::Catalog> catalog_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
};

/// The value, or an exception with the error's message.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
  return *std::move(result);
}
void Must(Result<void> result);

}  // namespace farthing::testkit
