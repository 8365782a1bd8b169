#include "billing/registry.h"

#include <unordered_map>

namespace farthing::billing {
namespace {

template <typename Entry>
using Index = std::unordered_map<std::string_view, const Entry*>;

template <typename Entry>
Index<Entry> IndexByName(std::span<const Entry> entries) {
  Index<Entry> index;
  for (const Entry& entry : entries) index.emplace(entry.name, &entry);
  return index;
}

template <typename Entry>
const Entry* Find(const Index<Entry>& index, std::string_view name) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

Index<Metric> IndexMetrics() {
  Index<Metric> index = IndexByName(Metrics());
  for (const Metric& metric : Metrics()) {
    if (!metric.cost_explorer.empty()) index.emplace(metric.cost_explorer, &metric);
  }
  return index;
}

}  // namespace

const LakeColumn* FindLakeColumn(std::string_view name) {
  static const Index<LakeColumn> index = IndexByName(LakeColumns());
  return Find(index, name);
}

const Metric* FindMetric(std::string_view name) {
  static const Index<Metric> index = IndexMetrics();
  return Find(index, name);
}

const Dimension* FindDimension(std::string_view name) {
  static const Index<Dimension> index = IndexByName(Dimensions());
  return Find(index, name);
}

}  // namespace farthing::billing
