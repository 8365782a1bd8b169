#include <cmath>
#include <utility>

#include "aws/error.h"
#include "aws/protocol_internal.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr const char* kNoAnswer = "check that the endpoint is AWS's and not a proxy's page";

std::string Action(Service service, const std::string& operation) {
  return std::string(Name(service)) + ":" + operation;
}

Error EndlessPages(Service service, const std::string& operation) {
  return Error(Errc::kCorrupt,
               "the same page is offered again and again by " + Action(service, operation));
}

}  // namespace

Result<json::object> CallJson(Client& client, const JsonService& service,
                              const std::string& operation, const json::object& input) {
  Call call;
  call.service = service.service;
  call.operation = operation;
  call.headers = {{"Content-Type", "application/x-amz-json-" + std::string(service.version)},
                  {"X-Amz-Target", std::string(service.target) + "." + operation}};
  call.body = json::serialize(input);
  TRY_ASSIGN(const http::Response response, client.Send(call));
  if (response.body.empty()) return json::object();
  boost::system::error_code code;
  json::value value = json::parse(response.body, code);
  if (code || !value.is_object()) {
    return Error(Errc::kCorrupt,
                 "the answer is no JSON object: " + Action(service.service, operation))
        .Hint(kNoAnswer);
  }
  return std::move(value.get_object());
}

Call QueryCall(const QueryService& service, const std::string& operation, http::Parameters form) {
  form.insert(form.begin(), {{"Action", operation}, {"Version", std::string(service.version)}});
  Call call;
  call.service = service.service;
  call.operation = operation;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  call.body = http::EncodeQuery(form);
  return call;
}

Result<pugi::xml_document> ParseXml(const http::Response& response, std::string_view what,
                                    std::string_view root) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(response.body.data(), response.body.size(),
                           pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  const bool is_text = FindInvalidUtf8(response.body) == std::string_view::npos;
  if (!parsed || !is_text || !document.document_element()) {
    return Error(Errc::kCorrupt, "the answer is no XML: " + std::string(what)).Hint(kNoAnswer);
  }
  const std::string_view found = document.document_element().name();
  if (found != root) {
    return Error(Errc::kCorrupt, "the answer is a document " + std::string(found) + ", not " +
                                     std::string(root) + ": " + std::string(what))
        .Hint(kNoAnswer);
  }
  return document;
}

Result<pugi::xml_document> CallQuery(Client& client, const QueryService& service,
                                     const std::string& operation, http::Parameters form,
                                     const std::string& region) {
  Call call = QueryCall(service, operation, std::move(form));
  call.region = region;
  TRY_ASSIGN(const http::Response response, client.Send(call));
  return ParseXml(response, Action(service.service, operation), operation + "Response");
}

void AddMembers(http::Parameters& form, const std::string& name,
                const std::vector<std::string>& values) {
  int number = 0;
  for (const std::string& value : values)
    form.emplace_back(name + ".member." + std::to_string(++number), value);
}

Result<void> EveryPage(Client& client, const JsonService& service, const std::string& operation,
                       json::object input, std::string_view token,
                       const std::function<Result<void>(const json::object& page)>& use) {
  std::string last;
  while (true) {
    TRY_ASSIGN(const json::object page, CallJson(client, service, operation, input));
    TRY(use(page));
    std::string next = TextAt(page, token);
    if (next.empty()) return {};
    if (next == last) return EndlessPages(service.service, operation);
    input[token] = next;
    last = std::move(next);
  }
}

Result<void> EveryPage(Client& client, const QueryService& service, const std::string& operation,
                       const http::Parameters& form,
                       const std::function<Result<void>(pugi::xml_node result)>& use) {
  std::string last;
  while (true) {
    http::Parameters page = form;
    if (!last.empty()) page.emplace_back("Marker", last);
    TRY_ASSIGN(const pugi::xml_document answer, CallQuery(client, service, operation, page));
    const pugi::xml_node result = answer.document_element().child((operation + "Result").c_str());
    TRY(use(result));
    std::string next = TextAt(result, "Marker");
    if (TextAt(result, "IsTruncated") != "true" || next.empty()) return {};
    if (next == last) return EndlessPages(service.service, operation);
    last = std::move(next);
  }
}

std::string TextAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool FlagAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object& ObjectAt(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const json::array& ListAt(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::vector<std::string> TextsAt(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::value& item : ListAt(object, name))
    if (item.is_string()) texts.emplace_back(item.get_string());
  return texts;
}

std::string TimeAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return "";
  if (value->is_string()) return std::string(value->get_string());
  boost::system::error_code code;
  const double seconds = value->to_number<double>(code);
  // Beyond year 9999 it is no time; such a number is as good as none.
  if (code || !(std::abs(seconds) < 253402300800.0)) return "";
  return ToString(Instant{static_cast<std::int64_t>(std::llround(seconds * 1e3)) * 1000});
}

json::array TextList(const std::vector<std::string>& values) {
  json::array list;
  for (const std::string& value : values) list.emplace_back(value);
  return list;
}

std::string TextAt(pugi::xml_node node, const char* child) {
  return node.child(child).text().get();
}

}  // namespace farthing::aws
