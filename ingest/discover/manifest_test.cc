#include "ingest/discover/manifest.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

constexpr std::string_view kLegacy = R"({
  "assemblyId": "20210129T123456Z", "account": "014498620306", "reportId": "abc", "reportName": "R",
  "columns": [{"category": "identity", "name": "LineItemId", "type": "OptionalString"},
              {"category": "resourceTags", "name": "user:CostCenter"}],
  "billingPeriod": {"start": "20161101T000000.000Z", "end": "20161201T000000.000Z"},
  "bucket": "b", "reportKeys": ["P//R/20161101-20161201/20210129T123456Z/R-1.csv.gz"],
  "additionalArtifactKeys": [{"artifactType": "RedshiftCommands", "name": "x.sql"}]})";

TEST(ManifestTest, LegacyManifestSaysEverything) {
  const auto parsed = ParseManifest(kLegacy);
  ASSERT_TRUE(parsed.ok() && *parsed);
  const Manifest& manifest = **parsed;
  EXPECT_EQ(manifest.kind, Manifest::Kind::kLegacy);
  EXPECT_EQ(manifest.name, "R");
  EXPECT_EQ(manifest.identity, "abc");
  EXPECT_EQ(manifest.account, "014498620306");
  EXPECT_EQ(manifest.version_key, "20210129T123456Z");
  EXPECT_EQ(*manifest.period, (Period{2016, 11}));
  EXPECT_EQ(manifest.keys,
            std::vector<std::string>{"P//R/20161101-20161201/20210129T123456Z/R-1.csv.gz"});
  EXPECT_EQ(manifest.columns,
            (std::vector<std::string>{"identity/LineItemId", "resourceTags/user:CostCenter"}));
}

TEST(ManifestTest, DataExportListsUris) {
  const auto parsed = ParseManifest(R"({"executionId": "e1", "exportArn": "arn:x",
    "columns": [{"name": "bill_bill_type", "type": "string"}], "dataFiles": ["s3://bucket/p/data/E-00001.csv.gz"]})");
  ASSERT_TRUE(parsed.ok() && *parsed);
  const Manifest& manifest = **parsed;
  EXPECT_EQ(manifest.kind, Manifest::Kind::kDataExport);
  EXPECT_EQ(manifest.version_key, "e1");
  EXPECT_EQ(manifest.identity, "arn:x");
  EXPECT_EQ(manifest.keys, std::vector<std::string>{"p/data/E-00001.csv.gz"});
  EXPECT_EQ(manifest.columns, std::vector<std::string>{"bill_bill_type"});
  EXPECT_FALSE(manifest.period);
}

TEST(ManifestTest, OtherJsonIsNoManifest) {
  const auto parsed = ParseManifest(R"({"entries": [{"url": "s3://b/x", "mandatory": true}]})");
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(*parsed);
}

TEST(ManifestTest, EveryTornManifestIsRefused) {
  for (std::size_t length = 0; length < kLegacy.size(); ++length) {
    const auto parsed = ParseManifest(kLegacy.substr(0, length));
    ASSERT_FALSE(parsed.ok()) << length;
    EXPECT_EQ(parsed.error().code(), Errc::kCorrupt);
    EXPECT_FALSE(parsed.error().hint().empty());
  }
}

TEST(ManifestTest, ManifestsWithoutWhatTheyMustHaveAreRefused) {
  const auto message = [](std::string_view text) {
    const auto parsed = ParseManifest(text);
    return parsed.ok() ? std::string("accepted") : parsed.error().message();
  };
  EXPECT_EQ(message(R"({"assemblyId": "a"})"), "manifest has no list reportKeys");
  EXPECT_EQ(message(R"({"assemblyId": "a", "reportKeys": []})"),
            "manifest lists no files in reportKeys");
  EXPECT_EQ(message(R"({"executionId": "a", "dataFiles": [7]})"),
            "manifest dataFiles holds something that is no file name");
  EXPECT_EQ(message(R"({"reportKeys": ["a"]})"), "manifest names no assembly or execution");
  EXPECT_EQ(
      message(R"({"assemblyId": "a", "reportKeys": ["k"], "billingPeriod": {"start": "soon"}})"),
      "manifest has an unreadable billingPeriod: soon");
}

TEST(ManifestTest, AnExportSaysItsOwnerAndWhatItsQueryLeavesOut) {
  const auto parse = [](const std::string& query) {
    return **ParseManifest(
        R"({"executionId": "e", "exportArn": "arn:aws:bcm-data-exports:us-east-1:014498620306:export/E",)"
        R"( "dataFiles": ["f"], "queryStatement": ")" +
        query + "\"}");
  };
  EXPECT_EQ(parse("").account, "014498620306");
  EXPECT_EQ(parse("SELECT a FROM T").condition, "");
  EXPECT_EQ(parse("SELECT a FROM T\\nwhere b = 1").condition, "b = 1");
  EXPECT_EQ(parse("SELECT where_a, 'no where' FROM T").condition, "");
}

}  // namespace
}  // namespace farthing::ingest
