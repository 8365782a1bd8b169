#include "query/relation.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/duckdb.h"
#include "lake/load_files.h"

namespace farthing::query {
namespace {

constexpr int kMaxWidth = 38;

std::string ReadParquet(const lake::Layout& layout, std::string_view table,
                        std::span<const lake::Load> loads) {
  return "read_parquet(" + FileList(layout, table, loads) +
         ", union_by_name=true, hive_partitioning=true, "
         "hive_types={'billing_period': VARCHAR, 'load_id': VARCHAR})";
}

const DecimalColumns& ColumnsOf(const lake::Load& load, const FileTypes& types) {
  static const DecimalColumns none;
  const auto found = types.find(load.id);
  return found == types.end() ? none : found->second;
}

struct Extent {
  int whole_digits = 0;
  int scale = 0;
  std::set<int> scales;
};

std::map<std::string, Extent> ExtentsOf(std::span<const lake::Load> loads, const FileTypes& types) {
  std::map<std::string, Extent> extents;
  for (const lake::Load& load : loads) {
    for (const auto& [name, type] : ColumnsOf(load, types)) {
      Extent& extent = extents[name];
      extent.whole_digits = std::max(extent.whole_digits, type.width - type.scale);
      extent.scale = std::max(extent.scale, type.scale);
      extent.scales.insert(type.scale);
    }
  }
  return extents;
}

std::string Cast(const std::string& column, const DecimalType& type) {
  return "CAST(" + column + " AS DECIMAL(" + std::to_string(type.width) + "," +
         std::to_string(type.scale) + "))";
}

std::string InParts(const std::string& column, const DecimalType& type) {
  return PartsOf(column, type.scale);
}

/// Loads of equal types are read together, their columns rewritten, and only then united with others.
class United {
 public:
  United(const lake::Layout& layout, std::string_view table, std::span<const lake::Load> loads)
      : layout_(layout), table_(table), loads_(loads) {}

  // Rewrites the columns named in `targets` to the type given there.
  std::string Rewritten(const FileTypes& types, const DecimalColumns& targets,
                        std::string (*rewrite)(const std::string&, const DecimalType&)) const {
    std::map<DecimalColumns, std::vector<lake::Load>> classes;
    for (const lake::Load& load : loads_) {
      DecimalColumns own;
      for (const auto& [name, type] : ColumnsOf(load, types)) {
        if (targets.contains(name)) own.emplace(name, type);
      }
      classes[own].push_back(load);
    }
    std::vector<std::string> parts;
    for (const auto& [own, members] : classes) {
      std::vector<std::string> columns;
      for (const auto& [name, type] : own) {
        const std::string column = engine::QuoteIdentifier(name);
        columns.push_back(rewrite(column, targets.find(name)->second) + " AS " + column);
      }
      parts.push_back("SELECT *" +
                      (columns.empty() ? "" : " REPLACE (" + Join(columns, ", ") + ")") + " FROM " +
                      ReadParquet(layout_, table_, members));
    }
    return "(" + Join(parts, " UNION ALL BY NAME ") + ")";
  }

 private:
  const lake::Layout& layout_;
  std::string_view table_;
  std::span<const lake::Load> loads_;
};

// Days are compared as text; a load that does not know its days may have any.
bool MayCharge(const lake::Load& load, const TimeRange& time) {
  if (load.first_charge_day.empty()) return true;
  if (time.start && load.last_charge_day < DayString(*time.start)) return false;
  return !time.end || load.first_charge_day <= DayString({time.end->micros - 1});
}

}  // namespace

std::vector<lake::Load> ChargedWithin(const TimeRange& time, std::span<const lake::Load> loads) {
  CHECK(!loads.empty());
  std::vector<lake::Load> charged;
  for (const lake::Load& load : loads) {
    if (MayCharge(load, time)) charged.push_back(load);
  }
  if (charged.empty()) charged.push_back(loads.front());
  return charged;
}

std::string FileList(const lake::Layout& layout, std::string_view table,
                     std::span<const lake::Load> loads) {
  std::vector<std::string> files;
  for (const lake::Load& load : loads) {
    for (std::string& file : lake::FilesToRead(layout, table, load))
      files.push_back(std::move(file));
  }
  return engine::QuoteList(files);
}

DecimalColumns UnsafeColumns(std::span<const lake::Load> loads, const FileTypes& types) {
  DecimalColumns unsafe;
  for (const auto& [name, extent] : ExtentsOf(loads, types)) {
    if (extent.scales.size() > 1 && extent.whole_digits + extent.scale > kMaxWidth) {
      unsafe.emplace(name, DecimalType{kMaxWidth, extent.scale});
    }
  }
  return unsafe;
}

std::string Relation(const lake::Layout& layout, std::string_view table,
                     std::span<const lake::Load> loads, const FileTypes& types) {
  CHECK(!loads.empty());
  const DecimalColumns unsafe = UnsafeColumns(loads, types);
  if (unsafe.empty()) return ReadParquet(layout, table, loads);
  return United(layout, table, loads).Rewritten(types, unsafe, Cast);
}

std::string RelationInParts(const lake::Layout& layout, std::string_view table,
                            std::span<const lake::Load> loads, const FileTypes& types) {
  CHECK(!loads.empty());
  DecimalColumns all;
  for (const auto& [name, extent] : ExtentsOf(loads, types))
    all.emplace(name, DecimalType{kMaxWidth, extent.scale});
  return United(layout, table, loads).Rewritten(types, all, InParts);
}

}  // namespace farthing::query
