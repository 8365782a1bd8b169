#pragma once

// A large object on its way into a file: ranges that several threads fetch at once, and a proof at the end.
//
// The file NAME is written as .NAME.part; .NAME.part.done has a byte for each range, so that a run after a kill goes on
// where this one was.  Thread-safe.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aws/content_digest_internal.h"
#include "aws/object_span_internal.h"
#include "aws/part_file_internal.h"
#include "aws/s3.h"

namespace farthing::aws {

class LargeDownload {
 public:
  /// What has come of the object.  All but kUnderWay are said once, to one of the threads.
  enum class State { kUnderWay, kWhole, kSpoiled };

  /// Opens what an earlier run left, or starts anew.  `identity` is of the content and of this boot: notes of another
  /// one are not trusted, and none are when it is empty.  Errors: ErrnoError's.
  static Result<std::shared_ptr<LargeDownload>> Begin(const Download& download,
                                                      std::uint64_t range_bytes,
                                                      const std::string& identity);

  /// A range that nobody has taken, or nothing.
  std::optional<std::size_t> Take();
  /// Fetches that range and goes on as Advance does.  Errors: SpanFetcher's, ErrnoError's.
  Result<State> Fetch(std::size_t range, const SpanFetcher& fetcher);
  /// Hashes what has become complete, one thread at a time, and ends an object that has all its ranges.
  Result<State> Advance(const SpanFetcher& fetcher);

  const Download& download() const { return *download_; }
  const fs::path& part() const { return file_.path(); }
  bool has_all_ranges();
  /// Forgets which ranges are there: they are published, or worth nothing.
  void RemoveNotes() const;

 private:
  struct Range {
    bool done = false;
    std::optional<std::uint64_t> crc = {};  ///< absent where an earlier run fetched it
  };

  LargeDownload(const Download& download, std::uint64_t range_bytes)
      : download_(&download), range_bytes_(range_bytes) {}
  Result<void> Resume(std::string_view marks);
  Result<void> StartAnew(const std::string& head);
  /// The checksum that the storage keeps; asks once.
  const std::string& StoredCrc(const SpanFetcher& fetcher);
  Result<State> Prove(const std::string& stored_crc);
  std::uint64_t StartOf(std::size_t range) const { return range * range_bytes_; }
  std::uint64_t EndOf(std::size_t range) const;

  const Download* const download_;
  const std::uint64_t range_bytes_;
  PartFile file_, notes_;
  std::size_t head_bytes_ = 0;  ///< of the notes, before the bytes of the ranges

  std::once_flag asked_;
  std::string stored_crc_;

  std::mutex mutex_;  ///< guards what follows
  std::vector<Range> ranges_;
  std::size_t next_ = 0;     ///< the first range that nobody has taken
  std::size_t missing_ = 0;  ///< ranges that are not done
  bool etag_is_digest_ = true;
  bool ended_ = false;
  bool hashing_ = false;  ///< whoever has set it adds to md5_
  std::size_t hashed_ = 0;
  Md5 md5_;  ///< of the ranges before hashed_
};

}  // namespace farthing::aws
