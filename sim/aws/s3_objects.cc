// S3, the objects: reading in ranges, writing, removing.  Source: S3 API reference.

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "http/message.h"
#include "sim/aws/s3_request.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

Result<void> CheckObject(const World& world, const Operation& operation, const Bucket& bucket,
                         std::string action) {
  TRY_ASSIGN(const Access access, BucketAccess(bucket, std::move(action), operation.s3.key));
  return CheckAccess(world, operation, access);
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
      .With(ElementName("Key"), operation.s3.key);
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
    range = {*first, last && *last < size ? *last + 1 : size};
  } else if (last) {
    range.begin = size - std::min(*last, size);
  } else {
    return std::optional<Range>();
  }
  if (range.begin >= range.end) {
    return Refuse(416, "InvalidRange", "The requested range is not satisfiable")
        .With(ElementName("RangeRequested"), text)
        .With(ElementName("ActualObjectSize"), std::to_string(size));
  }
  return std::optional(range);
}

Result<Reply> GetObject(World& world, const Operation& operation, const Bucket& bucket) {
  TRY_ASSIGN(const Object* object, TakeObject(world, operation, bucket));
  const std::string if_match = HeaderOf(operation, "if-match");
  if (!if_match.empty() && !EtagListed(if_match, object->etag)) {
    return Refuse(412, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold")
        .With(ElementName("Condition"), "If-Match");
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
  if (operation.http->method == "HEAD") {
    reply.headers.push_back({"Content-Length", std::to_string(content.size())});
    return reply;
  }
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
    if (read.ec != std::errc() || size > body.size() - (line + 2))
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
    return ListBucket(world, operation, bucket);
  }
  if (method == "GET" || method == "HEAD") return GetObject(world, operation, bucket);
  if (method == "PUT") return PutObject(world, operation, bucket);
  if (method == "DELETE") return DeleteObject(world, operation, bucket);
  return UnknownAction(operation);
}

}  // namespace farthing::rehearsal
