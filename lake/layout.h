#pragma once

// Where things lie in the data directory.  Paths only; touches no file.  Const-safe.
//
//   DATA/farthing.db                                                     metadata (lake/catalog.h)
//   DATA/lake/<table>/billing_period=2026-01/load_id=<ulid>/part-*.parquet
//   DATA/staging/<load id>/<table>/billing_period=…/load_id=…/part-*.parquet   not visible to readers
//   DATA/lock                                                            one writer at a time

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace farthing::lake {

namespace fs = std::filesystem;

/// The tables of the lake; docs/formats/lake.md has their columns.
inline constexpr std::string_view kCostLines = "cost_lines";
inline constexpr std::string_view kCostResourceDaily = "cost_resource_daily";
inline constexpr std::string_view kCostDaily = "cost_daily";
inline constexpr std::string_view kTagSets = "tag_sets";  ///< tag_set_id, tags, cost_categories
inline constexpr std::string_view kAttributeSets =
    "attribute_sets";  ///< attribute_set_id, product, attributes
inline constexpr std::string_view kTables[] = {kCostLines, kCostResourceDaily, kCostDaily, kTagSets,
                                               kAttributeSets};

class Layout {
 public:
  explicit Layout(fs::path data) : data_(std::move(data)) {}
  const fs::path& data() const { return data_; }
  fs::path database() const { return data_ / "farthing.db"; }
  fs::path lock() const { return data_ / "lock"; }
  fs::path lake() const { return data_ / "lake"; }
  fs::path staging() const { return data_ / "staging"; }
  fs::path spill() const { return data_ / "staging" / "spill"; }
  fs::path staging(std::string_view load_id) const { return staging() / load_id; }
  /// "cost_lines/billing_period=2026-01/load_id=01J…", below lake() or staging(load).
  static fs::path Partition(std::string_view table, Period period, std::string_view load_id);
  /// The glob of a table's files of one load, for read_parquet.
  std::string Files(std::string_view table, Period period, std::string_view load_id) const;
  /// The same while the load is being staged.
  std::string StagedFiles(std::string_view table, Period period, std::string_view load_id) const;

 private:
  fs::path data_;
};

}  // namespace farthing::lake
