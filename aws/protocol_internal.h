#pragma once

// AWS's protocols as values: a JSON service takes and returns objects, a query service takes a form and returns
// XML.  Reading is lenient about what is absent and strict about what is no JSON or XML at all.  Const-safe.

#include <boost/json.hpp>
#include <functional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace farthing::aws {

namespace json = boost::json;

/// A service that speaks JSON: "X-Amz-Target: <target>.<operation>".
struct JsonService {
  Service service;
  std::string_view target;
  std::string_view version = "1.1";
};
/// Errors: Client::Send's; kCorrupt (the answer is no JSON object).
Result<json::object> CallJson(Client& client, const JsonService& service,
                              const std::string& operation, const json::object& input);

/// A service that speaks "query": a form goes out, XML comes back.
struct QueryService {
  Service service;
  std::string_view version;
};
/// Returns the document, whose root is as it has to be.  Errors: Client::Send's; kCorrupt (the answer is another one).
Result<pugi::xml_document> CallQuery(Client& client, const QueryService& service,
                                     const std::string& operation, http::Parameters form,
                                     const std::string& region = "");
/// The same call, to be changed before it is sent.
Call QueryCall(const QueryService& service, const std::string& operation, http::Parameters form);
/// `what` is for messages, as "s3:ListObjectsV2".
Result<pugi::xml_document> ParseXml(const http::Response& response, std::string_view what,
                                    std::string_view root);

/// Appends "name.member.1", "name.member.2", …
void AddMembers(http::Parameters& form, const std::string& name,
                const std::vector<std::string>& values);

/// Repeats a call until its answer has no `answer_token`, which goes into `input_token` of the next.  Pages may be
/// empty.  Errors: kCorrupt (the same token comes twice, which would never end).
Result<void> EveryPage(Client& client, const JsonService& service, const std::string& operation,
                       json::object input, std::string_view token,
                       const std::function<Result<void>(const json::object& page)>& use);
/// The same for query services that page with Marker and IsTruncated.
Result<void> EveryPage(Client& client, const QueryService& service, const std::string& operation,
                       const http::Parameters& form,
                       const std::function<Result<void>(pugi::xml_node result)>& use);

// Members by name; absent or of another kind is "", false or empty.
std::string TextAt(const json::object& object, std::string_view name);
bool FlagAt(const json::object& object, std::string_view name);
const json::object& ObjectAt(const json::object& object, std::string_view name);
const json::array& ListAt(const json::object& object, std::string_view name);
std::vector<std::string> TextsAt(const json::object& object, std::string_view name);
/// A time as text: epoch seconds become ISO 8601, text stays.
std::string TimeAt(const json::object& object, std::string_view name);
json::array TextList(const std::vector<std::string>& values);

/// Text of a child element, "" when absent.
std::string TextAt(pugi::xml_node node, const char* child);

}  // namespace farthing::aws
