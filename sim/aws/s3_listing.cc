// S3, the listings.  Source: S3 API reference, "ListObjectsV2" and "ListObjectVersions".

#include <algorithm>
#include <charconv>

#include "http/message.h"
#include "sim/aws/s3_request.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

/// What ListObjects, ListObjectsV2 and ListObjectVersions have in common.
struct ListRequest {
  std::string prefix, delimiter, after;
  std::size_t max_keys = 1000;
  bool encode = false, v2 = false;
  std::string Encoded(std::string_view text) const {
    return encode ? http::PercentEncode(text, http::Slash::kKeep) : std::string(text);
  }
};

Result<ListRequest> ReadList(const Operation& operation) {
  ListRequest list;
  list.v2 = QueryText(operation, "list-type") == "2";
  list.prefix = QueryText(operation, "prefix");
  list.delimiter = QueryText(operation, "delimiter");
  list.encode = QueryText(operation, "encoding-type") == "url";
  list.after = QueryText(operation, list.v2 ? "start-after" : "marker");
  if (const std::string* keys = Query(operation, "max-keys")) {
    std::size_t asked = 0;
    const auto read = std::from_chars(keys->data(), keys->data() + keys->size(), asked);
    if (read.ec != std::errc())
      return Refuse(400, "InvalidArgument",
                    "Provided max-keys not an integer or within integer range");
    list.max_keys = std::min<std::size_t>(asked, 1000);
  }
  if (const std::string* token = Query(operation, "continuation-token")) {
    // "1+<what came last, percent-encoded>/=="
    if (!token->starts_with("1+") || !token->ends_with("/=="))
      return Refuse(400, "InvalidArgument", "The continuation token provided is incorrect");
    list.after = http::PercentDecode(token->substr(2, token->size() - 5));
  }
  return list;
}

std::string Contents(const ListRequest& list, const std::string& key, const Object& object,
                     const Bucket& bucket, bool owner) {
  return XmlNode("Contents", Xml("Key", list.Encoded(key)) +
                                 Xml("LastModified", MilliTime(object.modified)) +
                                 Xml("ETag", object.etag) +
                                 Xml("Size", static_cast<std::int64_t>(object.content->size())) +
                                 (owner ? XmlNode("Owner", Xml("ID", bucket.owner)) : "") +
                                 Xml("StorageClass", object.storage_class));
}

Result<Reply> ListObjects(const World& world, const Operation& operation, const Bucket& bucket) {
  TRY_ASSIGN(const Access access, ListAccess(operation, bucket, "s3:ListBucket"));
  TRY(CheckAccess(world, operation, access));
  TRY_ASSIGN(const ListRequest list, ReadList(operation));
  std::string contents;
  std::string prefixes;
  std::string last;
  std::size_t count = 0;
  bool truncated = operation.empty_page;
  const bool with_owner = !list.v2 || QueryText(operation, "fetch-owner") == "true";
  // What a common prefix has swallowed sorts below the prefix with a high byte at its end.
  for (auto at = bucket.objects.lower_bound(std::max(list.prefix, list.after));
       at != bucket.objects.end() && !operation.empty_page;) {
    const std::string& key = at->first;
    if (!key.starts_with(list.prefix)) break;
    const Object* object = FindObject(bucket, key);
    const bool swallowed = !list.delimiter.empty() && list.after.ends_with(list.delimiter) &&
                           list.after.starts_with(list.prefix) && key.starts_with(list.after);
    if (object == nullptr || key <= list.after || swallowed) {
      ++at;
      continue;
    }
    if (count == list.max_keys) {
      truncated = list.max_keys > 0;
      break;
    }
    const auto cut =
        list.delimiter.empty() ? std::string::npos : key.find(list.delimiter, list.prefix.size());
    ++count;
    if (cut == std::string::npos) {
      contents += Contents(list, key, *object, bucket, with_owner);
      last = key;
      ++at;
      continue;
    }
    last = key.substr(0, cut + list.delimiter.size());
    prefixes += XmlNode("CommonPrefixes", Xml("Prefix", list.Encoded(last)));
    while (at != bucket.objects.end() && at->first.starts_with(last)) ++at;
  }
  if (operation.empty_page) last = list.after;
  std::string inner = Xml("Name", bucket.name) + Xml("Prefix", list.Encoded(list.prefix)) +
                      Xml("MaxKeys", static_cast<std::int64_t>(list.max_keys)) +
                      XmlFlag("IsTruncated", truncated);
  if (!list.delimiter.empty()) inner += Xml("Delimiter", list.Encoded(list.delimiter));
  if (list.encode) inner += Xml("EncodingType", "url");
  if (list.v2) {
    inner += Xml("KeyCount", static_cast<std::int64_t>(count));
    if (const std::string* token = Query(operation, "continuation-token"))
      inner += Xml("ContinuationToken", *token);
    if (const std::string* start = Query(operation, "start-after"))
      inner += Xml("StartAfter", list.Encoded(*start));
    if (truncated) inner += Xml("NextContinuationToken", "1+" + http::PercentEncode(last) + "/==");
  } else {
    inner += Xml("Marker", list.Encoded(list.after));
    if (truncated && !list.delimiter.empty()) inner += Xml("NextMarker", list.Encoded(last));
  }
  Reply reply;
  reply.body = std::string(kXmlHead) +
               XmlNode("ListBucketResult" + std::string(kS3Namespace), inner + contents + prefixes);
  return reply;
}

Result<Reply> ListVersions(const World& world, const Operation& operation, const Bucket& bucket) {
  TRY_ASSIGN(const Access access, ListAccess(operation, bucket, "s3:ListBucketVersions"));
  TRY(CheckAccess(world, operation, access));
  TRY_ASSIGN(const ListRequest list, ReadList(operation));
  std::string inner = Xml("Name", bucket.name) + Xml("Prefix", list.Encoded(list.prefix)) +
                      Xml("MaxKeys", 1000) + XmlFlag("IsTruncated", false);
  for (const auto& [key, versions] : bucket.objects) {
    if (!key.starts_with(list.prefix)) continue;
    for (auto object = versions.rbegin(); object != versions.rend(); ++object) {
      std::string entry = Xml("Key", list.Encoded(key)) + Xml("VersionId", object->version_id) +
                          XmlFlag("IsLatest", object == versions.rbegin()) +
                          Xml("LastModified", MilliTime(object->modified));
      if (!object->deleted)
        entry += Xml("ETag", object->etag) +
                 Xml("Size", static_cast<std::int64_t>(object->content->size())) +
                 Xml("StorageClass", object->storage_class);
      inner += XmlNode(object->deleted ? "DeleteMarker" : "Version", entry);
    }
  }
  Reply reply;
  reply.body =
      std::string(kXmlHead) + XmlNode("ListVersionsResult" + std::string(kS3Namespace), inner);
  return reply;
}

}  // namespace

const std::string* Query(const Operation& operation, std::string_view name) {
  for (const auto& each : operation.s3.query) {
    if (each.first == name) return &each.second;
  }
  return nullptr;
}

std::string QueryText(const Operation& operation, std::string_view name) {
  const std::string* value = Query(operation, name);
  return value == nullptr ? std::string() : *value;
}

std::string HeaderOf(const Operation& operation, std::string_view name) {
  const std::string* value = http::FindHeader(operation.http->headers, name);
  return value == nullptr ? std::string() : *value;
}

Result<Access> BucketAccess(const Bucket& bucket, std::string action, const std::string& key) {
  Access access{.action = std::move(action), .resource = "arn:aws:s3:::" + bucket.name};
  if (!key.empty()) access.resource += "/" + key;
  access.resource_policy.owner = bucket.owner;
  if (!bucket.policy.empty()) {
    TRY_ASSIGN(access.resource_policy.policy, Policy::Parse(bucket.policy, PolicyKind::kResource));
  }
  return access;
}

Result<void> CheckBucket(const World& world, const Operation& operation, const Bucket& bucket,
                         std::string action) {
  TRY_ASSIGN(const Access access, BucketAccess(bucket, std::move(action)));
  return CheckAccess(world, operation, access);
}

Result<Access> ListAccess(const Operation& operation, const Bucket& bucket, std::string action) {
  TRY_ASSIGN(Access access, BucketAccess(bucket, std::move(action)));
  for (const char* const name : {"prefix", "delimiter", "max-keys"}) {
    if (const std::string* value = Query(operation, name))
      access.keys[std::string("s3:") + name] = {*value};
  }
  // A listing without a prefix lists below the empty one.
  if (!access.keys.contains("s3:prefix")) access.keys["s3:prefix"] = {""};
  return access;
}

Result<Reply> ListBucket(const World& world, const Operation& operation, const Bucket& bucket) {
  return Query(operation, "versions") != nullptr ? ListVersions(world, operation, bucket)
                                                 : ListObjects(world, operation, bucket);
}

}  // namespace farthing::rehearsal
