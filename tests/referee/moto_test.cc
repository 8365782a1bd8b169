// Our clients of STS, IAM, Organizations and EC2 against moto, whose answers have the shapes of AWS's.
// Its judgement on trust policies is not asked: it lets a missing external ID pass.

#include <gtest/gtest.h>

#include "aws/account_setup.h"
#include "aws/credential_chain.h"
#include "aws/error.h"
#include "aws/iam.h"
#include "aws/organizations.h"
#include "aws/probe.h"
#include "aws/sts.h"
#include "tests/referee/service.h"

namespace farthing::referee {
namespace {

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},)"
    R"("Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"id+1=,.@:/-"}}}]})";
constexpr const char* kPolicy =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/ä+%20*"}]})";

class MotoTest : public testing::Test {
 protected:
  void SetUp() override {
    service_ = Service::Start("start_moto");
    if (service_ == nullptr) GTEST_SKIP() << "moto is not installed: scripts/install_services";
    client_ = ClientOf(*service_, "AKIDSEED", "seed");
  }

  // A call of the query protocol that only the test needs.
  std::string Do(aws::Service service, const std::string& version, http::Parameters form) {
    form.emplace_back("Version", version);
    aws::Call call;
    call.service = service;
    call.operation = form.front().second;
    call.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    call.body = http::EncodeQuery(form);
    const auto response = client_->Send(call);
    EXPECT_TRUE(response.ok()) << response.error().message();
    return response.ok() ? response->body : "";
  }
  std::string Iam(http::Parameters form) {
    return Do(aws::Service::kIam, "2010-05-08", std::move(form));
  }
  std::string Organizations(const std::string& operation, const std::string& body) {
    aws::Call call;
    call.service = aws::Service::kOrganizations;
    call.operation = operation;
    call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                    {"X-Amz-Target", "AWSOrganizationsV20161128." + operation}};
    call.body = body;
    const auto response = client_->Send(call);
    EXPECT_TRUE(response.ok()) << response.error().message();
    return response.ok() ? response->body : "";
  }
  static std::string Between(const std::string& text, const std::string& open,
                             const std::string& close) {
    const std::size_t start = text.find(open);
    if (start == std::string::npos) return "";
    return text.substr(start + open.size(),
                       text.find(close, start + open.size()) - start - open.size());
  }
  // From now on keys, signatures and policies count.
  void Enforce() {
    http::Request request;
    request.method = "POST";
    request.url = service_->url();
    request.url.path = "/moto-api/reset-auth";
    request.headers = {{"Content-Type", "text/plain"}};  // with another it answers 500
    request.body = "0";
    const auto response = client_->environment().http->Send(request, {});
    ASSERT_TRUE(response.ok()) << response.error().message();
    ASSERT_EQ(response->status, 200);
  }

  std::unique_ptr<Service> service_;
  std::shared_ptr<aws::Client> client_;
};

TEST_F(MotoTest, ARoleIsAssumedAndSignsWithItsSession) {
  Iam({{"Action", "CreateUser"}, {"UserName", "platform"}});
  const std::string key = Iam({{"Action", "CreateAccessKey"}, {"UserName", "platform"}});
  Iam({{"Action", "PutUserPolicy"},
       {"UserName", "platform"},
       {"PolicyName", "p"},
       {"PolicyDocument",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"}});
  std::string trust = kTrust;
  trust.replace(trust.find(":root"), 5, ":user/platform");
  Iam({{"Action", "CreateRole"}, {"RoleName", "Cost"}, {"AssumeRolePolicyDocument", trust}});
  Enforce();
  const std::string id = Between(key, "<AccessKeyId>", "<");
  const std::string secret = Between(key, "<SecretAccessKey>", "<");
  const auto platform = ClientOf(*service_, id, secret);
  const auto who = aws::GetCallerIdentity(*platform);
  ASSERT_TRUE(who.ok()) << who.error().message();
  EXPECT_EQ(who->account_id, "123456789012");
  EXPECT_EQ(who->arn, "arn:aws:iam::123456789012:user/platform");

  aws::AssumeRoleRequest request;
  request.role_arn = "arn:aws:iam::123456789012:role/Cost";
  request.external_id = "wrong";
  EXPECT_EQ(aws::AssumeRole(*platform, request).error().code(), Errc::kPermissionDenied);
  request.external_id = "id+1=,.@:/-";
  const auto session = aws::AssumeRole(*platform, request);
  ASSERT_TRUE(session.ok()) << session.error().message();
  EXPECT_TRUE(session->expires.has_value());
  const auto as_role =
      aws::GetCallerIdentity(*platform->WithCredentials(aws::RoleCredentials(platform, request)));
  ASSERT_TRUE(as_role.ok()) << as_role.error().message();
  EXPECT_EQ(as_role->arn, "arn:aws:sts::123456789012:assumed-role/Cost/farthing");

  EXPECT_EQ(aws::AwsCode(aws::GetCallerIdentity(*ClientOf(*service_, id, "wrong")).error()),
            "SignatureDoesNotMatch");
  EXPECT_EQ(aws::AwsCode(aws::GetCallerIdentity(*ClientOf(*service_, "AKIDNOBODY", "x")).error()),
            "InvalidClientTokenId");
}

TEST_F(MotoTest, GrantsOfARoleAreRead) {
  Iam({{"Action", "CreateRole"}, {"RoleName", "Cost"}, {"AssumeRolePolicyDocument", kTrust}});
  for (int i = 0; i < 3; ++i)
    Iam({{"Action", "PutRolePolicy"},
         {"RoleName", "Cost"},
         {"PolicyName", "inline" + std::to_string(i)},
         {"PolicyDocument", kPolicy}});
  const std::string made =
      Iam({{"Action", "CreatePolicy"}, {"PolicyName", "managed"}, {"PolicyDocument", kPolicy}});
  const std::string arn = Between(made, "<Arn>", "<");
  const std::string second =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})";
  Iam({{"Action", "CreatePolicyVersion"},
       {"PolicyArn", arn},
       {"PolicyDocument", second},
       {"SetAsDefault", "true"}});
  Iam({{"Action", "AttachRolePolicy"}, {"RoleName", "Cost"}, {"PolicyArn", arn}});

  const auto role = aws::GetRole(*client_, "Cost");
  ASSERT_TRUE(role.ok()) << role.error().message();
  EXPECT_EQ(role->arn, "arn:aws:iam::123456789012:role/Cost");
  EXPECT_EQ(role->trust_policy, kTrust);
  EXPECT_EQ(role->max_session_seconds, 3600);
  const auto policies = aws::RolePolicies(*client_, "Cost");
  ASSERT_TRUE(policies.ok()) << policies.error().message();
  ASSERT_EQ(policies->size(), 4U);
  EXPECT_EQ((*policies)[0].document, kPolicy);
  EXPECT_EQ((*policies)[3].arn, arn);
  EXPECT_EQ((*policies)[3].document, second);
  EXPECT_EQ(aws::GetRole(*client_, "Nobody").error().code(), Errc::kNotFound);
}

TEST_F(MotoTest, GrantsOfAUserIncludeItsGroups) {
  Iam({{"Action", "CreateUser"}, {"UserName", "u"}});
  Iam({{"Action", "CreateGroup"}, {"GroupName", "g"}});
  Iam({{"Action", "AddUserToGroup"}, {"UserName", "u"}, {"GroupName", "g"}});
  Iam({{"Action", "PutUserPolicy"},
       {"UserName", "u"},
       {"PolicyName", "own"},
       {"PolicyDocument", kPolicy}});
  Iam({{"Action", "PutGroupPolicy"},
       {"GroupName", "g"},
       {"PolicyName", "shared"},
       {"PolicyDocument", kPolicy}});
  const auto policies = aws::UserPolicies(*client_, "u");
  ASSERT_TRUE(policies.ok()) << policies.error().message();
  ASSERT_EQ(policies->size(), 2U);
  EXPECT_EQ((*policies)[0].name, "own");
  EXPECT_EQ((*policies)[1].name, "shared");
  EXPECT_EQ((*policies)[1].document, kPolicy);
}

TEST_F(MotoTest, AnOrganisationOfManyAccounts) {
  const auto none = aws::DescribeOrganization(*client_);
  ASSERT_TRUE(none.ok()) << none.error().message();
  EXPECT_FALSE(none->has_value());
  Organizations("CreateOrganization", R"({"FeatureSet":"ALL"})");
  const std::string root = Between(Organizations("ListRoots", "{}"), R"("Id": ")", "\"");
  const std::string unit = Between(
      Organizations("CreateOrganizationalUnit", R"({"ParentId":")" + root + R"(","Name":"Prod"})"),
      R"("Id": ")", "\"");
  std::string last;
  for (int i = 0; i < 45; ++i) {
    last =
        Between(Organizations("CreateAccount", R"({"AccountName":"Accoünt )" + std::to_string(i) +
                                                   R"(","Email":"a@example.com"})"),
                R"("AccountId": ")", "\"");
  }
  Organizations("MoveAccount", R"({"AccountId":")" + last + R"(","SourceParentId":")" + root +
                                   R"(","DestinationParentId":")" + unit + "\"}");
  const auto organization = aws::DescribeOrganization(*client_);
  ASSERT_TRUE(organization.ok()) << organization.error().message();
  EXPECT_EQ((*organization)->management_account_id, "123456789012");
  EXPECT_EQ((*organization)->feature_set, "ALL");
  const auto accounts = aws::ListAccounts(*client_);
  ASSERT_TRUE(accounts.ok()) << accounts.error().message();
  EXPECT_EQ(accounts->size(), 46U);
  EXPECT_EQ(accounts->back().name, "Accoünt 44");
  EXPECT_EQ(accounts->back().state, "ACTIVE");
  EXPECT_TRUE(ParseInstant(accounts->back().joined).ok()) << accounts->back().joined;
  const auto units = aws::ListUnits(*client_);
  ASSERT_TRUE(units.ok()) << units.error().message();
  ASSERT_EQ(units->size(), 2U);
  EXPECT_EQ((*units)[0].account_ids.size(), 45U);
  EXPECT_EQ((*units)[1].name, "Prod");
  EXPECT_EQ((*units)[1].account_ids, std::vector<std::string>{last});
}

// Every call of resource discovery and metrics, whose shape moto checks.
TEST_F(MotoTest, ResourcesAndMetricsCanBeAsked) {
  for (const char* action : {"ec2:DescribeRegions", "ec2:DescribeInstances", "ec2:DescribeVolumes",
                             "ec2:DescribeSnapshots", "ec2:DescribeAddresses",
                             "elasticloadbalancing:DescribeLoadBalancers", "cloudwatch:ListMetrics",
                             "cloudwatch:GetMetricData"}) {
    const Result<void> asked = aws::Probe(*client_, action);
    EXPECT_TRUE(asked.ok()) << action << ": " << asked.error().message();
  }
}

TEST_F(MotoTest, AMissingStackAndABudget) {
  EXPECT_EQ(aws::DescribeStack(*client_, "us-east-1", "none").error().code(), Errc::kNotFound);
  const auto budgets = aws::DescribeBudgets(*client_, "123456789012");
  ASSERT_TRUE(budgets.ok()) << budgets.error().message();
  EXPECT_TRUE(budgets->empty());
}

TEST_F(MotoTest, InstanceMetadataGivesKeys) {
  aws::Machine machine;
  machine.home = "/nonexistent";
  machine.variable = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_EC2_METADATA_SERVICE_ENDPOINT") return service_->url().ToString();
    return std::nullopt;
  };
  const auto credentials = aws::DefaultChain(machine, client_->environment(), "")->Get();
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  EXPECT_NE(credentials->source.find("instance role"), std::string::npos);
  EXPECT_TRUE(credentials->expires.has_value());
}

}  // namespace
}  // namespace farthing::referee
