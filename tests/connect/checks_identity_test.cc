// Who we are, who we become, and who else could: each fault made as a person would make it, each check noticing it.

#include <gtest/gtest.h>

#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

/// Our own trust, and one statement more.
void TrustAlso(Stage& stage, const Connection& connection, const std::string& statement) {
  std::string trust = TrustOf(PlatformArn(stage), connection.settings.external_id);
  trust.replace(trust.rfind("]}"), 2, "," + statement + "]}");
  stage.SetTrust(connection, trust);
}

}  // namespace

const std::vector<Trouble>& IdentityTroubles() {
  static const std::vector<Trouble> troubles{
      {"NoIdentityOfOurOwn", "credentials", kFail,
       [](Stage& stage, Connection&) {
         const rehearsal::Keys keys = stage.aws().Platform();
         stage.platform().credentials = [keys](const std::string&) {
           return aws::StaticCredentials({keys.access_key_id, "wrong", "", {}, "stage"});
         };
       },
       "SignatureDoesNotMatch", "secret access key", "SignatureDoesNotMatch", "Unauthorized"},
      {"AnotherExternalId", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), "another-id"));
       },
       "external ID", "--kind trust", "AccessDenied", "FailedToAssumeRole"},
      {"TrustDemandsMfa", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), connection.settings.external_id,
                                            R"("Bool":{"aws:MultiFactorAuthPresent":"true"})"));
       },
       "MFA", "--kind trust", "AccessDenied", "FailedToAssumeRole"},
      {"NoSuchRole", "identity", kFail,
       [](Stage&, Connection& connection) { connection.settings.role_arn += "-gone"; },
       "does not exist", "--kind cloudformation", "AccessDenied", "FailedToAssumeRole"},
      {"KeysOfAnotherAccount", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         const PolicyDocument policy =
             Must(MinimumPolicy({kResources}, ScopeOf(connection.settings)));
         const auto [id, secret] = stage.MakeUser("reader", policy, "345678901234");
         connection.settings.type = ConnectionType::kPayerKeys;
         connection.settings.role_arn.clear();
         connection.settings.access_key_id = id;
         Must(stage.vault().Put(connection.id, kSecretAccessKey, secret));
       },
       "the connection is for account", "create a connection for 345678901234"},
      {"KeysAreDeleted", "identity", kFail,
       [](Stage& stage, Connection& connection) {
         connection.settings.type = ConnectionType::kPayerKeys;
         connection.settings.role_arn.clear();
         connection.settings.access_key_id = "AKIAGONEGONEGONEGONE";
         Must(stage.vault().Put(connection.id, kSecretAccessKey, "wrong"));
       },
       "InvalidClientTokenId", "enter a current one", "InvalidClientTokenId", "Unauthorized"},
      {"TrustWithoutExternalId", "external-id", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), ""));
       },
       "confused deputy", "sts:ExternalId"},
      {"ExternalIdIsAdopted", "external-id", kWarning,
       [](Stage&, Connection& connection) { connection.settings.external_id_adopted = true; },
       "guessed", "create a new connection"},
      {"TrustLacksTheCondition", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), ""));
       },
       "lets in without one", "--kind trust"},
      {"TrustNamesMfa", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf(PlatformArn(stage), connection.settings.external_id,
                                R"("BoolIfExists":{"aws:MultiFactorAuthPresent":"true"})"));
       },
       "no MFA device", "clear Require MFA"},
      {"TrustsEverybody", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf("*", connection.settings.external_id));
       },
       "principal is *", "name Farthing alone"},
      {"TrustsTheWholeAccount", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf("arn:aws:iam::" + stage.aws().Platform().account_id + ":root",
                                connection.settings.external_id));
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustTakesAnAbsentId", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), "",
                                            R"("StringEqualsIfExists":{"sts:ExternalId":")" +
                                                connection.settings.external_id + "\"}"));
       },
       "lets in without one", "--kind trust"},
      {"TrustTakesAnyId", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection,
                        TrustOf(PlatformArn(stage), "", R"("StringLike":{"sts:ExternalId":"*"})"));
       },
       "lets in with any other", "--kind trust"},
      {"TrustTakesAnotherId", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         stage.SetTrust(connection, TrustOf(PlatformArn(stage), "",
                                            R"("StringEquals":{"sts:ExternalId":["old-id",")" +
                                                connection.settings.external_id + "\"]}"));
       },
       "with that ID could read", "--kind trust"},
      {"TrustsAService", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAnIdentityProvider", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAnotherByNotAction", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(stage, connection,
                   R"({"Effect":"Allow","Principal":{"AWS":")" + stage.aws().payer() +
                       R"("},"NotAction":"sts:TagSession"})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustsAllButOne", "role-trust", kFail,
       [](Stage& stage, Connection& connection) {
         TrustAlso(stage, connection,
                   R"({"Effect":"Allow","NotPrincipal":{"AWS":")" + stage.aws().payer() +
                       R"("},"Action":"sts:AssumeRole"})");
       },
       "NotPrincipal lets everybody in", "name Farthing alone"},
      {"TrustsAnOrganisation", "role-trust", kWarning,
       [](Stage& stage, Connection& connection) {
         TrustAlso(
             stage, connection,
             R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}})");
       },
       "wider than Farthing needs", "--kind trust"},
      {"TrustCannotBeRead", "role-trust", kFail,
       [](Stage& stage, Connection&) { Deny(stage, "iam", "GetRole"); }, "iam:GetRole",
       "service control policy", "AccessDenied"},
  };
  return troubles;
}

TEST(TrustTest, WhatRefusesWithoutTheIdIsNoFault) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  const std::string us = PlatformArn(stage), id = connection.settings.external_id;
  const std::string demand = R"({"sts:ExternalId":")" + id + "\"}";
  std::string denies = TrustOf(us, "");
  denies.replace(denies.rfind("]}"), 2,
                 R"(,{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":)"
                 R"({"StringNotEquals":)" +
                     demand + "}}]}");
  for (const std::string& trust : {denies, TrustOf(us, "", R"("StringEqualsIgnoreCase":)" + demand),
                                   TrustOf(us, "", R"("ForAnyValue:StringEquals":)" + demand)}) {
    stage.SetTrust(connection, trust);
    const CheckReport report = stage.Look(connection);
    EXPECT_EQ(report.Find("external-id")->status, kPass) << Told(report);
    EXPECT_EQ(report.Find("role-trust")->status, kPass) << trust << Told(report);
  }
}

INSTANTIATE_TEST_SUITE_P(Identity, CheckTest, testing::ValuesIn(IdentityTroubles()), NameOfTrouble);

}  // namespace farthing::connect
