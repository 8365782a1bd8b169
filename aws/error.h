#pragma once

// What AWS says when it refuses, as our Error: AWS's code, the request id, our cause and our fix.
// The facts are details of the Error, so that checks and evidence read them without parsing a sentence.

#include <string>
#include <string_view>

#include "aws/endpoint.h"
#include "base/result.h"
#include "http/message.h"

namespace farthing::aws {

/// Names of the details that an Error from AWS carries.
inline constexpr std::string_view kCodeDetail = "aws_code";        ///< "AccessDenied"
inline constexpr std::string_view kMessageDetail = "aws_message";  ///< AWS's own sentence
inline constexpr std::string_view kRequestIdDetail = "aws_request_id";
inline constexpr std::string_view kOperationDetail = "aws_operation";  ///< "sts:AssumeRole"
inline constexpr std::string_view kStatusDetail = "http_status";
inline constexpr std::string_view kRegionDetail = "aws_region";
inline constexpr std::string_view kLocationDetail = "location";  ///< of a redirect
/// Which policy denies, in AWS's words: "identity-based policy" is the asker's own.
inline constexpr std::string_view kDeniedByDetail = "denied_by";
inline constexpr std::string_view kIdentityPolicy = "identity-based policy";
/// A statement of that policy forbids it: nothing that is added would help.
inline constexpr std::string_view kIdentityDeny = "explicit deny in an identity-based policy";

/// Returns AWS's code, or "" when the error does not come from AWS.
std::string_view AwsCode(const Error& error);

/// A refusal taken from a response in any of AWS's protocols.
struct ServiceError {
  int status = 0;
  std::string code, message, request_id;
  std::string region;         ///< the right one, when S3 says so
  std::string location = {};  ///< where a redirect leads
};
/// Reads JSON, query XML, EC2 XML and S3 XML errors, and bodies that are none of these (an HTML page, nothing).
ServiceError ReadServiceError(const http::Response& response);

/// Translates; the message names operation, code and AWS's words, the hint the fix we know.
Error ToError(const ServiceError& refused, Service service, std::string_view operation);

enum class Retry { kNever, kTransient, kThrottled, kClockSkew, kExpiredToken };
/// Says whether and why trying again may help (botocore's "standard" mode, 1.43).
Retry Classify(const ServiceError& refused);

}  // namespace farthing::aws
