#include "sim/aws/operation.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "aws/error.h"
#include "aws/sigv4.h"
#include "base/text.h"

namespace farthing::rehearsal {

const std::string& Operation::Parameter(const std::string& name) const {
  static const std::string kNone;
  const auto found = parameters.find(name);
  return found == parameters.end() ? kNone : found->second;
}

std::vector<std::string> Operation::ParameterList(const std::string& name) const {
  std::vector<std::string> values;
  const std::string stem = protocol == Protocol::kEc2 ? name + "." : name + ".member.";
  for (int number = 1;; ++number) {
    const auto found = parameters.find(stem + std::to_string(number));
    if (found == parameters.end()) return values;
    values.push_back(found->second);
  }
}

Error Refuse(int status, std::string_view code, std::string message) {
  return Error(status >= 500 ? Errc::kUnavailable : Errc::kPermissionDenied, std::move(message))
      .With(aws::kCodeDetail, code)
      .With(aws::kStatusDetail, std::to_string(status));
}

std::string ElementName(std::string_view element) {
  return std::string(kElementDetail).append(element);
}
std::string HeaderName(std::string_view header) {
  return std::string(kHeaderDetail).append(header);
}

Error AccessDenied(const Operation& operation, std::string message) {
  switch (operation.protocol) {
    case Protocol::kEc2:
      return Refuse(403, "UnauthorizedOperation",
                    "You are not authorized to perform this operation. " + message);
    case Protocol::kQuery:
    case Protocol::kS3: return Refuse(403, "AccessDenied", std::move(message));
    case Protocol::kJson10:
    case Protocol::kJson11:
    case Protocol::kCbor: return Refuse(400, "AccessDeniedException", std::move(message));
  }
  return Refuse(403, "AccessDenied", std::move(message));
}

namespace {

AccessRequest MakeRequest(const World& world, const Operation& operation, const Access& access) {
  const Caller& caller = operation.caller;
  AccessRequest request{access.action, access.resource, caller.ToPrincipal(), access.keys};
  ContextKeys& keys = request.keys;
  const auto set = [&keys](std::string_view name, std::string value) {
    if (!value.empty()) keys[std::string(name)] = {std::move(value)};
  };
  set("aws:principalarn", caller.role_arn.empty() ? caller.arn : caller.role_arn);
  set("aws:principalaccount", caller.account_id);
  set("aws:userid", caller.user_id);
  set("aws:username", caller.user_name);
  set("aws:principaltype", caller.role_arn.empty() ? "User" : "AssumedRole");
  set("aws:requestedregion", operation.region);
  set("aws:sourceip", operation.source_ip);
  set("aws:currenttime", ToString(world.wall()));
  set("aws:resourceaccount", access.resource_policy.owner);
  if (!world.OrganizationPath(caller.account_id).empty()) {
    set("aws:principalorgid", world.organization_id);
  }
  set("aws:viaawsservice", "false");
  // The rehearsal speaks plain HTTP on loopback and plays TLS, so that "deny without TLS" keeps working.
  set("aws:securetransport", "true");
  if (caller.temporary) set("aws:multifactorauthpresent", "false");
  return request;
}

}  // namespace

Authorization Decide(const World& world, const Operation& operation, const Access& access) {
  if (operation.caller.root) return {true, false, {}};
  ResourcePolicy resource = access.resource_policy;
  if (resource.owner.empty()) resource.owner = operation.caller.account_id;
  return Authorize(world.PoliciesOf(operation.caller), MakeRequest(world, operation, access),
                   resource);
}

Result<void> CheckAccess(const World& world, const Operation& operation, const Access& access) {
  const Authorization decision = Decide(world, operation, access);
  if (decision.allowed) return {};
  return AccessDenied(
      operation, DenialMessage({access.action, access.resource, operation.caller.ToPrincipal(), {}},
                               decision));
}

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\r': escaped += "&#13;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string XmlNode(std::string_view tag, std::string_view inner) {
  std::string text = "<";
  text.append(tag).append(">").append(inner).append("</");
  return text.append(tag.substr(0, tag.find(' '))).append(">");
}
std::string Xml(std::string_view tag, std::string_view text) {
  return XmlNode(tag, EscapeXml(text));
}
std::string Xml(std::string_view tag, std::int64_t number) {
  return XmlNode(tag, std::to_string(number));
}
std::string XmlFlag(std::string_view tag, bool value) {
  return XmlNode(tag, value ? "true" : "false");
}

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

namespace {
const json::value* Member(const json::object& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}
}  // namespace

std::string TextOf(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  return value != nullptr && value->is_string() ? std::string(View(value->get_string()))
                                                : std::string();
}

std::int64_t NumberOf(const json::object& object, std::string_view name, std::int64_t otherwise) {
  const json::value* value = Member(object, name);
  if (value != nullptr && value->is_uint64()) return static_cast<std::int64_t>(value->get_uint64());
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

const json::object* ObjectOf(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  return value == nullptr ? nullptr : value->if_object();
}
const json::array* ArrayOf(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  return value == nullptr ? nullptr : value->if_array();
}

std::vector<std::string> TextsOf(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  if (const json::array* list = ArrayOf(object, name)) {
    for (const json::value& item : *list) {
      if (item.is_string()) texts.emplace_back(View(item.get_string()));
    }
  }
  return texts;
}

Result<std::string> Required(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  if (value != nullptr && value->is_string()) return std::string(View(value->get_string()));
  return Refuse(400, "ValidationException",
                "1 validation error detected: Value null at '" + std::string(name) +
                    "' failed to satisfy constraint: Member must not be null");
}

json::value Epoch(Instant instant) { return instant.micros / 1'000'000; }

std::string CompactTime(Instant instant) { return aws::AmzDate(instant); }

std::string MilliTime(Instant instant) {
  const std::string text = ToString(Instant{instant.micros / 1'000'000 * 1'000'000});
  return text.substr(0, 19) + ".000Z";
}

Result<Page> TakePage(std::size_t total, std::string_view token, std::size_t page_size,
                      std::string_view code) {
  // "1+<offset>/=": what a client must percent-encode to keep it whole.
  std::size_t begin = 0;
  if (!token.empty()) {
    const Error stale = Refuse(400, code, "The specified pagination token is not valid.");
    if (!token.starts_with("1+") || !token.ends_with("/=")) return stale;
    const std::string_view digits = token.substr(2, token.size() - 4);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), begin);
    if (read.ec != std::errc() || begin > total) return stale;
  }
  Page page{begin, std::min(total, begin + page_size), {}};
  if (page.end < total) page.next = "1+" + std::to_string(page.end) + "/=";
  return page;
}

}  // namespace farthing::rehearsal
