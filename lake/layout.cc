#include "lake/layout.h"

#include "engine/duckdb.h"

namespace farthing::lake {

fs::path Layout::Partition(std::string_view table, Period period, std::string_view load_id) {
  return fs::path(table) / ("billing_period=" + ToString(period)) /
         ("load_id=" + std::string(load_id));
}

std::string Layout::Files(std::string_view table, Period period, std::string_view load_id) const {
  return engine::GlobOf((lake() / Partition(table, period, load_id)).string()) + "/*.parquet";
}

std::string Layout::StagedFiles(std::string_view table, Period period,
                                std::string_view load_id) const {
  return engine::GlobOf((staging(load_id) / Partition(table, period, load_id)).string()) +
         "/*.parquet";
}

}  // namespace farthing::lake
