// Azure Cost Management's FOCUS exports in the folders in which they are delivered (docs/formats/manifests.md).

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

using Texts = std::vector<std::string>;

struct AzureRun {
  std::string id;
  std::string submitted;
  std::string type = "FocusCost";
  std::string end = "2026-01-31T00:00:00";
  int missing_rows = 0;
};

const std::string kFolder = "billing/focus-export/20260101-20260131/";

void Deliver(Lab& lab, const AzureRun& run, const std::vector<Sheet>& parts) {
  std::string blobs;
  std::size_t rows = static_cast<std::size_t>(run.missing_rows);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::string name = kFolder + run.id + "/part_" + std::to_string(part) + "_0001.csv.gz";
    lab.WriteGzip("container/" + name, parts[part].Csv());
    rows += parts[part].rows.size();
    blobs += std::string(part == 0 ? "" : ",") + R"({"blobName":")" + name + R"(","byteCount":1})";
  }
  lab.Write("container/" + kFolder + run.id + "/manifest.json",
            R"({"dataRowCount":)" + std::to_string(rows) +
                R"(,"exportConfig":{"exportName":"focus-export","type":")" + run.type +
                R"(","resourceId":"/providers/Microsoft.CostManagement/exports/focus-export"},)" +
                R"("runInfo":{"submittedTime":")" + run.submitted + R"(","runId":")" + run.id +
                R"(","startDate":"2026-01-01T00:00:00","endDate":")" + run.end + R"("},"blobs":[)" +
                blobs + "]}");
}

TEST(AzureTest, TheNewestRunOfAnExportIsItsMonth) {
  Lab lab;
  Deliver(lab, {"ffff", "2026-01-10T03:00:00.1234567Z"}, {Focus({{"1"}, {"1"}, {"1"}})});
  Deliver(lab, {"aaaa", "2026-01-12T03:00:00.1234567Z"}, {Focus({{"2"}}), Focus({{"4"}})});
  Deliver(lab, {"bbbb", "2026-01-11T03:00:00.1234567Z"}, {Focus({{"8"}})});
  Texts outcomes = lab.Outcomes();
  std::sort(outcomes.begin(), outcomes.end());
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0], "loaded 2026-01");
  EXPECT_TRUE(outcomes[1].starts_with("superseded 2026-01"));
  EXPECT_TRUE(outcomes[2].starts_with("superseded 2026-01"));
  const std::vector<lake::Export> exports = Must(lab.catalog().Exports());
  ASSERT_EQ(exports.size(), 1U);
  EXPECT_EQ(exports[0].name, "focus-export");
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "6");
  EXPECT_TRUE(Must(lab.catalog().ActiveLoads({})).at(0).complete);
  EXPECT_EQ(lab.Outcomes(), Texts{"unchanged 2026-01"});
  lab.ExpectProven();
}

TEST(AzureTest, AnOlderRunByItselfDoesNotComeBack) {
  Lab lab;
  Deliver(lab, {"new", "2026-01-12T03:00:00Z"}, {Focus({{"2"}})});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  Deliver(lab, {"old", "2026-01-10T03:00:00Z"}, {Focus({{"1"}})});
  const Texts outcomes = lab.Outcomes("container/" + kFolder + "old");
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_TRUE(outcomes[0].starts_with("superseded 2026-01")) << outcomes[0];
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "2");
}

TEST(AzureTest, ARunThatIsNotWholeIsQuarantined) {
  Lab lab;
  Deliver(lab, {"r1", "2026-01-10T03:00:00Z"}, {Focus({{"1"}})});
  EXPECT_EQ(lab.Outcomes(), Texts{"loaded 2026-01"});
  AzureRun cut{"r2", "2026-01-11T03:00:00Z"};
  cut.missing_rows = 1;
  Deliver(lab, cut, {Focus({{"2"}})});
  std::string outcome = lab.Outcomes("container/" + kFolder + "r2").at(0);
  EXPECT_NE(outcome.find("hold 1 lines, the manifest says 2"), std::string::npos) << outcome;
  Deliver(lab, {"r3", "2026-01-12T03:00:00Z"}, {Focus({{"4"}}), Focus({{"8"}})});
  fs::remove(lab.inbox() / "container" / kFolder / "r3/part_1_0001.csv.gz");
  outcome = lab.Outcomes("container/" + kFolder + "r3").at(0);
  EXPECT_NE(outcome.find("file named by the manifest is missing"), std::string::npos) << outcome;
  lab.Write("container/" + kFolder + "r4/manifest.json", R"({"runInfo": {"runId)");
  lab.Write("container/" + kFolder + "r4/part_0_0001.csv", Focus({{"16"}}).Csv());
  outcome = lab.Outcomes("container/" + kFolder + "r4").at(0);
  EXPECT_NE(outcome.find("is not complete JSON"), std::string::npos) << outcome;
  EXPECT_EQ(Must(lab.catalog().Exports()).size(), 1U) << "all are runs of one export";
  EXPECT_EQ(lab.Value("sum(billed_cost)"), "1");
}

TEST(AzureTest, WhatIsNotOneMonthOfFocusIsRefusedWithTheFix) {
  Lab lab;
  AzureRun actual{"r1", "2026-01-10T03:00:00Z"};
  actual.type = "ActualCost";
  Deliver(lab, actual, {Focus({{"1"}})});
  std::string outcome = lab.Outcomes().at(0);
  EXPECT_TRUE(outcome.starts_with("quarantined 2026-01: ")) << outcome;
  EXPECT_NE(outcome.find("is of the type ActualCost, not of FOCUS"), std::string::npos) << outcome;
  const std::string reason = Must(lab.catalog().Deliveries()).at(0).reason;
  EXPECT_NE(reason.find("Cost and usage details (FOCUS)"), std::string::npos) << reason;
  Lab other;
  AzureRun quarter{"r1", "2026-01-10T03:00:00Z"};
  quarter.end = "2026-03-31T00:00:00";
  Deliver(other, quarter, {Focus({{"1"}})});
  outcome = other.Outcomes().at(0);
  EXPECT_NE(outcome.find("not of one month: from 2026-01-01 to 2026-03-31"), std::string::npos)
      << outcome;
}

}  // namespace
}  // namespace farthing::testkit
