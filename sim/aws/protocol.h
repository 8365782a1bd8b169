#pragma once

// AWS's protocols: from an HTTP request to an Operation, from a Reply or a refusal to an HTTP response.
// Private to sim/aws.  Source: botocore 1.43, serialize.py and parsers.py.

#include "sim/aws/operation.h"

namespace farthing::rehearsal {

/// What is known of a service before its request is read.
struct ServiceInfo {
  std::string_view name;  ///< signing name
  Protocol protocol;
  std::string_view target;  ///< prefix of X-Amz-Target
  std::string_view xml_namespace;
  bool one_region = false;  ///< signatures must name us-east-1
};
/// Returns the service with that signing name, or nullptr.
const ServiceInfo* FindService(std::string_view signing_name);

/// Fills protocol, action, parameters, body and s3 of an operation.
/// Errors: a refusal, as the service says it.
Result<void> ReadOperation(const ServiceInfo& service, const http::ServerRequest& request,
                           Operation& operation);

http::ServerResponse Render(const ServiceInfo& service, const Operation& operation, Reply reply);
http::ServerResponse RenderError(const Operation& operation, const Error& refused);

// CBOR (RFC 8949), as far as the rpc-v2-cbor protocol uses it.
std::string ToCbor(const json::value& value);
Result<json::value> FromCbor(std::string_view bytes);

}  // namespace farthing::rehearsal
