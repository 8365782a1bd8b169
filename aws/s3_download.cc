// Objects into files: small ones whole, large ones in ranges that several threads fetch at once.
//
// A file NAME is written as .NAME.part; for a large one .NAME.part.done has a byte for each range, so that a run
// after a kill goes on where this one was.  A whole file is renamed and .NAME.etag says what it is.  Nothing is
// flushed to the disk: both notes carry the id of the boot, and what another boot left is not trusted.

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "aws/error.h"
#include "aws/s3.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr int kMostThreads = 64;
constexpr int kMostStalls = 3;     // failures in a row that bring no byte
constexpr int kMostBreaks = 1000;  // failures of one range altogether
constexpr std::chrono::milliseconds kPause{200};
constexpr std::size_t kHashBlock = 256 << 10;

fs::path Beside(const fs::path& file, std::string_view ending) {
  return file.parent_path() / ("." + file.filename().string() + std::string(ending));
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_ = -1;
};

enum class Open { kExisting, kFresh };

Result<Descriptor> OpenFile(const fs::path& path, Open how) {
  const int fresh = how == Open::kFresh ? O_CREAT | O_TRUNC : 0;
  Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | fresh, 0644));
  if (file.number() < 0) return ErrnoError("open", path, errno);
  return file;
}

Error WriteError(const fs::path& path, int error_number) {
  Error error = ErrnoError("write", path, error_number);
  return error.code() == Errc::kTooLarge ? std::move(error).Hint(kFullDiskHint) : error;
}

Result<void> WriteAt(const Descriptor& file, const fs::path& path, std::uint64_t offset,
                     std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

std::string BootId() {
  Result<std::string> id = ReadFile("/proc/sys/kernel/random/boot_id", 256);
  return id.ok() ? *id : NewUlid();  // then nothing is trusted
}

// The MD5 of what was added; libraries in FIPS mode have none, then every comparison holds.
class Md5 {
 public:
  Md5() { Restart(); }
  ~Md5() { EVP_MD_CTX_free(context_); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  void Restart() { usable_ = EVP_DigestInit_ex(context_, EVP_md5(), nullptr) == 1; }
  void Add(std::string_view bytes) {
    if (usable_) EVP_DigestUpdate(context_, bytes.data(), bytes.size());
  }
  bool Matches(std::string_view etag) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (!usable_ || EVP_DigestFinal_ex(context_, digest, &size) != 1) return true;
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string quoted = "\"";
    for (unsigned int i = 0; i < size; ++i) {
      quoted += kDigits[digest[i] >> 4];
      quoted += kDigits[digest[i] & 15];
    }
    return EqualsIgnoreCase(quoted + "\"", etag);
  }

 private:
  EVP_MD_CTX* context_ = EVP_MD_CTX_new();
  bool usable_ = false;
};

// The ETag of a multipart upload ("hex-N") is no MD5.
bool LooksLikeMd5(std::string_view etag) {
  return etag.size() == 34 && etag.front() == '"' && etag.back() == '"' &&
         etag.substr(1, 32).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// Nor is the one of an object under a key of KMS or of the customer's own.
bool EtagIsDigest(const http::Response& response) {
  const std::string* kind = http::FindHeader(response.headers, "x-amz-server-side-encryption");
  return (kind == nullptr || !kind->starts_with("aws:kms")) &&
         http::FindHeader(response.headers, "x-amz-server-side-encryption-customer-algorithm") ==
             nullptr;
}

Error Mismatch(const Download& download) {
  return Error(Errc::kCorrupt, "the bytes do not match the ETag: s3://" + download.bucket + "/" +
                                   download.object.key)
      .Hint("try again; if it stays, something between here and the storage changes the content");
}

class Downloader {
 public:
  Downloader(S3& s3, const std::vector<Download>& downloads, const DownloadOptions& options)
      : s3_(s3),
        downloads_(downloads),
        options_(options),
        range_bytes_(std::max<std::uint64_t>(options.range_bytes, 64 * 1024)) {}

  Result<void> Run() {
    std::vector<std::thread> workers;
    running_ = std::clamp(options_.parallel, 1, kMostThreads);
    workers.reserve(static_cast<std::size_t>(running_));
    for (int i = running_; i > 0; --i) workers.emplace_back([this] { Work(); });
    {
      std::unique_lock lock(mutex_);
      while (!ended_.wait_for(lock, std::chrono::milliseconds(50), [&] { return running_ == 0; }))
        if (options_.cancellation != nullptr && options_.cancellation->cancelled()) stop_.Cancel();
    }
    for (std::thread& worker : workers) worker.join();
    if (error_) return *std::move(error_);
    if (options_.cancellation != nullptr && options_.cancellation->cancelled())
      return Error(Errc::kDeadline, "the download was cancelled").With("cancelled", "true");
    return {};
  }

 private:
  // A large object under way.
  struct Transfer {
    const Download* download;
    fs::path part, notes;
    Descriptor file, note_file;
    std::size_t head_bytes = 0;  // of the notes, before the bytes of the ranges
    std::vector<char> done;      // by range
    std::size_t next = 0;        // the first range that nobody has taken
    std::size_t open = 0;        // ranges that are not done
    bool digest = true;          // the ETag may be an MD5
    Md5 md5;                     // of the ranges before `hashed`; whoever set `hashing` adds to it
    std::size_t hashed = 0;
    bool hashing = false;
    int rounds = 1;
  };
  struct Job {
    const Download* whole = nullptr;     // a small object …
    std::shared_ptr<Transfer> transfer;  // … or a large one:
    std::optional<std::size_t> range;    // a range of it, or the finish when all are there
  };

  // Bytes of an object as they arrive.
  struct Span {
    const Download* download;
    const Descriptor* file;
    const fs::path* path;
    std::uint64_t offset, length;
    std::uint64_t received = 0;
    Md5* md5 = nullptr;
    bool digest = true;  // the ETag may be an MD5
  };

  void Work() {
    Result<void> result;
    try {
      while (result.ok() && !stop_.cancelled()) {
        Result<std::optional<Job>> job = Next();
        if (!job.ok()) {
          result = std::move(job).error();
        } else if (!*job) {
          break;
        } else if ((*job)->whole != nullptr) {
          result = FetchWhole(*(*job)->whole);
        } else if ((*job)->range) {
          result = FetchRange(*(*job)->transfer, *(*job)->range);
        } else {
          result = Advance(*(*job)->transfer);
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
      while (!transfers_.empty()) {
        const std::shared_ptr<Transfer> transfer = transfers_.front();
        while (transfer->next < transfer->done.size() && transfer->done[transfer->next] != 0)
          ++transfer->next;
        if (transfer->next < transfer->done.size())
          return std::optional(Job{nullptr, transfer, transfer->next++});
        transfers_.pop_front();
      }
      if (next_ == downloads_.size()) return std::optional<Job>();
      const Download& download = downloads_[next_++];
      if (download.object.size_bytes <= range_bytes_) return std::optional(Job{&download, {}, {}});
      if (IsWhole(download)) continue;
      TRY_ASSIGN(std::shared_ptr<Transfer> transfer, Begin(download));
      // An earlier run may have been killed between the last range and the renaming.
      if (transfer->open == 0) return std::optional(Job{nullptr, std::move(transfer), {}});
      transfers_.push_back(std::move(transfer));
    }
  }

  std::string Etag(const Download& download) const {
    return download.object.etag + "\n" + boot_id_;
  }

  bool IsWhole(const Download& download) const {
    std::error_code code;
    if (download.object.etag.empty() ||
        fs::file_size(download.file, code) != download.object.size_bytes || code)
      return false;
    const Result<std::string> note = ReadFile(Beside(download.file, ".etag"), 4096);
    return note.ok() && *note == Etag(download);
  }

  // Opens what an earlier run left, or starts anew.
  Result<std::shared_ptr<Transfer>> Begin(const Download& download) {
    auto transfer = std::make_shared<Transfer>();
    transfer->download = &download;
    transfer->digest = LooksLikeMd5(download.object.etag);
    transfer->part = Beside(download.file, ".part");
    transfer->notes = Beside(download.file, ".part.done");
    const std::uint64_t size = download.object.size_bytes;
    const auto ranges = static_cast<std::size_t>((size + range_bytes_ - 1) / range_bytes_);
    const std::string head =
        "1\n" + std::to_string(size) + "\n" + std::to_string(range_bytes_) + "\n" + Etag(download);
    transfer->head_bytes = head.size();

    std::error_code code;
    Result<std::string> notes = ReadFile(transfer->notes, head.size() + ranges);
    if (notes.ok() && notes->size() == head.size() + ranges && notes->starts_with(head) &&
        !download.object.etag.empty() && fs::file_size(transfer->part, code) == size && !code) {
      TRY_ASSIGN(transfer->file, OpenFile(transfer->part, Open::kExisting));
      TRY_ASSIGN(transfer->note_file, OpenFile(transfer->notes, Open::kExisting));
      for (const char c : notes->substr(head.size())) transfer->done.push_back(c == 'x');
    } else {
      TRY(MakeDirectories(download.file.parent_path()));
      fs::remove(transfer->notes, code);  // first: notes never speak of a younger part
      TRY_ASSIGN(transfer->file, OpenFile(transfer->part, Open::kFresh));
      TRY(Reserve(*transfer, size));
      TRY_ASSIGN(transfer->note_file, OpenFile(transfer->notes, Open::kFresh));
      TRY(WriteAt(transfer->note_file, transfer->notes, 0, head + std::string(ranges, '.')));
      transfer->done.assign(ranges, 0);
    }
    transfer->open =
        static_cast<std::size_t>(std::count(transfer->done.begin(), transfer->done.end(), 0));
    return transfer;
  }

  // Takes the room now: a full disk is better known before the download than after it.
  static Result<void> Reserve(const Transfer& transfer, std::uint64_t size) {
    if (fallocate(transfer.file.number(), 0, 0, static_cast<off_t>(size)) == 0) return {};
    int error_number = errno;
    if (error_number == EOPNOTSUPP || error_number == ENOSYS) {
      if (ftruncate(transfer.file.number(), static_cast<off_t>(size)) == 0) return {};
      error_number = errno;
    }
    std::error_code code;
    fs::remove(transfer.part, code);
    return WriteError(transfer.part, error_number);
  }

  Result<void> FetchRange(Transfer& transfer, std::size_t range) {
    const std::uint64_t size = transfer.download->object.size_bytes;
    const std::uint64_t offset = range * range_bytes_;
    Span span = {transfer.download, &transfer.file, &transfer.part, offset,
                 std::min(range_bytes_, size - offset)};
    TRY(Fetch(span));
    TRY(WriteAt(transfer.note_file, transfer.notes, transfer.head_bytes + range, "x"));
    {
      const std::lock_guard lock(mutex_);
      transfer.done[range] = 1;
      transfer.digest = transfer.digest && span.digest;
      --transfer.open;
    }
    return Advance(transfer);
  }

  // Hashes what has become complete from the start on, beside the download; one thread at a time.  It also
  // finishes a transfer that has all its ranges.
  Result<void> Advance(Transfer& transfer) {
    std::unique_lock lock(mutex_);
    if (transfer.hashing) return {};  // that thread sees to ours too
    transfer.hashing = true;
    while (transfer.digest && transfer.hashed < transfer.done.size() &&
           transfer.done[transfer.hashed] != 0 && !stop_.cancelled()) {
      lock.unlock();
      TRY(HashRange(transfer, transfer.hashed));
      lock.lock();
      ++transfer.hashed;
    }
    transfer.hashing = false;
    if (transfer.open != 0 || stop_.cancelled()) return {};
    lock.unlock();
    return FinishLarge(transfer);
  }

  Result<void> HashRange(Transfer& transfer, std::size_t range) const {
    std::string block(kHashBlock, '\0');
    std::uint64_t offset = range * range_bytes_;
    const std::uint64_t end = std::min(offset + range_bytes_, transfer.download->object.size_bytes);
    while (offset < end) {
      const auto wanted =
          static_cast<std::size_t>(std::min<std::uint64_t>(kHashBlock, end - offset));
      const ssize_t count =
          pread(transfer.file.number(), block.data(), wanted, static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return ErrnoError("read", transfer.part, count < 0 ? errno : EIO);
      transfer.md5.Add(std::string_view(block).substr(0, static_cast<std::size_t>(count)));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<void> FinishLarge(Transfer& transfer) {
    const Download& download = *transfer.download;
    std::error_code code;
    if (transfer.digest && !transfer.md5.Matches(download.object.etag)) {
      fs::remove(transfer.notes, code);
      if (transfer.rounds > 1) return Mismatch(download);
      TRY_ASSIGN(const std::shared_ptr<Transfer> again, Begin(download));
      ++again->rounds;
      const std::lock_guard lock(mutex_);
      transfers_.push_back(again);
      return {};
    }
    TRY(Publish(download, transfer.part));
    fs::remove(transfer.notes, code);
    return {};
  }

  Result<void> FetchWhole(const Download& download) {
    if (IsWhole(download)) return {};
    const fs::path part = Beside(download.file, ".part");
    TRY(MakeDirectories(download.file.parent_path()));
    const Result<void> fetched = FetchPart(download, part);
    if (fetched.ok()) return Publish(download, part);
    std::error_code code;
    fs::remove(part, code);
    return fetched;
  }

  Result<void> FetchPart(const Download& download, const fs::path& part) {
    TRY_ASSIGN(const Descriptor file, OpenFile(part, Open::kFresh));
    Md5 md5;
    for (int round = 1;; ++round) {
      Span span = {&download, &file, &part, 0, download.object.size_bytes};
      span.md5 = &md5;
      TRY(Fetch(span));
      if (!span.digest || !LooksLikeMd5(download.object.etag) || md5.Matches(download.object.etag))
        return {};
      if (round > 1) return Mismatch(download);
      md5.Restart();
    }
  }

  // Fetches what is missing of the span, again from where a transfer broke.
  Result<void> Fetch(Span& span) {
    int stalls = 0;
    for (int breaks = 0; span.received < span.length; ++breaks) {
      const std::uint64_t before = span.received;
      Result<void> result = FetchOnce(span);
      if (result.ok()) continue;
      const Errc code = result.error().code();
      stalls = span.received > before ? 0 : stalls + 1;
      const bool broken = code == Errc::kUnavailable || code == Errc::kDeadline;
      // A refusal has been tried again below; only transfers that break are ours.
      if (!broken || stop_.cancelled() || !AwsCode(result.error()).empty() ||
          stalls >= kMostStalls || breaks >= kMostBreaks)
        return result;
      const auto& sleep = s3_.client().environment().sleep;
      if (sleep) {
        sleep(kPause * (stalls + 1));
      } else {
        std::this_thread::sleep_for(kPause * (stalls + 1));
      }
    }
    return {};
  }

  Result<void> FetchOnce(Span& span) {
    const std::uint64_t offset = span.offset + span.received;
    const std::uint64_t wanted = span.length - span.received;
    const std::uint64_t size = span.download->object.size_bytes;
    const std::string place = "s3://" + span.download->bucket + "/" + span.download->object.key;
    http::SendOptions send;
    send.total_timeout = std::chrono::milliseconds(0);
    send.cancellation = &stop_;
    send.sink = [&](std::string_view bytes) -> Result<void> {
      if (bytes.size() > span.length - span.received)
        return Error(Errc::kCorrupt, "the storage sends more than was asked for: " + place);
      TRY(WriteAt(*span.file, *span.path, span.offset + span.received, bytes));
      if (span.md5 != nullptr) span.md5->Add(bytes);
      span.received += bytes.size();
      if (options_.on_bytes) options_.on_bytes(bytes.size());
      return {};
    };
    const bool all = offset == 0 && wanted == size;
    TRY_ASSIGN(const http::Response response,
               s3_.Fetch({&span.download->bucket, &span.download->object, offset, all ? 0 : wanted},
                         std::move(send)));
    span.digest = EtagIsDigest(response);
    const std::string* range = http::FindHeader(response.headers, "content-range");
    const std::string right = "bytes " + std::to_string(offset) + "-" +
                              std::to_string(offset + wanted - 1) + "/" + std::to_string(size);
    if (!all && (response.status != 206 || range == nullptr || *range != right)) {
      span.received = offset - span.offset;  // those bytes are of another place
      return Error(Errc::kCorrupt,
                   "the storage does not send the range that was asked for: " + place)
          .Hint("expected Content-Range: " + right);
    }
    if (span.received < span.length)
      return Error(Errc::kUnavailable, "the transfer ended early: " + place);
    return {};
  }

  // Renames a whole part.  The old note goes first, so that it never speaks of the new content.
  Result<void> Publish(const Download& download, const fs::path& part) {
    const fs::path note = Beside(download.file, ".etag");
    std::error_code code;
    fs::remove(note, code);
    fs::rename(part, download.file, code);
    if (code) return ErrnoError("rename", part, code.value());
    if (download.object.etag.empty()) return {};
    TRY_ASSIGN(const Descriptor file, OpenFile(note, Open::kFresh));
    return WriteAt(file, note, 0, Etag(download));
  }

  S3& s3_;
  const std::vector<Download>& downloads_;
  const DownloadOptions& options_;
  const std::uint64_t range_bytes_;
  const std::string boot_id_ = BootId();
  http::Cancellation stop_;

  std::mutex mutex_;  // guards what follows and every Transfer's fields but its files
  std::condition_variable ended_;
  int running_ = 0;
  std::size_t next_ = 0;  // the first download that nobody has taken
  std::deque<std::shared_ptr<Transfer>> transfers_;
  std::optional<Error> error_;
};

}  // namespace

Result<void> DownloadAll(S3& s3, const std::vector<Download>& downloads,
                         const DownloadOptions& options) {
  return Downloader(s3, downloads, options).Run();
}

}  // namespace farthing::aws
