// Objects into files: small ones whole, large ones in ranges that several threads fetch at once.
//
// A file NAME is written as .NAME.part.  A whole one is renamed, and its directory's journal says what it is.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "aws/content_digest_internal.h"
#include "aws/crc64_internal.h"
#include "aws/large_download_internal.h"
#include "aws/object_span_internal.h"
#include "aws/part_file_internal.h"
#include "aws/s3.h"
#include "aws/whole_files_internal.h"

namespace farthing::aws {
namespace {

constexpr int kMostThreads = 64;
constexpr std::uint64_t kLeastRange = 64 << 10;
// Written at once when it is proven; larger ones would take too much memory in many threads.
constexpr std::uint64_t kInMemoryBytes = 256 << 10;

Error Mismatch(const Download& download) {
  return Error(Errc::kCorrupt, "the bytes do not match what the storage says of them: s3://" +
                                   download.bucket + "/" + download.object.key)
      .Hint("try again; if it stays, something between here and the storage changes the content");
}

class Downloader {
 public:
  Downloader(S3& s3, const std::vector<Download>& downloads, const DownloadOptions& options)
      : downloads_(downloads),
        options_(options),
        range_bytes_(std::max(options.range_bytes, kLeastRange)),
        fetcher_(s3, options, stop_) {}

  Result<void> Run() {
    std::vector<std::thread> workers;
    const int wanted = std::clamp(options_.parallel, 1, kMostThreads);
    workers.reserve(static_cast<std::size_t>(wanted));
    for (int i = 0; i < wanted && Start(workers); ++i) {
    }
    {
      std::unique_lock lock(mutex_);
      while (!ended_.wait_for(lock, std::chrono::milliseconds(50), [&] { return running_ == 0; }))
        if (IsCancelled()) stop_.Cancel();
    }
    for (std::thread& worker : workers) worker.join();
    if (error_) return *std::move(error_);
    if (IsCancelled()) return http::CancelledError();
    return {};
  }

 private:
  struct Job {
    const Download* small = nullptr;       // a small object …
    std::shared_ptr<LargeDownload> large;  // … or a large one:
    std::optional<std::size_t> range;      // a range of it, or its end when all are there
  };

  bool IsCancelled() const {
    return options_.cancellation != nullptr && options_.cancellation->cancelled();
  }

  // A machine that has no more threads to give downloads with those that it gave.
  bool Start(std::vector<std::thread>& workers) {
    const std::lock_guard lock(mutex_);
    try {
      workers.emplace_back([this] { Work(); });
      ++running_;
      return true;
    } catch (const std::system_error& refused) {
      if (running_ == 0 && !error_)
        error_ = Error(Errc::kUnavailable, std::string("cannot start a thread: ") + refused.what());
      return false;
    }
  }

  void Work() {
    Result<void> result;
    try {
      while (result.ok() && !stop_.cancelled()) {
        Result<std::optional<Job>> job = Next();
        if (!job.ok()) {
          result = std::move(job).error();
        } else if (!*job) {
          break;
        } else if ((*job)->small != nullptr) {
          result = FetchSmall(*(*job)->small);
        } else {
          result = GoOn(*(*job)->large, (*job)->range);
        }
      }
    } catch (const std::exception& exception) {
      result = Error(Errc::kInternal, std::string("while downloading: ") + exception.what());
    }
    const std::lock_guard lock(mutex_);
    if (!result.ok()) {
      stop_.Cancel();
      if (!error_) error_ = std::move(result).error();
    }
    if (--running_ == 0) ended_.notify_one();
  }

  Result<std::optional<Job>> Next() {
    const std::lock_guard lock(mutex_);
    while (true) {
      while (!large_.empty()) {
        if (const auto range = large_.front()->Take())
          return std::optional(Job{nullptr, large_.front(), range});
        large_.pop_front();
      }
      if (next_ == downloads_.size()) return std::optional<Job>();
      const Download& download = downloads_[next_++];
      if (download.object.size_bytes <= range_bytes_) return std::optional(Job{&download, {}, {}});
      if (whole_.Has(download)) continue;
      TRY_ASSIGN(std::shared_ptr<LargeDownload> large, Begin(download));
      // An earlier run may have been killed between the last range and the renaming.
      if (large->has_all_ranges()) return std::optional(Job{nullptr, std::move(large), {}});
      large_.push_back(std::move(large));
    }
  }

  // Of this content and this boot; empty where the content has no name.
  std::string IdentityOf(const Download& download) const {
    return download.object.etag.empty() ? ""
                                        : download.object.etag + "\n" + whole_.boot_id() + "\n";
  }

  Result<std::shared_ptr<LargeDownload>> Begin(const Download& download) const {
    return LargeDownload::Begin(download, range_bytes_, IdentityOf(download));
  }

  Result<void> GoOn(LargeDownload& large, std::optional<std::size_t> range) {
    TRY_ASSIGN(const LargeDownload::State state,
               range ? large.Fetch(*range, fetcher_) : large.Advance(fetcher_));
    if (state == LargeDownload::State::kUnderWay) return {};
    const Download& download = large.download();
    if (state == LargeDownload::State::kWhole) {
      TRY(whole_.Publish(download, large.part()));
      large.RemoveNotes();
      return {};
    }
    large.RemoveNotes();
    const std::lock_guard lock(mutex_);
    if (!again_.insert(&download).second) {
      std::error_code code;
      fs::remove(large.part(), code);
      return Mismatch(download);
    }
    TRY_ASSIGN(std::shared_ptr<LargeDownload> fresh, Begin(download));
    large_.push_back(std::move(fresh));
    return {};
  }

  Result<void> FetchSmall(const Download& download) {
    if (whole_.Has(download)) return {};
    const fs::path part = Beside(download.file, ".part");
    const Result<void> fetched = download.object.size_bytes <= kInMemoryBytes
                                     ? FetchInMemory(download, part)
                                     : FetchPart(download, part);
    if (fetched.ok()) return whole_.Publish(download, part);
    std::error_code code;
    fs::remove(part, code);
    return fetched;
  }

  static Result<PartFile> CreatePart(const fs::path& part) {
    Result<PartFile> created = PartFile::Create(part);
    if (created.ok() || created.error().code() != Errc::kNotFound) return created;
    TRY(MakeDirectories(part.parent_path()));  // the first of its directory
    return PartFile::Create(part);
  }

  Result<void> FetchInMemory(const Download& download, const fs::path& part) const {
    std::string content;
    for (int round = 1;; ++round) {
      content.clear();
      content.reserve(download.object.size_bytes);
      Span span{&download, nullptr, 0, download.object.size_bytes,
                [&content](std::string_view bytes) { content += bytes; }};
      TRY(fetcher_.Fetch(span));
      if (IsRight(span, content)) break;
      if (round > 1) return Mismatch(download);
    }
    TRY_ASSIGN(const PartFile file, CreatePart(part));
    return file.WriteAt(0, content);
  }

  static bool IsRight(const Span& span, std::string_view content) {
    if (!span.stored_crc64.empty()) {
      return Crc64Text(ExtendCrc64(0, content)) == span.stored_crc64;
    }
    if (!IsProvenByMd5(span)) return true;
    Md5 md5;
    md5.Add(content);
    return md5.Matches(span.download->object.etag);
  }

  static bool IsProvenByMd5(const Span& span) {
    return LooksLikeMd5(span.download->object.etag) && span.etag_is_digest && span.length != 0;
  }

  Result<void> FetchPart(const Download& download, const fs::path& part) const {
    TRY_ASSIGN(const PartFile file, CreatePart(part));
    for (int round = 1;; ++round) {
      std::uint64_t crc = 0;
      Span span = {&download, &file, 0, download.object.size_bytes,
                   [&crc](std::string_view bytes) { crc = ExtendCrc64(crc, bytes); }};
      TRY(fetcher_.Fetch(span));
      TRY_ASSIGN(const bool right, IsRight(span, crc));
      if (right) return {};
      if (round > 1) return Mismatch(download);
    }
  }

  static Result<bool> IsRight(const Span& span, std::uint64_t crc) {
    if (!span.stored_crc64.empty()) return Crc64Text(crc) == span.stored_crc64;
    if (!IsProvenByMd5(span)) return true;
    Md5 md5;
    TRY(span.file->Read(0, span.length, [&md5](std::string_view block) { md5.Add(block); }));
    return md5.Matches(span.download->object.etag);
  }

  const std::vector<Download>& downloads_;
  const DownloadOptions& options_;
  const std::uint64_t range_bytes_;
  WholeFiles whole_;
  http::Cancellation stop_;
  const SpanFetcher fetcher_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  int running_ = 0;
  std::size_t next_ = 0;  // the first download that nobody has taken
  std::deque<std::shared_ptr<LargeDownload>> large_;
  std::set<const Download*> again_;  // whose bytes were wrong once
  std::optional<Error> error_;
};

}  // namespace

Result<void> DownloadAll(S3& s3, const std::vector<Download>& downloads,
                         const DownloadOptions& options) {
  return Downloader(s3, downloads, options).Run();
}

}  // namespace farthing::aws
