#pragma once

// Which of a connection's deliveries are whose: one that collected an export and now collects another has two bills.
// Pure; for connect/collecting/coverage.cc.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connect/collected.h"
#include "connect/collecting/coverage_verdict.h"
#include "connect/connection.h"
#include "lake/catalog.h"

namespace farthing::connect {

/// What was collected, by key of the manifest, and the exports of the lake that wrote some of them.
struct Deliveries {
  std::map<std::string, Collected> known;
  std::map<std::string, std::int64_t> writers;  ///< key of the manifest → export of the lake
};
/// The key of the manifest in its bucket; its path where there is no bucket.
std::string ManifestKey(const lake::Delivery& delivery);

/// Tells each bill its last delivery, what is wrong with the newest, and what has taken its place; where that is not in
/// the lake yet, it is added without any month.
std::vector<ExportDays> TellDeliveries(std::vector<ExportDays> bills, const Deliveries& deliveries,
                                       const Connection& connection);

}  // namespace farthing::connect
