#include "ingest/discover/status_table.h"

#include "base/text.h"
#include "engine/duckdb.h"
#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "cost_and_usage_data_status";

}  // namespace

bool IsStatusTable(const fs::path& file) {
  return ToLower(file.parent_path().filename().string()) == kFolder;
}

fs::path SubjectOf(const fs::path& status_table) {
  const fs::path beside = status_table.parent_path().parent_path();
  // AWS's documents put it into the folder of dates as well; the data lie beside that.
  return IsDateRange(beside.filename().string()) ? beside.parent_path() : beside;
}

Result<void> CheckNotUpdating(const fs::path& status_table) {
  TRY_ASSIGN(const auto database, engine::Database::Open({.threads = 1}));
  TRY_ASSIGN(engine::Connection connection, database->Connect());
  const Result<engine::Table> table =
      connection.Query("SELECT 1 FROM read_parquet(" + engine::QuoteLiteral(status_table.string()) +
                       ", hive_partitioning = false) WHERE upper(trim(status)) = 'UPDATING'");
  if (!table.ok() || table->rows.empty()) return {};
  return Error(Errc::kConflict, "AWS was replacing the files when they were copied: " +
                                    status_table.string() + " says UPDATING")
      .Hint("copy the bucket again when the table says READY; the files may be half old, half new");
}

}  // namespace farthing::ingest
