#include "connect/collecting/collect_delivery.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "aws/error.h"
#include "base/files.h"

namespace farthing::connect {
namespace {

/// Another import that runs is waited for: what was downloaded need not be fetched again.
constexpr std::chrono::minutes kPatienceForOthers{10};

/// Fetches the delivery's files into the folder.  Returns the bytes that came.
Result<std::uint64_t> Fetch(const Route& route, const DownloadFolder& folder,
                            const RemoteDelivery& delivery) {
  std::vector<aws::Download> downloads;
  std::vector<fs::path> files;
  for (const aws::S3Object& object : delivery.files) {
    TRY_ASSIGN(fs::path file, folder.FileOf(object.key));
    files.push_back(file);
    downloads.push_back({route.bucket, object, std::move(file)});
  }
  TRY(folder.KeepOnly(files));
  for (const fs::path& file : files) TRY(MakeDirectories(file.parent_path()));
  std::atomic<std::uint64_t> bytes{0};
  const std::string what = "downloading " + NameOf(delivery);
  aws::DownloadOptions options;
  options.parallel = route.options.parallel;
  options.cancellation = route.options.cancellation;
  options.on_bytes = [&](std::uint64_t count) {
    const std::uint64_t so_far = bytes += count;
    if (!route.options.observer) return;
    route.options.observer({route.connection_name, what, so_far, delivery.size_bytes, 0});
  };
  TRY(aws::DownloadAll(route.s3, downloads, options));
  return bytes.load();
}

/// Overwritten exports put the manifest last: if it is still the same, so are the files it names.
Result<void> KeepManifest(const Route& route, const DownloadFolder& folder,
                          const aws::S3Object& manifest, const std::string& text) {
  TRY_ASSIGN(const aws::S3Object now, route.s3.Head(route.bucket, manifest.key));
  if (now.etag != manifest.etag) {
    return Error(Errc::kConflict, manifest.key + " was written again")
        .With(aws::kCodeDetail, "PreconditionFailed");
  }
  TRY_ASSIGN(const fs::path file, folder.FileOf(manifest.key));
  TRY(MakeDirectories(file.parent_path()));
  TRY(RemoveTree(file));
  return WriteFileDurably(file, text);
}

Result<ingest::ImportSummary> Import(const Route& route, const DownloadFolder& folder,
                                     const RemoteDelivery& delivery) {
  ingest::ImportOptions options;
  options.tolerated_rows = route.options.tolerated_rows;
  options.accounts = route.accounts;
  options.copy_of = ingest::CopyOf{folder.bucket(), "s3://" + route.bucket};
  const std::string what = "importing " + NameOf(delivery);
  options.observer = [&](const ingest::Progress& progress) {
    if (!route.options.observer) return;
    route.options.observer(
        {route.connection_name, what, progress.bytes, progress.total_bytes, progress.rows});
  };
  const auto deadline = std::chrono::steady_clock::now() + kPatienceForOthers;
  for (;;) {
    Result<ingest::ImportSummary> summary = ingest::Import(route.catalog, folder.bucket(), options);
    const bool is_locked = !summary.ok() && summary.error().code() == Errc::kConflict;
    const bool cancelled =
        route.options.cancellation != nullptr && route.options.cancellation->cancelled();
    if (!is_locked || cancelled || std::chrono::steady_clock::now() > deadline) return summary;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace

std::string NameOf(const RemoteDelivery& delivery) {
  return delivery.period ? ToString(*delivery.period) : delivery.manifest.key;
}

Result<BroughtIn> BringIn(const Route& route, const RemoteDelivery& delivery,
                          const std::string& manifest_text) {
  const DownloadFolder folder = route.downloads.Of(delivery.manifest.key);
  const std::uint64_t limit = route.options.disk_limit_bytes;
  Result<void> room =
      route.downloads.MakeRoom(folder, delivery.size_bytes, limit, NameOf(delivery));
  if (!room.ok() && delivery.size_bytes > limit) {
    return std::move(room).error().With("disk_limit", std::to_string(limit));
  }
  TRY(std::move(room));
  BroughtIn brought;
  TRY_ASSIGN(brought.bytes, Fetch(route, folder, delivery));
  TRY(KeepManifest(route, folder, delivery.manifest, manifest_text));
  TRY_ASSIGN(brought.imported, Import(route, folder, delivery));
  return brought;
}

}  // namespace farthing::connect
