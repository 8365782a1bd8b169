#include "sim/aws/gateway.h"

#include <algorithm>

#include "aws/error.h"
#include "base/text.h"
#include "sim/aws/protocol.h"
#include "sim/aws/services.h"
#include "sim/aws/signature_check.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";

/// Services that take requests without a signature.
bool IsUnsignedWebIdentity(const http::ServerRequest& request) {
  return request.method == "POST" &&
         request.body.find("Action=AssumeRoleWithWebIdentity") != std::string::npos;
}

Error ThrottleOf(const Operation& operation) {
  if (operation.service == "s3") return Refuse(503, "SlowDown", "Please reduce your request rate.");
  if (operation.service == "ec2")
    return Refuse(503, "RequestLimitExceeded", "Request limit exceeded.");
  if (operation.service == "organizations") {
    return Refuse(400, "TooManyRequestsException",
                  "AWS Organizations can't complete your request because another request is "
                  "already in progress. Try again later.");
  }
  if (operation.service == "ce") return Refuse(400, "LimitExceededException", "Rate exceeded");
  if (operation.protocol == Protocol::kQuery) return Refuse(400, "Throttling", "Rate exceeded");
  return Refuse(400, "ThrottlingException", "Rate exceeded");
}

Error NotEnabledIn(const Operation& operation) {
  if (operation.service == "ce")
    return Refuse(400, "DataUnavailableException",
                  "Data is not available. Please try to adjust the time period. If just enabled "
                  "Cost Explorer, data might not be ingested yet");
  if (operation.service == "organizations")
    return Refuse(400, "AWSOrganizationsNotInUseException",
                  "Your account is not a member of an organization.");
  if (operation.service == "sts")
    return Refuse(
        403, "RegionDisabledException",
        "STS is not activated in this region for account:" + operation.caller.account_id +
            ". Your account administrator can activate STS in this region using the IAM Console.");
  return Refuse(400, "OptInRequiredException", "The account is not opted in to this service.");
}

/// What a request asks for, for records and faults that aim at it.
std::string ResourceOf(const Operation& operation) {
  if (operation.service == "s3") {
    return operation.s3.key.empty() ? operation.s3.bucket
                                    : operation.s3.bucket + "/" + operation.s3.key;
  }
  for (const char* const name : {"RoleArn", "RoleName", "PolicyArn", "StackName", "UserName"}) {
    if (const std::string& value = operation.Parameter(name); !value.empty()) return value;
  }
  for (const char* const name : {"ExportArn", "ReportName"}) {
    if (std::string value = TextOf(operation.body, name); !value.empty()) return value;
  }
  return {};
}

/// S3's actions have no name on the wire; faults and records need one.
std::string S3ActionName(const http::ServerRequest& request, const S3Target& target) {
  struct Part {
    std::string_view query, name;
  };
  static constexpr Part kParts[] = {{"policy", "BucketPolicy"},
                                    {"location", "BucketLocation"},
                                    {"notification", "BucketNotification"},
                                    {"versioning", "BucketVersioning"},
                                    {"acl", "BucketAcl"},
                                    {"encryption", "BucketEncryption"},
                                    {"lifecycle", "BucketLifecycle"},
                                    {"tagging", "BucketTagging"},
                                    {"requestPayment", "BucketRequestPayment"},
                                    {"publicAccessBlock", "PublicAccessBlock"},
                                    {"ownershipControls", "BucketOwnershipControls"}};
  const std::string& method = request.method;
  const std::string verb = method == "PUT"      ? "Put"
                           : method == "DELETE" ? "Delete"
                           : method == "HEAD"   ? "Head"
                                                : "Get";
  if (target.bucket.empty()) return "ListBuckets";
  if (!target.key.empty()) return verb + "Object";
  for (const auto& [name, value] : target.query) {
    if (name == "versions") return "ListObjectVersions";
    for (const Part& part : kParts) {
      if (part.query == name) return verb + std::string(part.name);
    }
  }
  if (method == "GET") return "ListObjectsV2";
  return method == "PUT" ? "CreateBucket" : verb + "Bucket";
}

/// Faults that replace the answer.
Result<void> StrikeBefore(const Operation& operation, const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    switch (fault.kind) {
      case FaultKind::kDeny: {
        const std::string name =
            (operation.service == "monitoring" ? "cloudwatch" : operation.service) + ":" +
            operation.action;
        return AccessDenied(operation, "User: " + operation.caller.arn +
                                           " is not authorized to perform: " + name +
                                           " with an explicit deny in a service control policy");
      }
      case FaultKind::kThrottle: return ThrottleOf(operation);
      case FaultKind::kServerError:
        return Refuse(500,
                      operation.protocol == Protocol::kS3 ? "InternalError" : "InternalFailure",
                      "We encountered an internal error. Please try again.");
      case FaultKind::kUnavailable:
        return Refuse(503, "ServiceUnavailable", "Service is unable to handle request.");
      case FaultKind::kNotEnabled: return NotEnabledIn(operation);
      case FaultKind::kArchived:
        return Refuse(403, "InvalidObjectState",
                      "The operation is not valid for the object's storage class")
            .With(std::string(kElementDetail) + "StorageClass", "GLACIER");
      case FaultKind::kStaleToken:
        return Refuse(
            400, operation.service == "ce" ? "InvalidNextTokenException" : "ValidationException",
            "The pagination token is invalid.");
      default: break;
    }
  }
  return {};
}

void StrikeAfter(const std::vector<Fault>& faults, Answered& answered) {
  http::ServerResponse& response = answered.response;
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::kTruncate) response.cut_after_bytes = response.body.size() / 2;
    if (fault.kind == FaultKind::kClose) response.cut_after_bytes = 0;
    if (fault.kind == FaultKind::kSlow) response.delay = std::chrono::milliseconds(fault.amount);
    if (fault.kind == FaultKind::kRedeliver) answered.redeliver = true;
  }
}

/// Finds service and caller.
Result<void> Authenticate(World& world, const http::ServerRequest& request,
                          const std::optional<Signed>& claim, const ServiceInfo& service,
                          Operation& operation) {
  operation.client_time = ServerTime(world, claim ? claim->time : "");
  if (!claim) return {};
  operation.region = claim->region;
  if (service.one_region && claim->region != "us-east-1") {
    return Refuse(operation.protocol == Protocol::kQuery ? 403 : 400,
                  operation.protocol == Protocol::kQuery ? "SignatureDoesNotMatch"
                                                         : "InvalidSignatureException",
                  "Credential should be scoped to a valid region.");
  }
  TRY_ASSIGN(Identity identity, CheckSignature(world, request, *claim, operation.protocol));
  operation.caller = std::move(identity.caller);
  operation.client_time = identity.client_time;
  return {};
}

struct Steps {
  const ServiceInfo* service = nullptr;
  Operation operation;
  std::vector<Fault> faults;
};

Result<Reply> Answer(World& world, const http::ServerRequest& request, Steps& steps) {
  Operation& operation = steps.operation;
  TRY_ASSIGN(const std::optional<Signed> claim, ReadSignature(request));
  operation.service = claim ? claim->service : IsUnsignedWebIdentity(request) ? "sts" : "s3";
  steps.service = FindService(operation.service);
  if (steps.service == nullptr) {
    operation.protocol = Protocol::kJson11;
    return Refuse(400, "UnknownOperationException",
                  "the rehearsal AWS has no service " + operation.service);
  }
  operation.protocol = steps.service->protocol;
  TRY(ReadOperation(*steps.service, request, operation));
  if (operation.protocol == Protocol::kS3) operation.action = S3ActionName(request, operation.s3);
  TRY(Authenticate(world, request, claim, *steps.service, operation));
  steps.faults = world.faults.Strike(operation.service, operation.action, ResourceOf(operation));
  TRY(StrikeBefore(operation, steps.faults));
  operation.empty_page =
      std::any_of(steps.faults.begin(), steps.faults.end(),
                  [](const Fault& fault) { return fault.kind == FaultKind::kEmptyPage; });
  return Dispatch(world, operation);
}

}  // namespace

Error UnknownAction(const Operation& operation) {
  switch (operation.protocol) {
    case Protocol::kQuery:
    case Protocol::kEc2:
      return Refuse(400, "InvalidAction",
                    "The action " + operation.action + " is not valid for this endpoint.");
    case Protocol::kS3:
      return Refuse(501, "NotImplemented",
                    "A header you provided implies functionality that is not implemented");
    case Protocol::kJson10:
    case Protocol::kJson11:
    case Protocol::kCbor: break;
  }
  return Refuse(400, "UnknownOperationException", "the rehearsal AWS has no " + operation.action);
}

Result<Reply> Dispatch(World& world, const Operation& operation) {
  struct Entry {
    std::string_view service;
    Result<Reply> (*answer)(World&, const Operation&);
  };
  static constexpr Entry kEntries[] = {
      {"sts", AnswerSts},
      {"iam", AnswerIam},
      {"organizations", AnswerOrganizations},
      {"s3", AnswerS3},
      {"cur", AnswerCur},
      {"bcm-data-exports", AnswerDataExports},
      {"ce", AnswerCostExplorer},
      {"cloudformation", AnswerCloudFormation},
      {"ec2", AnswerEc2},
      {"elasticloadbalancing", AnswerLoadBalancing},
      {"monitoring", AnswerCloudWatch},
      {"compute-optimizer", AnswerAdvice},
      {"cost-optimization-hub", AnswerAdvice},
      {"budgets", AnswerBudgets},
      {"support", AnswerSupport},
      {"tagging", AnswerTagging},
  };
  for (const Entry& entry : kEntries) {
    if (entry.service == operation.service) return entry.answer(world, operation);
  }
  return UnknownAction(operation);
}

Answered AnswerRequest(World& world, const http::ServerRequest& request) {
  Steps steps;
  Operation& operation = steps.operation;
  operation.request_id = world.RandomText(kUpperHex, 16);
  operation.source_ip = request.peer.substr(0, request.peer.rfind(':'));
  Result<Reply> reply = Answer(world, request, steps);

  Answered answered;
  answered.response = reply.ok() ? Render(*steps.service, operation, *std::move(reply))
                                 : RenderError(operation, reply.error());
  answered.response.head_only = request.method == "HEAD";
  if (answered.response.head_only && !reply.ok()) answered.response.body.clear();
  std::string_view signed_time;
  if (const std::string* date = http::FindHeader(request.headers, "x-amz-date"))
    signed_time = *date;
  http::SetHeader(answered.response.headers, "Date",
                  http::PrintDate(ServerTime(world, signed_time)));
  StrikeAfter(steps.faults, answered);

  answered.record = {operation.service,     operation.action,         operation.caller.arn,
                     ResourceOf(operation), answered.response.status, "",
                     operation.request_id};
  if (!reply.ok()) answered.record.error_code = reply.error().detail(aws::kCodeDetail);
  return answered;
}

}  // namespace farthing::rehearsal
