#include "aws/credential_chain.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "aws/credential_sources_internal.h"
#include "aws/error.h"
#include "aws/scripted_http_internal.h"

namespace farthing::aws {
namespace {

namespace fs = std::filesystem;

// A machine of variables and files, with nothing of the real one.
class CredentialChainTest : public testing::Test {
 protected:
  CredentialChainTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    home_ = fs::temp_directory_path() / (std::string("farthing-chain-") + test->name());
    fs::remove_all(home_);
    fs::create_directories(home_ / ".aws");
    machine_.home = home_;
    machine_.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  ~CredentialChainTest() override { fs::remove_all(home_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((home_ / name).parent_path());
    std::ofstream(home_ / name) << text;
  }
  Result<Credentials> Get(const std::string& profile = "") {
    return DefaultChain(machine_, aws_.environment, profile)->Get();
  }
  std::string Refusal(const std::string& profile = "") {
    const auto credentials = Get(profile);
    return credentials.ok() ? "found " + credentials->source
                            : credentials.error().message() + " | " + credentials.error().hint();
  }
  bool Says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  ScriptedAws aws_;
  std::map<std::string, std::string> variables_;
  fs::path home_;
  Machine machine_;
};

std::string Session(const std::string& operation, const std::string& key) {
  return "<" + operation + "Response><" + operation + "Result><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
         "<Expiration>2026-11-21T09:00:00Z</Expiration></Credentials></" +
         operation + "Result></" + operation + "Response>";
}

TEST_F(CredentialChainTest, NothingFoundNamesEveryPlace) {
  const std::string refusal = Refusal();
  for (const std::string part :
       {"environment: AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "profile default: is not in", ".aws/config", ".aws/credentials",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_DISABLED", "aws configure"})
    EXPECT_TRUE(Says(refusal, part)) << part << "\n" << refusal;
  EXPECT_EQ(Get().error().code(), Errc::kUnauthenticated);
}

TEST_F(CredentialChainTest, TheEnvironmentComesFirst) {
  Write(".aws/credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
  EXPECT_EQ(Get()->access_key_id, "FILE");
  variables_["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_TRUE(Says(Refusal(), "AWS_SECRET_ACCESS_KEY is not"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "s";
  variables_["AWS_SESSION_TOKEN"] = "t";
  EXPECT_EQ(Get()->access_key_id, "ENV");
  EXPECT_EQ(Get()->session_token, "t");
  // A profile that is asked for by name is meant.
  EXPECT_EQ(Get("default")->access_key_id, "FILE");
}

TEST_F(CredentialChainTest, FilesMayLieElsewhere) {
  Write("there/keys", "[x]\naws_access_key_id=X\naws_secret_access_key=s\naws_session_token=tt\n");
  variables_["AWS_SHARED_CREDENTIALS_FILE"] = "~/there/keys";
  variables_["AWS_PROFILE"] = "x";
  EXPECT_EQ(Get()->session_token, "tt");
  EXPECT_EQ(Get()->source, "profile x");
  variables_["AWS_PROFILE"] = "y";
  EXPECT_EQ(Get().error().code(), Errc::kInvalidArgument);
}

TEST_F(CredentialChainTest, WebIdentityReadsItsTokenEachTime) {
  Write("token", "one\n");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (home_ / "token").string();
  EXPECT_TRUE(Says(Refusal(), "AWS_ROLE_ARN is not"));
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::111122223333:role/pod";
  variables_["AWS_ROLE_SESSION_NAME"] = "mine";
  aws_.http->Expect(200, Session("AssumeRoleWithWebIdentity", "A1"));
  aws_.http->Expect(200, Session("AssumeRoleWithWebIdentity", "A2"));
  const auto chain = DefaultChain(machine_, aws_.environment, "");
  EXPECT_EQ(chain->Get()->access_key_id, "A1");
  Write("token", "two\n");
  *aws_.clock = *ParseInstant("2026-11-21T08:51:00Z");
  EXPECT_EQ(chain->Get()->access_key_id, "A2");
  EXPECT_EQ(FormValue(aws_.http->request(0), "WebIdentityToken"), "one");
  EXPECT_EQ(FormValue(aws_.http->request(0), "RoleSessionName"), "mine");
  EXPECT_EQ(FormValue(aws_.http->request(1), "WebIdentityToken"), "two");
}

TEST_F(CredentialChainTest, RolesThroughAChainOfProfiles) {
  Write(".aws/config",
        "[profile top]\nrole_arn=arn:aws:iam::111122223333:role/top\nsource_profile=middle\n"
        "external_id=e+1\nduration_seconds=1800\nrole_session_name=me\n"
        "[profile middle]\nrole_arn=arn:aws:iam::111122223333:role/middle\nsource_profile=base\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  aws_.http->Expect(200, Session("AssumeRole", "MIDDLE"));
  aws_.http->Expect(200, Session("AssumeRole", "TOP"));
  const auto credentials = Get("top");
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(credentials->access_key_id, "TOP");
  const http::Request second = aws_.http->request(1);
  EXPECT_EQ(FormValue(second, "ExternalId"), "e+1");
  EXPECT_EQ(FormValue(second, "DurationSeconds"), "1800");
  EXPECT_EQ(FormValue(second, "RoleSessionName"), "me");
  EXPECT_TRUE(Says(HeaderValue(second, "Authorization"), "Credential=MIDDLE/"));
  EXPECT_TRUE(Says(HeaderValue(aws_.http->request(0), "Authorization"), "Credential=BASE/"));
}

TEST_F(CredentialChainTest, AProfileMayBeItsOwnSource) {
  Write(".aws/config",
        "[profile self]\nrole_arn=arn:aws:iam::111122223333:role/r\nsource_profile=self\n"
        "aws_access_key_id=SELF\naws_secret_access_key=s\n");
  aws_.http->Expect(200, Session("AssumeRole", "ROLE"));
  EXPECT_EQ(Get("self")->access_key_id, "ROLE");
}

TEST_F(CredentialChainTest, WhatIsWrongInAProfileIsSaid) {
  const std::string role = "role_arn=arn:aws:iam::111122223333:role/r\n";
  Write(".aws/config",
        "[profile a]\n" + role + "source_profile=b\n[profile b]\n" + role +
            "source_profile=a\n[profile none]\n" + role + "[profile both]\n" + role +
            "source_profile=a\ncredential_source=Environment\n[profile mfa]\n" + role +
            "source_profile=a\nmfa_serial=arn:aws:iam::111122223333:mfa/x\n"
            "[profile odd]\n" +
            role +
            "credential_source=Moon\n"
            "[profile env]\n" +
            role +
            "credential_source=Environment\n"
            "[profile ecs]\n" +
            role +
            "credential_source=EcsContainer\n"
            "[profile gone]\n" +
            role +
            "source_profile=nowhere\n"
            "[profile empty]\nregion=x\n[profile toempty]\n" +
            role + "source_profile=empty\n[profile long]\n" + role +
            "source_profile=k\nduration_seconds=10\n[profile half]\naws_access_key_id=A\n"
            "[profile login]\nlogin_session=x\n[profile k]\naws_access_key_id=K\n"
            "aws_secret_access_key=s\n");
  EXPECT_TRUE(Says(Refusal("a"), "circle: a → b → a")) << Refusal("a");
  EXPECT_TRUE(Says(Refusal("none"), "source_profile or credential_source"));
  EXPECT_TRUE(Says(Refusal("both"), "only one of"));
  EXPECT_TRUE(Says(Refusal("mfa"), "mfa_serial"));
  EXPECT_TRUE(Says(Refusal("odd"), "Moon"));
  EXPECT_TRUE(Says(Refusal("env"), "AWS_ACCESS_KEY_ID is not set"));
  EXPECT_TRUE(Says(Refusal("ecs"), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
  EXPECT_TRUE(Says(Refusal("gone"), "nowhere"));
  EXPECT_TRUE(Says(Refusal("toempty"), "has no credentials: empty"));
  EXPECT_TRUE(Says(Refusal("long"), "900 to 43200"));
  EXPECT_TRUE(Says(Refusal("half"), "aws_secret_access_key is missing"));
  EXPECT_TRUE(Says(Refusal("login"), "export-credentials --profile login"));
  EXPECT_TRUE(Says(Refusal("empty"), "says nothing about credentials"));
  EXPECT_TRUE(aws_.http->requests().empty());
}

TEST_F(CredentialChainTest, ACredentialProcess) {
  Write(
      "tool",
      "#!/bin/sh\n[ \"$1\" = 'a b' ] || exit 3\n"
      "echo '{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\","
      "\"Expiration\":\"2026-11-21T08:30:00Z\"}'\n");
  fs::permissions(home_ / "tool", fs::perms::owner_all);
  const std::string tool = (home_ / "tool").string();
  Write(".aws/config", "[profile ok]\ncredential_process = " + tool +
                           " 'a b'\n"
                           "[profile fails]\ncredential_process = " +
                           tool +
                           " x\n"
                           "[profile text]\ncredential_process = echo hello\n"
                           "[profile two]\ncredential_process = echo '{\"Version\":2}'\n"
                           "[profile keys]\ncredential_process = echo '{\"Version\":1}'\n"
                           "[profile gone]\ncredential_process = " +
                           tool +
                           "-missing\n"
                           "[profile open]\ncredential_process = echo 'x\n");
  const auto credentials = Get("ok");
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(credentials->access_key_id, "P");
  EXPECT_EQ(ToString(*credentials->expires), "2026-11-21T08:30:00Z");
  EXPECT_TRUE(Says(Refusal("fails"), "status 3")) << Refusal("fails");
  EXPECT_TRUE(Says(Refusal("text"), "Version 1"));
  EXPECT_TRUE(Says(Refusal("two"), "Version 1"));
  EXPECT_TRUE(Says(Refusal("keys"), "no AccessKeyId"));
  EXPECT_TRUE(Says(Refusal("gone"), "cannot start") || Says(Refusal("gone"), "status 127"));
  EXPECT_TRUE(Says(Refusal("open"), "quote"));
}

TEST(CredentialProcessTest, EndsWhatDoesNotEnd) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* script : {"sleep 30", "exec >&-; sleep 30"}) {
    const auto credentials = RunCredentialProcess("sh -c '" + std::string(script) + "'", "a test",
                                                  std::chrono::milliseconds(300));
    ASSERT_FALSE(credentials.ok());
    EXPECT_EQ(credentials.error().code(), Errc::kDeadline) << script;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  const auto loud = RunCredentialProcess("sh -c 'yes | head -c 3000000'", "a test");
  ASSERT_FALSE(loud.ok());
  EXPECT_NE(loud.error().message().find("more than a mebibyte"), std::string::npos)
      << loud.error().message();
}

TEST_F(CredentialChainTest, CommandsAreSplitLikeAShellDoes) {
  EXPECT_EQ(*SplitCommand(R"(a  "b c" d\ e 'f"\g' "h\"i\j" '')"),
            (std::vector<std::string>{"a", "b c", "d e", "f\"\\g", "h\"i\\j", ""}));
}

TEST_F(CredentialChainTest, SingleSignOnUsesTheTokenOfTheCli) {
  Write(
      ".aws/config",
      "[profile s]\nsso_session=corp\nsso_account_id=111122223333\nsso_role_name=Billing\n"
      "[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://x.awsapps.com/start\n"
      "[profile legacy]\nsso_account_id=111122223333\nsso_role_name=Billing\nsso_region=eu-west-1\n"
      "sso_start_url=https://x.awsapps.com/start\n[profile lost]\nsso_session=none\n");
  EXPECT_TRUE(Says(Refusal("s"), "aws sso login --profile s")) << Refusal("s");
  EXPECT_TRUE(Says(Refusal("lost"), "[sso-session none]"));
  // sha1("corp") and sha1("https://x.awsapps.com/start")
  const std::string corp = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
  Write(corp, R"({"accessToken":"tok","expiresAt":"2026-11-21T07:00:00Z"})");
  EXPECT_TRUE(Says(Refusal("s"), "ended at 2026-11-21T07:00:00Z")) << Refusal("s");
  EXPECT_TRUE(Says(Refusal("s"), "aws sso login"));
  Write(corp, R"({"accessToken":"tok","expiresAt":"2026-11-21T12:00:00UTC"})");
  aws_.http->Expect(
      200, R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t",
    "expiration":1795255200000}})");
  const auto credentials = Get("s");
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(credentials->access_key_id, "SSO");
  EXPECT_EQ(credentials->expires->micros, 1795255200000000);
  const http::Request sent = aws_.http->request(0);
  EXPECT_EQ(sent.url.host, "portal.sso.eu-west-1.amazonaws.com");
  EXPECT_EQ(QueryValue(sent, "role_name"), "Billing");
  EXPECT_EQ(HeaderValue(sent, "x-amz-sso_bearer_token"), "tok");
  EXPECT_EQ(HeaderValue(sent, "Authorization"), "");
  aws_.http->Expect(401, R"({"message":"Session token not found or invalid"})",
                    {{"x-amzn-ErrorType", "UnauthorizedException"}});
  EXPECT_TRUE(Says(Refusal("s"), "aws sso login"));
}

TEST_F(CredentialChainTest, ContainersOnlyByAllowedHosts) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example/keys";
  EXPECT_TRUE(Says(Refusal(), "not allowed: evil.example")) << Refusal();
  EXPECT_TRUE(aws_.http->requests().empty());
  const std::string keys =
      R"({"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-21T09:00:00Z"})";
  Write("token", "bearer 1\n");
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (home_ / "token").string();
  for (const char* url :
       {"http://169.254.170.23/v1/credentials", "http://localhost:81/x", "http://[fd00:ec2::23]/v1",
        "https://keys.example/x", "http://127.0.0.9/"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    aws_.http->Expect(200, keys);
    EXPECT_EQ(Get()->session_token, "t") << url;
  }
  EXPECT_EQ(HeaderValue(aws_.http->request(0), "Authorization"), "bearer 1");
  variables_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x";
  aws_.http->Expect(200, keys);
  EXPECT_TRUE(Get().ok());
  EXPECT_EQ(aws_.http->requests().back().url.ToString(), "http://169.254.170.2/v2/credentials/x");
  EXPECT_TRUE(aws_.http->options().back().direct);
  Write("token", "bearer\r\nX-Evil: 1");
  EXPECT_TRUE(Says(Refusal(), "two lines"));
}

TEST_F(CredentialChainTest, InstanceMetadataOnlyByVersionTwo) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  aws_.http->Expect(403, "");
  EXPECT_TRUE(Says(Refusal(), "version 1 is not used"));
  aws_.http->Expect([](const http::Request&) -> Result<http::Response> {
    return Error(Errc::kUnavailable, "no route");
  });
  EXPECT_TRUE(Says(Refusal(), "instance metadata: this machine has none"));
  EXPECT_EQ(aws_.http->requests().size(), 2U);  // one attempt each
  aws_.http->Expect(200, "token");
  aws_.http->Expect(404, "");
  EXPECT_TRUE(Says(Refusal(), "has no role"));
  aws_.http->Expect(200, "token");
  aws_.http->Expect(200, "my-role");
  aws_.http->Expect(200, R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"s","Token":"t",
    "Expiration":"2026-11-21T14:00:00Z"})");
  const auto credentials = Get();
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_EQ(credentials->access_key_id, "I");
  const auto requests = aws_.http->requests();
  EXPECT_EQ(requests[4].method, "PUT");
  EXPECT_EQ(requests[4].url.ToString(), "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(HeaderValue(requests[6], "X-aws-ec2-metadata-token"), "token");
  EXPECT_TRUE(requests[6].url.path.ends_with("/iam/security-credentials/my-role"));
  EXPECT_EQ(aws_.http->options()[4].total_timeout, std::chrono::milliseconds(1000));
  EXPECT_TRUE(aws_.http->options()[4].direct);
}

TEST_F(CredentialChainTest, AnInstanceKeepsItsKeysThroughAnOutage) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  aws_.http->Expect(200, "token");
  aws_.http->Expect(200, "my-role");
  aws_.http->Expect(
      200,
      R"({"AccessKeyId":"I","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-21T09:00:00Z"})");
  aws_.http->Always([](const http::Request&) -> Result<http::Response> {
    return Error(Errc::kUnavailable, "outage");
  });
  const auto chain = DefaultChain(machine_, aws_.environment, "");
  ASSERT_TRUE(chain->Get().ok());
  *aws_.clock = *ParseInstant("2026-11-21T09:30:00Z");
  EXPECT_EQ(chain->Get()->access_key_id, "I");
  const auto asked = aws_.http->requests().size();
  EXPECT_EQ(chain->Get()->access_key_id, "I");
  EXPECT_EQ(aws_.http->requests().size(), asked);  // not for every call
  *aws_.clock = *ParseInstant("2026-11-21T09:46:00Z");
  ASSERT_TRUE(chain->Get().ok());
  EXPECT_GT(aws_.http->requests().size(), asked);
}

TEST_F(CredentialChainTest, ExpiredKeysAreLookedUpAgain) {
  Write(".aws/credentials", "[default]\naws_access_key_id=ONE\naws_secret_access_key=s\n");
  const auto chain = DefaultChain(machine_, aws_.environment, "");
  EXPECT_EQ(chain->Get()->access_key_id, "ONE");
  Write(".aws/credentials", "[default]\naws_access_key_id=TWO\naws_secret_access_key=s\n");
  EXPECT_EQ(chain->Get()->access_key_id, "ONE");
  chain->Invalidate();
  EXPECT_EQ(chain->Get()->access_key_id, "TWO");
}

TEST_F(CredentialChainTest, TheEnvironmentOfCalls) {
  Write(".aws/config",
        "[profile p]\nregion=eu-central-1\nmax_attempts=7\nuse_fips_endpoint=TRUE\nservices=local\n"
        "endpoint_url=http://127.0.0.1:1\n[services local]\ns3 =\n  endpoint_url = "
        "http://127.0.0.1:2/x\n");
  const auto environment = ReadEnvironment(machine_, "p");
  ASSERT_TRUE(environment.ok()) << environment.error().message();
  EXPECT_EQ(environment->region, "eu-central-1");
  EXPECT_EQ(environment->attempts, 7);
  EXPECT_TRUE(environment->endpoints.fips);
  EXPECT_FALSE(environment->endpoints.dual_stack);
  EXPECT_EQ(environment->endpoints.overrides.at(std::nullopt).port, 1);
  EXPECT_EQ(environment->endpoints.overrides.at(Service::kS3).path, "/x");
  EXPECT_TRUE(environment->http != nullptr);
  variables_["AWS_DEFAULT_REGION"] = "us-west-2";
  variables_["AWS_MAX_ATTEMPTS"] = "2";
  variables_["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  variables_["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:3";
  variables_["AWS_ENDPOINT_URL_COST_EXPLORER"] = "http://127.0.0.1:4";
  const auto changed = ReadEnvironment(machine_, "p");
  ASSERT_TRUE(changed.ok()) << changed.error().message();
  EXPECT_EQ(changed->region, "us-west-2");
  EXPECT_EQ(changed->attempts, 2);
  EXPECT_TRUE(changed->endpoints.dual_stack);
  EXPECT_EQ(changed->endpoints.overrides.at(Service::kS3).port, 3);
  EXPECT_EQ(changed->endpoints.overrides.at(Service::kCostExplorer).port, 4);
  variables_["AWS_REGION"] = "us-east-2";
  variables_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(ReadEnvironment(machine_, "p")->region, "us-east-2");
  EXPECT_TRUE(ReadEnvironment(machine_, "p")->endpoints.overrides.empty());
  EXPECT_EQ(ReadEnvironment(machine_, "")->attempts, 2);
}

TEST_F(CredentialChainTest, UnreadableSettingsNameTheirPlace) {
  for (const auto& [name, value] :
       {std::pair("AWS_MAX_ATTEMPTS", "0"), std::pair("AWS_MAX_ATTEMPTS", "many"),
        std::pair("AWS_USE_FIPS_ENDPOINT", "yes"), std::pair("AWS_ENDPOINT_URL", "localhost:80"),
        std::pair("AWS_CA_BUNDLE", "/nowhere/ca.pem")}) {
    variables_[name] = value;
    const auto environment = ReadEnvironment(machine_, "");
    ASSERT_FALSE(environment.ok()) << name << "=" << value;
    EXPECT_EQ(environment.error().code(), Errc::kInvalidArgument);
    variables_.erase(name);
  }
}

}  // namespace
}  // namespace farthing::aws
