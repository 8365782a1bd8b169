#pragma once

// What tests of the rehearsal share: signing requests without our client.  Tests only.

#include "aws/sigv4.h"
#include "sim/aws/rehearsal.h"

namespace farthing::rehearsal {

struct Signer {
  Keys keys;
  std::string token;
  Instant now = Now();

  /// A request as it would come over the wire, signed.
  http::ServerRequest Make(const std::string& service, http::Request request,
                           const std::string& region = "us-east-1") const {
    request.url.scheme = "http";
    request.url.host = "127.0.0.1";
    request.url.port = 4566;
    if (request.url.path.empty()) request.url.path = "/";
    const bool s3 = service == "s3";
    aws::Credentials credentials;
    credentials.access_key_id = keys.access_key_id;
    credentials.secret_access_key = keys.secret_access_key;
    credentials.session_token = token;
    aws::SignOptions options;
    if (s3) {
      options.path = aws::PathStyle::kS3;
      options.content_sha256 = aws::kUnsignedPayload;
    }
    aws::Sign(request, credentials, {region, service}, now, options);
    http::SetHeader(request.headers, "Host", request.url.authority());
    return {request.method, request.url.target(), request.headers, request.body, "127.0.0.1:1"};
  }
  http::ServerRequest Json(const std::string& service, const std::string& target,
                           const std::string& body) const {
    http::Request request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
    request.body = body;
    return Make(service, request);
  }
  http::ServerRequest Form(const std::string& service, const http::Parameters& parameters) const {
    http::Request request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    request.body = http::EncodeQuery(parameters);
    return Make(service, request);
  }
  http::ServerRequest S3(const std::string& method, const std::string& path,
                         const std::string& query = "", const http::Headers& headers = {},
                         const std::string& region = "us-east-1") const {
    http::Request request;
    request.method = method;
    request.url.path = path;
    request.url.query = query;
    request.headers = headers;
    return Make("s3", request, region);
  }
};

/// Returns what stands between <tag> and </tag>, the first time.
inline std::string Between(const std::string& xml, const std::string& tag) {
  const auto start = xml.find("<" + tag + ">");
  if (start == std::string::npos) return {};
  const auto from = start + tag.size() + 2;
  return xml.substr(from, xml.find("</" + tag + ">") - from);
}

inline std::unique_ptr<Aws> StartAws(Options options = {}) {
  options.lines_per_month = 600;
  options.months = 1;
  // Amid a month, whenever the tests run.
  if (!options.clock) options.clock = *ParseInstant("2026-11-20T08:00:00Z");
  auto aws = Aws::Start(options);
  CHECK(aws.ok());
  return *std::move(aws);
}

}  // namespace farthing::rehearsal
