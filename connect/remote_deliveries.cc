#include "connect/remote_deliveries.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/files.h"
#include "base/text.h"
#include "ingest/manifest.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kManifestTail = "-Manifest.json";

/// The end of the period's folder in a key, and the period: "…/20260101-20260201/" of legacy reports,
/// "…/BILLING_PERIOD=2026-01/" of data exports.
struct PeriodFolder {
  std::size_t end = 0;
  Period period;
};

std::optional<Period> PeriodOfFolder(std::string_view name) {
  constexpr std::string_view kBillingPeriod = "BILLING_PERIOD=";
  if (StartsWithIgnoreCase(name, kBillingPeriod)) {  // FOCUS writes it small
    const Result<Period> period = ParsePeriod(name.substr(kBillingPeriod.size()));
    if (period.ok()) return *period;
    return std::nullopt;
  }
  const bool range = name.size() == 17 && name[8] == '-';
  if (!range) return std::nullopt;
  const std::string month = std::string(name.substr(0, 4)) + "-" + std::string(name.substr(4, 2));
  const Result<Period> period = ParsePeriod(month);
  if (period.ok()) return *period;
  return std::nullopt;
}

std::optional<PeriodFolder> FindPeriodFolder(std::string_view key) {
  for (std::size_t begin = 0; begin < key.size();) {
    const std::size_t slash = key.find('/', begin);
    if (slash == std::string_view::npos) return std::nullopt;
    if (const auto period = PeriodOfFolder(key.substr(begin, slash - begin))) {
      return PeriodFolder{slash + 1, *period};
    }
    begin = slash + 1;
  }
  return std::nullopt;
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
    const std::string name = folder ? object.key.substr(0, folder->end) : object.key;
    PeriodManifests& group = groups[name];
    group.folder = name;
    if (folder) group.period = folder->period;
    group.manifests.push_back(object);
  }
  std::vector<PeriodManifests> sorted;
  for (auto& [name, group] : groups) {
    const auto is_own = [&](const aws::S3Object& object) {
      return object.key.find('/', group.folder.size()) == std::string::npos;
    };
    std::stable_sort(group.manifests.begin(), group.manifests.end(),
                     [&](const aws::S3Object& a, const aws::S3Object& b) {
                       if (is_own(a) != is_own(b)) return is_own(a);
                       // Names of assemblies begin with their time.
                       return std::tie(a.last_modified, a.key) > std::tie(b.last_modified, b.key);
                     });
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
