#include "connect/collecting/remote_deliveries.h"

#include <gtest/gtest.h>

namespace farthing::connect {
namespace {

aws::S3Object Object(const std::string& key, std::int64_t seconds = 0,
                     const std::string& etag = "\"e\"") {
  aws::S3Object object;
  object.key = key;
  object.size_bytes = 10;
  object.etag = etag;
  object.last_modified = Instant{seconds * 1'000'000};
  return object;
}

std::string LegacyManifest(const std::vector<std::string>& keys) {
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "\"" : ",\"") + key + "\"";
  return R"({"assemblyId":"a1","account":"111122223333","columns":[],"charset":"UTF-8","compression":"GZIP","contentType":"text/csv","reportId":"r","reportName":"bill","billingPeriod":{"start":"20260101T000000.000Z","end":"20260201T000000.000Z"},"bucket":"b","reportKeys":[)" +
         list + "]}";
}

TEST(RemoteDeliveriesTest, ManifestsAreGroupedByPeriodNewestFirst) {
  const BucketListing listing({Object("p/bill/20260101-20260201/bill-Manifest.json"),
                               Object("p/bill/20260201-20260301/bill-Manifest.json"),
                               Object("p/cur2/metadata/BILLING_PERIOD=2026-03/cur2-Manifest.json"),
                               Object("p/bill/20260101-20260201/bill-00001.csv.gz")});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].period, (Period{2026, 3}));
  EXPECT_EQ(groups[1].period, (Period{2026, 2}));
  EXPECT_EQ(groups[2].folder, "p/bill/20260101-20260201/");
  EXPECT_EQ(groups[2].manifests.size(), 1u);
}

TEST(RemoteDeliveriesTest, ThePeriodsOwnManifestComesFirstThenTheNewestAssembly) {
  const std::string folder = "p/bill/20260101-20260201/";
  const BucketListing listing({Object(folder + "assembly-a/bill-Manifest.json", 10),
                               Object(folder + "assembly-b/bill-Manifest.json", 30),
                               Object(folder + "assembly-c/bill-Manifest.json", 20),
                               Object(folder + "bill-Manifest.json", 5)});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 1u);
  std::vector<std::string> order;
  for (const aws::S3Object& manifest : groups[0].manifests) {
    order.push_back(manifest.key.substr(folder.size()));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"bill-Manifest.json", "assembly-b/bill-Manifest.json",
                                             "assembly-c/bill-Manifest.json",
                                             "assembly-a/bill-Manifest.json"}));
}

TEST(RemoteDeliveriesTest, AthenasFolderAndThePeriodsAreOneGroup) {
  const BucketListing listing({Object("p/bill/20260101-20260201/bill-Manifest.json", 10),
                               Object("p/bill/bill/year=2026/month=1/bill-Manifest.json", 9000),
                               Object("p/bill/bill/year=2026/month=02/bill-Manifest.json", 20),
                               Object("p/other/other/year=2026/month=1/other-Manifest.json", 5)});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].period, (Period{2026, 2}));
  ASSERT_EQ(groups[1].manifests.size(), 2u);
  EXPECT_EQ(groups[1].period, (Period{2026, 1}));
  EXPECT_EQ(groups[1].manifests.front().key, "p/bill/bill/year=2026/month=1/bill-Manifest.json");
  EXPECT_EQ(groups[2].manifests.size(), 1u);
}

TEST(RemoteDeliveriesTest, OfOneDeliveryTheManifestBelowTheDatesComesFirst) {
  const BucketListing listing({Object("p/bill/20260101-20260201/bill-Manifest.json", 10),
                               Object("p/bill/20260101-20260201/a1/bill-Manifest.json", 30),
                               Object("p/bill/bill/year=2026/month=1/bill-Manifest.json", 20)});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 1u);
  std::vector<std::string> order;
  for (const aws::S3Object& manifest : groups[0].manifests) order.push_back(manifest.key.substr(7));
  EXPECT_EQ(order, (std::vector<std::string>{"20260101-20260201/bill-Manifest.json",
                                             "20260101-20260201/a1/bill-Manifest.json",
                                             "bill/year=2026/month=1/bill-Manifest.json"}));
}

TEST(RemoteDeliveriesTest, OfAssembliesOfOneSecondTheLaterNameComesFirst) {
  const std::string folder = "p/bill/metadata/BILLING_PERIOD=2026-01/";
  const BucketListing listing(
      {Object(folder + "2026-01-03T05:15:00.100Z-b/bill-Manifest.json", 10),
       Object(folder + "2026-01-03T05:15:00.900Z-a/bill-Manifest.json", 10)});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].manifests.front().key,
            folder + "2026-01-03T05:15:00.900Z-a/bill-Manifest.json");
}

TEST(RemoteDeliveriesTest, FocusWritesThePeriodSmall) {
  const std::string folder = "p/f/metadata/billing_period=2026-01/";
  const BucketListing listing({Object(folder + "2026-01-03T05:15:00.900Z-a/f-Manifest.json", 10),
                               Object(folder + "f-Manifest.json", 10)});
  const std::vector<PeriodManifests> groups = GroupManifests(listing);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].period, (Period{2026, 1}));
  EXPECT_EQ(groups[0].manifests.front().key, folder + "f-Manifest.json");
}

TEST(RemoteDeliveriesTest, ExportsOfOneBucketAreGroupsOfTheirOwn) {
  const BucketListing listing(
      {Object("p/one/20260101-20260201/one-Manifest.json"),
       Object("p/two/20260101-20260201/two-Manifest.json"),
       Object("p/three/metadata/BILLING_PERIOD=2026-01/three-Manifest.json")});
  EXPECT_EQ(GroupManifests(listing).size(), 3u);
}

TEST(RemoteDeliveriesTest, FoldersThatOnlyLookLikePeriodsAreNone) {
  const BucketListing listing({Object("20261301-20270101/bill-Manifest.json"),
                               Object("BILLING_PERIOD=soon/bill-Manifest.json"),
                               Object("bill-Manifest.json")});
  for (const PeriodManifests& group : GroupManifests(listing)) EXPECT_FALSE(group.period);
}

TEST(RemoteDeliveriesTest, FilesAreFoundByTheirExactKeys) {
  const std::string odd = "p/b=1 +\xC3\xA9/20260101-20260201/bill-00001.csv.gz";
  const aws::S3Object manifest = Object("p/b=1 +\xC3\xA9/20260101-20260201/bill-Manifest.json");
  const BucketListing listing({manifest, Object(odd)});
  const auto delivery =
      ReadRemoteDelivery(manifest, Period{2026, 1}, LegacyManifest({odd}), listing);
  ASSERT_TRUE(delivery.ok()) << delivery.error().message();
  ASSERT_TRUE(*delivery);
  EXPECT_EQ((*delivery)->files.at(0).key, odd);
  EXPECT_EQ((*delivery)->size_bytes, 10u);
}

TEST(RemoteDeliveriesTest, AMissingFileAndATornManifestSayWhich) {
  const aws::S3Object manifest = Object("20260101-20260201/bill-Manifest.json");
  const BucketListing listing({manifest});
  const std::string text = LegacyManifest({"20260101-20260201/bill-00001.csv.gz"});
  const auto missing = ReadRemoteDelivery(manifest, std::nullopt, text, listing);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), Errc::kNotFound);
  EXPECT_NE(missing.error().message().find("bill-00001.csv.gz"), std::string::npos);
  EXPECT_FALSE(missing.error().hint().empty());
  for (std::size_t size = 1; size + 1 < text.size(); size += 7) {
    const auto torn = ReadRemoteDelivery(manifest, std::nullopt, text.substr(0, size), listing);
    ASSERT_FALSE(torn.ok()) << size;
    EXPECT_EQ(torn.error().code(), Errc::kCorrupt);
  }
}

TEST(RemoteDeliveriesTest, ASignatureChangesWithEveryFile) {
  const std::vector<std::string> keys = {"a", "b"};
  const std::string before = FilesSignature(keys, BucketListing({Object("a"), Object("b")}));
  EXPECT_EQ(before, FilesSignature({"b", "a"}, BucketListing({Object("b"), Object("a")})));
  EXPECT_NE(before, FilesSignature(keys, BucketListing({Object("a"), Object("b", 0, "\"f\"")})));
  EXPECT_NE(before, FilesSignature(keys, BucketListing({Object("a")})));
}

TEST(RemoteDeliveriesTest, FilesYoungerThanTheirManifestAreSeen) {
  RemoteDelivery delivery;
  delivery.manifest = Object("m", 10);
  delivery.files = {Object("a", 9), Object("b", 10)};
  EXPECT_FALSE(HasYoungerFiles(delivery));
  delivery.files.push_back(Object("c", 11));
  EXPECT_TRUE(HasYoungerFiles(delivery));
  delivery.manifest.last_modified.reset();
  EXPECT_FALSE(HasYoungerFiles(delivery));
}

}  // namespace
}  // namespace farthing::connect
