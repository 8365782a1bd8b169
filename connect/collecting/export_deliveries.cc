#include "connect/collecting/export_deliveries.h"

#include <algorithm>

#include "connect/exports/discovery.h"

namespace farthing::connect {
namespace {

using Log = std::map<std::string, Collected>;

void Tell(const Log& own, ExportDays& bill) {
  for (const auto& [key, one] : own) {
    if (IsBill(one)) bill.last_delivery = std::max(bill.last_delivery, one.delivered_at);
  }
  bill.cause = CauseIn(own);
}

bool IsLater(const ExportDays* bill, const ExportDays* than) {
  return than == nullptr || bill->last_delivery > than->last_delivery;
}

/// An export that was deleted and made anew under its name delivers where it did: the older one's are over.
void ReplaceOlder(const std::vector<ExportDays*>& present) {
  const ExportDays* newest = nullptr;
  for (const ExportDays* bill : present) {
    if (bill->last_delivery && IsLater(bill, newest)) newest = bill;
  }
  for (ExportDays* bill : present) {
    if (newest != nullptr && bill != newest) bill->replaced_by = newest->name;
  }
}

/// What overwrote a manifest and could not be read has taken the place of the last that could: the connection knows it.
void KeepLast(std::optional<Instant> last, std::vector<ExportDays>& bills) {
  for (ExportDays& bill : bills) {
    if (bill.last_delivery >= last) return;  // it is that one's
  }
  for (ExportDays& bill : bills) {
    if (bill.replaced_by.empty() && !bill.months.empty()) bill.last_delivery = last;
  }
}

}  // namespace

std::string ManifestKey(const lake::Delivery& delivery) {
  constexpr std::string_view kScheme = "s3://";
  const std::string& path = delivery.manifest;
  if (!path.starts_with(kScheme)) return path;
  const std::size_t slash = path.find('/', kScheme.size());
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::vector<ExportDays> TellDeliveries(std::vector<ExportDays> bills, const Deliveries& deliveries,
                                       const Connection& connection) {
  const ExportPlace& place = connection.settings.export_place;
  const std::string prefix = DeliveryPrefix(place);
  std::map<std::int64_t, Log> logs;
  std::set<std::int64_t> present;  // exports that deliver where the settings say
  Log unread;                      // of the present export, and none of it in the lake
  for (const auto& [key, one] : deliveries.known) {
    const bool is_present = key.starts_with(prefix);
    const auto writer = deliveries.writers.find(key);
    if (writer != deliveries.writers.end()) {
      logs[writer->second].emplace(key, one);
      if (is_present) present.insert(writer->second);
    } else if (is_present) {
      unread.emplace(key, one);
    }
  }
  std::vector<ExportDays*> delivering;
  for (ExportDays& bill : bills) {
    const Log& own = logs[bill.id];
    Tell(own, bill);
    if (!own.empty() && !present.contains(bill.id)) {
      bill.replaced_by = place.name;
    } else {
      delivering.push_back(&bill);
    }
  }
  if (!place.name.empty()) ReplaceOlder(delivering);
  for (ExportDays* bill : delivering) {
    if (!bill->replaced_by.empty()) continue;
    logs[bill->id].merge(unread);
    Tell(logs[bill->id], *bill);
  }
  const bool is_awaited = delivering.empty() && !place.name.empty();
  KeepLast(connection.last_delivery, bills);
  if (!is_awaited) return bills;
  bills.emplace_back();
  bills.back().name = place.name;
  Tell(unread, bills.back());
  return bills;
}

}  // namespace farthing::connect
