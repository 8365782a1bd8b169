#include "aws/error.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <pugixml.hpp>

#include "aws/advice_internal.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::size_t kMessageLimit = 2000;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t Size>
bool IsOneOf(std::string_view code, const std::array<std::string_view, Size>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// "ns#Code:uri" is Code.
std::string BareCode(std::string_view code) {
  const auto hash = code.find('#');
  if (hash != std::string_view::npos) code.remove_prefix(hash + 1);
  return std::string(code.substr(0, code.find(':')));
}

std::string_view FirstHeader(const http::Response& response,
                             std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const std::string* value = http::FindHeader(response.headers, name)) return *value;
  }
  return {};
}

/// Returns the first member that is a text.
std::string FirstText(const boost::json::object& object,
                      std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto* value = object.if_contains(name);
    if (value != nullptr && value->is_string()) return std::string(value->as_string());
  }
  return {};
}

void ReadJson(std::string_view body, ServiceError& refused) {
  boost::system::error_code failed;
  const boost::json::value root = boost::json::parse(body, failed);
  if (failed || !root.is_object()) return;
  const boost::json::object& object = root.as_object();
  // "error" and "error_description" are OAuth's, which IAM Identity Center speaks.
  if (refused.code.empty()) {
    refused.code = BareCode(FirstText(object, {"__type", "code", "Code", "error"}));
  }
  refused.message = FirstText(object, {"message", "Message", "errorMessage", "error_description"});
}

void ReadXml(std::string_view body, ServiceError& refused) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return;
  const pugi::xml_node root = document.document_element();
  pugi::xml_node error = root;  // S3: the root itself
  if (root.child("Error")) error = root.child("Error");
  if (root.child("Errors")) error = root.child("Errors").child("Error");
  if (refused.code.empty()) refused.code = error.child_value("Code");
  refused.message = error.child_value("Message");
  if (refused.region.empty()) refused.region = error.child_value("Region");
  for (const pugi::xml_node place : {root, error}) {
    for (const char* name : {"RequestId", "RequestID"}) {
      if (refused.request_id.empty()) refused.request_id = place.child_value(name);
    }
  }
}

/// Makes foreign text fit to be shown: valid, of one line, not endless.
std::string Presentable(std::string_view text) {
  std::string shown = ReplaceInvalidUtf8(text.substr(0, kMessageLimit));
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return shown;
}

// botocore 1.43, botocore/retries/standard.py.
constexpr std::array<std::string_view, 13> kThrottles = {"Throttling",
                                                         "ThrottlingException",
                                                         "ThrottledException",
                                                         "RequestThrottledException",
                                                         "RequestThrottled",
                                                         "TooManyRequestsException",
                                                         "ProvisionedThroughputExceededException",
                                                         "TransactionInProgressException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "LimitExceededException",
                                                         "SlowDown",
                                                         "EC2ThrottledException"};
constexpr std::array<std::string_view, 5> kTransients = {
    "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "InternalError",
    "IDPCommunicationError"};
constexpr std::array<std::string_view, 3> kSkews = {"RequestTimeTooSkewed", "RequestExpired",
                                                    "RequestInTheFuture"};
constexpr std::array<std::string_view, 3> kExpired = {"ExpiredToken", "ExpiredTokenException",
                                                      "TokenRefreshRequired"};
constexpr std::array<std::string_view, 13> kUnknownCallers = {"InvalidClientTokenId",
                                                              "InvalidAccessKeyId",
                                                              "SignatureDoesNotMatch",
                                                              "InvalidSignatureException",
                                                              "IncompleteSignature",
                                                              "MissingAuthenticationToken",
                                                              "MissingAuthenticationTokenException",
                                                              "UnrecognizedClientException",
                                                              "InvalidToken",
                                                              "AuthFailure",
                                                              "InvalidIdentityToken",
                                                              "IDPRejectedClaim",
                                                              "UnauthorizedException"};
constexpr std::array<std::string_view, 8> kDenials = {"AccessDenied",
                                                      "AccessDeniedException",
                                                      "UnauthorizedOperation",
                                                      "AllAccessDisabled",
                                                      "OptInRequired",
                                                      "RegionDisabledException",
                                                      "SubscriptionRequiredException",
                                                      "InvalidObjectState"};

Errc CodeOf(const ServiceError& refused) {
  const std::string_view code = refused.code;
  if (IsOneOf(code, kUnknownCallers) || IsOneOf(code, kExpired) || IsOneOf(code, kSkews)) {
    return Errc::kUnauthenticated;
  }
  if (Classify(refused) != Retry::kNever) return Errc::kUnavailable;
  if (IsOneOf(code, kDenials) || code.starts_with("KMS.")) return Errc::kPermissionDenied;
  // CloudFormation calls a stack that is not there a validation error.
  if (code.starts_with("NoSuch") || Contains(code, "NotFound") ||
      code == "AWSOrganizationsNotInUseException" ||
      (code == "ValidationError" && refused.message.ends_with("does not exist"))) {
    return Errc::kNotFound;
  }
  if (code.starts_with("Duplicate") || Contains(code, "AlreadyExists") ||
      Contains(code, "Concurrent") || code.starts_with("Conflict") || code == "OperationAborted") {
    return Errc::kConflict;
  }
  if (Contains(code, "LimitReached") || Contains(code, "LimitExceeded") ||
      Contains(code, "QuotaExceeded")) {
    return Errc::kTooLarge;
  }
  switch (refused.status) {
    case 401: return Errc::kUnauthenticated;
    case 403: return Errc::kPermissionDenied;
    case 404: return Errc::kNotFound;
    case 409:
    case 412: return Errc::kConflict;
    default: return refused.status >= 500 ? Errc::kUnavailable : Errc::kInvalidArgument;
  }
}

}  // namespace

std::string_view AwsCode(const Error& error) { return error.detail(kCodeDetail); }

ServiceError ReadServiceError(const http::Response& response) {
  ServiceError refused;
  refused.status = response.status;
  refused.code = BareCode(FirstHeader(response, {"x-amzn-errortype"}));
  refused.request_id = FirstHeader(
      response, {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-id-2"});
  refused.region = FirstHeader(response, {"x-amz-bucket-region"});
  if (response.status / 100 == 3) refused.location = FirstHeader(response, {"Location"});
  const std::string_view body = response.body;
  const auto start = std::min(body.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), body.size());
  if (body.substr(start).starts_with('{')) ReadJson(body.substr(start), refused);
  if (body.substr(start).starts_with('<')) ReadXml(body.substr(start), refused);
  for (std::string* text :
       {&refused.code, &refused.message, &refused.request_id, &refused.region, &refused.location}) {
    *text = Presentable(*text);
  }
  return refused;
}

Retry Classify(const ServiceError& refused) {
  const std::string_view code = refused.code;
  const bool stale_signature = Contains(refused.message, "Signature expired") ||
                               Contains(refused.message, "not yet current");
  if (IsOneOf(code, kSkews) || stale_signature) return Retry::kClockSkew;
  if (IsOneOf(code, kExpired)) return Retry::kExpiredToken;
  if (IsOneOf(code, kThrottles) || refused.status == 429) return Retry::kThrottled;
  if (IsOneOf(code, kTransients)) return Retry::kTransient;
  switch (refused.status) {
    case 500:
    case 502:
    case 503:
    case 504: return Retry::kTransient;
    default: return Retry::kNever;
  }
}

Error ToError(const ServiceError& refused, Service service, std::string_view operation) {
  const std::string action = std::string(Name(service)) + ":" + std::string(operation);
  std::string message = "AWS refused " + action + " (HTTP " + std::to_string(refused.status);
  if (!refused.request_id.empty()) message += ", request " + refused.request_id;
  message += ")";
  if (!refused.code.empty()) message += ": " + refused.code;
  if (!refused.message.empty()) message += ": " + refused.message;
  Error error(CodeOf(refused), std::move(message));
  const auto [fix, denied_by] = RemedyOf(refused, action);
  // With changes the error in place; assigning what it returns would move it into itself.
  const auto add = [&error](std::string_view name, std::string_view value) {
    if (!value.empty()) static_cast<void>(std::move(error).With(name, value));
  };
  add(kCodeDetail, refused.code);
  add(kMessageDetail, refused.message);
  add(kRequestIdDetail, refused.request_id);
  add(kOperationDetail, action);
  add(kStatusDetail, std::to_string(refused.status));
  add(kRegionDetail, refused.region);
  add(kLocationDetail, refused.location);
  add(kDeniedByDetail, denied_by);
  if (!fix.empty()) return std::move(error).Hint(fix);
  return error;
}

}  // namespace farthing::aws
