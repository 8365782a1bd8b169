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

SourceFamily FamilyOf(std::string_view format) {
  if (format == kCostExplorerFormat) return SourceFamily::kCostExplorer;
  return format == "focus" ? SourceFamily::kFocus : SourceFamily::kCur;
}

std::string_view LakeColumn::Expression(SourceFamily family) const {
  switch (family) {
    case SourceFamily::kCur: return cur;
    case SourceFamily::kFocus: return focus;
    case SourceFamily::kCostExplorer: return cost_explorer;
  }
  return cur;
}

std::span<const Need> LakeColumn::Needs(SourceFamily family) const {
  switch (family) {
    case SourceFamily::kCur: return cur_needs;
    case SourceFamily::kFocus: return focus_needs;
    case SourceFamily::kCostExplorer: return cost_explorer_needs;
  }
  return cur_needs;
}

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
