#pragma once

// What S3's files share: reading an S3 request and checking access to buckets and objects.  Private to sim/aws.

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

inline constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
inline constexpr std::string_view kS3Namespace =
    " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// Returns a parameter of the query, or nullptr; "" where it has no value.
const std::string* Query(const Operation& operation, std::string_view name);
std::string QueryText(const Operation& operation, std::string_view name);
/// Returns a header of the request, or "".
std::string HeaderOf(const Operation& operation, std::string_view name);

/// Access to a bucket or, with a key, to an object: the bucket's policy has its say.
Result<Access> BucketAccess(const Bucket& bucket, std::string action, const std::string& key = {});
Result<void> CheckBucket(const World& world, const Operation& operation, const Bucket& bucket,
                         std::string action);
/// Access to listing, with the context keys s3:prefix, s3:delimiter and s3:max-keys.
Result<Access> ListAccess(const Operation& operation, const Bucket& bucket, std::string action);

/// ListObjects, ListObjectsV2 and ListObjectVersions.
Result<Reply> ListBucket(const World& world, const Operation& operation, const Bucket& bucket);

}  // namespace farthing::rehearsal
