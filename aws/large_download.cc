#include "aws/large_download_internal.h"

#include <algorithm>

#include "aws/crc64_internal.h"

namespace farthing::aws {

Result<std::shared_ptr<LargeDownload>> LargeDownload::Begin(const Download& download,
                                                            std::uint64_t range_bytes,
                                                            const std::string& identity) {
  const std::uint64_t size = download.object.size_bytes;
  const auto range_count = static_cast<std::size_t>((size + range_bytes - 1) / range_bytes);
  const std::string head =
      "1\n" + std::to_string(size) + "\n" + std::to_string(range_bytes) + "\n" + identity;
  std::shared_ptr<LargeDownload> large(new LargeDownload(download, range_bytes));
  large->head_bytes_ = head.size();
  large->etag_is_digest_ = LooksLikeMd5(download.object.etag);
  large->ranges_.resize(range_count);

  std::error_code code;
  const Result<std::string> notes =
      ReadFile(Beside(download.file, ".part.done"), head.size() + range_count);
  const bool trusted = !identity.empty() && notes.ok() &&
                       notes->size() == head.size() + range_count && notes->starts_with(head) &&
                       fs::file_size(Beside(download.file, ".part"), code) == size && !code;
  if (trusted) {
    TRY(large->Resume(std::string_view(*notes).substr(head.size())));
  } else {
    TRY(large->StartAnew(head));
  }
  return large;
}

Result<void> LargeDownload::Resume(std::string_view marks) {
  TRY_ASSIGN(file_, PartFile::Open(Beside(download_->file, ".part")));
  TRY_ASSIGN(notes_, PartFile::Open(Beside(download_->file, ".part.done")));
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    ranges_[i].done = marks[i] == 'x';
    if (!ranges_[i].done) ++missing_;
  }
  return {};
}

Result<void> LargeDownload::StartAnew(const std::string& head) {
  TRY(MakeDirectories(download_->file.parent_path()));
  const fs::path notes = Beside(download_->file, ".part.done");
  std::error_code code;
  fs::remove(notes, code);  // first: notes never speak of a younger part
  TRY_ASSIGN(file_, PartFile::Create(Beside(download_->file, ".part")));
  TRY(file_.Reserve(download_->object.size_bytes));
  TRY_ASSIGN(notes_, PartFile::Create(notes));
  TRY(notes_.WriteAt(0, head + std::string(ranges_.size(), '.')));
  missing_ = ranges_.size();
  return {};
}

std::uint64_t LargeDownload::EndOf(std::size_t range) const {
  return std::min(StartOf(range) + range_bytes_, download_->object.size_bytes);
}

std::optional<std::size_t> LargeDownload::Take() {
  const std::lock_guard lock(mutex_);
  while (next_ < ranges_.size() && ranges_[next_].done) ++next_;
  if (next_ == ranges_.size()) return std::nullopt;
  return next_++;
}

bool LargeDownload::has_all_ranges() {
  const std::lock_guard lock(mutex_);
  return missing_ == 0;
}

void LargeDownload::RemoveNotes() const {
  std::error_code code;
  fs::remove(notes_.path(), code);
}

const std::string& LargeDownload::StoredCrc(const SpanFetcher& fetcher) {
  std::call_once(asked_, [&] { stored_crc_ = fetcher.StoredCrc64(*download_); });
  return stored_crc_;
}

Result<LargeDownload::State> LargeDownload::Fetch(std::size_t range, const SpanFetcher& fetcher) {
  const bool by_crc = !StoredCrc(fetcher).empty();
  std::uint64_t crc = 0;
  Span span = {download_, &file_, StartOf(range), EndOf(range) - StartOf(range), {}};
  if (by_crc) span.on_bytes = [&crc](std::string_view bytes) { crc = ExtendCrc64(crc, bytes); };
  TRY(fetcher.Fetch(span));
  TRY(notes_.WriteAt(head_bytes_ + range, "x"));
  {
    const std::lock_guard lock(mutex_);
    ranges_[range].done = true;
    if (by_crc) ranges_[range].crc = crc;
    etag_is_digest_ = etag_is_digest_ && span.etag_is_digest;
    --missing_;
  }
  return Advance(fetcher);
}

Result<LargeDownload::State> LargeDownload::Advance(const SpanFetcher& fetcher) {
  const std::string& stored_crc = StoredCrc(fetcher);
  std::unique_lock lock(mutex_);
  if (hashing_) return State::kUnderWay;  // that thread sees to ours too
  hashing_ = true;
  // An MD5 has to be taken from the start on; it is done beside the download.
  while (stored_crc.empty() && etag_is_digest_ && hashed_ < ranges_.size() &&
         ranges_[hashed_].done && !fetcher.stopped()) {
    const std::size_t range = hashed_;
    lock.unlock();
    TRY(file_.Read(StartOf(range), EndOf(range),
                   [this](std::string_view block) { md5_.Add(block); }));
    lock.lock();
    ++hashed_;
  }
  hashing_ = false;
  // Two threads may both have seen the last range come; only one ends the object.
  if (missing_ != 0 || ended_ || fetcher.stopped()) return State::kUnderWay;
  ended_ = true;
  lock.unlock();
  return Prove(stored_crc);
}

// Nobody else is at the object any more.
Result<LargeDownload::State> LargeDownload::Prove(const std::string& stored_crc) {
  if (stored_crc.empty()) {
    const bool right = !etag_is_digest_ || md5_.Matches(download_->object.etag);
    return right ? State::kWhole : State::kSpoiled;
  }
  std::uint64_t whole = 0;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    std::uint64_t crc = ranges_[i].crc.value_or(0);
    if (!ranges_[i].crc) {
      TRY(file_.Read(StartOf(i), EndOf(i),
                     [&crc](std::string_view block) { crc = ExtendCrc64(crc, block); }));
    }
    whole = CombineCrc64(whole, crc, EndOf(i) - StartOf(i));
  }
  return Crc64Text(whole) == stored_crc ? State::kWhole : State::kSpoiled;
}

}  // namespace farthing::aws
