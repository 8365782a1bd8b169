#include "aws/error.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <pugixml.hpp>

#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::size_t kMessageLimit = 2000;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t size>
bool IsOneOf(std::string_view code, const std::array<std::string_view, size>& codes) {
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

/// A refusal that we know the fix of.  `in_message` narrows it by AWS's own words.
struct Advice {
  std::string_view code, in_message, fix;
};
constexpr std::array kAdvice = {
    Advice{"", "service control policy",
           "a service control policy of the organisation denies this; ask its administrator to "
           "except the role"},
    Advice{"", "resource control policy",
           "a resource control policy of the organisation denies this; ask its administrator to "
           "except the role"},
    Advice{"", "permissions boundary",
           "the permissions boundary of the role does not allow this; add the action to the "
           "boundary"},
    Advice{"",
           "kms:", "allow kms:Decrypt to the role, in its own policy and in the policy of the key"},
    Advice{"", "explicit deny in a resource-based policy",
           "a statement of the bucket's or the resource's own policy denies this; except the role "
           "there"},
    Advice{"AccessDenied", "sts:AssumeRole",
           "compare the role's ARN, the principal in its trust policy and the external ID; AWS "
           "does not say which differs"},
    Advice{"AccessDenied", "", "add the action to the role's policy"},
    Advice{"AccessDeniedException", "", "add the action to the role's policy"},
    Advice{"UnauthorizedOperation", "", "add the action to the role's policy"},
    Advice{"InvalidClientTokenId", "", "the access key is unknown or deleted; enter a current one"},
    Advice{"InvalidAccessKeyId", "", "the access key is unknown or deleted; enter a current one"},
    Advice{"UnrecognizedClientException", "",
           "the access key is unknown, deleted, or the region is not enabled for the account"},
    Advice{"SignatureDoesNotMatch", "", "the secret access key does not belong to the access key"},
    Advice{"InvalidSignatureException", "",
           "the secret access key does not belong to the access key"},
    Advice{"AuthFailure", "", "the keys are wrong, or the region is not enabled for the account"},
    Advice{"ExpiredToken", "", "sign in again: the session has ended"},
    Advice{"ExpiredTokenException", "", "sign in again: the session has ended"},
    Advice{"TokenRefreshRequired", "", "sign in again: the session has ended"},
    Advice{"InvalidToken", "", "the session token is incomplete or of another partition"},
    Advice{"RequestTimeTooSkewed", "", "set the clock of this machine, for example with NTP"},
    Advice{"RequestExpired", "", "set the clock of this machine, for example with NTP"},
    Advice{"RegionDisabledException", "",
           "enable the region for the account, or name one that is enabled"},
    Advice{"OptInRequired", "", "the account has not signed up for this service"},
    Advice{"SubscriptionRequiredException", "",
           "this needs a Business, Enterprise On-Ramp or Enterprise support plan"},
    Advice{"InvalidObjectState", "",
           "the object is archived; restore it, and take billing data out of archiving rules"},
    Advice{"NoSuchBucket", "", "check the bucket's name; buckets are also gone after deletion"},
    Advice{"AllAccessDisabled", "", "AWS has closed this bucket; ask AWS Support"},
    Advice{"InvalidPayer", "", "the account that would pay for requests is not in good standing"},
    Advice{"DataUnavailableException", "",
           "Cost Explorer is not ready: enable it in the console; the first data takes a day"},
    Advice{"BillExpirationException", "", "Cost Explorer no longer keeps this period"},
    Advice{"AWSOrganizationsNotInUseException", "",
           "the account is in no organisation; connect it as a single account"},
    Advice{"ReportLimitReachedException", "", "delete a report that is not used any more"},
    Advice{"ServiceQuotaExceededException", "", "delete an export that is not used any more"},
    Advice{"BackfillLimitExceededException", "", "AWS allows one backfill a day; try tomorrow"},
};

std::string_view FixOf(const ServiceError& refused, std::string_view action) {
  for (const Advice& advice : kAdvice) {
    if (!advice.code.empty() && advice.code != refused.code) continue;
    if (Contains(refused.message, advice.in_message) || action == advice.in_message) {
      return advice.fix;
    }
  }
  if (!refused.region.empty()) return "use the region that AWS names, see the details";
  switch (Classify(refused)) {
    case Retry::kThrottled:
      return "AWS limits how often this may be asked; try again in some minutes";
    case Retry::kTransient: return "a failure inside AWS; try again in some minutes";
    default: return {};
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
  const std::string_view body = response.body;
  const auto start = std::min(body.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), body.size());
  if (body.substr(start).starts_with('{')) ReadJson(body.substr(start), refused);
  if (body.substr(start).starts_with('<')) ReadXml(body.substr(start), refused);
  for (std::string* text :
       {&refused.code, &refused.message, &refused.request_id, &refused.region}) {
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
  const std::string_view fix = FixOf(refused, action);
  // Hint and With change the error in place; assigning what they return would move it into itself.
  if (!fix.empty()) static_cast<void>(std::move(error).Hint(fix));
  const auto add = [&error](std::string_view name, std::string_view value) {
    if (!value.empty()) static_cast<void>(std::move(error).With(name, value));
  };
  add(kCodeDetail, refused.code);
  add(kMessageDetail, refused.message);
  add(kRequestIdDetail, refused.request_id);
  add(kOperationDetail, action);
  add(kStatusDetail, std::to_string(refused.status));
  add(kRegionDetail, refused.region);
  return error;
}

}  // namespace farthing::aws
