#pragma once

// Fetching a stretch of an object into its place in a file, going on where a transfer broke.

#include <cstdint>
#include <functional>
#include <string>

#include "aws/part_file_internal.h"
#include "aws/s3.h"

namespace farthing::aws {

/// Bytes [offset, offset + length) of an object as they arrive at the same place of a file; with no file, only where
/// on_bytes takes them.
struct Span {
  const Download* download;
  const PartFile* file;
  std::uint64_t offset, length;
  std::function<void(std::string_view)> on_bytes;  ///< called with every byte once, in order
  std::uint64_t received = 0;
  bool etag_is_digest = true;  ///< unless an answer has said otherwise
  std::string stored_crc64 =
      {};  ///< of the whole object, where one answer brought it whole and named it
};

/// Thread-safe; refers to what it is made of.
class SpanFetcher {
 public:
  SpanFetcher(S3& s3, const DownloadOptions& options, const http::Cancellation& stop)
      : s3_(s3), options_(options), stop_(stop) {}

  /// Fetches what is missing of the span.  Errors: DownloadAll's.
  Result<void> Fetch(Span& span) const;
  /// S3::StoredCrc64, or "" where it cannot be had.
  std::string StoredCrc64(const Download& download) const;
  bool stopped() const { return stop_.cancelled(); }

 private:
  Result<void> FetchOnce(Span& span) const;

  S3& s3_;
  const DownloadOptions& options_;
  const http::Cancellation& stop_;
};

}  // namespace farthing::aws
