#include "ingest/mapping/bucket_layout.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

TEST(PeriodInPathTest, AllPartitionSpellings) {
  EXPECT_EQ(PeriodInPath("x/BILLING_PERIOD=2026-01/f"), (Period{2026, 1}));
  EXPECT_EQ(PeriodInPath("x/billing_period=2025-12/f"), (Period{2025, 12}));
  EXPECT_EQ(PeriodInPath("x/year=2018/month=1/f"), (Period{2018, 1}));
  EXPECT_EQ(PeriodInPath("x/year=2018/month=01/f"), (Period{2018, 1}));
  EXPECT_EQ(PeriodInPath("x/year=2018/month=13/f"), std::nullopt);
  EXPECT_EQ(PeriodInPath("x/f"), std::nullopt);
}

TEST(BucketLayoutTest, NamesSayWhatTheFilesAre) {
  EXPECT_TRUE(IsManifestName("a/bill-Manifest.json"));
  EXPECT_FALSE(IsManifestName("a/bill-RedshiftManifest.json"));
  EXPECT_TRUE(IsHelperFile("a/cost_and_usage_data_status/x.parquet"));
  for (const char* beside :
       {"a/bill.csv.gz.sha256", "a/bill.csv.md5", "a/invoice.PDF", "a/.DS_Store", "a/_SUCCESS",
        "a/part-0.parquet.crc", "a/desktop.ini", "a/README", "a/readme.txt",
        "a/x-RedshiftCommands.sql", "a/x-create-table.sql", "a/SHA256SUMS", "a/bill.csv.gz.part",
        "a/entries.json", ".git/objects/12/3456", "__MACOSX/bill.csv", "a_$folder$"}) {
    EXPECT_TRUE(IsHelperFile(beside)) << beside;
  }
  for (const char* bill :
       {"a/bill-00001.csv.gz", "a/bill.csv", "a/bill.parquet", "a/bill", "a/bill.zip", "a/b.pdf/c"})
    EXPECT_FALSE(IsHelperFile(bill)) << bill;
  EXPECT_EQ(NameOfManifest("a/bill-Manifest.json"), "bill");
  EXPECT_EQ(BareFolder("x/year=2026/month=1/a.parquet"), "x");
  EXPECT_EQ(BareFolder("x/2025/03/01/a.csv.gz"), "x");
  EXPECT_EQ(BareFolder("x/2025/03/a.csv"), "x");
  EXPECT_EQ(BareFolder("x/2025/a.csv"), "x/2025");
  EXPECT_EQ(BareFolder("x/12/31/a.csv"), "x/12/31");
  EXPECT_EQ(BareFolder("x/year=2026/month=1/day=02/a.parquet"), "x");
  EXPECT_EQ(BareFolder("x/date=2025-03-01/a.csv"), "x");
  EXPECT_EQ(BareFolder("x/2025-03-01/a.csv"), "x");
  EXPECT_EQ(BareFolder("x/2025-13-01/a.csv"), "x/2025-13-01");
  EXPECT_EQ(DayOfBareFile("x/2025/03/01/a.csv.gz"), "x/2025/03/01");
  EXPECT_EQ(DayOfBareFile("x/year=2026/month=1/day=02/a.parquet"), "x/year=2026/month=1/day=02");
  EXPECT_EQ(DayOfBareFile("x/year=2026/month=1/a.parquet"), "");
  EXPECT_EQ(ReportFolder("P/R/20260101-20260201/R-1.csv.gz"), "P/R/");
  EXPECT_EQ(ReportFolder("P/R/R/year=2026/month=1/R-00001.snappy.parquet"), "P/R/");
  EXPECT_EQ(ReportFolder("R/R/20260101-20260201/R-1.csv.gz"), "R/R/");
  EXPECT_EQ(ReportFolder("R/R/R/year=2026/month=1/R-00001.snappy.parquet"), "R/R/");
  EXPECT_EQ(ReportFolder("R-1.csv.gz"), "R-1.csv.gz/");
}

}  // namespace
}  // namespace farthing::ingest
