#include "sim/aws/protocol.h"

#include <algorithm>
#include <array>

#include "aws/error.h"
#include "base/text.h"

namespace farthing::rehearsal {
namespace {

constexpr std::array<ServiceInfo, 17> kServices = {{
    {"sts", Protocol::kQuery, "", "https://sts.amazonaws.com/doc/2011-06-15/"},
    {"iam", Protocol::kQuery, "", "https://iam.amazonaws.com/doc/2010-05-08/", true},
    {"cloudformation", Protocol::kQuery, "", "http://cloudformation.amazonaws.com/doc/2010-05-15/"},
    {"elasticloadbalancing", Protocol::kQuery, "",
     "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"},
    {"monitoring", Protocol::kQuery, "GraniteServiceVersion20100801",
     "http://monitoring.amazonaws.com/doc/2010-08-01/"},
    {"ec2", Protocol::kEc2, "", "http://ec2.amazonaws.com/doc/2016-11-15/"},
    {"s3", Protocol::kS3, "", "http://s3.amazonaws.com/doc/2006-03-01/"},
    {"cur", Protocol::kJson11, "AWSOrigamiServiceGatewayService", "", true},
    {"bcm-data-exports", Protocol::kJson11, "AWSBillingAndCostManagementDataExports", "", true},
    {"ce", Protocol::kJson11, "AWSInsightsIndexService", "", true},
    {"organizations", Protocol::kJson11, "AWSOrganizationsV20161128", "", true},
    {"budgets", Protocol::kJson11, "AWSBudgetServiceGateway", "", true},
    {"tagging", Protocol::kJson11, "ResourceGroupsTaggingAPI_20170126", ""},
    {"compute-optimizer", Protocol::kJson10, "ComputeOptimizerService", ""},
    {"cost-optimization-hub", Protocol::kJson10, "CostOptimizationHubService", "", true},
    {"support", Protocol::kJson11, "AWSSupport_20130415", "", true},
    {"kms", Protocol::kJson11, "TrentService", ""},
}};

bool IsJson(Protocol protocol) {
  return protocol == Protocol::kJson10 || protocol == Protocol::kJson11 ||
         protocol == Protocol::kCbor;
}

std::string_view HeaderOf(const http::ServerRequest& request, std::string_view name) {
  const std::string* value = http::FindHeader(request.headers, name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

Result<void> ReadJson(const ServiceInfo& service, const http::ServerRequest& request,
                      Operation& operation) {
  const std::string_view target = HeaderOf(request, "x-amz-target");
  const auto dot = target.find('.');
  if (dot == std::string_view::npos || target.substr(0, dot) != service.target) {
    return Refuse(400, "UnknownOperationException", "");
  }
  operation.action = target.substr(dot + 1);
  if (request.body.empty()) return {};
  boost::system::error_code failed;
  json::value body = json::parse(request.body, failed);
  if (failed || !body.is_object()) {
    return Refuse(400, "SerializationException", "Could not parse the request body");
  }
  operation.body = body.as_object();
  return {};
}

/// POST /service/<name>/operation/<Operation>, a CBOR map as body.
Result<void> ReadCborRequest(const http::ServerRequest& request, Operation& operation) {
  operation.protocol = Protocol::kCbor;
  operation.action = request.target.substr(request.target.rfind('/') + 1);
  if (request.body.empty()) return {};
  TRY_ASSIGN(json::value body, FromCbor(request.body));
  if (body.is_object()) operation.body = body.as_object();
  return {};
}

Result<void> ReadQuery(const http::ServerRequest& request, Operation& operation) {
  const auto question = request.target.find('?');
  const std::string text = question == std::string::npos ? "" : request.target.substr(question + 1);
  for (auto& [name, value] : http::DecodeQuery(text, http::QueryKind::kForm)) {
    operation.parameters[name] = value;
  }
  for (auto& [name, value] : http::DecodeQuery(request.body, http::QueryKind::kForm)) {
    operation.parameters[name] = value;
  }
  operation.action = operation.Parameter("Action");
  if (operation.action.empty()) {
    return Refuse(400, "MissingAction", "Missing Action");
  }
  return {};
}

/// Splits host and path into bucket and key, path style or virtual-host style.
void ReadS3(const http::ServerRequest& request, Operation& operation) {
  const auto question = request.target.find('?');
  std::string_view path = std::string_view(request.target).substr(0, question);
  if (question != std::string::npos) {
    operation.s3.query = http::DecodeQuery(std::string_view(request.target).substr(question + 1));
  }
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  std::string host(HeaderOf(request, "host"));
  host = host.substr(0, host.find(':'));
  for (const std::string_view suffix : {".s3.", ".s3-", ".localhost"}) {
    const auto at = host.find(suffix);
    if (at == std::string::npos || at == 0) continue;
    operation.s3.bucket = host.substr(0, at);
    operation.s3.key = http::PercentDecode(path);
    return;
  }
  const auto slash = path.find('/');
  operation.s3.bucket = http::PercentDecode(path.substr(0, slash));
  if (slash != std::string_view::npos) {
    operation.s3.key = http::PercentDecode(path.substr(slash + 1));
  }
}

std::string_view DetailAfter(const Error::Detail& detail, std::string_view prefix) {
  return detail.name.starts_with(prefix) ? std::string_view(detail.name).substr(prefix.size())
                                         : std::string_view();
}

std::string ErrorBody(const Operation& operation, const Error& refused, std::string_view code,
                      bool server_side) {
  const std::string& message = refused.message();
  if (operation.protocol == Protocol::kS3) {
    std::string inner = Xml("Code", code) + Xml("Message", message);
    for (const Error::Detail& detail : refused.details()) {
      if (const auto name = DetailAfter(detail, kElementDetail); !name.empty()) {
        inner += Xml(name, detail.value);
      }
    }
    inner +=
        Xml("RequestId", operation.request_id) + Xml("HostId", operation.request_id + "hostid=");
    return R"(<?xml version="1.0" encoding="UTF-8"?>)"
           "\n" +
           XmlNode("Error", inner);
  }
  if (operation.protocol == Protocol::kEc2) {
    return R"(<?xml version="1.0" encoding="UTF-8"?>)"
           "\n" +
           XmlNode("Response", XmlNode("Errors", XmlNode("Error", Xml("Code", code) +
                                                                      Xml("Message", message))) +
                                   Xml("RequestID", operation.request_id));
  }
  if (operation.protocol == Protocol::kQuery) {
    return XmlNode("ErrorResponse",
                   XmlNode("Error", Xml("Type", server_side ? "Receiver" : "Sender") +
                                        Xml("Code", code) + Xml("Message", message)) +
                       Xml("RequestId", operation.request_id));
  }
  json::object body;
  body["__type"] = "com.amazonaws." + operation.service + "#" + std::string(code);
  // Services differ in the letter; readers must take both.
  body[operation.service == "organizations" || operation.service == "ce" ? "Message" : "message"] =
      message;
  return operation.protocol == Protocol::kCbor ? ToCbor(body) : json::serialize(body);
}

void AddProtocolHeaders(const Operation& operation, http::ServerResponse& response) {
  const auto add = [&](std::string_view name, std::string value) {
    if (http::FindHeader(response.headers, name) == nullptr) {
      response.headers.push_back({std::string(name), std::move(value)});
    }
  };
  switch (operation.protocol) {
    case Protocol::kS3:
      add("x-amz-request-id", operation.request_id);
      add("x-amz-id-2", operation.request_id + "hostid=");
      add("Server", "AmazonS3");
      if (!response.body.empty()) add("Content-Type", "application/xml");
      return;
    case Protocol::kQuery:
    case Protocol::kEc2: add("Content-Type", "text/xml"); break;
    case Protocol::kJson10: add("Content-Type", "application/x-amz-json-1.0"); break;
    case Protocol::kJson11: add("Content-Type", "application/x-amz-json-1.1"); break;
    case Protocol::kCbor:
      add("Content-Type", "application/cbor");
      add("smithy-protocol", "rpc-v2-cbor");
      break;
  }
  add("x-amzn-RequestId", operation.request_id);
}

}  // namespace

const ServiceInfo* FindService(std::string_view signing_name) {
  const auto found = std::find_if(kServices.begin(), kServices.end(), [&](const ServiceInfo& each) {
    return each.name == signing_name;
  });
  return found == kServices.end() ? nullptr : &*found;
}

Result<void> ReadOperation(const ServiceInfo& service, const http::ServerRequest& request,
                           Operation& operation) {
  operation.protocol = service.protocol;
  if (service.protocol == Protocol::kS3) {
    operation.http = &request;
    ReadS3(request, operation);
    return {};
  }
  if (HeaderOf(request, "smithy-protocol") == "rpc-v2-cbor") {
    return ReadCborRequest(request, operation);
  }
  if (HeaderOf(request, "content-type").starts_with("application/x-amz-json-1.0")) {
    operation.protocol = Protocol::kJson10;
    return ReadJson(service, request, operation);
  }
  if (IsJson(service.protocol)) return ReadJson(service, request, operation);
  return ReadQuery(request, operation);
}

http::ServerResponse Render(const ServiceInfo& service, const Operation& operation, Reply reply) {
  http::ServerResponse response;
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  switch (operation.protocol) {
    case Protocol::kS3: response.body = std::move(reply.body); break;
    case Protocol::kJson10:
    case Protocol::kJson11: response.body = json::serialize(reply.json); break;
    case Protocol::kCbor: response.body = ToCbor(reply.json); break;
    case Protocol::kQuery: {
      const std::string root =
          operation.action + "Response xmlns=\"" + std::string(service.xml_namespace) + "\"";
      response.body =
          XmlNode(root, XmlNode(operation.action + "Result", reply.xml) +
                            XmlNode("ResponseMetadata", Xml("RequestId", operation.request_id)));
      break;
    }
    case Protocol::kEc2: {
      const std::string root =
          operation.action + "Response xmlns=\"" + std::string(service.xml_namespace) + "\"";
      response.body = XmlNode(root, Xml("requestId", operation.request_id) + reply.xml);
      break;
    }
  }
  AddProtocolHeaders(operation, response);
  return response;
}

http::ServerResponse RenderError(const Operation& operation, const Error& refused) {
  http::ServerResponse response;
  const std::string_view code = refused.detail(aws::kCodeDetail);
  const std::string status(refused.detail(aws::kStatusDetail));
  response.status = status.empty() ? 500 : std::stoi(status);
  response.body =
      ErrorBody(operation, refused, code.empty() ? "InternalError" : code, response.status >= 500);
  for (const Error::Detail& detail : refused.details()) {
    if (const auto name = DetailAfter(detail, kHeaderDetail); !name.empty()) {
      response.headers.push_back({std::string(name), detail.value});
    }
  }
  if (IsJson(operation.protocol)) {
    response.headers.push_back({"x-amzn-ErrorType", std::string(code)});
  }
  if (response.status == 304) response.body.clear();
  AddProtocolHeaders(operation, response);
  return response;
}

}  // namespace farthing::rehearsal
