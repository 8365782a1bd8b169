#include "ingest/cost_explorer_file.h"

#include <gtest/gtest.h>

#include "ingest/discover/manifest.h"
#include "ingest/mapping/source_columns.h"

namespace farthing::ingest {
namespace {

CostExplorerRow Row(std::string service, std::string cost) {
  CostExplorerRow row;
  row.payer = "111111111111";
  row.account = "222222222222";
  row.account_name = "Data, \"Research\"";
  row.service = std::move(service);
  row.charge_group = "Usage";
  row.start = "2026-01-31";
  row.end = "2026-02-01";
  row.currency = "USD";
  row.unblended = row.net_unblended = row.blended = row.amortized = row.net_amortized =
      std::move(cost);
  row.estimated = true;
  return row;
}

TEST(CostExplorerFileTest, ReadsBackWhatItWrote) {
  const std::vector<CostExplorerRow> rows = {Row("EC2 - Other", "0.0000300172"),
                                             Row("Amazon \"S3\",\nand so on", "-12")};
  const auto read = ReadCostExplorerCsv(WriteCostExplorerCsv({2026, 1}, rows));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, rows);
}

TEST(CostExplorerFileTest, ACutFileIsRefused) {
  const std::string csv = WriteCostExplorerCsv({2026, 1}, {Row("EC2", "1"), Row("S3", "2")});
  EXPECT_FALSE(ReadCostExplorerCsv(csv.substr(0, csv.size() - 5)).ok());
  EXPECT_FALSE(ReadCostExplorerCsv("").ok());
}

TEST(CostExplorerFileTest, IsDetectedByItsColumns) {
  const std::string csv = WriteCostExplorerCsv({2026, 1}, {});
  std::vector<std::string> header;
  std::size_t start = 0;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    if (csv[i] != ',' && csv[i] != '\n') continue;
    header.push_back(csv.substr(start, i - start));
    start = i + 1;
  }
  const auto detection = DetectFamily(header);
  ASSERT_TRUE(detection.ok());
  EXPECT_EQ(detection->family, billing::SourceFamily::kCostExplorer);
  for (const std::string& name : header) {
    EXPECT_FALSE(RoleOf(detection->family, name).unknown) << name;
  }
}

TEST(CostExplorerFileTest, TheManifestSaysAroundWhatItFits) {
  const auto manifest = ParseManifest(WriteCostExplorerManifest(
      {"payer cost explorer", "connection", "01A", {2026, 1}, "answer.csv", {"load1", "load2"}}));
  ASSERT_TRUE(manifest.ok() && *manifest);
  EXPECT_EQ((*manifest)->kind, Manifest::Kind::kCostExplorer);
  EXPECT_EQ((*manifest)->period, (Period{2026, 1}));
  EXPECT_EQ((*manifest)->version_key, "01A");
  EXPECT_EQ((*manifest)->fills_around, (std::vector<std::string>{"load1", "load2"}));
}

}  // namespace
}  // namespace farthing::ingest
