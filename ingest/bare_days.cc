#include "ingest/bare_days.h"

#include <optional>
#include <set>

#include "ingest/mapping/bucket_layout.h"

namespace farthing::ingest {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> FilesOfOtherDays(lake::Catalog& catalog, std::int64_t export_id,
                                               Period period, const std::vector<fs::path>& files) {
  std::set<fs::path> days;
  std::set<fs::path> bills;
  for (const fs::path& file : files) {
    const fs::path day = DayOfBareFile(file);
    if (day.empty()) continue;
    days.insert(day);
    bills.insert(BareFolder(file));
  }
  std::vector<fs::path> others;
  if (days.empty()) return others;
  TRY_ASSIGN(const std::optional<lake::Delivery> active, catalog.ActiveDelivery(export_id, period));
  if (!active || !active->manifest.empty()) return others;
  for (const lake::DeliveryFile& known : active->files) {
    const fs::path day = DayOfBareFile(known.path);
    if (day.empty() || days.contains(day) || !bills.contains(BareFolder(known.path))) continue;
    others.emplace_back(known.path);
  }
  return others;
}

Error DayIsGone(const fs::path& gone, Period period) {
  return Error(Errc::kInvalidArgument, "a part of " + ToString(period) +
                                           " by itself, and a file that the month was read from is "
                                           "gone: " +
                                           gone.string())
      .Hint("import the folder of all days, " + BareFolder(gone).string() +
            ", with the earlier ones in it; a part that is a bill of its own needs another --name");
}

}  // namespace farthing::ingest
