#include "ingest/versions.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {
namespace {

std::filesystem::file_time_type Written(const std::filesystem::path& file) {
  std::error_code code;
  const auto time = std::filesystem::last_write_time(file, code);
  return code ? std::filesystem::file_time_type::min() : time;
}

// What orders versions: the period's own manifest, then the time in the version's name (older reports have none
// there), and only then the time of the file, which copying may have changed.
auto Age(const FoundDelivery& found) {
  return std::make_tuple(found.latest, found.version_time, Written(found.manifest),
                         found.version_key);
}

}  // namespace

void MarkLatest(std::vector<FoundDelivery>& deliveries) {
  std::stable_sort(deliveries.begin(), deliveries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.export_identity, a.period) < std::tie(b.export_identity, b.period);
  });
  for (std::size_t first = 0; first < deliveries.size();) {
    std::size_t end = first;
    while (end < deliveries.size() &&
           deliveries[end].export_identity == deliveries[first].export_identity &&
           deliveries[end].period == deliveries[first].period) {
      ++end;
    }
    const auto begin = deliveries.begin() + static_cast<std::ptrdiff_t>(first);
    const auto stop = deliveries.begin() + static_cast<std::ptrdiff_t>(end);
    std::sort(begin, stop,
              [](const FoundDelivery& a, const FoundDelivery& b) { return Age(a) < Age(b); });
    for (auto it = begin; it != stop; ++it) {
      it->latest = it + 1 == stop;
      for (auto later = it + 1; later != stop; ++later) it->newer.push_back(later->version_key);
    }
    first = end;
  }
}

Result<bool> IsPassedOver(lake::Catalog& catalog, const ImportOptions& options,
                          const FoundDelivery& found, const lake::Delivery& delivery) {
  if (found.latest || !options.all_versions) return !found.latest;
  TRY_ASSIGN(const std::optional<lake::Delivery> active,
             catalog.ActiveDelivery(delivery.export_id, delivery.period));
  return active && std::find(found.newer.begin(), found.newer.end(), active->version_key) !=
                       found.newer.end();
}

Result<std::optional<lake::Delivery>> NewerActive(lake::Catalog& catalog,
                                                  const ImportOptions& options,
                                                  const FoundDelivery& found,
                                                  const lake::Delivery& delivery) {
  if (!found.version_time || options.all_versions) return std::optional<lake::Delivery>();
  TRY_ASSIGN(std::optional<lake::Delivery> active,
             catalog.ActiveDelivery(delivery.export_id, delivery.period));
  if (!active) return active;
  std::vector<std::filesystem::path> places = {active->manifest};
  for (const lake::DeliveryFile& file : active->files) places.emplace_back(file.path);
  const std::optional<Instant> time = TimeOfVersion(active->version_key, places);
  return time && *found.version_time < *time ? std::move(active) : std::nullopt;
}

}  // namespace farthing::ingest
