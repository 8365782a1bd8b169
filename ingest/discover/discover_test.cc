#include "ingest/discover/discover.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ingest/test_files.h"

namespace farthing::ingest {
namespace {

namespace fs = std::filesystem;

std::string Legacy(const std::string& assembly, const std::string& keys,
                   const std::string& month = "202601", const std::string& next = "202602") {
  return R"({"assemblyId": ")" + assembly +
         R"(", "reportName": "R", "reportId": "id-R", "reportKeys": [)" + keys +
         R"(], "billingPeriod": {"start": ")" + month + R"(01T000000.000Z", "end": ")" + next +
         R"(01T000000.000Z"}})";
}

std::string Export(const std::string& execution, const std::string& files) {
  return R"({"executionId": ")" + execution + R"(", "exportArn": "arn:E", "dataFiles": [)" + files +
         "]}";
}

class DiscoverTest : public testing::Test {
 protected:
  Discovery Found(const fs::path& below = "") {
    Result<Discovery> discovery = Discover(directory_.path() / below);
    EXPECT_TRUE(discovery.ok()) << discovery.error().message();
    return discovery.ok() ? *std::move(discovery) : Discovery{};
  }
  std::vector<std::string> Files(const FoundDelivery& found) {
    std::vector<std::string> names;
    for (const fs::path& file : found.files) names.push_back(fs::relative(file, Root()).string());
    return names;
  }
  fs::path Root() const { return fs::canonical(directory_.path()); }
  void Write(const std::string& name, const std::string& text = "data") {
    directory_.Write(name, text);
  }
  TestDirectory directory_;
};

TEST_F(DiscoverTest, LegacyCreateNewVersion) {
  const std::string keys =
      R"("P/R/20260101-20260201/a1/R-00001.csv.gz", "P/R/20260101-20260201/a1/R-00002.csv.gz")";
  Write("P/R/20260101-20260201/a1/R-00001.csv.gz");
  Write("P/R/20260101-20260201/a1/R-00002.csv.gz");
  Write("P/R/20260101-20260201/a1/R-Manifest.json", Legacy("a1", keys));
  Write("P/R/20260101-20260201/R-Manifest.json", Legacy("a1", keys));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U) << "two manifests of one assembly are one delivery";
  const FoundDelivery& delivery = found.deliveries[0];
  EXPECT_EQ(delivery.version_key, "a1");
  EXPECT_EQ(delivery.export_name, "R");
  EXPECT_EQ(delivery.period, (Period{2026, 1}));
  EXPECT_TRUE(delivery.latest);
  EXPECT_FALSE(delivery.problem);
  EXPECT_EQ(Files(delivery), (std::vector<std::string>{"P/R/20260101-20260201/a1/R-00001.csv.gz",
                                                       "P/R/20260101-20260201/a1/R-00002.csv.gz"}));
  EXPECT_TRUE(found.notes.empty());
}

TEST_F(DiscoverTest, OlderAssembliesAreFoundButNotLatest) {
  for (const std::string assembly : {"a1", "a2"}) {
    const std::string folder = "P/R/20260101-20260201/" + assembly;
    Write(folder + "/R-1.csv.gz");
    Write(folder + "/R-Manifest.json", Legacy(assembly, '"' + folder + "/R-1.csv.gz\""));
  }
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a2", R"("P/R/20260101-20260201/a2/R-1.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 2U);
  for (const FoundDelivery& delivery : found.deliveries) {
    EXPECT_EQ(delivery.latest, delivery.version_key == "a2");
    EXPECT_EQ(delivery.files.size(), 1U);
  }
}

TEST_F(DiscoverTest, LegacyOverwriteAndAthenaLayouts) {
  Write("P/R/20260101-20260201/R-1.csv.zip");
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a1", R"("P/R/20260101-20260201/R-1.csv.zip")"));
  Write("Q/S/S/year=2026/month=2/S-00001.snappy.parquet");
  const std::string athena = R"({"assemblyId": "b1", "reportName": "S", "reportId": "id-S",
    "reportKeys": ["Q/S/S/year=2026/month=2/S-00001.snappy.parquet"]})";
  Write("Q/S/S/year=2026/month=2/S-Manifest.json", athena);
  Write("Q/S/20260201-20260301/S-Manifest.json", athena);
  Write("Q/S/S/cost_and_usage_data_status/cost_and_usage_data_status.parquet");
  Write("Q/S/cost_and_usage_data_status/cost_and_usage_data_status.parquet");
  Write("Q/S/20260201-20260301/S-create-table.sql");
  Write("Q/S/crawler-cfn.yml");
  const Discovery found = Found();
  std::map<std::string, Period> periods;
  for (const FoundDelivery& delivery : found.deliveries) {
    EXPECT_FALSE(delivery.problem);
    EXPECT_EQ(delivery.files.size(), 1U);
    ASSERT_TRUE(delivery.period);
    EXPECT_TRUE(periods.emplace(delivery.export_name, *delivery.period).second);
  }
  EXPECT_EQ(periods, (std::map<std::string, Period>{{"R", {2026, 1}}, {"S", {2026, 2}}}));
  EXPECT_EQ(found.notes, std::vector<std::string>{
                             "no bills by their names, not read: "
                             "Q/S/20260201-20260301/S-create-table.sql, Q/S/crawler-cfn.yml"});
}

TEST_F(DiscoverTest, DataExportOverwriteAndCreateNew) {
  Write("P/E/data/BILLING_PERIOD=2026-01/E-00001.csv.gz");
  Write(
      "P/E/metadata/BILLING_PERIOD=2026-01/E-Manifest.json",
      Export("e1",
             R"("s3://bucket-before-replication/P/E/data/BILLING_PERIOD=2026-01/E-00001.csv.gz")"));
  const std::string run = "2026-02-16T15:24:15.653Z-e2";
  const std::string uri = "\"s3://b/P/E/data/BILLING_PERIOD=2026-02/" + run + "/E-00001.csv.gz\"";
  Write("P/E/data/BILLING_PERIOD=2026-02/" + run + "/E-00001.csv.gz");
  Write("P/E/metadata/BILLING_PERIOD=2026-02/" + run + "/E-Manifest.json", Export("e2", uri));
  Write("P/E/metadata/BILLING_PERIOD=2026-02/E-Manifest.json", Export("e2", uri));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 2U);
  for (const FoundDelivery& delivery : found.deliveries) {
    EXPECT_FALSE(delivery.problem) << delivery.problem->message();
    EXPECT_TRUE(delivery.latest);
    EXPECT_EQ(delivery.files.size(), 1U);
    EXPECT_EQ(delivery.period, (Period{2026, delivery.version_key == "e1" ? 1 : 2}));
    EXPECT_EQ(delivery.export_identity, found.deliveries[0].export_identity);
  }
}

TEST_F(DiscoverTest, PercentEncodedFoldersAreFound) {
  Write("data/BILLING_PERIOD=2026-01/2026-01-16T15%3A24%3A15.653Z-e1/E-00001.csv.gz");
  Write(
      "metadata/BILLING_PERIOD=2026-01/E-Manifest.json",
      Export(
          "e1",
          R"("s3://b/P/E/data/BILLING_PERIOD=2026-01/2026-01-16T15:24:15.653Z-e1/E-00001.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_FALSE(found.deliveries[0].problem);
}

TEST_F(DiscoverTest, NamesMayBeEncodedWhole) {
  Write("data/BILLING_PERIOD%3D2026-01/2026-01-16T15%3A24Z%20e1/E-00001.csv.gz");
  Write("metadata/BILLING_PERIOD%3D2026-01/E-Manifest.json",
        Export("e1",
               R"("s3://b/P/E/data/BILLING_PERIOD=2026-01/2026-01-16T15:24Z e1/E-00001.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_FALSE(found.deliveries[0].problem);
  EXPECT_EQ(found.deliveries[0].period, (Period{2026, 1}));
}

TEST_F(DiscoverTest, BareFilesAreNamedAfterTheirExport) {
  Write("cid-cur2/data/BILLING_PERIOD=2026-01/a.parquet");
  Write("v1.2/bill.v3.csv.gz");
  EXPECT_EQ(Found().deliveries.at(0).export_name, "cid-cur2");
  const Discovery single = Found("v1.2/bill.v3.csv.gz");
  EXPECT_EQ(single.deliveries.at(0).export_name, "bill.v3");
}

TEST_F(DiscoverTest, DoubleSlashesMeanTheSameLocalFile) {
  Write("P/R/20260101-20260201/R-1.csv.gz");
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a1", R"("P//R/20260101-20260201//R-1.csv.gz")"));
  EXPECT_FALSE(Found().deliveries.at(0).problem);
}

TEST_F(DiscoverTest, AManifestMayNotClimbOut) {
  Write("in/secret.csv");
  Write("in/P/R-Manifest.json", Legacy("a1", R"("../secret.csv")"));
  const Discovery found = Found("in");
  const auto torn = std::find_if(found.deliveries.begin(), found.deliveries.end(),
                                 [](const FoundDelivery& d) { return d.problem.has_value(); });
  ASSERT_NE(torn, found.deliveries.end());
  EXPECT_EQ(torn->problem->code(), Errc::kPermissionDenied);
  EXPECT_TRUE(torn->files.empty());
}

TEST_F(DiscoverTest, AKeyIsNotLookedForAboveTheDirectory) {
  Write("P/R/R-1.csv.gz");
  Write("P/given/R-Manifest.json", Legacy("a1", R"("P/R/R-1.csv.gz")"));
  const Discovery found = Found("P/given");
  ASSERT_TRUE(found.deliveries.at(0).problem);
  EXPECT_EQ(found.deliveries[0].problem->code(), Errc::kNotFound);
}

TEST_F(DiscoverTest, MissingFileIsAProblemThatNamesIt) {
  Write("P/R/20260101-20260201/R-1.csv.gz");
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a1", R"("P/R/20260101-20260201/R-1.csv.gz", "P/R/20260101-20260201/R-2.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  ASSERT_TRUE(found.deliveries[0].problem);
  EXPECT_NE(found.deliveries[0].problem->message().find("R-2.csv.gz"), std::string::npos);
}

TEST_F(DiscoverTest, StaleCopyOfAnotherAssemblyIsNotTaken) {
  Write("P/R/20260101-20260201/old/R-1.csv.gz");
  Write("P/R/20260101-20260201/new/R-Manifest.json",
        Legacy("new", R"("P/R/20260101-20260201/new/R-1.csv.gz")"));
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("new", R"("P/R/20260101-20260201/new/R-1.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_TRUE(found.deliveries[0].problem);
}

TEST_F(DiscoverTest, StaleOverwrittenCopyBesideThePeriodsManifestIsNotTaken) {
  Write("P/R/20260101-20260201/R-1.csv.gz");  // left from the time before "create new version"
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("new", R"("P/R/20260101-20260201/new/R-1.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_TRUE(found.deliveries[0].problem);
}

TEST_F(DiscoverTest, OneAssemblyCopiedFlatIsFound) {
  Write("R-1.csv.gz");
  Write("R-Manifest.json", Legacy("a1", R"("P/R/20260101-20260201/R-1.csv.gz")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_FALSE(found.deliveries[0].problem);
}

TEST_F(DiscoverTest, SurplusChunksAreNotedNotRead) {
  Write("P/E/data/BILLING_PERIOD=2026-01/E-00001.parquet");
  Write("P/E/data/BILLING_PERIOD=2026-01/E-00002.parquet");
  Write("P/E/data/BILLING_PERIOD=2026-02/E-00001.parquet");  // its manifest has not come yet
  Write("P/E/metadata/BILLING_PERIOD=2026-01/E-Manifest.json",
        Export("e1", R"("s3://b/P/E/data/BILLING_PERIOD=2026-01/E-00001.parquet")"));
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_EQ(found.deliveries[0].files.size(), 1U);
  EXPECT_EQ(found.notes.size(), 2U);
}

TEST_F(DiscoverTest, FilesOfATornDeliveryAreNotTakenForBareOnes) {
  Write("P/E/data/BILLING_PERIOD=2026-01/E-00001.csv.gz");
  Write("P/E/metadata/BILLING_PERIOD=2026-01/E-Manifest.json", R"({"executionId": "e1", "dataF)");
  Write("Q/S/S/year=2026/month=2/S-00001.snappy.parquet");
  Write("Q/S/20260201-20260301/S-Manifest.json", R"({"assemblyId": )");
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 2U);
  for (const FoundDelivery& delivery : found.deliveries) {
    EXPECT_TRUE(delivery.problem);
    EXPECT_TRUE(delivery.files.empty());
  }
  EXPECT_EQ(found.notes.size(), 2U);
}

TEST_F(DiscoverTest, HelperFilesAreNotReadAndNotedInOneLine) {
  Write("P/R/20260101-20260201/R-1.csv.gz");
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a1", R"("P/R/20260101-20260201/R-1.csv.gz")"));
  for (const char* helper :
       {"aws-programmatic-access-test-object", "P/R/crawler-cfn.yml", "P/R/R-create-table.sql",
        "P/R/20260101-20260201/R-RedshiftCommands.sql", "P/.DS_Store", "P/_SUCCESS",
        "P/R/20260101-20260201/R-RedshiftManifest.json", "P/E/execution_status/status.parquet"}) {
    Write(helper, R"({"entries": []})");
  }
  const Discovery found = Found();
  EXPECT_EQ(found.deliveries.size(), 1U);
  EXPECT_EQ(found.notes, std::vector<std::string>{"no bills by their names, not read: "
                                                  "P/R/20260101-20260201/R-RedshiftCommands.sql, "
                                                  "P/R/20260101-20260201/R-RedshiftManifest.json, "
                                                  "P/R/R-create-table.sql and 3 more"});
}

TEST_F(DiscoverTest, BareFilesBelongTogetherByFolder) {
  Write("one/year=2026/month=1/a.parquet");
  Write("one/year=2026/month=2/a.parquet");
  Write("two/billing_period=2026-01/b.csv");
  Write("two/c.csv");
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 2U);
  for (const FoundDelivery& delivery : found.deliveries) {
    EXPECT_EQ(delivery.files.size(), 2U);
    EXPECT_TRUE(delivery.manifest.empty());
    EXPECT_TRUE(delivery.version_key.empty());
  }
}

TEST_F(DiscoverTest, OneManifestOrOneFileMayBeGiven) {
  Write("P/R/20260101-20260201/a1/R-1.csv.gz");
  Write("P/R/20260101-20260201/R-Manifest.json",
        Legacy("a1", R"("P/R/20260101-20260201/a1/R-1.csv.gz")"));
  EXPECT_EQ(Found("P/R/20260101-20260201/R-Manifest.json").deliveries.at(0).files.size(), 1U);
  const Discovery bare = Found("P/R/20260101-20260201/a1/R-1.csv.gz");
  EXPECT_EQ(bare.deliveries.at(0).export_name, "R-1");
  EXPECT_TRUE(bare.deliveries.at(0).manifest.empty());
}

TEST_F(DiscoverTest, DataFilesGivenWithTheirManifestAreReadWithIt) {
  const std::string folder = "P/R/20260101-20260201/";
  Write(folder + "R-1.csv.gz");
  Write(folder + "other.csv.gz");
  Write(folder + "R-Manifest.json", Legacy("a1", R"("P/R/20260101-20260201/R-1.csv.gz")"));
  const std::vector<fs::path> paths = {Root() / folder / "R-1.csv.gz",
                                       Root() / folder / "R-Manifest.json",
                                       Root() / folder / "other.csv.gz"};
  EXPECT_EQ(GroupPaths(paths), (std::vector<PathGroup>{{paths[1]}, {paths[2]}}));
  EXPECT_EQ(GroupPaths({paths[0], Root()}), std::vector<PathGroup>{{Root()}});
  EXPECT_EQ(GroupPaths({paths[0], paths[2]}), (std::vector<PathGroup>{{paths[0], paths[2]}}));
}

TEST_F(DiscoverTest, FarthingsOwnDataIsNoBill) {
  Write("bills/a.csv");
  Write("data/farthing.db");
  Write("data/lake/cost_lines/part-0.parquet");
  const Discovery found = Found();
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_EQ(Files(found.deliveries[0]), std::vector<std::string>{"bills/a.csv"});
  EXPECT_EQ(found.notes, std::vector<std::string>{"Farthing's own data, not read: " +
                                                  (Root() / "data").string()});
  EXPECT_EQ(Discover(Root() / "data").error().code(), Errc::kInvalidArgument);
}

TEST_F(DiscoverTest, NothingToImportIsSaid) {
  EXPECT_EQ(Discover(directory_.path() / "absent").error().code(), Errc::kNotFound);
  EXPECT_EQ(Discover(directory_.path()).error().code(), Errc::kNotFound);
}

}  // namespace
}  // namespace farthing::ingest
