#pragma once

// One call of an API after its signature was checked and its protocol read, and the answer before it takes
// the protocol's form.  Private to sim/aws.

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "http/server.h"
#include "sim/aws/world.h"

namespace farthing::rehearsal {

namespace json = boost::json;

/// How requests and answers look.  Source: botocore's service models, as in docs/formats/aws.md.
enum class Protocol { kQuery, kEc2, kJson10, kJson11, kCbor, kS3 };

/// Parameters of the query protocol: "ActionNames.member.1" → "s3:GetObject".
using QueryParameters = std::map<std::string, std::string>;

/// Where an S3 request points.
struct S3Target {
  std::string bucket, key;  ///< decoded; may be empty
  http::Parameters query;   ///< decoded
};

struct Operation {
  Protocol protocol = Protocol::kJson11;
  std::string service;  ///< signing name: "sts"
  std::string action;   ///< "AssumeRole"
  std::string region;
  Caller caller;
  Instant client_time;  ///< the caller's own clock, which sessions are measured by
  std::string request_id;
  std::string source_ip = "127.0.0.1";
  bool empty_page = false;  ///< a fault: answer a list with nothing but a token

  QueryParameters parameters;
  json::object body;
  S3Target s3;
  const http::ServerRequest* http = nullptr;  ///< S3 only

  /// Returns a parameter, or "".
  const std::string& Parameter(const std::string& name) const;
  /// Returns the values of name.member.1, .2, … or, in EC2's manner, of name.1, .2, …
  std::vector<std::string> ParameterList(const std::string& name) const;
};

struct Reply {
  json::object json;  ///< of JSON protocols
  std::string xml;    ///< inside of <XResult>, or of EC2's response
  // Of S3, or where `raw`:
  int status = 200;
  http::Headers headers;
  std::string body;
};

/// A refusal in AWS's words; the protocol gives it its form.
Error Refuse(int status, std::string_view code, std::string message);
/// Adds a header to the refusal's response ("x-amz-bucket-region").
inline constexpr std::string_view kHeaderDetail = "header:";
/// Adds an element to the XML of an S3 refusal ("xml:Region").
inline constexpr std::string_view kElementDetail = "xml:";

/// The details' names: "xml:Region", "header:x-amz-bucket-region".
std::string ElementName(std::string_view element);
std::string HeaderName(std::string_view header);

/// Refuses with AccessDenied (or what the service calls it) unless the caller may do that.
/// `keys` are the request's own context keys, in lower case.
struct Access {
  std::string action;  ///< "iam:GetRole"
  std::string resource = "*";
  ResourcePolicy resource_policy = {};
  ContextKeys keys = {};
};
Result<void> CheckAccess(const World& world, const Operation& operation, const Access& access);
Authorization Decide(const World& world, const Operation& operation, const Access& access);
/// The refusal of CheckAccess as the service words it.
Error AccessDenied(const Operation& operation, std::string message);

// XML out.
std::string EscapeXml(std::string_view text);
/// <tag>escaped text</tag>
std::string Xml(std::string_view tag, std::string_view text);
std::string Xml(std::string_view tag, std::int64_t number);
std::string XmlFlag(std::string_view tag, bool value);
/// <tag>inner</tag>, inner being XML.
std::string XmlNode(std::string_view tag, std::string_view inner);

// JSON in: absent and of another type are both the default.
std::string_view View(const json::string& text);
std::string TextOf(const json::object& object, std::string_view name);
std::int64_t NumberOf(const json::object& object, std::string_view name, std::int64_t otherwise);
const json::object* ObjectOf(const json::object& object, std::string_view name);
const json::array* ArrayOf(const json::object& object, std::string_view name);
std::vector<std::string> TextsOf(const json::object& object, std::string_view name);
/// Refuses when a member is absent or no text.
Result<std::string> Required(const json::object& object, std::string_view name);

/// Timestamps of JSON protocols: epoch seconds.
json::value Epoch(Instant instant);
/// "20261120T080000Z".
std::string CompactTime(Instant instant);
/// "2026-11-20T08:00:00.000Z", as S3 prints times.
std::string MilliTime(Instant instant);

/// A page of a list: `token` in and out is an opaque text with + / = in it.
struct Page {
  std::size_t begin = 0, end = 0;
  std::string next;  ///< empty: the last page
};
/// Errors: a refusal with `code` when the token is none of ours or a fault strikes.
Result<Page> TakePage(std::size_t total, std::string_view token, std::size_t page_size,
                      std::string_view code);

}  // namespace farthing::rehearsal
