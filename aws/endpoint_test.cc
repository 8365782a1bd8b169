#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

Service FromConfigName(const std::string& name) {
  for (const Service service : Services()) {
    if (ConfigName(service) == name) return service;
  }
  ADD_FAILURE() << "no such service: " << name;
  return Service::kSts;
}

/// The table holds what botocore 1.43.67's rule sets answer for the same questions; FIPS only where AWS
/// has such endpoints, and services of one region only there.
TEST(EndpointTest, AgreesWithBotocore) {
  const auto table = ReadFile("aws/testdata/endpoints.csv", 1 << 20);
  ASSERT_TRUE(table.ok());
  int count = 0;
  for (const std::string& line : Split(*table, '\n')) {
    if (line.empty() || line.starts_with("service,")) continue;
    SCOPED_TRACE(line);
    const std::vector<std::string> cells = Split(line, ',');
    EndpointSettings settings;
    settings.fips = !cells[2].empty();
    settings.dual_stack = !cells[3].empty();
    const auto endpoint = ResolveEndpoint(FromConfigName(cells[0]), cells[1], settings);
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message();
    EXPECT_EQ(endpoint->url.ToString(), "https://" + cells[4] + "/");
    EXPECT_EQ(endpoint->region, cells[5]);
    ++count;
  }
  EXPECT_GT(count, 300);
}

TEST(EndpointTest, BillingLivesInOneRegionOfEachPartition) {
  const auto host = [](Service service, std::string_view region) {
    return ResolveEndpoint(service, region, {})->url.host;
  };
  EXPECT_EQ(host(Service::kCur, "eu-west-1"), "cur.us-east-1.amazonaws.com");
  EXPECT_EQ(host(Service::kCur, "cn-north-1"), "cur.cn-northwest-1.amazonaws.com.cn");
  EXPECT_EQ(host(Service::kCostExplorer, "ap-south-1"), "ce.us-east-1.amazonaws.com");
  EXPECT_EQ(host(Service::kDataExports, "eu-west-1"), "bcm-data-exports.us-east-1.api.aws");
  EXPECT_EQ(host(Service::kCostOptimizationHub, "eu-west-1"),
            "cost-optimization-hub.us-east-1.amazonaws.com");
}

TEST(EndpointTest, OverridesWinTheNarrowerFirst) {
  EndpointSettings settings;
  settings.overrides[std::nullopt] = *http::ParseUrl("http://localhost:4566");
  settings.overrides[Service::kS3] = *http::ParseUrl("http://minio:9000/s3");
  const auto sts = ResolveEndpoint(Service::kSts, "eu-west-1", settings);
  EXPECT_EQ(sts->url.ToString(), "http://localhost:4566/");
  EXPECT_TRUE(sts->overridden);
  EXPECT_EQ(sts->region, "eu-west-1");
  EXPECT_EQ(ResolveEndpoint(Service::kS3, "eu-west-1", settings)->url.path, "/s3");
  EXPECT_EQ(ResolveEndpoint(Service::kCostExplorer, "eu-west-1", settings)->region, "us-east-1");
}

TEST(EndpointTest, RefusesRegionsThatWouldLeadElsewhere) {
  for (const char* region : {"", "evil.example/", "us-east-1.evil.example", "us east", "US-EAST-1",
                             "-", "a@b", "us-east-1:80"}) {
    EXPECT_EQ(ResolveEndpoint(Service::kSts, region, {}).error().code(), Errc::kInvalidArgument)
        << region;
  }
  EndpointSettings fips;
  fips.fips = true;
  EXPECT_FALSE(ResolveEndpoint(Service::kS3, "cn-north-1", fips).ok());
  EXPECT_FALSE(ResolveEndpoint(Service::kSts, "eusc-de-east-1", fips).ok());
}

TEST(PartitionTest, IsKnownForRegionsToCome) {
  EXPECT_EQ(PartitionOfRegion("xx-far-9").id, "aws");
  EXPECT_EQ(PartitionOfRegion("cn-east-7").id, "aws-cn");
  EXPECT_EQ(PartitionOfRegion("us-gov-north-1").id, "aws-us-gov");
  EXPECT_EQ(FindPartition("aws-eusc")->dns_suffix, "amazonaws.eu");
  EXPECT_EQ(FindPartition("gcp"), nullptr);
}

TEST(ArnTest, ParseAndPrintAreInverse) {
  for (const char* text :
       {"arn:aws:iam::111122223333:role/path/Name", "arn:aws:s3:::bucket/key:with:colons",
        "arn:aws-cn:sts::111122223333:assumed-role/r/s", "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws-us-gov:cur:us-gov-west-1:111122223333:definition/x"}) {
    const auto arn = ParseArn(text);
    ASSERT_TRUE(arn.ok()) << text;
    EXPECT_EQ(ToString(*arn), text);
  }
  EXPECT_EQ(ParseArn("arn:aws:iam::111122223333:role/path/Name")->account_id, "111122223333");
}

TEST(ArnTest, RefusesWhatIsNone) {
  for (const char* text : {"", "arn", "arn:aws:iam::1:role/x", "arn:gcp:iam::111122223333:role/x",
                           "arn:aws:iam::111122223333:", "arn:aws:::111122223333:x",
                           "urn:aws:iam::111122223333:role/x", "arn:aws:iam::11112222333a:role/x",
                           "arn:aws:iam:111122223333:role/x"}) {
    EXPECT_EQ(ParseArn(text).error().code(), Errc::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace farthing::aws
