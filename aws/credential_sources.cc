#include <openssl/evp.h>
#include <boost/json.hpp>

#include "aws/credential_sources_internal.h"
#include "aws/error.h"
#include "aws/profile_internal.h"
#include "aws/protocol_internal.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::chrono::milliseconds kMetadataTimeout{1000};
constexpr std::chrono::milliseconds kContainerTimeout{2000};
constexpr std::string_view kContainerHost = "169.254.170.2";

Result<http::Response> Ask(const Environment& environment, const http::Request& request,
                           std::chrono::milliseconds timeout) {
  http::SendOptions options;
  options.connect_timeout = timeout;
  options.total_timeout = timeout;
  options.body_limit = 1 << 20;
  options.direct = true;
  return environment.http->Send(request, options);
}

// ---- container

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool IsAllowedContainerHost(const http::Url& url) {
  return url.scheme == "https" || IsLoopback(url.host) || url.host == kContainerHost ||
         url.host == "169.254.170.23" || url.host == "[fd00:ec2::23]";
}

Result<http::Url> ContainerUrl(const Machine& machine) {
  const std::string relative = Variable(machine, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty())
    return http::ParseUrl("http://" + std::string(kContainerHost) +
                          (relative.starts_with('/') ? "" : "/") + relative);
  const std::string full = Variable(machine, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  TRY_ASSIGN(http::Url url, http::ParseUrl(full));
  if (!IsAllowedContainerHost(url))
    return Error(Errc::kInvalidArgument,
                 "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that is not allowed: " + url.host)
        .Hint("https, or http to this machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
  return url;
}

Result<std::string> ContainerToken(const Machine& machine) {
  std::string token;
  const std::string file = Variable(machine, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) {
    token = Variable(machine, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  } else {
    TRY_ASSIGN(token, ReadFile(file, 64 << 10));  // each time: it is exchanged now and then
  }
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.find_first_of("\r\n") != std::string::npos)
    return Error(Errc::kInvalidArgument, "the token for the container's credentials has two lines");
  return token;
}

// ---- instance metadata

Error NoMetadata(const std::string& why) {
  return Error(Errc::kNotFound, "instance metadata: " + why);
}

Result<http::Url> MetadataUrl(const Machine& machine) {
  const std::string set = Variable(machine, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!set.empty()) return http::ParseUrl(set);
  const bool six =
      EqualsIgnoreCase(Variable(machine, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "ipv6");
  return http::ParseUrl(six ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
}

Result<std::string> GetMetadata(const Environment& environment, http::Url url,
                                const std::string& path, const std::string& token) {
  http::Request request;
  request.url = std::move(url);
  request.url.path = path;
  request.headers = {{"X-aws-ec2-metadata-token", token}};
  TRY_ASSIGN(http::Response response, Ask(environment, request, kMetadataTimeout));
  if (response.status == 200) return std::move(response.body);
  if (response.status == 404) return NoMetadata("the instance has no role");
  return Error(Errc::kUnavailable,
               "instance metadata answers with status " + std::to_string(response.status));
}

// ---- single sign-on

std::string Sha1(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

Error MustLogIn(const SsoRole& role, const std::string& why) {
  return Error(Errc::kUnauthenticated, why + ": profile " + role.profile)
      .Hint("run `aws sso login --profile " + role.profile + "`");
}

Result<std::string> SsoToken(const Machine& machine, Instant now, const SsoRole& role) {
  const std::string name = Sha1(role.session.empty() ? role.start_url : role.session);
  const Result<std::string> text =
      ReadFile(machine.home / ".aws" / "sso" / "cache" / (name + ".json"), 1 << 20);
  if (!text.ok()) return MustLogIn(role, "nobody has signed in to IAM Identity Center");
  boost::system::error_code code;
  const json::value value = json::parse(*text, code);
  if (code || !value.is_object())
    return MustLogIn(role, "the cached token of IAM Identity Center is damaged");
  std::string until = TextAt(value.get_object(), "expiresAt");
  if (until.ends_with("UTC")) until.replace(until.size() - 3, 3, "Z");  // older AWS CLIs
  const Result<Instant> expires = ParseInstant(until);
  std::string token = TextAt(value.get_object(), "accessToken");
  if (!expires.ok() || token.empty())
    return MustLogIn(role, "the cached token of IAM Identity Center is damaged");
  if (*expires <= now)
    return MustLogIn(role, "the session of IAM Identity Center ended at " + until);
  return token;
}

}  // namespace

Result<Credentials> ReadKeys(std::string_view json_text, const std::string& source) {
  boost::system::error_code code;
  const json::value value = json::parse(json_text, code);
  if (code || !value.is_object())
    return Error(Errc::kCorrupt, "what should be credentials is no JSON object: " + source);
  const json::object& given = value.get_object();
  Credentials credentials;
  credentials.access_key_id = TextAt(given, "AccessKeyId");
  credentials.secret_access_key = TextAt(given, "SecretAccessKey");
  credentials.session_token = TextAt(given, given.contains("Token") ? "Token" : "SessionToken");
  credentials.source = source;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error(Errc::kCorrupt, "no AccessKeyId or no SecretAccessKey in the answer of " + source);
  const std::string until = TextAt(given, "Expiration");
  if (until.empty()) return credentials;
  const Result<Instant> expires = ParseInstant(until);
  if (!expires.ok())
    return Error(Errc::kCorrupt, "unreadable Expiration in the answer of " + source + ": " + until);
  credentials.expires = *expires;
  return credentials;
}

bool HasContainerEndpoint(const Machine& machine) {
  return !Variable(machine, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
         !Variable(machine, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
}

Result<Credentials> FetchContainerCredentials(const Machine& machine,
                                              const Environment& environment) {
  http::Request request;
  TRY_ASSIGN(request.url, ContainerUrl(machine));
  TRY_ASSIGN(const std::string token, ContainerToken(machine));
  request.headers = {{"Accept", "application/json"}};
  if (!token.empty()) request.headers.push_back({"Authorization", token});
  Result<http::Response> response = Ask(environment, request, kContainerTimeout);
  if (!response.ok()) return std::move(response).error().Wrap("the container's credentials");
  if (response->status != 200) {
    return Error(response->status >= 500 ? Errc::kUnavailable : Errc::kUnauthenticated,
                 "the container's credentials endpoint answers with status " +
                     std::to_string(response->status));
  }
  return ReadKeys(response->body, "the container's credentials endpoint");
}

Result<Credentials> FetchInstanceCredentials(const Machine& machine,
                                             const Environment& environment) {
  if (EqualsIgnoreCase(Variable(machine, "AWS_EC2_METADATA_DISABLED"), "true"))
    return NoMetadata("switched off by AWS_EC2_METADATA_DISABLED");
  http::Request ask_token;
  ask_token.method = "PUT";
  TRY_ASSIGN(ask_token.url, MetadataUrl(machine));
  const http::Url base = ask_token.url;
  ask_token.url.path = "/latest/api/token";
  ask_token.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  Result<http::Response> token = Ask(environment, ask_token, kMetadataTimeout);
  if (!token.ok()) return NoMetadata("this machine has none");
  if (token->status != 200) {
    return NoMetadata("no token of version 2, status " + std::to_string(token->status) +
                      "; version 1 is not used");
  }
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  TRY_ASSIGN(std::string role, GetMetadata(environment, base, roles, token->body));
  role = std::string(Trim(role.substr(0, role.find('\n'))));
  if (role.empty()) return NoMetadata("the instance has no role");
  TRY_ASSIGN(const std::string keys,
             GetMetadata(environment, base, roles + http::PercentEncode(role), token->body));
  return ReadKeys(keys, "instance role " + role);
}

std::shared_ptr<CredentialsProvider> InstanceCredentials(const Machine& machine,
                                                         const Environment& environment) {
  auto last = std::make_shared<std::optional<Credentials>>();  // fetches never overlap
  return RenewingCredentials(
      [machine, environment, last]() -> Result<Credentials> {
        Result<Credentials> fetched = FetchInstanceCredentials(machine, environment);
        if (fetched.ok()) *last = *fetched;
        if (!*last) return fetched;
        Credentials kept = **last;
        const std::int64_t soon = environment.now().micros + kMinute;
        if (kept.expires && kept.expires->micros < soon)
          kept.expires = Instant{environment.now().micros + 20 * kMinute};
        return kept;
      },
      environment.now);
}

Result<Credentials> FetchSsoCredentials(const Machine& machine, Client& client,
                                        const SsoRole& role) {
  TRY_ASSIGN(const std::string token, SsoToken(machine, client.environment().now(), role));
  Call call;
  call.service = Service::kSso;
  call.operation = "GetRoleCredentials";
  call.region = role.region;
  call.method = "GET";
  call.path = "/federation/credentials";
  call.query = {{"role_name", role.role_name}, {"account_id", role.account_id}};
  call.headers = {{"x-amz-sso_bearer_token", token}};
  call.unsigned_call = true;
  const Result<http::Response> response = client.Send(call);
  if (!response.ok()) {
    if (response.error().code() == Errc::kUnauthenticated)
      return MustLogIn(role, "IAM Identity Center does not take the session any more");
    return Error(response.error()).Wrap("profile " + role.profile);
  }
  boost::system::error_code code;
  const json::value value = json::parse(response->body, code);
  if (code || !value.is_object())
    return Error(Errc::kCorrupt, "the answer is no JSON object: sso:GetRoleCredentials");
  const json::object& given = ObjectAt(value.get_object(), "roleCredentials");
  Credentials credentials;
  credentials.access_key_id = TextAt(given, "accessKeyId");
  credentials.secret_access_key = TextAt(given, "secretAccessKey");
  credentials.session_token = TextAt(given, "sessionToken");
  credentials.source = "single sign-on of profile " + role.profile;
  const json::value* until = given.if_contains("expiration");  // milliseconds
  const std::int64_t milliseconds = until == nullptr ? 0 : until->to_number<std::int64_t>(code);
  if (credentials.access_key_id.empty() || code || milliseconds <= 0)
    return Error(Errc::kCorrupt, "the answer holds no credentials: sso:GetRoleCredentials");
  credentials.expires = Instant{milliseconds * 1000};
  return credentials;
}

}  // namespace farthing::aws
