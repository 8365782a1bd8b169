#include <thread>

#include "aws/content_digest_internal.h"
#include "aws/error.h"
#include "aws/object_span_internal.h"

namespace farthing::aws {
namespace {

constexpr int kMostStalls = 3;     // failures in a row that bring no byte
constexpr int kMostBreaks = 1000;  // failures of one span altogether
constexpr std::chrono::milliseconds kPause{200};

std::string PlaceOf(const Download& download) {
  return "s3://" + download.bucket + "/" + download.object.key;
}

}  // namespace

Result<void> SpanFetcher::Fetch(Span& span) const {
  int stalls = 0;
  for (int breaks = 0; span.received < span.length; ++breaks) {
    const std::uint64_t before = span.received;
    Result<void> result = FetchOnce(span);
    if (result.ok()) continue;
    const Errc code = result.error().code();
    stalls = span.received > before ? 0 : stalls + 1;
    const bool broken = code == Errc::kUnavailable || code == Errc::kDeadline;
    // A refusal has been tried again below; only transfers that break are ours.
    if (!broken || stop_.cancelled() || !AwsCode(result.error()).empty() || stalls >= kMostStalls ||
        breaks >= kMostBreaks)
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

Result<void> SpanFetcher::FetchOnce(Span& span) const {
  const Download& download = *span.download;
  const std::uint64_t offset = span.offset + span.received;
  const std::uint64_t wanted = span.length - span.received;
  const std::uint64_t size = download.object.size_bytes;
  http::SendOptions send;
  send.total_timeout = std::chrono::milliseconds(0);
  send.cancellation = &stop_;
  send.sink = [&](std::string_view bytes) -> Result<void> {
    if (bytes.size() > span.length - span.received)
      return Error(Errc::kCorrupt,
                   "the storage sends more than was asked for: " + PlaceOf(download));
    if (span.file != nullptr) TRY(span.file->WriteAt(span.offset + span.received, bytes));
    if (span.on_bytes) span.on_bytes(bytes);
    span.received += bytes.size();
    if (options_.on_bytes) options_.on_bytes(bytes.size());
    return {};
  };
  const bool all = offset == 0 && wanted == size;
  TRY_ASSIGN(
      const http::Response response,
      s3_.Fetch({&download.bucket, &download.object, offset, all ? 0 : wanted}, std::move(send)));
  span.etag_is_digest = EtagIsDigest(response);
  if (all) span.stored_crc64 = S3::CrcOf(response);
  const std::string* range = http::FindHeader(response.headers, "content-range");
  const std::string right = "bytes " + std::to_string(offset) + "-" +
                            std::to_string(offset + wanted - 1) + "/" + std::to_string(size);
  if (!all && (response.status != 206 || range == nullptr || *range != right)) {
    return Error(Errc::kCorrupt,
                 "the storage does not send the range that was asked for: " + PlaceOf(download))
        .Hint(
            "a proxy in between that answers by itself, or a storage that does not know ranges: "
            "ask it "
            "without the proxy; expected Content-Range: " +
            right);
  }
  if (span.received < span.length)
    return Error(Errc::kUnavailable, "the transfer ended early: " + PlaceOf(download));
  return {};
}

std::string SpanFetcher::StoredCrc64(const Download& download) const {
  Result<std::string> stored = s3_.StoredCrc64(download.bucket, download.object, &stop_);
  return stored.ok() ? *std::move(stored) : "";
}

}  // namespace farthing::aws
