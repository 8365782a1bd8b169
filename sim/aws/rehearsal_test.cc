#include "sim/aws/rehearsal.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/aws/test_signer.h"

namespace farthing::rehearsal {
namespace {

const http::Parameters kWhoAmI = {{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}};

/// A trust policy for one principal, with an external ID where one is given.
std::string Trust(const std::string& arn, const std::string& external_id) {
  std::string condition =
      external_id.empty()
          ? ""
          : R"(,"Condition":{"StringEquals":{"sts:ExternalId":")" + external_id + "\"}}";
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" + arn +
         R"("},"Action":"sts:AssumeRole")" + condition + "}]}";
}
std::string Allow(const std::string& action, const std::string& resource) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action +
         R"(","Resource":")" + resource + "\"}]}";
}

http::Parameters AssumeRole(const std::string& arn, const std::string& external_id) {
  http::Parameters parameters = {{"Action", "AssumeRole"},
                                 {"Version", "2011-06-15"},
                                 {"RoleArn", arn},
                                 {"RoleSessionName", "test"}};
  if (!external_id.empty()) parameters.emplace_back("ExternalId", external_id);
  return parameters;
}

class RehearsalTest : public testing::Test {
 protected:
  RehearsalTest() : aws_(StartAws()), admin_{aws_->Admin(), ""}, platform_{aws_->Platform(), ""} {}

  std::string MakeRole(const std::map<std::string, std::string>& policies,
                       const std::string& external_id = "id-42") {
    const auto arn = aws_->CreateRole(aws_->payer(), "Billing",
                                      Trust(aws_->Platform().user_arn, external_id), policies);
    EXPECT_TRUE(arn.ok()) << (arn.ok() ? "" : arn.error().message());
    return arn.ok() ? *arn : "";
  }
  Signer Enter(const std::string& role_arn, const std::string& external_id = "id-42") {
    const auto response = aws_->Handle(platform_.Form("sts", AssumeRole(role_arn, external_id)));
    EXPECT_EQ(response.status, 200) << response.body;
    Signer session;
    session.keys.access_key_id = Between(response.body, "AccessKeyId");
    session.keys.secret_access_key = Between(response.body, "SecretAccessKey");
    session.token = Between(response.body, "SessionToken");
    return session;
  }
  boost::json::value Json(const http::ServerResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return boost::json::parse(response.body);
  }

  std::unique_ptr<Aws> aws_;
  Signer admin_, platform_;
};

TEST_F(RehearsalTest, KnowsItsCaller) {
  const auto response = aws_->Handle(admin_.Form("sts", kWhoAmI));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Between(response.body, "Account"), aws_->payer());
}

TEST_F(RehearsalTest, RefusesWrongSecretsTokensAndTamperedRequests) {
  Signer wrong = admin_;
  wrong.keys.secret_access_key += "x";
  auto response = aws_->Handle(wrong.Form("sts", kWhoAmI));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(Between(response.body, "Code"), "SignatureDoesNotMatch");

  Signer stranger = admin_;
  stranger.keys.access_key_id = "AKIAUNKNOWN";
  EXPECT_EQ(Between(aws_->Handle(stranger.Form("sts", kWhoAmI)).body, "Code"),
            "InvalidClientTokenId");

  http::ServerRequest tampered = admin_.Form("sts", kWhoAmI);
  tampered.body += "&x=1";
  EXPECT_EQ(Between(aws_->Handle(tampered).body, "Code"), "SignatureDoesNotMatch");

  http::ServerRequest moved =
      admin_.S3("GET", "/example-billing-exports", "list-type=2&prefix=billing%2F");
  EXPECT_EQ(aws_->Handle(moved).status, 200);
  moved.target += "x";
  EXPECT_EQ(Between(aws_->Handle(moved).body, "Code"), "SignatureDoesNotMatch");
}

TEST_F(RehearsalTest, RefusesClocksThatAreTooFarOff) {
  Signer late = admin_;
  late.now.micros -= std::int64_t{6} * 60 * 1'000'000;
  const auto sts = aws_->Handle(late.Form("sts", kWhoAmI));
  EXPECT_EQ(Between(sts.body, "Code"), "SignatureDoesNotMatch");
  EXPECT_NE(sts.body.find("Signature expired"), std::string::npos);
  EXPECT_EQ(aws_->Handle(late.S3("GET", "/")).status, 200) << "S3 allows a quarter of an hour";
  late.now.micros -= std::int64_t{10} * 60 * 1'000'000;
  EXPECT_EQ(Between(aws_->Handle(late.S3("GET", "/")).body, "Code"), "RequestTimeTooSkewed");
}

TEST_F(RehearsalTest, IamKeepsItsQuotas) {
  const auto ask = [this](const std::string& action, http::Parameters parameters) {
    parameters.insert(parameters.begin(), {{"Action", action}, {"Version", "2010-05-08"}});
    const auto response = aws_->Handle(admin_.Form("iam", parameters));
    return response.status == 200 ? std::string("ok") : Between(response.body, "Code");
  };
  const std::string trust = Trust(aws_->Platform().user_arn, "id-42");
  const auto long_policy = [](std::size_t size) {
    return Allow("s3:GetObject", "arn:aws:s3:::" + std::string(size, 'b'));
  };
  const auto role = [&](const std::string& name, const std::string& document) {
    return ask("CreateRole", {{"RoleName", name}, {"AssumeRolePolicyDocument", document}});
  };
  EXPECT_EQ(role(std::string(64, 'a'), trust), "ok");
  EXPECT_EQ(role(std::string(65, 'a'), trust), "ValidationError");
  EXPECT_EQ(role("long", Trust(aws_->Platform().user_arn, std::string(2000, 'x'))),
            "LimitExceeded");
  EXPECT_EQ(role("far", trust + std::string(4000, ' ')), "ok") << "white space does not count";
  const auto put = [&](const std::string& name, std::size_t size) {
    return ask("PutRolePolicy",
               {{"RoleName", "far"}, {"PolicyName", name}, {"PolicyDocument", long_policy(size)}});
  };
  EXPECT_EQ(put("one", 9000), "ok");
  EXPECT_EQ(put("one", 9100), "ok") << "it takes the place of the first";
  EXPECT_EQ(put("two", 2000), "LimitExceeded");
  EXPECT_EQ(ask("CreateUser", {{"UserName", "u"}}), "ok");
  EXPECT_EQ(ask("PutUserPolicy",
                {{"UserName", "u"}, {"PolicyName", "p"}, {"PolicyDocument", long_policy(2000)}}),
            "LimitExceeded");
  for (int i = 0; i <= 10; ++i) {
    const std::string name = "p" + std::to_string(i);
    EXPECT_EQ(ask("CreatePolicy", {{"PolicyName", name}, {"PolicyDocument", long_policy(6000)}}),
              "ok");
    const std::string attached = ask(
        "AttachRolePolicy",
        {{"RoleName", "far"}, {"PolicyArn", "arn:aws:iam::" + aws_->payer() + ":policy/" + name}});
    EXPECT_EQ(attached, i < 10 ? "ok" : "LimitExceeded") << i;
  }
  EXPECT_EQ(ask("CreatePolicy", {{"PolicyName", "big"}, {"PolicyDocument", long_policy(6100)}}),
            "LimitExceeded");
}

TEST_F(RehearsalTest, RefusesInAwsShape) {
  Signer with_token = admin_;
  with_token.token = "bogus";
  const auto session = aws_->Handle(with_token.S3("GET", "/"));
  EXPECT_EQ(session.status, 400);
  EXPECT_EQ(Between(session.body, "Code"), "InvalidToken");
  for (const char* name :
       {"xn--a", "a..b", "-ab", "ab-", "192.168.1.1", "bills-s3alias", "Bills"}) {
    EXPECT_EQ(Between(aws_->Handle(admin_.S3("PUT", "/" + std::string(name))).body, "Code"),
              "InvalidBucketName")
        << name;
  }
  EXPECT_EQ(aws_->Handle(admin_.S3("PUT", "/bills.2026-x")).status, 200);
  const auto refused = [this](const std::string& service, const std::string& target,
                              const std::string& body) {
    const auto response = aws_->Handle(admin_.Json(service, target, body));
    return std::to_string(response.status) + " " + response.body;
  };
  const std::string question =
      R"({"TimePeriod":{"Start":"2026-11-01","End":"2026-11-02"},"Granularity":"DAILY",)"
      R"("Metrics":["UnblendedCost"],"NextPageToken":")";
  EXPECT_NE(refused("ce", "AWSInsightsIndexService.GetCostAndUsage", question + "bogus\"}")
                .find("InvalidNextTokenException"),
            std::string::npos);
  EXPECT_NE(refused("ce", "AWSInsightsIndexService.GetCostAndUsage", question + "000000001\"}")
                .find("RequestChangedException"),
            std::string::npos);
  EXPECT_NE(refused("organizations", "AWSOrganizationsV20161128.ListAccountsForParent",
                    R"({"ParentId":"nope"})")
                .find("InvalidInputException"),
            std::string::npos);
}

TEST_F(RehearsalTest, S3DemandsTheHashOfTheBody) {
  http::Request request;
  request.url.path = "/";
  request.url.host = "127.0.0.1";
  aws::Credentials credentials;
  credentials.access_key_id = admin_.keys.access_key_id;
  credentials.secret_access_key = admin_.keys.secret_access_key;
  aws::Sign(request, credentials, {"us-east-1", "s3"}, Now(), {aws::PathStyle::kS3, ""});
  http::SetHeader(request.headers, "Host", "127.0.0.1");
  const auto response = aws_->Handle({"GET", "/", request.headers, "", ""});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Between(response.body, "Code"), "InvalidRequest");
}

TEST_F(RehearsalTest, RolesAreEnteredOnlyWithTheRightExternalId) {
  const std::string arn = MakeRole({{"billing", Allow("ce:*", "*")}});
  EXPECT_EQ(aws_->Handle(platform_.Form("sts", AssumeRole(arn, ""))).status, 403);
  const auto wrong = aws_->Handle(platform_.Form("sts", AssumeRole(arn, "id-43")));
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(Between(wrong.body, "Code"), "AccessDenied");
  EXPECT_EQ(Between(wrong.body, "Message"),
            "User: " + aws_->Platform().user_arn +
                " is not authorized to perform: sts:AssumeRole on resource: " + arn);
  EXPECT_EQ(aws_->Handle(platform_.Form("sts", AssumeRole(arn + "x", "id-42"))).status, 403);
  const Signer session = Enter(arn);
  const auto who = aws_->Handle(session.Form("sts", kWhoAmI));
  EXPECT_EQ(Between(who.body, "Arn"),
            "arn:aws:sts::" + aws_->payer() + ":assumed-role/Billing/test");
}

TEST_F(RehearsalTest, SessionsMayWhatTheirRoleMay) {
  const std::string arn =
      MakeRole({{"list", Allow("s3:ListBucket", "arn:aws:s3:::example-billing-exports")}});
  const Signer session = Enter(arn);
  EXPECT_EQ(aws_->Handle(session.S3("GET", "/example-billing-exports", "list-type=2")).status, 200);
  const auto refused = aws_->Handle(session.S3("GET", "/example-billing-exports/x"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("because no identity-based policy allows the s3:GetObject action"),
            std::string::npos)
      << refused.body;
  Signer tokenless = session;
  tokenless.token.clear();
  EXPECT_EQ(Between(aws_->Handle(tokenless.Form("sts", kWhoAmI)).body, "Code"),
            "InvalidClientTokenId");
  aws_->Inject({.kind = FaultKind::kExpireTokens});
  EXPECT_EQ(Between(aws_->Handle(session.S3("GET", "/example-billing-exports", "list-type=2")).body,
                    "Code"),
            "ExpiredToken");
}

TEST_F(RehearsalTest, TellsTheRegionOfABucket) {
  ASSERT_TRUE(
      aws_->Control("bucket", R"({"name":"example-billing-exports","region":"eu-west-1"})").ok());
  const auto wrong = aws_->Handle(admin_.S3("GET", "/example-billing-exports", "list-type=2"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Between(wrong.body, "Region"), "eu-west-1");
  const auto moved =
      aws_->Handle(admin_.S3("GET", "/example-billing-exports", "list-type=2", {}, "eu-central-1"));
  EXPECT_EQ(moved.status, 301);
  ASSERT_NE(http::FindHeader(moved.headers, "x-amz-bucket-region"), nullptr);
  EXPECT_EQ(*http::FindHeader(moved.headers, "x-amz-bucket-region"), "eu-west-1");
  EXPECT_EQ(
      aws_->Handle(admin_.S3("GET", "/example-billing-exports", "list-type=2", {}, "eu-west-1"))
          .status,
      200);
}

TEST_F(RehearsalTest, ReadsRangesOfThePinnedContentOnly) {
  ASSERT_TRUE(aws_->PutObject("example-billing-exports", "a=b/c d", "0123456789").ok());
  const auto whole = aws_->Handle(admin_.S3("GET", "/example-billing-exports/a%3Db/c%20d"));
  ASSERT_EQ(whole.status, 200) << whole.body;
  const std::string etag = *http::FindHeader(whole.headers, "ETag");
  EXPECT_EQ(etag, "\"781e5e245d69b566979b86e28d23f2c7\"");
  const auto part = aws_->Handle(admin_.S3("GET", "/example-billing-exports/a%3Db/c%20d", "",
                                           {{"Range", "bytes=2-4"}, {"If-Match", etag}}));
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(*http::FindHeader(part.headers, "Content-Range"), "bytes 2-4/10");
  const auto rest = aws_->Handle(admin_.S3("GET", "/example-billing-exports/a%3Db/c%20d", "",
                                           {{"Range", "bytes=8-18446744073709551615"}}));
  EXPECT_EQ(rest.body, "89");
  ASSERT_TRUE(aws_->PutObject("example-billing-exports", "a=b/c d", "9876543210").ok());
  EXPECT_EQ(aws_->Handle(admin_.S3("GET", "/example-billing-exports/a%3Db/c%20d", "",
                                   {{"Range", "bytes=2-4"}, {"If-Match", etag}}))
                .status,
            412);
  EXPECT_EQ(aws_->Handle(admin_.S3("GET", "/example-billing-exports/a%3Db/c%20d", "",
                                   {{"Range", "bytes=99-"}}))
                .status,
            416);
}

TEST_F(RehearsalTest, AChunkThatClaimsToBeEndlessIsRefused) {
  http::Request request;
  request.method = "PUT";
  request.url.path = "/example-billing-exports/chunks";
  request.url.host = "127.0.0.1";
  request.body = "fffffffffffffff0\r\nabc";
  aws::Credentials credentials;
  credentials.access_key_id = admin_.keys.access_key_id;
  credentials.secret_access_key = admin_.keys.secret_access_key;
  aws::Sign(request, credentials, {"us-east-1", "s3"}, Now(),
            {aws::PathStyle::kS3, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"});
  http::SetHeader(request.headers, "Host", "127.0.0.1");
  const auto response =
      aws_->Handle({"PUT", request.url.path, request.headers, request.body, "127.0.0.1:1"});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Between(response.body, "Code"), "IncompleteBody");
}

TEST_F(RehearsalTest, PresignedRequestsLastAWeekAtMost) {
  http::Request request;
  request.url.scheme = "http";
  request.url.host = "127.0.0.1";
  request.url.path = "/example-billing-exports/none";
  aws::Credentials credentials;
  credentials.access_key_id = admin_.keys.access_key_id;
  credentials.secret_access_key = admin_.keys.secret_access_key;
  for (const auto& [seconds, code] :
       {std::pair(60, "NoSuchKey"), std::pair(604'801, "AuthorizationQueryParametersError"),
        std::pair(0, "AuthorizationQueryParametersError")}) {
    const auto url = http::ParseUrl(aws::Presign(request, credentials, {"us-east-1", "s3"}, Now(),
                                                 seconds, aws::PathStyle::kS3));
    ASSERT_TRUE(url.ok());
    const auto response =
        aws_->Handle({"GET", url->target(), {{"Host", "127.0.0.1"}}, "", "127.0.0.1:1"});
    EXPECT_EQ(Between(response.body, "Code"), code) << seconds;
  }
}

TEST_F(RehearsalTest, ListsPageByPage) {
  for (const char* const key : {"l/a", "l/b/1", "l/b/2", "l/c"})
    ASSERT_TRUE(aws_->PutObject("example-billing-exports", key, "x").ok());
  std::string token;
  std::string seen;
  int pages = 0;
  do {
    std::string query = "list-type=2&prefix=l%2F&delimiter=%2F&max-keys=1";
    if (!token.empty()) query += "&continuation-token=" + http::PercentEncode(token);
    const auto page = aws_->Handle(admin_.S3("GET", "/example-billing-exports", query));
    ASSERT_EQ(page.status, 200) << page.body;
    const auto prefix = page.body.find("<CommonPrefixes>");
    seen += prefix == std::string::npos ? Between(page.body, "Key") + " "
                                        : Between(page.body.substr(prefix), "Prefix") + " ";
    token = Between(page.body, "NextContinuationToken");
    ++pages;
  } while (!token.empty() && pages < 9);
  EXPECT_EQ(seen, "l/a l/b/ l/c ");
}

TEST_F(RehearsalTest, ReportsNeedABucketThatLetsAwsWrite) {
  const std::string body =
      R"({"ReportDefinition":{"ReportName":"r","TimeUnit":"HOURLY","Format":"textORcsv","Compression":"GZIP","AdditionalSchemaElements":["RESOURCES"],"S3Bucket":"fresh","S3Prefix":"p","S3Region":"us-east-1","ReportVersioning":"OVERWRITE_REPORT"}})";
  const auto put = [&] {
    return aws_->Handle(
        admin_.Json("cur", "AWSOrigamiServiceGatewayService.PutReportDefinition", body));
  };
  EXPECT_EQ(aws_->Handle(admin_.S3("PUT", "/fresh")).status, 200);
  const auto refused = put();
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("Failed to verify customer bucket permission"), std::string::npos)
      << refused.body;
  http::Request policy;
  policy.method = "PUT";
  policy.url.path = "/fresh";
  policy.url.query = "policy";
  policy.body =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"billingreports.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:GetBucketPolicy"],"Resource":"arn:aws:s3:::fresh","Condition":{"StringEquals":{"aws:SourceAccount":")" +
      aws_->payer() +
      R"("}}},{"Effect":"Allow","Principal":{"Service":"billingreports.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::fresh/*"}]})";
  EXPECT_EQ(aws_->Handle(admin_.Make("s3", policy)).status, 204);
  EXPECT_EQ(put().status, 200);
  EXPECT_NE(put().body.find("DuplicateReportNameException"), std::string::npos);
  ASSERT_TRUE(aws_->Advance(std::chrono::hours(24)).ok());
  const auto reports = Json(aws_->Handle(admin_.Json(
      "cur", "AWSOrigamiServiceGatewayService.DescribeReportDefinitions", R"({"MaxResults":5})")));
  EXPECT_EQ(reports.at("ReportDefinitions").at(0).at("ReportStatus").at("lastStatus"), "SUCCESS");
  const auto keys = aws_->Handle(admin_.S3("GET", "/fresh", "list-type=2&prefix=p%2F"));
  EXPECT_NE(keys.body.find("r-Manifest.json"), std::string::npos) << keys.body;
}

TEST_F(RehearsalTest, CostExplorerAgreesWithTheDeliveredBill) {
  const Period period = PeriodOf(Instant{PeriodOf(aws_->now()).start().micros - 1});
  const std::string body =
      R"({"TimePeriod":{"Start":")" + DayString(period.start()) + R"(","End":")" +
      DayString(period.end()) +
      R"("},"Granularity":"MONTHLY","Metrics":["UnblendedCost","NetAmortizedCost"]})";
  const auto answer =
      Json(aws_->Handle(admin_.Json("ce", "AWSInsightsIndexService.GetCostAndUsage", body)));
  const auto& total = answer.at("ResultsByTime").at(0).at("Total");
  const sim::Totals expected = aws_->Totals(period);
  EXPECT_EQ(std::string(total.at("UnblendedCost").at("Amount").as_string().c_str()),
            ToString(expected.unblended));
  EXPECT_EQ(std::string(total.at("NetAmortizedCost").at("Amount").as_string().c_str()),
            ToString(expected.net_amortized));
  EXPECT_GT(expected.rows, 0);
}

TEST_F(RehearsalTest, CostExplorerPagesAddUp) {
  const Period period = PeriodOf(Instant{PeriodOf(aws_->now()).start().micros - 1});
  const auto ask = [&](Aws& aws, const Signer& who, const std::string& token) {
    return Json(aws.Handle(who.Json(
        "ce", "AWSInsightsIndexService.GetCostAndUsage",
        R"({"TimePeriod":{"Start":")" + DayString(period.start()) + R"(","End":")" +
            DayString(period.end()) +
            R"("},"Granularity":"DAILY","Metrics":["UnblendedCost"],"GroupBy":[{"Type":"DIMENSION","Key":"SERVICE"},{"Type":"TAG","Key":"Env"}])" +
            (token.empty() ? "" : R"(,"NextPageToken":")" + token + "\"") + "}")));
  };
  Options options;
  options.cost_explorer_page = 7;
  const auto small = StartAws(options);
  const Signer who{small->Admin(), ""};
  Decimal sum;
  int pages = 0;
  std::string token;
  do {
    const auto page = ask(*small, who, token);
    for (const auto& result : page.at("ResultsByTime").as_array()) {
      for (const auto& group : result.at("Groups").as_array()) {
        sum = *Add(sum,
                   *ParseDecimal(
                       group.at("Metrics").at("UnblendedCost").at("Amount").as_string().c_str()));
      }
    }
    token = page.as_object().contains("NextPageToken")
                ? page.at("NextPageToken").as_string().c_str()
                : "";
    ++pages;
  } while (!token.empty() && pages < 1000);
  EXPECT_GT(pages, 3);
  EXPECT_EQ(ToString(sum), ToString(small->Totals(period).unblended));
}

TEST_F(RehearsalTest, OrganizationPagesMayBeEmpty) {
  std::string token;
  int accounts = 0;
  int empty = 0;
  do {
    const auto page =
        Json(aws_->Handle(admin_.Json("organizations", "AWSOrganizationsV20161128.ListAccounts",
                                      token.empty() ? "{}" : R"({"NextToken":")" + token + "\"}")));
    const auto count = page.at("Accounts").as_array().size();
    accounts += static_cast<int>(count);
    empty += count == 0;
    token = page.as_object().contains("NextToken") ? page.at("NextToken").as_string().c_str() : "";
  } while (!token.empty());
  EXPECT_EQ(accounts, 9);
  EXPECT_EQ(empty, 1);
}

TEST_F(RehearsalTest, FaultsStrikeWhatTheyAimAt) {
  aws_->Inject({.kind = FaultKind::kThrottle, .service = "s3", .action = "List*", .count = 1});
  EXPECT_EQ(aws_->Handle(admin_.S3("GET", "/")).status, 503);
  EXPECT_EQ(aws_->Handle(admin_.S3("GET", "/")).status, 200);
  aws_->Inject({.kind = FaultKind::kSkewClock, .amount = 3600});
  const auto skewed = aws_->Handle(admin_.Form("sts", kWhoAmI));
  EXPECT_EQ(skewed.status, 403);
  const auto date = http::ParseDate(*http::FindHeader(skewed.headers, "Date"));
  ASSERT_TRUE(date.ok());
  EXPECT_NEAR(static_cast<double>(date->micros - Now().micros) / 1e6, 3600, 60);
  aws_->ClearFaults();
  aws_->Inject({.kind = FaultKind::kTruncate, .service = "sts"});
  EXPECT_TRUE(aws_->Handle(admin_.Form("sts", kWhoAmI)).cut_after_bytes.has_value());
}

TEST_F(RehearsalTest, TheClockRunsForwardAndBillsAreFinalised) {
  const Period period = PeriodOf(aws_->now());
  const sim::Totals before = aws_->Totals(period);
  ASSERT_TRUE(aws_->Advance(std::chrono::hours(24 * 45)).ok());
  const sim::Totals after = aws_->Totals(period);
  EXPECT_EQ(after.rows, 600);
  EXPECT_LE(before.rows, after.rows);
  const auto state = aws_->Control("state", "");
  ASSERT_TRUE(state.ok());
  EXPECT_NE(state->find(ToString(period) + "\":\"" + ToString(period.end()) + " final 0"),
            std::string::npos)
      << *state;
}

TEST_F(RehearsalTest, TheClockRunsNoFurtherThanCanBeDelivered) {
  for (const char* const arguments :
       {R"({"by":"99999999999999999d"})", R"({"by":"36500d"})", R"({"to":"9999-01-01T00:00:00Z"})"})
    EXPECT_FALSE(aws_->Control("advance", arguments).ok()) << arguments;
  EXPECT_FALSE(
      aws_->Control("fault", R"({"kind":"skew-clock","amount":9223372036854775807})").ok());
}

}  // namespace
}  // namespace farthing::rehearsal
