#pragma once

// Reading S3, and S3-compatible storage: what billing needs and no more.  Regions are found and
// redirects followed by signing anew; bucket→region is remembered.  Thread-safe.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "base/time.h"

namespace farthing::aws {

struct S3Object {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::string etag;  ///< with its quotes
  std::optional<Instant> last_modified;
  std::string storage_class, version_id;
};

struct Listing {
  std::vector<S3Object> objects;
  std::vector<std::string> prefixes;  ///< common prefixes, when a delimiter was given
};

struct S3Settings {
  std::string expected_owner;  ///< 12 digits; sent with every call when set
  bool requester_pays = false;
  Addressing addressing = Addressing::kAuto;
  int page_size = 1000;  ///< objects per request of a listing, at most 1000
};

class S3 {
 public:
  S3(std::shared_ptr<Client> client, S3Settings settings);

  /// Needs no permission: S3 names the region even when it refuses.  Errors: kNotFound (no such bucket).
  Result<std::string> BucketRegion(const std::string& bucket);
  /// Hands over every page of what lies below the prefix; `use` may stop the listing by returning false.
  Result<void> EachPage(const std::string& bucket, const std::string& prefix,
                        const std::string& delimiter, const std::function<bool(Listing page)>& use);
  /// All pages as one.
  Result<Listing> List(const std::string& bucket, const std::string& prefix,
                       const std::string& delimiter = "");
  Result<S3Object> Head(const std::string& bucket, const std::string& key);
  /// A whole small object.  With `etag`: only that content (errors: kConflict when it was overwritten).
  Result<std::string> Get(const std::string& bucket, const std::string& key,
                          std::uint64_t limit_bytes, const std::string& etag = "");
  /// The bucket policy as JSON; "" when there is none.
  Result<std::string> BucketPolicy(const std::string& bucket);
  /// The notification configuration as XML.
  Result<std::string> Notifications(const std::string& bucket);
  /// Makes a bucket with AWS's defaults since 2023: no public access, no ACLs (the owner owns every object), encrypted
  /// with S3's own key.  One that is ours already is left as it is.
  /// Errors: kConflict (the name is someone else's), aws/error.h.
  /// Source: S3 API reference, CreateBucket; S3 user guide, "Default settings for new S3 buckets".
  Result<void> CreateBucket(const std::string& bucket, const std::string& region);
  /// Replaces the bucket policy.
  Result<void> PutBucketPolicy(const std::string& bucket, std::string policy);
  /// PUT of a small object, for storage of our own and for tests.
  Result<void> Put(const std::string& bucket, const std::string& key, std::string body);

  /// A part of an object, of the content its ETag names; a length of 0 is all of it.
  struct ObjectPart {
    const std::string* bucket;
    const S3Object* object;  ///< key; ETag and version where they are set
    std::uint64_t offset = 0, length = 0;
  };
  /// The answer to a read of all of it names the checksum, see CrcOf.
  /// Errors: kConflict (overwritten), kNotFound, aws/error.h.
  Result<http::Response> Fetch(const ObjectPart& part, http::SendOptions send);

  /// The CRC-64/NVME that the storage keeps of the whole content that the ETag names, as base64; "" where it keeps none.
  /// Source: S3 API reference, HeadObject, x-amz-checksum-mode.  Errors: kConflict (overwritten), aws/error.h.
  Result<std::string> StoredCrc64(const std::string& bucket, const S3Object& object,
                                  const http::Cancellation* cancellation = nullptr);

  /// The same from the answer to a read of the whole object.
  static std::string CrcOf(const http::Response& response);

  Client& client() { return *client_; }

 private:
  Result<std::string> AskRegion(const std::string& bucket);
  Result<http::Response> Send(Call call, const std::string& bucket);
  std::optional<http::Url> Redirected(const Error& refused, const Call& call) const;
  std::shared_ptr<Client> client_;
  S3Settings settings_;
  struct Regions;
  std::shared_ptr<Regions> regions_;
};

struct DownloadOptions {
  int parallel = 8;  ///< ranges or objects at once
  std::uint64_t range_bytes = std::uint64_t{16} << 20;
  std::function<void(std::uint64_t bytes)> on_bytes;  ///< called from several threads
  const http::Cancellation* cancellation = nullptr;
};

/// One object to fetch into one file.
struct Download {
  std::string bucket;
  S3Object object;             ///< key, size and the ETag it is pinned to
  std::filesystem::path file;  ///< written as .NAME.part beside it, renamed when whole
};

/// Fetches all, in parallel, in ranges pinned to the ETag; resumes what an earlier run left in .part
/// files; checks sizes, and the content by the CRC-64 that the storage keeps of a large object or else by its MD5 where
/// the ETag is one.  A file that is there with the right size and ETag (kept beside it in .NAME.etag) is not fetched
/// again.
/// Errors: kConflict (overwritten meanwhile: list again and restart), kCorrupt (bytes do not match
/// what the storage says of them, twice), kTooLarge (disk full), aws/error.h.
Result<void> DownloadAll(S3& s3, const std::vector<Download>& downloads,
                         const DownloadOptions& options);

}  // namespace farthing::aws
