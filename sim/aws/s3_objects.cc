// S3, the objects: listing, reading in ranges, writing.  Source: S3 API reference.

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "http/message.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kS3Namespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

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

Result<Access> MakeAccess(const Bucket& bucket, std::string action, std::string resource) {
  Access access{.action = std::move(action), .resource = std::move(resource)};
  access.resource_policy.owner = bucket.owner;
  if (!bucket.policy.empty()) {
    TRY_ASSIGN(access.resource_policy.policy, Policy::Parse(bucket.policy, PolicyKind::kResource));
  }
  return access;
}

Result<void> CheckObject(const World& world, const Operation& operation, const Bucket& bucket,
                         std::string action) {
  TRY_ASSIGN(const Access access,
             MakeAccess(bucket, std::move(action),
                        "arn:aws:s3:::" + bucket.name + "/" + operation.s3.key));
  return CheckAccess(world, operation, access);
}

Result<Access> ListAccess(const Operation& operation, const Bucket& bucket, std::string action) {
  TRY_ASSIGN(Access access, MakeAccess(bucket, std::move(action), "arn:aws:s3:::" + bucket.name));
  for (const char* const name : {"prefix", "delimiter", "max-keys"}) {
    if (const std::string* value = Query(operation, name))
      access.keys[std::string("s3:") + name] = {*value};
  }
  // A listing without a prefix lists below the empty one.
  if (!access.keys.contains("s3:prefix")) access.keys["s3:prefix"] = {""};
  return access;
}

/// Who may read an encrypted object must be let in by its key as well.
Result<void> CheckKey(const World& world, const Operation& operation, const Object& object,
                      std::string action) {
  if (object.kms_key.empty()) return {};
  Access access{.action = std::move(action), .resource = object.kms_key};
  access.resource_policy.required = true;
  if (const auto key = world.kms_keys.find(object.kms_key); key != world.kms_keys.end()) {
    access.resource_policy.owner = key->second.owner;
    TRY_ASSIGN(access.resource_policy.policy,
               Policy::Parse(key->second.policy, PolicyKind::kResource));
  }
  return CheckAccess(world, operation, access);
}

/// Finds the version that is asked for.  Without s3:ListBucket a missing key is a refusal, not an absence.
Result<const Object*> TakeObject(const World& world, const Operation& operation,
                                 const Bucket& bucket) {
  const std::string* version = Query(operation, "versionId");
  TRY(CheckObject(world, operation, bucket,
                  version == nullptr ? "s3:GetObject" : "s3:GetObjectVersion"));
  const Object* object = nullptr;
  if (version == nullptr) {
    object = FindObject(bucket, operation.s3.key);
  } else if (const auto found = bucket.objects.find(operation.s3.key);
             found != bucket.objects.end()) {
    for (const Object& each : found->second) {
      if (each.version_id == *version && !each.deleted) object = &each;
    }
  }
  if (object != nullptr) {
    TRY(CheckKey(world, operation, *object, "kms:Decrypt"));
    return object;
  }
  TRY_ASSIGN(const Access list, ListAccess(operation, bucket, "s3:ListBucket"));
  const Authorization may_list = Decide(world, operation, list);
  if (!may_list.allowed)
    return AccessDenied(
        operation,
        DenialMessage({list.action, list.resource, operation.caller.ToPrincipal(), {}}, may_list));
  if (version != nullptr)
    return Refuse(404, "NoSuchVersion", "The specified version does not exist.");
  return Refuse(404, "NoSuchKey", "The specified key does not exist.")
      .With(std::string(kElementDetail) + "Key", operation.s3.key);
}

http::Headers ObjectHeaders(const Bucket& bucket, const Object& object) {
  http::Headers headers = {
      {"ETag", object.etag},
      {"Last-Modified", http::PrintDate(object.modified)},
      {"Accept-Ranges", "bytes"},
      {"Content-Type", object.content_type},
      {"x-amz-server-side-encryption", object.kms_key.empty() ? "AES256" : "aws:kms"}};
  if (!object.kms_key.empty())
    headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", object.kms_key});
  if (!bucket.versioning.empty()) headers.push_back({"x-amz-version-id", object.version_id});
  return headers;
}

bool EtagListed(const std::string& list, const std::string& etag) {
  if (list == "*") return true;
  const auto parts = Split(list, ',');
  return std::any_of(parts.begin(), parts.end(), [&](const std::string& each) {
    const std::string_view text = Trim(each);
    return text == etag || '"' + std::string(text) + '"' == etag;
  });
}

struct Range {
  std::uint64_t begin, end;
};
/// Reads "bytes=a-b", "bytes=a-" and "bytes=-n"; others are ignored, as S3 does.
Result<std::optional<Range>> ReadRange(const std::string& text, std::uint64_t size) {
  if (!text.starts_with("bytes=") || text.find(',') != std::string::npos)
    return std::optional<Range>();
  const auto dash = text.find('-');
  if (dash == std::string::npos) return std::optional<Range>();
  const auto number = [](std::string_view digits) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return read.ec == std::errc() && read.ptr == digits.data() + digits.size()
               ? std::optional(value)
               : std::nullopt;
  };
  const auto first = number(std::string_view(text).substr(6, dash - 6));
  const auto last = number(std::string_view(text).substr(dash + 1));
  Range range{0, size};
  if (first) {
    range = {*first, last ? std::min(*last + 1, size) : size};
  } else if (last) {
    range.begin = size - std::min(*last, size);
  } else {
    return std::optional<Range>();
  }
  if (range.begin >= range.end) {
    return Refuse(416, "InvalidRange", "The requested range is not satisfiable")
        .With(std::string(kElementDetail) + "RangeRequested", text)
        .With(std::string(kElementDetail) + "ActualObjectSize", std::to_string(size));
  }
  return std::optional(range);
}

Result<Reply> GetObject(World& world, const Operation& operation, const Bucket& bucket) {
  TRY_ASSIGN(const Object* object, TakeObject(world, operation, bucket));
  const std::string if_match = HeaderOf(operation, "if-match");
  if (!if_match.empty() && !EtagListed(if_match, object->etag)) {
    return Refuse(412, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold")
        .With(std::string(kElementDetail) + "Condition", "If-Match");
  }
  Reply reply;
  reply.headers = ObjectHeaders(bucket, *object);
  const std::string if_none_match = HeaderOf(operation, "if-none-match");
  if (!if_none_match.empty() && EtagListed(if_none_match, object->etag)) {
    reply.status = 304;
    return reply;
  }
  const std::string& content = *object->content;
  TRY_ASSIGN(const auto range, ReadRange(HeaderOf(operation, "range"), content.size()));
  if (!range) {
    reply.body = content;
    return reply;
  }
  reply.status = 206;
  reply.headers.push_back({"Content-Range", "bytes " + std::to_string(range->begin) + "-" +
                                                std::to_string(range->end - 1) + "/" +
                                                std::to_string(content.size())});
  reply.body = content.substr(range->begin, range->end - range->begin);
  return reply;
}

/// Takes the chunks of aws-chunked apart; chunks are not signed one by one here.
Result<std::string> Payload(const Operation& operation) {
  const std::string& body = operation.http->body;
  if (!HeaderOf(operation, "x-amz-content-sha256").starts_with("STREAMING-")) return body;
  std::string content;
  std::size_t at = 0;
  while (at < body.size()) {
    const auto line = body.find("\r\n", at);
    if (line == std::string::npos) break;
    std::size_t size = 0;
    const auto read = std::from_chars(body.data() + at, body.data() + line, size, 16);
    if (read.ec != std::errc() || line + 2 + size > body.size())
      return Refuse(400, "IncompleteBody", "The request body terminated unexpectedly");
    if (size == 0) break;
    content += body.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  return content;
}

Result<Reply> PutObject(World& world, const Operation& operation, Bucket& bucket) {
  TRY(CheckObject(world, operation, bucket, "s3:PutObject"));
  if (HeaderOf(operation, "if-none-match") == "*" &&
      FindObject(bucket, operation.s3.key) != nullptr) {
    return Refuse(412, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold");
  }
  TRY_ASSIGN(std::string content, Payload(operation));
  Object& object = StoreObject(world, bucket, operation.s3.key, std::move(content));
  if (const std::string type = HeaderOf(operation, "content-type"); !type.empty())
    object.content_type = type;
  if (const std::string key = HeaderOf(operation, "x-amz-server-side-encryption-aws-kms-key-id");
      !key.empty())
    object.kms_key = key;
  Reply reply;
  reply.headers.push_back({"ETag", object.etag});
  if (bucket.versioning == "Enabled")
    reply.headers.push_back({"x-amz-version-id", object.version_id});
  return reply;
}

Result<Reply> DeleteObject(World& world, const Operation& operation, Bucket& bucket) {
  TRY(CheckObject(world, operation, bucket, "s3:DeleteObject"));
  Reply reply;
  reply.status = 204;
  const auto found = bucket.objects.find(operation.s3.key);
  if (found == bucket.objects.end()) return reply;
  if (bucket.versioning != "Enabled") {
    bucket.objects.erase(found);
    return reply;
  }
  Object marker = found->second.back();
  marker.deleted = true;
  marker.version_id = world.RandomText("abcdefghijklmnopqrstuvwxyz0123456789._", 32);
  marker.modified = world.now();
  found->second.push_back(std::move(marker));
  reply.headers.push_back({"x-amz-delete-marker", "true"});
  return reply;
}

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

std::string ETagOf(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  CHECK(EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_md5(), nullptr) ==
        1);
  std::string etag = "\"";
  for (unsigned i = 0; i < length; ++i) {
    etag += "0123456789abcdef"[digest[i] >> 4];
    etag += "0123456789abcdef"[digest[i] & 15];
  }
  return etag + '"';
}

const Object* FindObject(const Bucket& bucket, const std::string& key) {
  const auto found = bucket.objects.find(key);
  if (found == bucket.objects.end() || found->second.empty() || found->second.back().deleted)
    return nullptr;
  return &found->second.back();
}

Object& StoreObject(World& world, Bucket& bucket, const std::string& key, std::string content) {
  Object object;
  object.etag = ETagOf(content);
  object.content = std::make_shared<const std::string>(std::move(content));
  object.modified = world.now();
  object.kms_key = bucket.kms_key;
  std::vector<Object>& versions = bucket.objects[key];
  if (bucket.versioning == "Enabled") {
    object.version_id = world.RandomText("abcdefghijklmnopqrstuvwxyz0123456789._", 32);
  } else {
    versions.clear();
  }
  return versions.emplace_back(std::move(object));
}

Result<Reply> AnswerS3Object(World& world, const Operation& operation, Bucket& bucket) {
  const std::string& method = operation.http->method;
  if (operation.s3.key.empty()) {
    if (method != "GET") return UnknownAction(operation);
    return Query(operation, "versions") != nullptr ? ListVersions(world, operation, bucket)
                                                   : ListObjects(world, operation, bucket);
  }
  if (method == "GET" || method == "HEAD") return GetObject(world, operation, bucket);
  if (method == "PUT") return PutObject(world, operation, bucket);
  if (method == "DELETE") return DeleteObject(world, operation, bucket);
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
