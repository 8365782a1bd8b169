#include "aws/sts.h"

#include <utility>

#include "aws/protocol_internal.h"

namespace farthing::aws {
namespace {

constexpr QueryService kSts = {Service::kSts, "2011-06-15"};

Result<Credentials> ReadCredentials(pugi::xml_node result, const std::string& source) {
  const pugi::xml_node given = result.child("Credentials");
  Credentials credentials;
  credentials.access_key_id = TextAt(given, "AccessKeyId");
  credentials.secret_access_key = TextAt(given, "SecretAccessKey");
  credentials.session_token = TextAt(given, "SessionToken");
  credentials.source = source;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error(Errc::kCorrupt, "the answer of STS holds no credentials for " + source);
  TRY_ASSIGN(credentials.expires, ParseInstant(TextAt(given, "Expiration")));
  return credentials;
}

}  // namespace

Result<CallerIdentity> GetCallerIdentity(Client& client) {
  TRY_ASSIGN(const pugi::xml_document answer, CallQuery(client, kSts, "GetCallerIdentity", {}));
  const pugi::xml_node result = answer.document_element().child("GetCallerIdentityResult");
  CallerIdentity identity = {TextAt(result, "Account"), TextAt(result, "Arn"),
                             TextAt(result, "UserId")};
  if (identity.account_id.empty())
    return Error(Errc::kCorrupt, "the answer of STS names no account: sts:GetCallerIdentity");
  return identity;
}

Result<Credentials> AssumeRole(Client& client, const AssumeRoleRequest& request) {
  http::Parameters form = {{"RoleArn", request.role_arn},
                           {"RoleSessionName", request.session_name},
                           {"DurationSeconds", std::to_string(request.duration_seconds)}};
  if (request.external_id) form.emplace_back("ExternalId", *request.external_id);
  if (!request.session_policy.empty()) form.emplace_back("Policy", request.session_policy);
  TRY_ASSIGN(const pugi::xml_document answer,
             CallQuery(client, kSts, "AssumeRole", std::move(form)));
  return ReadCredentials(answer.document_element().child("AssumeRoleResult"),
                         "role " + request.role_arn);
}

Result<Credentials> AssumeRoleWithWebIdentity(Client& client, const WebIdentityRequest& request) {
  http::Parameters form = {{"RoleArn", request.role_arn},
                           {"RoleSessionName", request.session_name},
                           {"WebIdentityToken", request.token}};
  if (request.duration_seconds != 0)
    form.emplace_back("DurationSeconds", std::to_string(request.duration_seconds));
  Call call = QueryCall(kSts, "AssumeRoleWithWebIdentity", std::move(form));
  call.unsigned_call = true;
  TRY_ASSIGN(const http::Response response, client.Send(call));
  TRY_ASSIGN(const pugi::xml_document answer, ParseXml(response, "sts:AssumeRoleWithWebIdentity",
                                                       "AssumeRoleWithWebIdentityResponse"));
  return ReadCredentials(answer.document_element().child("AssumeRoleWithWebIdentityResult"),
                         "role " + request.role_arn + " by web identity");
}

std::shared_ptr<CredentialsProvider> RoleCredentials(std::shared_ptr<Client> client,
                                                     AssumeRoleRequest request) {
  const std::function<Instant()> now = client->environment().now;
  return RenewingCredentials(
      [client = std::move(client), request = std::move(request)] {
        return AssumeRole(*client, request);
      },
      now);
}

}  // namespace farthing::aws
