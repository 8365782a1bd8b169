#include "connect/collecting/remote_deliveries.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/files.h"
#include "base/text.h"
#include "ingest/discover/manifest.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kManifestTail = "-Manifest.json";

/// The folder of a period in a key: "…/20260101-20260201/" of legacy reports, "…/BILLING_PERIOD=2026-01/" of data
/// exports, "…/NAME/NAME/year=2026/month=1/" of legacy reports for Athena, whose manifest lies among the dates too.
struct PeriodFolder {
  std::size_t end = 0;
  Period period;
  std::string name;  ///< the same for both folders of a legacy report
};

std::optional<Period> ReadPeriod(const std::string& text) {
  const Result<Period> period = ParsePeriod(text);
  if (period.ok()) return *period;
  return std::nullopt;
}

std::string DatesOf(Period period) {
  const auto day = [](Instant instant) {
    std::string text = ToString(instant).substr(0, 10);
    std::erase(text, '-');
    return text;
  };
  return day(period.start()) + "-" + day(period.end());
}

std::optional<Period> PeriodOfFolder(std::string_view name) {
  constexpr std::string_view kBillingPeriod = "BILLING_PERIOD=";
  if (StartsWithIgnoreCase(name, kBillingPeriod)) {  // FOCUS writes it small
    return ReadPeriod(std::string(name.substr(kBillingPeriod.size())));
  }
  const bool range = name.size() == 17 && name[8] == '-';
  if (!range) return std::nullopt;
  return ReadPeriod(std::string(name.substr(0, 4)) + "-" + std::string(name.substr(4, 2)));
}

/// "year=2026" and "month=1" or "month=01".
std::optional<Period> PeriodOfFolders(std::string_view year, std::string_view month) {
  constexpr std::string_view kYear = "year=", kMonth = "month=";
  if (!StartsWithIgnoreCase(year, kYear) || !StartsWithIgnoreCase(month, kMonth)) return {};
  std::string number(month.substr(kMonth.size()));
  if (number.size() == 1) number.insert(0, "0");
  return ReadPeriod(std::string(year.substr(kYear.size())) + "-" + number);
}

/// The folder in which the report has its dates: the files for Athena lie one deeper, in another of its name.
std::string_view WithoutSecondName(std::string_view root) {
  if (!root.ends_with('/')) return root;
  const auto last = [](std::string_view path) {
    path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
  };
  const std::string_view name = last(root);
  const std::string_view above = root.substr(0, root.size() - name.size() - 1);
  return above.ends_with('/') && last(above) == name ? above : root;
}

std::optional<PeriodFolder> FindPeriodFolder(std::string_view key) {
  std::size_t before = 0;
  std::string_view previous;
  for (std::size_t begin = 0; begin < key.size();) {
    const std::size_t slash = key.find('/', begin);
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view name = key.substr(begin, slash - begin);
    if (const auto period = PeriodOfFolder(name)) {
      return PeriodFolder{slash + 1, *period, std::string(key.substr(0, slash + 1))};
    }
    if (const auto period = PeriodOfFolders(previous, name)) {
      const std::string root(WithoutSecondName(key.substr(0, before)));
      return PeriodFolder{slash + 1, *period, root + DatesOf(*period) + "/"};
    }
    previous = name;
    before = begin;
    begin = slash + 1;
  }
  return std::nullopt;
}

/// AWS writes both manifests of a delivery within that time.
constexpr std::int64_t kOneDeliveryMicros = std::int64_t{600} * 1'000'000;

bool IsDirectlyIn(const std::optional<PeriodFolder>& folder, std::string_view key) {
  return !folder || key.find('/', folder->end) == std::string_view::npos;
}

/// Newest first, but the newest of the period's own before all assemblies.  Of one delivery that is the one below the
/// dates, which tells every format: what lies beside the files for Athena may be left from before a change of format,
/// and a copy of a bucket has no order.
void Order(std::vector<aws::S3Object>& manifests) {
  std::stable_sort(manifests.begin(), manifests.end(),
                   [](const aws::S3Object& a, const aws::S3Object& b) {
                     // Names of assemblies begin with their time.
                     return std::tie(a.last_modified, a.key) > std::tie(b.last_modified, b.key);
                   });
  const auto is_own = [](const aws::S3Object& manifest) {
    return IsDirectlyIn(FindPeriodFolder(manifest.key), manifest.key);
  };
  auto own = std::find_if(manifests.begin(), manifests.end(), is_own);
  if (own == manifests.end()) return;
  const auto dated = std::find_if(own, manifests.end(), [&](const aws::S3Object& manifest) {
    const auto folder = FindPeriodFolder(manifest.key);
    return is_own(manifest) && folder && manifest.key.starts_with(folder->name);
  });
  const bool is_of_same =
      dated != manifests.end() && own->last_modified && dated->last_modified &&
      own->last_modified->micros - dated->last_modified->micros <= kOneDeliveryMicros;
  if (is_of_same) own = dated;
  std::rotate(manifests.begin(), own, own + 1);
}

}  // namespace

BucketListing::BucketListing(std::vector<aws::S3Object> objects) : objects_(std::move(objects)) {
  std::sort(objects_.begin(), objects_.end(),
            [](const aws::S3Object& a, const aws::S3Object& b) { return a.key < b.key; });
}

const aws::S3Object* BucketListing::Find(std::string_view key) const {
  const auto found = std::lower_bound(
      objects_.begin(), objects_.end(), key,
      [](const aws::S3Object& object, std::string_view k) { return object.key < k; });
  return found == objects_.end() || found->key != key ? nullptr : &*found;
}

std::vector<PeriodManifests> GroupManifests(const BucketListing& listing) {
  std::map<std::string, PeriodManifests> groups;
  for (const aws::S3Object& object : listing.objects()) {
    if (!object.key.ends_with(kManifestTail)) continue;
    const auto folder = FindPeriodFolder(object.key);
    // Without a period in the path each manifest stands for itself and says its period inside.
    const std::string name = folder ? folder->name : object.key;
    PeriodManifests& group = groups[name];
    group.folder = name;
    if (folder) group.period = folder->period;
    group.manifests.push_back(object);
  }
  std::vector<PeriodManifests> sorted;
  for (auto& [name, group] : groups) {
    Order(group.manifests);
    sorted.push_back(std::move(group));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.period > b.period; });
  return sorted;
}

Result<std::optional<RemoteDelivery>> ReadRemoteDelivery(const aws::S3Object& manifest,
                                                         std::optional<Period> period,
                                                         std::string_view text,
                                                         const BucketListing& listing) {
  Result<std::optional<ingest::Manifest>> read = ingest::ParseManifest(text);
  if (!read.ok()) {
    // Its own advice is for copies on a disk.
    return Error(read.error().code(), read.error().message())
        .Hint(
            "AWS may be writing: it is tried again with the next collection, and mended by AWS's "
            "next delivery");
  }
  const std::optional<ingest::Manifest>& parsed = *read;
  if (!parsed) return std::optional<RemoteDelivery>();
  RemoteDelivery delivery;
  delivery.manifest = manifest;
  delivery.period = parsed->period ? parsed->period : period;
  for (const std::string& key : parsed->keys) {
    const aws::S3Object* object = listing.Find(key);
    if (object == nullptr) {
      return Error(Errc::kNotFound,
                   manifest.key + " names a file that is not in the bucket: " + key)
          .Hint(
              "AWS may be writing: it is tried again with the next collection; if it stays, the "
              "file was "
              "deleted by a lifecycle rule or by hand");
    }
    delivery.files.push_back(*object);
    delivery.size_bytes += object->size_bytes;
  }
  return std::optional(std::move(delivery));
}

bool HasYoungerFiles(const RemoteDelivery& delivery) {
  const std::optional<Instant>& written = delivery.manifest.last_modified;
  return written &&
         std::any_of(delivery.files.begin(), delivery.files.end(), [&](const aws::S3Object& file) {
           return file.last_modified && *file.last_modified > *written;
         });
}

std::string FilesSignature(const std::vector<std::string>& keys, const BucketListing& listing) {
  std::vector<std::string> lines;
  for (const std::string& key : keys) {
    const aws::S3Object* object = listing.Find(key);
    lines.push_back(object == nullptr
                        ? key + " is missing"
                        : key + " " + object->etag + " " + std::to_string(object->size_bytes));
  }
  std::sort(lines.begin(), lines.end());
  return Sha256(Join(lines, "\n"));
}

}  // namespace farthing::connect
