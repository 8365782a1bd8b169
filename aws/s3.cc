#include "aws/s3.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "aws/error.h"
#include "aws/protocol_internal.h"
#include "base/files.h"

namespace farthing::aws {
namespace {

constexpr std::string_view kRegionHeader = "x-amz-bucket-region";
constexpr std::uint64_t kRefusalBytes = 64 << 10;
constexpr int kRedirects = 4;

Call NewCall(std::string operation, std::string method) {
  Call call;
  call.service = Service::kS3;
  call.operation = std::move(operation);
  call.method = std::move(method);
  call.content_sha256 = Sha256("");
  return call;
}

Call ObjectCall(std::string operation, std::string method, const std::string& key) {
  Call call = NewCall(std::move(operation), std::move(method));
  call.path = "/" + http::PercentEncode(key, http::Slash::kKeep);
  return call;
}

// A read of the content that the object's ETag and version name.
Call PinnedCall(std::string operation, std::string method, const S3Object& object) {
  Call call = ObjectCall(std::move(operation), std::move(method), object.key);
  if (!object.etag.empty()) http::SetHeader(call.headers, "If-Match", object.etag);
  if (!object.version_id.empty() && object.version_id != "null")
    call.query = {{"versionId", object.version_id}};
  return call;
}

std::uint64_t Number(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string HeaderText(const http::Response& response, std::string_view name) {
  const std::string* value = http::FindHeader(response.headers, name);
  return value == nullptr ? "" : *value;
}

// Keys of a listing with encoding-type=url: as in a form, a space is "+".
std::string DecodeKey(std::string text) {
  for (char& c : text)
    if (c == '+') c = ' ';
  return http::PercentDecode(text);
}

// Requires: pairs of hex digits.
std::string Base64OfHex(std::string_view hex) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (const char c : hex) {
    const unsigned nibble = static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    bits = bits << 4 | nibble;
    if ((held += 4) < 6) continue;
    held -= 6;
    text += kDigits[bits >> held & 63U];
  }
  if (held > 0) text += kDigits[bits << (6 - held) & 63U];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

struct Page {
  Listing listing;
  std::string next;  // empty: the last one
};

Result<Page> ReadPage(const http::Response& response) {
  TRY_ASSIGN(const pugi::xml_document document,
             ParseXml(response, "s3:ListObjectsV2", "ListBucketResult"));
  const pugi::xml_node root = document.document_element();
  // Some S3-compatible storage does not know the encoding and says so by leaving this out.
  const bool encoded = TextAt(root, "EncodingType") == "url";
  const auto name = [&](pugi::xml_node node, const char* child) {
    return encoded ? DecodeKey(TextAt(node, child)) : TextAt(node, child);
  };
  Page page;
  for (const pugi::xml_node given : root.children("Contents")) {
    S3Object object;
    object.key = name(given, "Key");
    object.size_bytes = Number(TextAt(given, "Size"));
    object.etag = TextAt(given, "ETag");
    object.storage_class = TextAt(given, "StorageClass");
    const Result<Instant> modified = ParseInstant(TextAt(given, "LastModified"));
    if (modified.ok()) object.last_modified = *modified;
    page.listing.objects.push_back(std::move(object));
  }
  for (const pugi::xml_node given : root.children("CommonPrefixes"))
    page.listing.prefixes.push_back(name(given, "Prefix"));
  if (TextAt(root, "IsTruncated") == "true") {
    page.next = TextAt(root, "NextContinuationToken");
    if (page.next.empty())
      return Error(Errc::kCorrupt, "a page of the listing says that there are more but not where");
  }
  return page;
}

// Statuses by which S3 says that the bucket lives elsewhere; 400 comes with a region in its body or header.
bool SaysElsewhere(const Error& error) {
  const std::string_view status = error.detail(kStatusDetail);
  const std::string_view code = AwsCode(error);
  return status == "301" || status == "307" || code == "AuthorizationHeaderMalformed" ||
         code == "IllegalLocationConstraintException" ||
         (status == "400" && !error.detail(kRegionDetail).empty());
}

// A refusal where the bucket is.  A HEAD is told 400 and nothing else by a region that the account has not enabled, but
// also where a session has ended.
Error RefusedThere(const Error& error, const std::string& bucket, const std::string& region) {
  const bool is_sure = AwsCode(error) == "IllegalLocationConstraintException";
  if (!is_sure && (error.detail(kStatusDetail) != "400" || !AwsCode(error).empty())) return error;
  Error told(error.code(), "bucket " + bucket + " is in " + region +
                               (is_sure ? ", which the account that asks has not enabled: "
                                        : ", which refuses the account that asks: ") +
                               error.message());
  for (const auto& [name, value] : error.details()) std::ignore = std::move(told).With(name, value);
  const std::string how =
      "enable " + region +
      " in the account whose credentials these are (console: Account, AWS Regions; or aws account "
      "enable-region --region-name " +
      region + "), or deliver to a bucket in a region that every account has";
  return std::move(told).Hint(is_sure ? how
                                      : "AWS gives no reason here; where the region is not "
                                        "enabled: " +
                                            how + "; where the session has ended: sign in again");
}

}  // namespace

struct S3::Regions {
  std::mutex mutex;
  std::map<std::string, std::string> of;

  std::string Find(const std::string& bucket) {
    const std::lock_guard lock(mutex);
    const auto found = of.find(bucket);
    return found == of.end() ? "" : found->second;
  }
  void Keep(const std::string& bucket, const std::string& region) {
    const std::lock_guard lock(mutex);
    of[bucket] = region;
  }
};

S3::S3(std::shared_ptr<Client> client, S3Settings settings)
    : client_(std::move(client)),
      settings_(std::move(settings)),
      regions_(std::make_shared<Regions>()) {}

Result<http::Response> S3::Send(Call call, const std::string& bucket) {
  call.bucket = bucket;
  call.addressing = settings_.addressing;
  if (!settings_.expected_owner.empty())
    http::SetHeader(call.headers, "x-amz-expected-bucket-owner", settings_.expected_owner);
  if (settings_.requester_pays) http::SetHeader(call.headers, "x-amz-request-payer", "requester");
  const std::string known = regions_->Find(bucket);
  call.region = known.empty() ? client_->environment().region : known;

  bool moved = false;
  for (int redirects = 0;; ++redirects) {
    Result<http::Response> response = client_->Send(call);
    if (response.ok() || redirects == kRedirects || !SaysElsewhere(response.error()))
      return response;
    std::string region(response.error().detail(kRegionDetail));
    if (region.empty() || region == call.region) {
      if (std::optional<http::Url> location = Redirected(response.error(), call)) {
        call.location = std::move(location);
        continue;
      }
    }
    const bool is_there = moved || region == call.region;
    if (!is_there && region.empty()) {
      TRY_ASSIGN(region, AskRegion(bucket));
    }
    if (is_there || region == call.region) {
      return RefusedThere(response.error(), bucket, call.region);
    }
    regions_->Keep(bucket, region);
    call.region = region;
    call.location.reset();
    moved = true;
  }
}

// What is sent again may be a write, and carries a session's token: it goes to S3 only, and never in the clear where it
// was not.  Source: S3 user guide, "Making requests using the REST API", request redirection.
std::optional<http::Url> S3::Redirected(const Error& refused, const Call& call) const {
  if (refused.detail(kStatusDetail) != "307") return std::nullopt;
  Result<http::Url> to = http::ParseUrl(refused.detail(kLocationDetail));
  const Result<Endpoint> from =
      ResolveEndpoint(Service::kS3, call.region, client_->environment().endpoints);
  if (!to.ok() || !from.ok() || to->scheme != from->url.scheme) return std::nullopt;
  const Partition& partition = PartitionOfRegion(call.region);
  const auto is_below = [&](std::string_view suffix) {
    return to->host.ends_with("." + std::string(suffix));
  };
  if (!from->overridden && !is_below(partition.dns_suffix) &&
      !is_below(partition.dual_stack_suffix)) {
    return std::nullopt;
  }
  if (to->query.empty()) to->query = http::EncodeQuery(call.query);
  return *std::move(to);
}

Result<std::string> S3::AskRegion(const std::string& bucket) {
  Call call = NewCall("HeadBucket", "HEAD");
  call.bucket = bucket;
  call.addressing = settings_.addressing;
  const Result<http::Response> response = client_->Send(call);
  if (response.ok()) return HeaderText(*response, kRegionHeader);
  // S3 names the region even when it refuses (301, 400 and 403).
  const std::string region(response.error().detail(kRegionDetail));
  if (!region.empty()) return region;
  if (response.error().code() == Errc::kNotFound)
    return Error(response.error()).Wrap("no such bucket: " + bucket);
  return response.error();
}

Result<std::string> S3::BucketRegion(const std::string& bucket) {
  const std::string known = regions_->Find(bucket);
  if (!known.empty()) return known;
  TRY_ASSIGN(std::string region, AskRegion(bucket));
  if (region.empty()) {  // S3-compatible storage without the header
    Call call = NewCall("GetBucketLocation", "GET");
    call.query = {{"location", ""}};
    TRY_ASSIGN(const http::Response response, Send(call, bucket));
    TRY_ASSIGN(const pugi::xml_document document,
               ParseXml(response, "s3:GetBucketLocation", "LocationConstraint"));
    region = document.document_element().text().get();
    if (region.empty()) region = "us-east-1";
    if (region == "EU") region = "eu-west-1";
  }
  regions_->Keep(bucket, region);
  return region;
}

Result<void> S3::EachPage(const std::string& bucket, const std::string& prefix,
                          const std::string& delimiter,
                          const std::function<bool(Listing page)>& use) {
  std::string token;
  while (true) {
    Call call = NewCall("ListObjectsV2", "GET");
    call.query = {{"list-type", "2"},
                  {"encoding-type", "url"},
                  {"max-keys", std::to_string(settings_.page_size)}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!delimiter.empty()) call.query.emplace_back("delimiter", delimiter);
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    TRY_ASSIGN(const http::Response response, Send(call, bucket));
    TRY_ASSIGN(Page page, ReadPage(response));
    if (!use(std::move(page.listing)) || page.next.empty()) return {};
    if (page.next == token)
      return Error(Errc::kCorrupt,
                   "the storage offers the same page of the listing again: " + bucket)
          .Hint("its paging is broken; ListObjectsV2 with encoding-type=url must work");
    token = std::move(page.next);
  }
}

Result<Listing> S3::List(const std::string& bucket, const std::string& prefix,
                         const std::string& delimiter) {
  Listing all;
  TRY(EachPage(bucket, prefix, delimiter, [&all](Listing page) {
    std::move(page.objects.begin(), page.objects.end(), std::back_inserter(all.objects));
    std::move(page.prefixes.begin(), page.prefixes.end(), std::back_inserter(all.prefixes));
    return true;
  }));
  return all;
}

Result<S3Object> S3::Head(const std::string& bucket, const std::string& key) {
  Result<http::Response> response = Send(ObjectCall("HeadObject", "HEAD", key), bucket);
  if (!response.ok())  // a HEAD has no body, so AWS cannot say what it refuses
    return std::move(response).error().Wrap("s3://" + bucket + "/" + key);
  S3Object object;
  object.key = key;
  object.size_bytes = Number(HeaderText(*response, "content-length"));
  object.etag = HeaderText(*response, "etag");
  const Result<Instant> modified = http::ParseDate(HeaderText(*response, "last-modified"));
  if (modified.ok()) object.last_modified = *modified;
  object.storage_class = HeaderText(*response, "x-amz-storage-class");
  if (object.storage_class.empty()) object.storage_class = "STANDARD";
  object.version_id = HeaderText(*response, "x-amz-version-id");
  return object;
}

Result<http::Response> S3::Fetch(const ObjectPart& part, http::SendOptions send) {
  Call call = PinnedCall("GetObject", "GET", *part.object);
  call.send = std::move(send);
  if (part.length != 0) {
    http::SetHeader(call.headers, "Range",
                    "bytes=" + std::to_string(part.offset) + "-" +
                        std::to_string(part.offset + part.length - 1));
  } else {
    http::SetHeader(call.headers, "x-amz-checksum-mode", "ENABLED");
  }
  Result<http::Response> response = Send(std::move(call), *part.bucket);
  if (response.ok()) return response;
  const std::string place = "s3://" + *part.bucket + "/" + part.object->key;
  if (response.error().detail(kStatusDetail) != "412")
    return std::move(response).error().Wrap(place);
  return std::move(response)
      .error()
      .Hint("a newer delivery has replaced the object; list again and start over")
      .Wrap(place);
}

Result<std::string> S3::StoredCrc64(const std::string& bucket, const S3Object& object,
                                    const http::Cancellation* cancellation) {
  Call call = PinnedCall("HeadObject", "HEAD", object);
  call.send.cancellation = cancellation;
  http::SetHeader(call.headers, "x-amz-checksum-mode", "ENABLED");
  Result<http::Response> response = Send(std::move(call), bucket);
  if (!response.ok()) return std::move(response).error().Wrap("s3://" + bucket + "/" + object.key);
  return CrcOf(*response);
}

std::string S3::CrcOf(const http::Response& response) {
  const std::string type = HeaderText(response, "x-amz-checksum-type");
  if (!type.empty() && type != "FULL_OBJECT") return "";
  return HeaderText(response, "x-amz-checksum-crc64nvme");
}

Result<std::string> S3::Get(const std::string& bucket, const std::string& key,
                            std::uint64_t limit_bytes, const std::string& etag) {
  S3Object object;
  object.key = key;
  object.etag = etag;
  http::SendOptions send;
  send.body_limit = std::max(limit_bytes, kRefusalBytes);  // a refusal has a body too
  TRY_ASSIGN(http::Response response, Fetch({&bucket, &object, 0, 0}, std::move(send)));
  if (response.body.size() > limit_bytes)
    return Error(Errc::kTooLarge, "the object is larger than " + std::to_string(limit_bytes) +
                                      " bytes: s3://" + bucket + "/" + key);
  return std::move(response.body);
}

Result<std::string> S3::BucketPolicy(const std::string& bucket) {
  Call call = NewCall("GetBucketPolicy", "GET");
  call.query = {{"policy", ""}};
  Result<http::Response> response = Send(std::move(call), bucket);
  if (response.ok()) return std::move(response->body);
  if (AwsCode(response.error()) == "NoSuchBucketPolicy") return std::string();
  return std::move(response).error();
}

Result<std::string> S3::Notifications(const std::string& bucket) {
  Call call = NewCall("GetBucketNotificationConfiguration", "GET");
  call.query = {{"notification", ""}};
  TRY_ASSIGN(http::Response response, Send(std::move(call), bucket));
  return std::move(response.body);
}

Result<void> S3::CreateBucket(const std::string& bucket, const std::string& region) {
  Call call = NewCall("CreateBucket", "PUT");
  if (region != "us-east-1") {  // which alone must not be named
    call.body =
        "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<LocationConstraint>" +
        region + "</LocationConstraint></CreateBucketConfiguration>";
    call.content_sha256 = Sha256(call.body);
  }
  // No owner is expected of what does not exist yet, and no redirect leads to it.
  call.bucket = bucket;
  call.addressing = settings_.addressing;
  call.region = region;
  Result<http::Response> response = client_->Send(call);
  if (!response.ok() && AwsCode(response.error()) != "BucketAlreadyOwnedByYou")
    return std::move(response).error().Wrap("bucket " + bucket);
  regions_->Keep(bucket, region);
  return {};
}

Result<void> S3::PutBucketPolicy(const std::string& bucket, std::string policy) {
  Call call = NewCall("PutBucketPolicy", "PUT");
  call.query = {{"policy", ""}};
  call.content_sha256 = Sha256(policy);
  // S3 demands a checksum beside the signature for settings of buckets.
  http::SetHeader(call.headers, "x-amz-checksum-sha256", Base64OfHex(call.content_sha256));
  call.body = std::move(policy);
  TRY(Send(std::move(call), bucket));
  return {};
}

Result<void> S3::Put(const std::string& bucket, const std::string& key, std::string body) {
  Call call = ObjectCall("PutObject", "PUT", key);
  call.content_sha256 = Sha256(body);
  call.body = std::move(body);
  TRY(Send(std::move(call), bucket));
  return {};
}

}  // namespace farthing::aws
