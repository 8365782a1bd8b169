#pragma once

// One month of the bill in one format, as the files and manifests that AWS delivers to a bucket.
// Source: AWS CUR user guide, "Understanding your report versions"; Data Exports guide, "Export
// delivery".  A Delivery belongs to one thread.

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/duckdb.h"
#include "sim/bill.h"
#include "sim/row.h"

namespace farthing::sim {

struct DeliveryOptions {
  BillFormat format;
  std::filesystem::path bucket;
  Period period;
  BillOptions::Layout layout;
  int number;  ///< of the delivery, from 1: each has its own assembly or execution id
  std::uint64_t seed;
  std::int64_t lines_per_file;
  std::string prefix = "billing";
  std::string report = {};  ///< empty: the format's name
  std::string bucket_name = "example-billing-exports";
  std::optional<Instant> made = {};  ///< absent: some days after the month's end
  std::string export_arn = {};       ///< empty: made of the report's name
  std::string owner = {};            ///< account of the report; empty: the payer
  Columns columns = {};              ///< empty: all, in the order of the format
};

class Delivery {
 public:
  /// Requires: `connection` outlives the delivery; it may be nullptr for CSV.
  Delivery(const DeliveryOptions& options, engine::Connection* connection);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// Writes the line's rows.  The first failure is kept for Finish, later lines are dropped.
  void Write(const Line& line);

  /// Completes the last file and writes the manifests.  Errors: kTooLarge, kUnavailable.
  Result<void> Finish();

 private:
  struct Places;

  void WriteRow(const Line& line);
  Result<void> OpenFile();
  Result<void> Flush();
  Result<void> CloseFile();
  Result<void> ConvertToParquet(const std::filesystem::path& parquet);
  Result<void> WriteManifests();
  std::string LegacyManifest() const;
  std::string ExportManifest() const;
  std::string CreateTableSql() const;

  const DeliveryOptions options_;
  engine::Connection* const connection_;
  const Columns columns_;
  const std::unique_ptr<const Places> places_;
  RowWriter rows_;
  gzFile file_ = nullptr;
  std::filesystem::path csv_path_;
  std::int64_t file_lines_ = 0;
  std::vector<std::string> keys_;  // of the data files
  Result<void> status_;            // the first failure
};

}  // namespace farthing::sim
