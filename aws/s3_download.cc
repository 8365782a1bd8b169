// Objects into files: small ones whole, large ones in ranges that several threads fetch at once.
//
// A file NAME is written as .NAME.part.  A whole file is renamed and .NAME.etag says what it is.  Nothing is flushed to
// the disk: the notes carry the id of the boot, and what another boot left is not trusted.

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
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr int kMostThreads = 64;
constexpr std::uint64_t kLeastRange = 64 << 10;

std::string BootId() {
  Result<std::string> id = ReadFile("/proc/sys/kernel/random/boot_id", 256);
  return id.ok() ? *id : NewUlid();  // then nothing is trusted
}

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
      if (IsWhole(download)) continue;
      TRY_ASSIGN(std::shared_ptr<LargeDownload> large, Begin(download));
      // An earlier run may have been killed between the last range and the renaming.
      if (large->has_all_ranges()) return std::optional(Job{nullptr, std::move(large), {}});
      large_.push_back(std::move(large));
    }
  }

  // Of this content and this boot; empty where the content has no name.
  std::string IdentityOf(const Download& download) const {
    return download.object.etag.empty() ? "" : download.object.etag + "\n" + boot_id_;
  }

  bool IsWhole(const Download& download) const {
    std::error_code code;
    if (download.object.etag.empty() ||
        fs::file_size(download.file, code) != download.object.size_bytes || code)
      return false;
    const Result<std::string> note = ReadFile(Beside(download.file, ".etag"), 4096);
    return note.ok() && *note == IdentityOf(download);
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
      TRY(Publish(download, large.part()));
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
    if (IsWhole(download)) return {};
    const fs::path part = Beside(download.file, ".part");
    const Result<void> fetched = FetchPart(download, part);
    if (fetched.ok()) return Publish(download, part);
    std::error_code code;
    fs::remove(part, code);
    return fetched;
  }

  Result<void> FetchPart(const Download& download, const fs::path& part) const {
    Result<PartFile> created = PartFile::Create(part);
    if (!created.ok() && created.error().code() == Errc::kNotFound) {  // the first of its directory
      TRY(MakeDirectories(part.parent_path()));
      created = PartFile::Create(part);
    }
    TRY_ASSIGN(const PartFile file, std::move(created));
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
    const std::string& etag = span.download->object.etag;
    if (!span.stored_crc64.empty()) return Crc64Text(crc) == span.stored_crc64;
    if (!LooksLikeMd5(etag) || !span.etag_is_digest || span.length == 0) return true;
    Md5 md5;
    TRY(span.file->Read(0, span.length, [&md5](std::string_view block) { md5.Add(block); }));
    return md5.Matches(etag);
  }

  // Renames a whole part.  The old note goes first, so that it never speaks of the new content.
  Result<void> Publish(const Download& download, const fs::path& part) const {
    const fs::path note = Beside(download.file, ".etag");
    std::error_code code;
    if (fs::exists(note, code)) fs::remove(note, code);
    fs::rename(part, download.file, code);
    if (code) return ErrnoError("rename", part, code.value());
    if (download.object.etag.empty()) return {};
    TRY_ASSIGN(const PartFile file, PartFile::Create(note));
    return file.WriteAt(0, IdentityOf(download));
  }

  const std::vector<Download>& downloads_;
  const DownloadOptions& options_;
  const std::uint64_t range_bytes_;
  const std::string boot_id_ = BootId();
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
