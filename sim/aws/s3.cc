// S3, the buckets: who may come in, where a bucket is, what is set on it.
// Source: S3 API reference; redirects as botocore's S3RegionRedirector expects them.

#include <algorithm>
#include <pugixml.hpp>
#include <regex>

#include "http/message.h"
#include "sim/aws/s3_request.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

bool Has(const S3Target& target, std::string_view name) {
  return std::any_of(target.query.begin(), target.query.end(),
                     [&](const auto& each) { return each.first == name; });
}

std::string BucketArn(const std::string& bucket) { return "arn:aws:s3:::" + bucket; }

Reply XmlReply(std::string_view root, std::string_view inner) {
  Reply reply;
  reply.body =
      std::string(kXmlHead) + XmlNode(std::string(root) + std::string(kS3Namespace), inner);
  return reply;
}

/// A setting that is kept as it was put: the query name, the actions, and what S3 says when it is absent.
struct Setting {
  std::string_view name, get_action, put_action, absent_code, absent_document;
};
constexpr Setting kSettings[] = {
    {"notification", "s3:GetBucketNotification", "s3:PutBucketNotification", "",
     "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"},
    {"encryption", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration", "",
     "<ServerSideEncryptionConfiguration "
     "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/"
     "\"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></"
     "ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></"
     "ServerSideEncryptionConfiguration>"},
    {"ownershipControls", "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls",
     "OwnershipControlsNotFoundError", ""},
    {"publicAccessBlock", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock",
     "NoSuchPublicAccessBlockConfiguration", ""},
    {"lifecycle", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration",
     "NoSuchLifecycleConfiguration", ""},
    {"tagging", "s3:GetBucketTagging", "s3:PutBucketTagging", "NoSuchTagSet", ""},
};

/// Reads what a setting means for the rehearsal itself.
void Obey(Bucket& bucket, std::string_view setting, const std::string& body) {
  if (setting != "encryption") return;
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const auto key = document.select_node("//*[local-name()='KMSMasterKeyID']");
  bucket.kms_key = key ? key.node().child_value() : "";
}

Result<Reply> AnswerSetting(World& world, const Operation& operation, Bucket& bucket,
                            const Setting& setting) {
  const std::string& method = operation.http->method;
  TRY(CheckBucket(world, operation, bucket,
                  std::string(method == "GET" ? setting.get_action : setting.put_action)));
  const std::string name(setting.name);
  Reply reply;
  if (method == "PUT") {
    bucket.settings[name] = operation.http->body;
    Obey(bucket, name, operation.http->body);
    return reply;
  }
  if (method == "DELETE") {
    bucket.settings.erase(name);
    reply.status = 204;
    return reply;
  }
  const auto found = bucket.settings.find(name);
  if (found == bucket.settings.end() && setting.absent_document.empty()) {
    return Refuse(404, setting.absent_code, "The configuration was not found");
  }
  reply.body = found == bucket.settings.end()
                   ? std::string(kXmlHead) + std::string(setting.absent_document)
                   : found->second;
  return reply;
}

Result<Reply> AnswerPolicy(World& world, const Operation& operation, Bucket& bucket) {
  const std::string& method = operation.http->method;
  if (operation.caller.account_id != bucket.owner) {
    return Refuse(405, "MethodNotAllowed",
                  "The specified method is not allowed against this resource.");
  }
  TRY(CheckBucket(world, operation, bucket,
                  method == "GET"   ? "s3:GetBucketPolicy"
                  : method == "PUT" ? "s3:PutBucketPolicy"
                                    : "s3:DeleteBucketPolicy"));
  Reply reply;
  if (method == "GET") {
    if (bucket.policy.empty())
      return Refuse(404, "NoSuchBucketPolicy", "The bucket policy does not exist");
    reply.body = bucket.policy;
    reply.headers.push_back({"Content-Type", "application/json"});
    return reply;
  }
  reply.status = 204;
  if (method == "DELETE") {
    bucket.policy.clear();
    return reply;
  }
  if (auto policy = Policy::Parse(operation.http->body, PolicyKind::kResource); !policy.ok()) {
    return Refuse(400, "MalformedPolicy", policy.error().message());
  }
  bucket.policy = operation.http->body;
  return reply;
}

Result<Reply> AnswerVersioning(World& world, const Operation& operation, Bucket& bucket) {
  if (operation.http->method == "GET") {
    TRY(CheckBucket(world, operation, bucket, "s3:GetBucketVersioning"));
    return XmlReply("VersioningConfiguration",
                    bucket.versioning.empty() ? "" : Xml("Status", bucket.versioning));
  }
  TRY(CheckBucket(world, operation, bucket, "s3:PutBucketVersioning"));
  pugi::xml_document document;
  document.load_buffer(operation.http->body.data(), operation.http->body.size());
  const auto status = document.select_node("//*[local-name()='Status']");
  bucket.versioning = status ? status.node().child_value() : "";
  return Reply{};
}

/// A request that goes to the wrong region learns the right one, in one of the ways S3 has.
Result<void> CheckRegion(const Operation& operation, const Bucket& bucket) {
  if (operation.region.empty() || operation.region == bucket.region) return {};
  const std::string header = HeaderName("x-amz-bucket-region");
  if (operation.region == "us-east-1") {
    return Refuse(400, "AuthorizationHeaderMalformed",
                  "The authorization header is malformed; the region 'us-east-1' is wrong; "
                  "expecting '" +
                      bucket.region + "'")
        .With(ElementName("Region"), bucket.region)
        .With(header, bucket.region);
  }
  return Refuse(301, "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified "
                "endpoint. Please send all future requests to this endpoint.")
      .With(ElementName("Endpoint"), bucket.name + ".s3." + bucket.region + ".amazonaws.com")
      .With(ElementName("Bucket"), bucket.name)
      .With(header, bucket.region);
}

/// Source: Amazon S3 user guide, "General purpose bucket naming rules".
bool IsBucketName(const std::string& name) {
  static const std::regex form("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  static const std::regex address("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+");
  constexpr std::string_view kBegins[] = {"xn--", "sthree-", "amzn-s3-demo-"};
  constexpr std::string_view kEnds[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
  return std::regex_match(name, form) && !std::regex_match(name, address) &&
         name.find("..") == std::string::npos &&
         std::none_of(std::begin(kBegins), std::end(kBegins),
                      [&](std::string_view begin) { return name.starts_with(begin); }) &&
         std::none_of(std::begin(kEnds), std::end(kEnds),
                      [&](std::string_view end) { return name.ends_with(end); });
}

Result<Reply> CreateBucket(World& world, const Operation& operation) {
  const std::string& name = operation.s3.bucket;
  TRY(CheckAccess(world, operation,
                  {.action = "s3:CreateBucket",
                   .resource = BucketArn(name),
                   .resource_policy = {{}, operation.caller.account_id}}));
  if (!IsBucketName(name))
    return Refuse(400, "InvalidBucketName", "The specified bucket is not valid.");
  if (const auto found = world.buckets.find(name); found != world.buckets.end()) {
    if (found->second.owner == operation.caller.account_id) {
      return Refuse(
          409, "BucketAlreadyOwnedByYou",
          "Your previous request to create the named bucket succeeded and you already own it.");
    }
    return Refuse(409, "BucketAlreadyExists",
                  "The requested bucket name is not available. The bucket namespace is shared by "
                  "all users of the system. Please select a different name and try again.");
  }
  Bucket bucket;
  bucket.name = name;
  bucket.owner = operation.caller.account_id;
  bucket.created = world.now();
  bucket.region = "us-east-1";
  if (!operation.http->body.empty()) {
    pugi::xml_document document;
    document.load_buffer(operation.http->body.data(), operation.http->body.size());
    const auto region = document.select_node("//*[local-name()='LocationConstraint']");
    if (region) bucket.region = region.node().child_value();
  }
  if (operation.region != bucket.region) {
    return Refuse(400, "IllegalLocationConstraintException",
                  "The " + bucket.region +
                      " location constraint is incompatible for the region specific endpoint this "
                      "request was sent to.");
  }
  world.buckets[name] = std::move(bucket);
  Reply reply;
  reply.headers.push_back({"Location", "/" + name});
  return reply;
}

Result<Reply> ListBuckets(World& world, const Operation& operation) {
  if (operation.caller.arn.empty()) return Refuse(403, "AccessDenied", "Access Denied");
  TRY(CheckAccess(world, operation, {.action = "s3:ListAllMyBuckets"}));
  std::string inner;
  for (const auto& [name, bucket] : world.buckets) {
    if (bucket.owner != operation.caller.account_id) continue;
    inner += XmlNode("Bucket", Xml("Name", name) + Xml("CreationDate", MilliTime(bucket.created)) +
                                   Xml("BucketRegion", bucket.region));
  }
  return XmlReply(
      "ListAllMyBucketsResult",
      XmlNode("Owner", Xml("ID", operation.caller.account_id)) + XmlNode("Buckets", inner));
}

Result<Reply> DeleteBucket(World& world, const Operation& operation, const Bucket& bucket) {
  TRY(CheckBucket(world, operation, bucket, "s3:DeleteBucket"));
  const bool empty = std::all_of(bucket.objects.begin(), bucket.objects.end(),
                                 [](const auto& each) { return each.second.empty(); });
  if (!empty) return Refuse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
  world.buckets.erase(operation.s3.bucket);
  Reply reply;
  reply.status = 204;
  return reply;
}

Result<Reply> AnswerBucket(World& world, const Operation& operation, Bucket& bucket) {
  const S3Target& target = operation.s3;
  const std::string& method = operation.http->method;
  if (Has(target, "policy")) return AnswerPolicy(world, operation, bucket);
  if (Has(target, "versioning")) return AnswerVersioning(world, operation, bucket);
  if (Has(target, "location")) {
    TRY(CheckBucket(world, operation, bucket, "s3:GetBucketLocation"));
    const std::string region = bucket.region == "us-east-1" ? "" : bucket.region;
    Reply reply;
    reply.body =
        std::string(kXmlHead) + XmlNode("LocationConstraint" + std::string(kS3Namespace), region);
    return reply;
  }
  if (Has(target, "requestPayment")) {
    TRY(CheckBucket(world, operation, bucket,
                    method == "GET" ? "s3:GetBucketRequestPayment" : "s3:PutBucketRequestPayment"));
    if (method == "PUT") {
      bucket.requester_pays = operation.http->body.find(">Requester<") != std::string::npos;
      return Reply{};
    }
    return XmlReply("RequestPaymentConfiguration",
                    Xml("Payer", bucket.requester_pays ? "Requester" : "BucketOwner"));
  }
  if (Has(target, "acl")) {
    TRY(CheckBucket(world, operation, bucket, "s3:GetBucketAcl"));
    return XmlReply("AccessControlPolicy",
                    XmlNode("Owner", Xml("ID", bucket.owner)) + "<AccessControlList/>");
  }
  for (const Setting& setting : kSettings) {
    if (Has(target, setting.name)) return AnswerSetting(world, operation, bucket, setting);
  }
  if (method == "DELETE") return DeleteBucket(world, operation, bucket);
  if (method == "HEAD") {
    TRY(CheckBucket(world, operation, bucket, "s3:ListBucket"));
    Reply reply;
    reply.headers.push_back({"x-amz-bucket-region", bucket.region});
    return reply;
  }
  return AnswerS3Object(world, operation, bucket);
}

}  // namespace

Result<Reply> AnswerS3(World& world, const Operation& operation) {
  const S3Target& target = operation.s3;
  if (target.bucket.empty()) return ListBuckets(world, operation);
  const auto found = world.buckets.find(target.bucket);
  if (target.key.empty() && operation.http->method == "PUT" && target.query.empty()) {
    return CreateBucket(world, operation);
  }
  if (found == world.buckets.end()) {
    return Refuse(404, "NoSuchBucket", "The specified bucket does not exist")
        .With(ElementName("BucketName"), target.bucket);
  }
  Bucket& bucket = found->second;
  // The region is told to anyone, whatever they may do.
  const auto answer = [&]() -> Result<Reply> {
    TRY(CheckRegion(operation, bucket));
    const std::string owner = HeaderOf(operation, "x-amz-expected-bucket-owner");
    if (!owner.empty() && owner != bucket.owner)
      return Refuse(403, "AccessDenied", "Access Denied");
    if (bucket.requester_pays && operation.caller.account_id != bucket.owner &&
        HeaderOf(operation, "x-amz-request-payer") != "requester") {
      return Refuse(403, "AccessDenied", "Access Denied");
    }
    return target.key.empty() ? AnswerBucket(world, operation, bucket)
                              : AnswerS3Object(world, operation, bucket);
  };
  Result<Reply> reply = answer();
  if (!reply.ok() && target.key.empty()) {
    return std::move(reply).error().With(HeaderName("x-amz-bucket-region"), bucket.region);
  }
  return reply;
}

Result<Reply> CallS3(World& world, const Operation& as, const S3Request& request) {
  http::ServerRequest raw{request.method, "/", request.headers, request.body, ""};
  Operation operation = as;
  operation.protocol = Protocol::kS3;
  operation.service = "s3";
  operation.http = &raw;
  operation.s3 = {request.bucket, request.key, request.query};
  if (const auto found = world.buckets.find(request.bucket); found != world.buckets.end())
    operation.region = found->second.region;
  return AnswerS3(world, operation);
}

bool ServiceMay(const World& world, const Bucket& bucket, std::string_view service,
                std::string_view action, std::string_view resource, const Export& for_export) {
  if (bucket.policy.empty()) return false;
  Operation operation;
  operation.protocol = Protocol::kS3;
  operation.caller.service = service;
  Access access{.action = std::string(action), .resource = std::string(resource)};
  access.keys["aws:sourceaccount"] = {for_export.owner};
  access.keys["aws:sourcearn"] = {for_export.arn};
  access.resource_policy.owner = bucket.owner;
  auto policy = Policy::Parse(bucket.policy, PolicyKind::kResource);
  if (!policy.ok()) return false;
  access.resource_policy.policy = *std::move(policy);
  return Decide(world, operation, access).allowed;
}

}  // namespace farthing::rehearsal
